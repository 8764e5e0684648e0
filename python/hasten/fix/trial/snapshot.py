"""Canonical form of Python values, so that two forked copies of one process can be compared.

Input: roots in a stated order, each a named section. Output: one digest and a short preview a section.
Two copies that were forked from the same state give the same digests exactly if what can be reached
from the roots is the same: exact types (True is not 1, 1 is not 1.0), floats bit by bit (-0.0, NaN
payloads), order of dicts and sets, and which mutable objects are one and the same (numbered in order of
first sight, so an alias of an argument and a copy of it differ). Tuples, strings and numbers are
compared by value: their identity is the interpreter's business.

What cannot be looked into (a C object of unknown state) raises CannotTell in a strict section; in a
lenient one it stands for itself by type and address, which forked copies share.
"""

import gc
import hashlib
import marshal
import struct
import sys
import types
from _thread import _local

NODE_COUNT_MAX = 30_000_000

_pack_double = struct.Struct("<d").pack
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_MANAGED_DICT = 1 << 4
_MANAGED_WEAKREF = 1 << 3  # since 3.12; always clear before


class CannotTell(Exception):
    """The value holds something whose state cannot be compared."""


class LiveHandle(CannotTell):
    """The value holds a file, a socket, a lock: a copy of it is not independent. Or an iterator whose state cannot be read."""


def _int_bytes(value):
    return b"i" + value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True) + b";"


def _str_bytes(value):
    raw = value.encode("utf-8", "surrogatepass")
    return b"s%d:" % len(raw) + raw


_ATOMS = {
    type(None): lambda v: b"N",
    bool: lambda v: b"T" if v else b"F",
    int: _int_bytes,
    float: lambda v: b"f" + _pack_double(v),
    complex: lambda v: b"c" + _pack_double(v.real) + _pack_double(v.imag),
    str: _str_bytes,
    bytes: lambda v: b"b%d:" % len(v) + v,
    type(Ellipsis): lambda v: b"E",
    type(NotImplemented): lambda v: b"X",
    range: lambda v: b"r" + repr(v).encode(),
}


# Lists of these go through marshal in one step: version 2 writes each with its type, numbers bit by bit, and
# neither references nor interning.
_BULK = {float, complex, int, str, bool, type(None)}

# Immutable or fully reconstructible library objects: __reduce_ex__ says all that there is to say.
_REDUCIBLE = {
    ("datetime", "datetime"), ("datetime", "date"), ("datetime", "time"), ("datetime", "timedelta"),
    ("datetime", "timezone"), ("decimal", "Decimal"), ("array", "array"), ("operator", "itemgetter"),
    ("operator", "attrgetter"), ("operator", "methodcaller"), ("functools", "partial"),
    ("_random", "Random"), ("zoneinfo", "ZoneInfo"), ("builtins", "slice"),
}
_DESCRIPTORS = {types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType,
                types.GetSetDescriptorType, types.MemberDescriptorType}
_LIVE_MODULES = {"_io", "_socket", "select", "itertools", "mmap", "_thread", "_queue", "zlib", "_bz2", "_lzma",
                 "_csv", "_asyncio", "_ssl", "_sqlite3", "sqlite3"}
# These say by __reduce__ over what they go and how far they are, and do not move by that.
_PLAIN_ITERATORS = {"zip", "enumerate", "reversed", "list_iterator", "tuple_iterator", "dict_keyiterator", "dict_valueiterator",
                    "dict_itemiterator", "dict_reversekeyiterator", "dict_reversevalueiterator", "dict_reverseitemiterator",
                    "set_iterator", "str_iterator", "str_ascii_iterator", "range_iterator", "longrange_iterator",
                    "bytes_iterator", "bytearray_iterator", "iterator", "list_reverseiterator"}
_CALLING_ITERATORS = {"map", "filter", "callable_iterator"}
_ITERATORS = {"generator"} | _PLAIN_ITERATORS | _CALLING_ITERATORS
_LIVE_BUILTINS = {"coroutine", "async_generator", "frame", "traceback"} | _ITERATORS
_BASES_KNOWN = {object, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset}


class Snapshot:
    """Digests of named sections; one numbering of objects runs through all of them.

    tokens: {id(object): name} objects that stand for themselves, whatever they are (the function under
    trial is another object in each copy, on purpose). wrapper_code is the code of the judge's own wrapper
    functions, which are looked through. is_own_module(name) tells the program's own modules,
    whose classes and functions are looked into.
    """

    wrapper_code = None
    wanted = None        # a section whose value is to be kept, to be looked into
    wanted_value = None
    # Addresses of the iterators that hold code and were there before the call; None: all are taken as they are. One
    # that a call makes has the code of its version, and says nothing by its state.
    iterators_before = frozenset()
    keeps_floats = False  # floats are kept beside the digests, which then do not tell of them
    is_one_process = True  # else addresses say nothing, and functions stand for their names: one side's text is another

    def __init__(self, tokens=None, is_own_module=lambda name: False, strict=True):
        self.tokens = tokens or {}
        self.is_own_module = is_own_module
        self.strict = strict
        self.sections = []  # (name, digest, preview)
        self.floats = {}    # name: the section's floats, packed, where they are kept
        self._atoms, self._bulk_kinds = _ATOMS, _BULK
        if self.keeps_floats:
            self._atoms = {**_ATOMS, float: self._keep_float, complex: self._keep_complex}
            self._bulk_kinds = _BULK - {float, complex}
        self.iterators = set()  # addresses of those that hold code
        self._kept = []
        self._memo = {}
        self._keep = []  # temporaries live as long as their addresses are in the memo
        self._node_count = 0

    def add(self, name, value, strict=None):
        """Appends one section. Raises CannotTell if strict and something in it cannot be compared."""
        strict = self.strict if strict is None else strict
        if name == self.wanted:
            Snapshot.wanted_value = (value,)
        self._kept = []
        atoms = self._atoms
        digest = hashlib.blake2b(digest_size=16)
        pending = []
        size = 0
        stack = [value]
        while stack:
            node = stack.pop()
            self._node_count += 1
            kind = type(node)
            atom = atoms.get(kind)
            if atom is not None:
                chunk = atom(node)
            else:
                chunk = self._open(node, kind, stack, strict)
            pending.append(chunk)
            size += len(chunk)
            if size > 1 << 20:
                digest.update(b"".join(pending))
                pending.clear()
                size = 0
                if self._node_count > NODE_COUNT_MAX:
                    raise CannotTell(f"more than {NODE_COUNT_MAX} objects to compare")
        digest.update(b"".join(pending))
        self.sections.append((name, digest.hexdigest(), preview(value)))
        if self._kept:
            self.floats[name] = struct.pack(f"{len(self._kept)}d", *self._kept)

    def _keep_float(self, value):
        self._kept.append(value)
        return b"f~"

    def _keep_complex(self, value):
        self._kept += (value.real, value.imag)
        return b"c~"

    def _seen(self, node):
        """The number of a mutable object if it was met before, else None (and it gets the next one)."""
        index = self._memo.get(id(node))
        if index is None:
            self._memo[id(node)] = len(self._memo)
            self._keep.append(node)
        return index

    def _open(self, node, kind, stack, strict):
        """The header of one composite object; its parts go on the stack, first on top."""
        if id(node) in self.tokens:
            return b"@" + self.tokens[id(node)].encode() + b";"
        if kind is tuple:
            bulk = self._bulk(node)
            if bulk is not None:
                return b"t" + bulk
            stack.extend(reversed(node))
            return b"t%d;" % len(node)
        if kind is frozenset:
            stack.extend(reversed(list(node)))
            return b"z%d;" % len(node)
        index = self._seen(node)
        if index is not None:
            return b"#%d;" % index
        if kind is list:
            bulk = self._bulk(node)
            if bulk is not None:
                return b"l" + bulk
            stack.extend(reversed(node))
            return b"l%d;" % len(node)
        if kind is dict:
            return b"d" + self._push_items(node, stack)
        if kind is set:
            stack.extend(reversed(list(node)))
            return b"S%d;" % len(node)
        if kind is bytearray:
            return b"B%d:" % len(node) + bytes(node)
        return self._open_object(node, kind, stack, strict)

    @staticmethod
    def _push_items(mapping, stack, items=None):
        items = list(dict.items(mapping) if items is None else items)
        for key, value in reversed(items):
            stack.append(value)
            stack.append(key)
        return b"%d;" % len(items)

    def _bulk(self, node):
        if len(node) < 8 or not self._bulk_kinds.issuperset(map(type, node)):
            return None
        self._node_count += len(node)
        return marshal.dumps(node, 2)

    def _push(self, stack, *parts):
        """Parts made on the spot: kept alive, because their addresses name them."""
        self._keep.append(parts)
        stack.extend(reversed(parts))

    def _open_object(self, node, kind, stack, strict):
        module, name = kind.__module__, kind.__qualname__
        head = f"o{module}.{name};".encode()
        if isinstance(node, type):
            return self._open_class(node, stack, strict)
        if kind is types.ModuleType:
            return b"m" + _str_bytes(node.__name__)
        if kind is types.FunctionType:
            return self._open_function(node, stack)
        if kind is types.BuiltinFunctionType:
            owner = node.__self__
            if owner is None or isinstance(owner, types.ModuleType):
                return b"k" + _str_bytes(f"{node.__module__}.{node.__qualname__}")
            self._push(stack, owner)
            return b"K" + _str_bytes(node.__qualname__)
        if kind in _DESCRIPTORS:
            return b"k" + _str_bytes(f"{node.__objclass__.__module__}.{node.__objclass__.__qualname__}.{node.__name__}")
        if module == "_struct" and name == "Struct":
            self._push(stack, node.format)
            return head
        if kind is types.MethodType:
            self._push(stack, node.__func__, node.__self__)
            return b"M"
        if kind is types.CodeType:
            self._push(stack, node.co_code, node.co_consts, node.co_names, node.co_varnames,
                       node.co_freevars, node.co_cellvars, node.co_flags)
            return b"C"
        if kind is types.CellType:
            try:
                self._push(stack, node.cell_contents)
            except ValueError:
                return b"q-"
            return b"q+"
        if kind in (staticmethod, classmethod):
            self._push(stack, node.__func__)
            return head
        if kind is property:
            self._push(stack, node.fget, node.fset, node.fdel)
            return head
        if module == "numpy":
            return self._open_numpy(node, kind, stack, head)
        if module == "_contextvars" and name == "ContextVar":
            self._push(stack, node.name)  # its value is in the context, which is compared
            return head
        if module in ("re", "_sre") and name == "Pattern":
            self._push(stack, node.pattern, node.flags)
            return head
        if module == "re" and name == "Match":
            self._push(stack, node.re, node.string, node.regs, node.pos, node.endpos)
            return head
        if module == "functools" and name == "_lru_cache_wrapper":
            # What is in the cache is not ordered by anything that two copies could disagree on.
            self._push(stack, tuple(node.cache_info()), node.__wrapped__, *_cached_in(node))
            return head
        if module == "_io" and name in ("StringIO", "BytesIO") and not node.closed:
            self._push(stack, node.getvalue(), node.tell())
            return head
        if module == "collections" and name == "deque":
            self._push(stack, node.maxlen, *node)
            return head + b"%d;" % len(node)
        if module == "collections" and name == "OrderedDict":
            return head + self._push_items(node, stack, node.items())
        if module == "collections" and name == "defaultdict":
            count = self._push_items(node, stack)
            self._push(stack, node.default_factory)
            return head + count
        if module == "types" and name == "SimpleNamespace":
            self._push(stack, vars(node))
            return head
        if kind is types.MappingProxyType:
            self._push(stack, dict(node))
            return head
        if module.partition(".")[0] == "pathlib" and hasattr(kind, "__fspath__"):
            self._push(stack, str(node))  # its slots are caches, filled when first asked
            return head
        if module.startswith("numpy.random.") and hasattr(node, "bit_generator"):
            self._push(stack, node.bit_generator.state)
            return head
        if module == "random" and name == "Random":
            self._push(stack, node.getstate())
            return head
        if (module, name) in _REDUCIBLE:
            self._push(stack, node.__reduce_ex__(2))
            return head
        if hasattr(node, "_value_") and hasattr(kind, "__members__"):  # an Enum member: its name is its identity
            self._push(stack, getattr(node, "_name_", None), node._value_)
            return head
        if kind is types.GeneratorType or module == "itertools" or module == "builtins" and name in _LIVE_BUILTINS:
            state = self._iterator_state(node, kind, name)
            if state is not None:
                self._push(stack, *state)
                return head
        elif issubclass(kind, _local) or self._is_transparent(kind):
            return self._open_instance(node, kind, stack, head)
        return self._opaque(node, kind, module, name, strict)

    def _iterator_state(self, node, kind, name):
        """Parts that say what an iterator gives from now on, without asking it for anything; None if they cannot be had."""
        if name not in _PLAIN_ITERATORS:
            if self.iterators_before is not None and id(node) not in self.iterators_before:
                return None
            self.iterators.add(id(node))
        if kind is types.GeneratorType:
            frame = node.gi_frame
            if node.gi_running:
                return None
            # Its variables and what its loops stand at, in the order of the frame.
            held = [] if frame is None else [part for part in gc.get_referents(node) if type(part) is not types.FrameType]
            return node.__qualname__, node.gi_code, None if frame is None else frame.f_lasti, *held
        try:
            return node.__reduce__()
        except Exception:  # not all can be asked, and fewer with each Python; or a warning is an error
            return None

    def _opaque(self, node, kind, module, name, strict):
        if strict:
            if any(base.__module__ in _LIVE_MODULES for base in kind.__mro__) or (
                    module == "builtins" and name in _LIVE_BUILTINS):
                raise LiveHandle(f"a live {name} ({module})" if module != "builtins" else f"a live {name}")
            raise CannotTell(f"a {module}.{name}, whose state cannot be looked into")
        return b"?" + f"{module}.{name}@{id(node) if self.is_one_process else ''}".encode()

    @staticmethod
    def _is_transparent(kind):
        """All state of an instance lies in __dict__, __slots__ and a builtin base that we can read.

        A type made in C that keeps anything else is bigger than these parts: CPython itself uses
        this test to refuse pickling.
        """
        base = next(b for b in kind.__mro__ if not b.__flags__ & _HEAP_TYPE)
        if base not in _BASES_KNOWN and not issubclass(base, BaseException):
            return False
        expected = base.__basicsize__
        if kind is not base:
            slots = sum(type(v) is types.MemberDescriptorType for b in kind.__mro__
                        if "__slots__" in b.__dict__ for v in b.__dict__.values())
            expected += 8 * slots
            if kind.__dictoffset__ and not kind.__flags__ & _MANAGED_DICT:
                expected += 8
            if kind.__weakrefoffset__ and not kind.__flags__ & _MANAGED_WEAKREF:
                expected += 8
        return kind.__basicsize__ <= expected

    def _open_instance(self, node, kind, stack, head):
        parts = [thread_own(node) if issubclass(kind, _local) else getattr(node, "__dict__", None)]
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if slot in ("__dict__", "__weakref__"):
                    continue
                mangled = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
                try:
                    parts.append(base.__dict__[mangled].__get__(node, kind))
                except (AttributeError, KeyError):
                    parts.append(Ellipsis)
        for builtin, read in ((int, int.__int__), (float, float.__float__), (complex, complex.__complex__),
                              (str, str.__str__), (bytes, lambda v: bytes.__getitem__(v, slice(None))),
                              (bytearray, bytes), (list, lambda v: list.__getitem__(v, slice(None))),
                              (tuple, lambda v: tuple.__getitem__(v, slice(None))),
                              (dict, lambda v: list(dict.items(v))),
                              (set, lambda v: list(set.__iter__(v))),
                              (frozenset, lambda v: list(frozenset.__iter__(v)))):
            if isinstance(node, builtin):
                parts.append(read(node))
                break
        if isinstance(node, BaseException):
            parts += (node.args, node.__cause__, node.__context__, node.__suppress_context__)
            # OSError.filename, ImportError.name and their like are in neither args nor __dict__.
            parts += (getattr(node, name, None) for name in _members_of(kind))
        self._push(stack, *parts)
        return head + b"%d;" % len(parts)

    def _open_class(self, node, stack, strict):
        # In a strict section a class stands for itself: its state is compared with its module's globals.
        if strict or not self.is_own_module(node.__module__):
            return b"Y" + _str_bytes(f"{node.__module__}.{node.__qualname__}")
        state = {k: v for k, v in vars(node).items()
                 if k not in ("__dict__", "__weakref__", "__doc__", "__annotations__")
                 and type(v) not in (types.MemberDescriptorType, types.GetSetDescriptorType)}
        self._push(stack, node.__bases__, state)
        return b"y" + _str_bytes(f"{node.__module__}.{node.__qualname__}")

    def _open_function(self, node, stack):
        if node.__code__ is self.wrapper_code:  # another function under trial: look through our wrapper
            node = node.__wrapped__
        name = _str_bytes(f"{node.__module__}.{node.__qualname__}")
        if not self.is_own_module(node.__module__) or not self.is_one_process:
            return b"u" + name
        closure = node.__closure__ or ()
        self._push(stack, node.__defaults__, node.__kwdefaults__, node.__dict__, closure, node.__code__)
        return b"U" + name

    def _open_numpy(self, node, kind, stack, head):
        numpy = sys.modules["numpy"]
        if isinstance(node, numpy.ndarray) and kind is numpy.ndarray:
            shape = (node.dtype.str, node.shape, node.strides, bool(node.flags.writeable))
            if node.dtype.hasobject:
                self._push(stack, shape, node.base, node.ravel(order="K").tolist())
            else:
                self._push(stack, shape, node.base, self._numbers(node))
            return head
        if isinstance(node, numpy.generic):
            self._push(stack, node.dtype.str, self._numbers(node))
            return head
        if isinstance(node, numpy.dtype):
            self._push(stack, repr(node))
            return head
        if isinstance(node, numpy.ufunc):
            return b"k" + _str_bytes(f"numpy.{node.__name__}")
        raise CannotTell(f"a numpy.{kind.__qualname__}, whose state cannot be looked into")

    def _numbers(self, node):
        """The numbers of an array or scalar of NumPy, in one order."""
        if self.keeps_floats and node.dtype.kind in "fc":
            return node.ravel().tolist() if node.dtype.kind == "f" else [[z.real, z.imag] for z in node.ravel().tolist()]
        return node.tobytes()


def is_iterator(value):
    """Whether it is one of Python's own iterators over something, which says little before it is asked."""
    kind = type(value)
    return kind.__module__ == "itertools" or kind.__module__ == "builtins" and kind.__name__ in _ITERATORS


def thread_own(local):
    """The attributes that a threading.local has in this thread. Where it has none yet, its class makes them, as at any other use."""
    try:
        return _local.__getattribute__(local, "__dict__")
    except Exception:  # of its class, which is the program's
        return None


def _cached_in(wrapper):
    """Keys and results that functools.lru_cache holds."""
    found = []
    for part in gc.get_referents(wrapper):
        if type(part) is dict and part is not wrapper.__dict__:
            found += [x for item in part.items() for x in item if type(x).__name__ != "_lru_list_elem"]
        elif part is not wrapper.__wrapped__ and part is not wrapper.__dict__ and not isinstance(part, type):
            found.append(part)
    return found


def _members_of(kind):
    """The fields that a built-in exception type keeps for itself, by name; not the object of an AttributeError."""
    return sorted({name for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE
                   for name, value in vars(base).items() if type(value) is types.MemberDescriptorType
                   and not name.startswith("_") and name != "obj"})


def preview_call(name, args, kwargs, limit=120):
    """A call as it would be written."""
    share = max(20, limit // max(1, len(args) + len(kwargs)))
    parts = [preview(value, share) for value in args] + [f"{key}={preview(value, share)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def preview(value, limit=160):
    """A short repr for messages; never runs the program's own __repr__."""
    kind = type(value)
    if kind in (int, float, complex, bool, type(None)):
        try:
            text = repr(value)
        except ValueError:  # an integer beyond the limit of digits
            text = f"<int of {value.bit_length()} bits>"
    elif kind in (str, bytes):
        text = repr(value[:limit])
    elif kind in (list, tuple, set, frozenset, dict):
        open_, close = {list: "[]", tuple: "()", dict: "{}"}.get(kind, "{}")
        if limit < 10:  # deep inside, perhaps inside itself
            return open_ + "..." + close
        inner = min(40, limit // 2)
        parts = []
        size = 0
        for item in (dict.items(value) if kind is dict else value):
            part = (f"{preview(item[0], inner)}: {preview(item[1], inner)}" if kind is dict
                    else preview(item, inner))
            parts.append(part)
            size += len(part) + 2
            if size > limit:
                parts.append("...")
                break
        text = open_ + ", ".join(parts) + close
        if kind in (set, frozenset) and not value:
            text = f"{kind.__name__}()"
    elif isinstance(value, BaseException):
        text = f"{kind.__name__}{preview(value.args, limit)}"
    elif isinstance(value, type):
        text = f"<class {value.__name__}>"
    else:
        state = getattr(value, "__dict__", None) if kind.__flags__ & _HEAP_TYPE else None
        text = f"<{kind.__name__}" + (f" {preview(state, 60)}" if type(state) is dict and limit > 40 else "") + ">"
    return text if len(text) <= limit else text[:limit - 3] + "..."
