"""Unified diffs, git's or diff's own, applied in memory: exact context, at the line that they name or the nearest that fits."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field

from hasten.errors import HastenError
from hasten.fix.change import Change
from hasten.fix.proposals import SOURCE_SUFFIXES, file_change, is_output_only

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ABSENT = "/dev/null"
_STRIPS = (1, 0, 2)


@dataclass
class Hunk:
    line: int          # in the old file, from 1; 0 where the old side is empty
    old: list = field(default_factory=list)
    new: list = field(default_factory=list)


@dataclass
class FilePatch:
    """before and after: the names that stand in the patch; /dev/null for a file that is not there on that side."""

    before: str
    after: str
    hunks: list = field(default_factory=list)
    renames: bool = False

    def names(self, strip):
        """Where the file may lie before the change; plain diff names two files, of which either may be meant."""
        names = [self.before] if self.renames or self.before == _ABSENT else [self.before, self.after]
        return list(dict.fromkeys(_stripped(n, strip) for n in names if n != _ABSENT))


class DoesNotApply(Exception):
    """A hunk's old lines stand nowhere in the file. .args: (line in the old file,)."""


def propose_patch(name, paths):
    """The Change that a patch file makes to the files of the working tree."""
    title = os.path.basename(name)
    try:
        with open(name, "rb") as stream:
            raw = stream.read()
    except OSError as error:
        raise HastenError(f"{name} cannot be read ({error.strerror})") from None
    patches = parse(raw, title)
    folder, strip = _place(patches, paths.cwd, title)
    files, others = [], []
    for patch in patches:
        if not patch.before.endswith(SOURCE_SUFFIXES) and not patch.after.endswith(SOURCE_SUFFIXES):
            others.append(_stripped(patch.before if patch.after == _ABSENT else patch.after, strip))
            continue
        for change in _applied(patch, folder, strip, paths, title):
            if is_output_only(change):
                others.append(os.path.basename(change.path))
            else:
                files.append(change)
    return Change(title, files, others)


def _applied(patch, folder, strip, paths, title):
    new_path = os.path.join(folder, _stripped(patch.after, strip))
    if patch.before == _ABSENT:
        if os.path.exists(new_path):
            raise HastenError(f"{title} does not apply: it makes {new_path}, which is already there")
        return [file_change(paths(new_path), None, apply(b"", patch.hunks))]
    failure = None
    for name in patch.names(strip):
        path = os.path.join(folder, name)
        try:
            with open(path, "rb") as stream:
                text = stream.read()
            new = apply(text, patch.hunks)
        except OSError:
            continue  # the other name may be the one that is meant; _place has found one of them
        except DoesNotApply as error:
            failure = failure or _refusal(error, path, text, patch, title)
            continue
        if patch.renames:
            return [file_change(paths(path), text, None), file_change(paths(new_path), None, new)]
        return [file_change(paths(path), text, None if patch.after == _ABSENT else new)]
    raise failure or HastenError(f"{title} changes {path}, which cannot be read")


def _refusal(error, path, text, patch, title):
    if _applies_backwards(text, patch.hunks):
        return HastenError(f"{title} does not apply: {path} already holds its change",
                           hint=f"take it back first: patch -R -p1 < {title}")
    return HastenError(f"{title} does not apply: what it expects at line {error.args[0]} of {path} is not there",
                       hint="make the patch against the files as they are now")


def parse(raw, title):
    """The files of a unified diff. Raises HastenError if it is none, or holds what cannot be applied."""
    lines = [part + b"\n" for part in raw.removesuffix(b"\n").split(b"\n")]
    patches = []
    at = 0
    renamed_from = None
    while at < len(lines):
        line = lines[at]
        if line.startswith((b"GIT binary patch", b"Binary files ")):
            raise HastenError(f"{title} changes a binary file (line {at + 1}), which cannot be tried", hint="leave that file out of it")
        if line.startswith(b"@@@"):
            raise HastenError(f"{title} is the diff of a merge (line {at + 1})", hint="compare two commits: git diff A B")
        if line.startswith(b"rename from "):
            renamed_from = _name(line[12:])
        elif line.startswith(b"rename to ") and renamed_from is not None:
            patches.append(FilePatch("a/" + renamed_from, "b/" + _name(line[10:]), renames=True))
        elif line.startswith(b"--- ") and at + 1 < len(lines) and lines[at + 1].startswith(b"+++ "):
            before, after = _name(line[4:]), _name(lines[at + 1][4:])
            if not (patches and not patches[-1].hunks and (patches[-1].before, patches[-1].after) == (before, after)):
                patches.append(FilePatch(before, after))
            renamed_from = None
            at += 1
        elif line.startswith(b"@@ ") and patches:
            at = _read_hunk(lines, at, patches[-1], title)
            continue
        at += 1
    if not any(p.hunks or p.before != p.after for p in patches):
        raise HastenError(f"{title} is not a unified diff", hint="make one with: git diff > FILE.patch, or diff -u OLD NEW")
    return patches


def _read_hunk(lines, at, patch, title):
    match = _HUNK.match(lines[at])
    if not match:
        raise HastenError(f"{title} is damaged at line {at + 1}", hint="make it again")
    hunk = Hunk(int(match[1]))
    old_left, new_left = (int(n) if n is not None else 1 for n in (match[2], match[4]))
    start = at
    at += 1
    while at < len(lines) and (old_left > 0 or new_left > 0 or lines[at].startswith(b"\\")):
        kind, text = lines[at][:1], lines[at][1:]
        if kind in (b"\n", b"\r"):  # an empty line of context that a mail program cut
            kind, text = b" ", lines[at]
        if kind == b"\\":
            _cut_newline(lines[at - 1][:1], hunk)
        elif kind in (b" ", b"-", b"+"):
            if kind != b"+":
                hunk.old.append(text)
                old_left -= 1
            if kind != b"-":
                hunk.new.append(text)
                new_left -= 1
        else:
            break
        at += 1
    if old_left or new_left:
        raise HastenError(f"{title} is cut short or damaged: its part at line {start + 1} does not hold the lines that it announces",
                          hint="make it again")
    patch.hunks.append(hunk)
    return at


def _cut_newline(kind, hunk):
    """`\\ No newline at end of file`: of the line before it."""
    for side, kinds in ((hunk.old, b" -"), (hunk.new, b" +")):
        if kind in kinds and side:
            side[-1] = side[-1].removesuffix(b"\n")


def apply(text, hunks):
    """The text with the hunks applied. Raises DoesNotApply."""
    lines = text.split(b"\n")
    lines = [part + b"\n" for part in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    out = []
    done = 0    # lines of the old text that are in `out`
    drift = 0   # how far earlier hunks lay from where they said
    for hunk in hunks:
        wanted = (hunk.line - 1 if hunk.old else hunk.line) + drift
        place = _find(lines, hunk.old, done, wanted)
        if place is None:
            raise DoesNotApply(hunk.line)
        drift += place - wanted
        out += lines[done:place] + hunk.new
        done = place + len(hunk.old)
    return b"".join(out + lines[done:])


def _find(lines, wanted_lines, least, wanted):
    """The place nearest to `wanted` at which these lines stand, not before `least`."""
    size = len(wanted_lines)
    last = len(lines) - size
    for distance in range(max(wanted - least, last - wanted, 0) + 1):
        for place in (wanted - distance, wanted + distance):
            if least <= place <= last and lines[place:place + size] == wanted_lines:
                return place
    return None


def _applies_backwards(text, hunks):
    try:
        apply(text, [Hunk(h.line, h.new, h.old) for h in hunks])
    except DoesNotApply:
        return False
    return any(h.new for h in hunks)


# -- names -------------------------------------------------------------------------------------------


def _name(raw):
    """The file's name in a header line: without the time that diff adds, unquoted if git quoted it."""
    raw = raw.rstrip(b"\r\n")
    if raw.startswith(b'"'):
        body = raw[1:raw.rfind(b'"')]
        return os.fsdecode(body.decode("unicode_escape").encode("latin-1"))
    return os.fsdecode(raw.partition(b"\t")[0])


def _stripped(name, strip):
    """As patch -pN names it."""
    return "/".join(name.split("/")[strip:]) if strip else name


def _place(patches, cwd, title):
    """(folder, parts to strip) under which the patch's files exist."""
    folders = list(dict.fromkeys(filter(None, (os.getcwd(), _git_top(), cwd))))
    missing = ""
    for folder in folders:
        for strip in _STRIPS:
            lost = [p for p in patches if p.before != _ABSENT and not any(
                n and os.path.isfile(os.path.join(folder, n)) for n in p.names(strip))]
            # Where only new files are made, nothing but the usual prefixes tells how deep the names go.
            if not lost and all(_stripped(p.after, strip) for p in patches):
                return folder, strip
            missing = missing or next((_stripped(p.before, strip) or p.before for p in lost), "")
    raise HastenError(f"{title} changes {missing}, which is not below {os.getcwd()}",
                      hint="go to the folder that the patch was made in")


def _git_top():
    try:
        ran = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return None
    return os.fsdecode(ran.stdout.rstrip(b"\n")) if ran.returncode == 0 else None
