"""Three recorded runs, two of the unmodified program and one of the changed, and where the changed one differs.

Only what both unmodified runs agree on can tell. A call counts if it was given the same in all three; where what it was
given cannot be looked into (an iterator), its type must do, and then only if the function is called equally often.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hasten.fix.trial.nearness import Nearness


@dataclass
class Recording:
    """What one run recorded. calls: {(function's key, number): event}; left: {name: event}; counts: {key: calls}."""

    calls: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)

    @classmethod
    def read(cls, events, key_of):
        self = cls()
        for event in events:
            if event["event"] == "result":
                self.calls[key_of(event), event["index"]] = event
            elif event["event"] == "left":
                self.left[event["name"]] = event
            elif event["event"] == "counted":
                self.counts[key_of(event)] = event["count"]
        return self

    def opaque(self):
        """The names of the program's data of which nobody can say what they hold at the end."""
        return [name for name, event in self.left.items() if not event["gave"][2] and name.startswith(("the global", "the attribute"))]

    def schedule(self, key):
        """The numbers of the recorded calls of one function."""
        return [index for k, index in self.calls if k == key]


@dataclass
class Comparison:
    """nearness: how near two floats must be."""

    old: Recording
    again: Recording
    new: Recording
    nearness: Nearness = field(default_factory=Nearness)

    def calls(self):
        """Yields (key, number, what it showed before, after, whether they agree, whether the outcome and whether all that it left was
        looked into) of each call that can tell."""
        for place, event in self.old.calls.items():
            others = self.again.calls.get(place), self.new.calls.get(place)
            if None in others or not all(self._agree(e["given"], event["given"]) for e in others) or \
                    not self._agree(others[0]["gave"], event["gave"]):
                continue
            key = place[0]
            if not event["given"][2] and self.old.counts.get(key) != self.new.counts.get(key):
                continue
            yield *place, event["shown"], others[1]["shown"], self._agree(others[1]["gave"], event["gave"]), bool(event["gave"][2]), event["gave"][2] is True

    def left(self, except_names, has_altered=False):
        """Yields (name, what it showed before, after) of what the changed program leaves otherwise at its end.

        has_altered: the change alters names; other data at the end may then be what it is for, but not another state of libraries.
        """
        for name, event in self.old.left.items():
            others = self.again.left.get(name), self.new.left.get(name)
            if not event["gave"][2]:
                continue
            if has_altered and name.startswith(("the global", "the attribute")):
                continue
            if None in others or any(f"`{n}`" in name for n in except_names) or not self._agree(others[0]["gave"], event["gave"]):
                continue
            if not self._agree(others[1]["gave"], event["gave"]):
                yield name, event["shown"], others[1]["shown"]

    def _agree(self, one, other):
        """Two values as a recorder tells them: a digest, the floats beside it, and whether all could be looked into."""
        (digest, floats, _), (other_digest, other_floats, _) = one, other
        return digest == other_digest and len(floats) == len(other_floats) and all(
            self.nearness.agree(a, b) for a, b in zip(floats, other_floats))
