"""Which functions may be compiled unseen, as far as their code tells."""

GENERATOR_KINDS = 0x20 | 0x80 | 0x200  # generator, coroutine, asynchronous generator
OPTIMIZED = 1
_DEPTH_MAX = 4

# Whoever uses these looks at frames, or has others look: native code has none.
OWN_FRAME = frozenset("locals vars dir eval exec super f_locals f_lineno f_globals f_back tb_frame gi_frame cr_frame getrefcount".split())
LOOKERS = frozenset(
    "_getframe _getframemodulename _current_frames currentframe stack trace getouterframes getinnerframes walk_stack extract_stack "
    "print_stack format_stack findCaller warn warn_explicit warnpy3k _warn breakpoint set_trace settrace setprofile "
    "namedtuple NamedTuple TypeVar ParamSpec NewType TypedDict Enum IntEnum Flag IntFlag make_dataclass "
    "debug info warning error exception critical log getLogger get_referrers".split()
)


def why_not(function, looked_at):
    """A reason, or ""."""
    code = function.__code__
    if code.co_flags & GENERATOR_KINDS:
        return "a generator or coroutine"
    if not code.co_flags & OPTIMIZED or code.co_name.startswith("<"):
        return "a lambda, comprehension or the body of a module or class"
    if code.co_freevars:
        return "it has variables of a function around it"
    if code.co_filename.startswith("<"):
        return "its source is in no file"
    if looked_at(code):
        return "something below it looked at frames"
    name = _looker(function, code, 0, set())
    return f"{name} looks at frames, or may" if name else ""


def _looker(function, code, depth, seen):
    """The name of what looks at frames, in the function or in functions that it calls by global names; or ""."""
    if code in seen or depth > _DEPTH_MAX:
        return ""
    seen.add(code)
    for name in code.co_names:
        if name in LOOKERS or (depth == 0 and name in OWN_FRAME):
            return name
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            found = _looker(function, constant, depth, seen)
            if found:
                return found
    names = function.__globals__
    for name in code.co_names:
        callee = names.get(name)
        inner = getattr(callee, "__code__", None) if type(callee) is type(why_not) else None
        if inner is not None:
            found = _looker(callee, inner, depth + 1, seen)
            if found:
                return f"{name}: {found}"
        elif type(callee) is type:
            init = callee.__dict__.get("__init__")
            if type(init) is type(why_not):
                found = _looker(init, init.__code__, depth + 1, seen)
                if found:
                    return f"{name}: {found}"
    return ""
