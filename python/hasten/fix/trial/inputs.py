"""Inputs that the program did not have: made from those of a recorded call, inside a copy.

Only plain containers, numbers and text are changed, and each keeps its type; objects of classes, arrays and iterators stay as they were.
A list, dict or set is changed in place, so that whoever else holds it (a global, another argument) still holds the same
one. What belongs together is kept together: sequences of one length are cut, reversed and
grown alike, and a number that is their length follows. Records (tuples, rows of one length, lists of
mixed types, dicts of the same keys) keep their shape. None comes only where the program itself gave None.

The same number gives the same input in every copy of the same call.
"""

import math

_INT_BIG = (2**31, 2**53 + 1, 2**63)
_PLAIN_SEQUENCES = (list, tuple, str, bytes, bytearray)
_SIZED = (*_PLAIN_SEQUENCES, dict, set, frozenset)
_WITH_PARTS = (list, tuple, dict)
_POOL_MAX = 60
_SMALL = 12
_EVERY = 20  # so many choices for a number are gone through before dice are thrown
_DEPTH_MAX = 4
NAN, MINUS_ZERO, NONE = "nan", "-0.0", "None"  # what a rule may say that it is not for


class NothingPlain(Exception):
    """Nothing among the arguments can be changed."""


def made(args, kwargs, number, optional=(), small=False):
    """(args, kwargs, kinds of values that a rule may say that it is not for). Raises NothingPlain.

    optional: places among args, or names, where the program gave None in some call. small: the recorded call is a long
    one; what is long or great among the arguments is cut first.
    """
    making = _Making(number, args, kwargs, optional)
    if small:
        making.shrink()
    return (*making.make(), sorted(making.traits))


class _Making:
    def __init__(self, number, args, kwargs, optional):
        self.traits = set()
        self._state = (number * 2654435761 + 12345) % (1 << 64)
        self._number = number
        self._values = {**dict(enumerate(args)), **kwargs}
        self._count = len(args)
        self._optional = optional
        self._pool = {}
        for value in self._values.values():
            self._gather(value, 0)
        self._changed_in_place = set()

    def make(self):
        places = [place for place, value in self._values.items() if _is_changeable(value) or place in self._optional]
        if not places:
            raise NothingPlain
        # First each place once, then diced ones; two places at once now and then.
        chosen = [places[self._number % len(places)]]
        if self._number >= len(places) and len(places) > 1 and not self._below(3):
            chosen.append(self._pick([p for p in places if p != chosen[0]]))
        new = dict(self._values)
        for place in chosen:
            value = new[place]
            if place in self._optional and not self._below(4):
                new[place] = None
                self.traits.add(NONE)
            elif type(value) in _SIZED and not len(value):
                continue  # emptied together with another one
            elif type(value) in _SIZED and not _is_record(value) and (type(value) not in _WITH_PARTS or self._below(5) < 3):
                self._reshape_together(new, place)
            elif type(value) in _WITH_PARTS:
                new[place] = self._changed_inside(value, 0, new)
            elif type(value) in (int, float) and self._number // len(places) < _EVERY:
                every = self._int_choices(value) if type(value) is int else self._float_choices(value)
                new[place] = self._noted(every[self._number // len(places) % len(every)])  # one after the other
            elif value is not None:
                new[place] = self._changed(value, 0)
        return tuple(new[i] for i in range(self._count)), {k: v for k, v in new.items() if not isinstance(k, int)}

    def shrink(self):
        """Sequences become a piece of a few elements, numbers that stand for much work a small one."""
        for place, value in list(self._values.items()):
            if type(value) in _SIZED and len(value) > _SMALL and not _is_record(value):
                start = self._below(len(value) - _SMALL)
                length = len(value)
                order = list(range(start, start + 1 + self._below(_SMALL)))
                for other, like in self._values.items():
                    if type(like) in _SIZED and len(like) == length and not _is_record(like):
                        self._values[other] = self._reshaped(like, order)
                _follow(self._values, length, len(order))
            elif type(value) is int and abs(value) > 1000:
                self._values[place] = self._pick((value % 100, value // 1000, value % 10))
        self._changed_in_place.clear()

    # -- dice -----------------------------------------------------------------------------------------

    def _below(self, count):
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self._state >> 33) % count

    def _pick(self, choices):
        return choices[self._below(len(choices))]

    def _gather(self, value, depth):
        """Values of the call by type: one of them where another stood is more telling than a strange one."""
        kind = type(value)
        if kind in (int, float, str, bytes):
            found = self._pool.setdefault(kind, [])
            if len(found) < _POOL_MAX:
                found.append(value)
        elif kind in (list, tuple, set, frozenset, dict) and depth < _DEPTH_MAX:
            for number, part in enumerate(value):
                if number >= 20:
                    break
                self._gather(part, depth + 1)
                if kind is dict:
                    self._gather(value[part], depth + 1)

    # -- lengths ------------------------------------------------------------------------------------------

    def _reshape_together(self, new, place):
        """Another length or order, for all arguments of this length."""
        length = len(new[place])
        order = self._order(length)
        together = self._below(8) > 0
        for other, value in new.items():
            if other == place or together and type(value) in _SIZED and len(value) == length and not _is_record(value):
                new[other] = self._reshaped(value, order)
        if together:
            _follow(new, length, len(order))

    def _order(self, length):
        """Which of the old places stand in the new value, in which order."""
        every = list(range(length))
        at = self._below(length)
        way = self._below(9)
        if way == 0:
            return []
        if way == 1:
            return [self._pick((0, length - 1, at))]
        if way == 2:
            return every[::-1]
        if way == 3:
            return every[:at + 1]
        if way == 4:
            return every[at:]
        if way == 5:
            return every[:at] + every[at + 1:]
        if way == 6:
            return every[:at] + [at] + every[at:]  # once more
        if way == 7 and length < 1000:
            return every + every
        other = self._below(length)
        every[at], every[other] = every[other], every[at]
        return every

    def _reshaped(self, value, order):
        if type(value) is list and id(value) in self._changed_in_place:
            return value  # under another name
        items = list(value.items() if type(value) is dict else value)
        if type(value) is dict:
            return self._filled(value, [items[number] for number in order])
        seen, parts = set(), []
        for number in order:
            # An element that stands twice is two elements, as it would be in other data.
            parts.append(_copied(items[number]) if number in seen else items[number])
            seen.add(number)
        return self._filled(value, parts)

    def _filled(self, value, parts):
        """A value of this kind that holds these parts; the very same object where it can change."""
        kind = type(value)
        if kind in (list, dict, set, bytearray):
            self._changed_in_place.add(id(value))
            value.clear()
            (value.extend if kind in (list, bytearray) else value.update)(parts)
            return value
        return "".join(parts) if kind is str else kind(parts)

    # -- values -------------------------------------------------------------------------------------------

    def _changed(self, value, depth):
        kind = type(value)
        if kind in (int, float, str, bytes) and not self._below(4):
            value = self._noted(self._pick(self._pool[kind]) if kind in self._pool else value)
            return value
        if kind is bool:
            return not value
        if kind is int:
            return self._pick(self._int_choices(value)[:-2])  # a big one more rarely than among the arguments themselves
        if kind is float:
            return self._noted(self._pick(self._float_choices(value)))
        if kind is complex:
            return self._pick((0j, -value, value.conjugate(), value + 1))
        if kind is range:
            return self._pick((range(0), value[:1], value[::-1], value[1:]))
        if kind in _SIZED and len(value):
            return self._changed_inside(value, depth) if kind in _WITH_PARTS and (self._below(3) or _is_record(value)) else \
                self._reshaped(value, self._order(len(value)))
        return value

    @staticmethod
    def _int_choices(value):
        return (0, value + 1, value - 1, 1, -1, -value, 2 * value, value // 2, -value - 1, value + 2, 3 * value, value + 10,
                *_INT_BIG)

    @staticmethod
    def _float_choices(value):
        whole = float(round(value)) if math.isfinite(value) else 0.0
        return (0.0, -value, value + 1.0, 1.0, value * 2, value / 2, math.nextafter(value, math.inf), whole, value * 1e9, -0.0,
                math.nextafter(value, -math.inf), math.inf, -math.inf, math.nan)

    def _noted(self, value):
        if type(value) is float and value != value:
            self.traits.add(NAN)
        elif type(value) is float and value == 0 and math.copysign(1, value) < 0:
            self.traits.add(MINUS_ZERO)
        return value

    def _changed_inside(self, value, depth, arguments=None):
        """One of its parts is another one; all rows of a table get the same shape."""
        kind = type(value)
        at = self._below(len(value))
        parts = list(value.values() if kind is dict else value)
        shapes = {_shape_of(part) for part in parts}
        are_records = len(parts) > 1 and len(shapes) == 1 and type(parts[0]) in (list, dict)
        if kind is dict:
            items = list(value.items())
            key, part = items[at]
            if self._below(3):
                items[at] = key, self._part_changed(part, are_records, depth)
            elif type(key) in (int, float, str, bytes):
                items[at] = self._changed(key, _DEPTH_MAX), part
            return self._filled(value, items)
        if are_records and type(parts[0]) is list and not any(map(_is_record, parts)) and parts[0] and not self._below(3):
            length = len(parts[0])
            order = self._order(length)
            parts = [self._reshaped(part, order) for part in parts]
            _follow(arguments, length, len(order))
        elif not self._below(3):
            alike = [part for part in parts if type(part) is type(parts[at])]
            parts[at] = _copied(self._pick(alike))  # like another one
        else:
            parts[at] = self._part_changed(parts[at], are_records, depth)
        if kind is list:
            value[:] = parts
            return value
        return tuple(parts)

    def _part_changed(self, part, is_record, depth):
        if depth >= _DEPTH_MAX:
            return part
        if is_record and len(part):
            return self._values_changed(part, depth + 1) if type(part) is dict else self._changed_inside(part, depth + 1)
        return self._changed(part, depth + 1)

    def _values_changed(self, record, depth):
        """A dict of the same keys in the same order."""
        items = list(record.items())
        at = self._below(len(items)) if items else 0
        return self._filled(record, [(key, self._part_changed(part, False, depth) if i == at else part)
                                     for i, (key, part) in enumerate(items)])


def _shape_of(value):
    """What two records have in common."""
    kind = type(value)
    return kind, tuple(value) if kind is dict else len(value) if kind in (list, tuple) else None


def _is_record(value):
    """Whether each of its places means something of its own."""
    return type(value) is tuple or type(value) is list and len({type(part) for part in value} - {type(None)}) > 1


def _follow(arguments, length, new_length):
    """Numbers among the arguments that were a length are the new one."""
    for place, value in (arguments or {}).items():
        if type(value) is int and value == length and length > 1:
            arguments[place] = new_length


def _is_changeable(value):
    kind = type(value)
    return kind in (int, float, complex, bool, range) or kind in _SIZED and len(value) > 0


def _copied(value):
    """Another object of the same value as far as it is plain; what else it holds is shared."""
    kind = type(value)
    if kind in (list, tuple):
        return kind([_copied(part) for part in value])
    if kind is dict:
        return {key: _copied(part) for key, part in value.items()}
    return kind(value) if kind in (set, bytearray) else value
