"""What two forked copies do not agree on after a call, and where inside a value it lies.

A value is looked into by listing it in each copy: places, with what stands there.
"""

LEAF_COUNT_MAX = 50_000
_DEPTH_MAX = 40
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


class Difference:
    """One thing that two copies do not agree on. place: a section, such as "the result"."""

    def __init__(self, place, old, new, text=""):
        self.place, self.old, self.new, self._text = place, old, new, text

    def sharpen(self, place, old, new, text=""):
        self.place, self.old, self.new, self._text = place, old, new, text

    def sentence(self):
        return self._text or f"{self.place} differs: {self.new} instead of {self.old}"


def differences(old, new, nearness):
    """All that two copies do not agree on: the outcome first, then what it may have shifted."""
    if old["raised"] != new["raised"]:
        told = [f"{'raised' if copy['raised'] else 'returned'} {copy['sections'][-3][2]}" for copy in (old, new)]
        return [Difference("the outcome", *told, f"the old version {told[0]}, the new one {told[1]}")]
    found = []
    news = {name: (digest, text) for name, digest, text in new["sections"]}
    for name, digest, text in reversed(old["sections"]):
        new_digest, new_text = news.pop(name, (None, None))
        if new_digest is None:
            found.append(Difference(name, text, "nothing", f"{name} is gone"))
        elif new_digest != digest or not nearness.all_agree(old["floats"].get(name, b""), new["floats"].get(name, b"")):
            inside = f"{name} differs inside or in what it shares with the arguments ({text})" if new_text == text else ""
            found.append(Difference(name, text, new_text, inside))
    return found + [Difference(name, "nothing", text, f"{name} is new") for name, (_, text) in news.items()]


def leaves_of(value, preview):
    """[(place, what stands there)] in one order, containers before what they hold; never runs the program's own code."""
    out = []
    stack = [("", value, 0)]
    open_ids = set()
    while stack and len(out) < LEAF_COUNT_MAX:
        place, node, depth = stack.pop()
        if type(node).__module__ == "numpy" and type(node).__name__ == "ndarray" and not node.dtype.hasobject:
            out.append((place, f"a numpy.ndarray of {node.dtype.str}, shape {node.shape}"))
            node = node.tolist() if node.size <= LEAF_COUNT_MAX else None
        kind = type(node)
        children = []
        if kind in (list, tuple):
            children = [(f"{place}[{i}]", part) for i, part in enumerate(node)]
        elif kind in (set, frozenset):
            children = [(f"{place}, element {i + 1} in its order", part) for i, part in enumerate(node)]
        elif issubclass(kind, dict):
            children = [(f"{place}[{preview(key, 40)}]", part) for key, part in dict.items(node)]
        elif kind.__flags__ & _HEAP_TYPE and type(getattr(node, "__dict__", None)) is dict:
            children = [(f"{place}.{name}", part) for name, part in node.__dict__.items()]
        if kind in (list, tuple, set, frozenset) or issubclass(kind, dict):
            out.append((place, f"a {kind.__name__} of {len(node)}"))
        elif children:
            out.append((place, f"a {kind.__name__}"))
        else:
            out.append((place, preview(node)))
        if children and depth < _DEPTH_MAX and id(node) not in open_ids:
            open_ids.add(id(node))  # what is met again is the same object, and was listed
            stack.extend((p, part, depth + 1) for p, part in reversed(children))
    return out


def first_difference(old, new, agree):
    """(place, old, new) of the first thing that is not the same, preferring what is no container; None if all is.

    agree(old text, new text) -> bool.
    """
    container = None
    for (place, was), (new_place, is_) in zip(old, new):
        if place != new_place:
            break
        if was == is_ or agree(was, is_):
            continue
        if was.startswith("a ") and is_.startswith("a "):
            container = container or (place, was, is_)
            continue
        if container is not None:
            break
        return place, was, is_
    if container is not None:
        return _sharper(container, dict(old), dict(new), agree)
    return None


def _sharper(container, old, new, agree):
    """A container of another length: with the first place in it at which the two do not agree."""
    place, was, is_ = container
    for key, text in old.items():
        if key.startswith(place + "[") and key in new and not (text == new[key] or agree(text, new[key])):
            return place, f"{was} ({text} at {key})", f"{is_} ({new[key]} there)"
    return container
