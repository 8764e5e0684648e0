"""What a session found, kept beside the capture, so that --diff, --why and --write need no new run.

What parses sources is imported where it is used: it takes 0.3 s, ten times what showing saved results does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os

from hasten.errors import HastenError

SCHEMA = "hasten-fix/1"


def results_path(capture):
    """NAME.fix.json beside NAME.hasten."""
    stem, suffix = os.path.splitext(capture)
    return (stem if suffix == ".hasten" else capture) + ".fix.json"


def patch_path(capture):
    return results_path(capture).removesuffix(".fix.json") + ".patch"


def reverse_patch_path(capture):
    return results_path(capture).removesuffix(".fix.json") + ".reverse.patch"


def document_of(outcome):
    """The documented keys of `hasten fix --json`."""
    from hasten.fix.combining import patch_of

    document = {"schema": SCHEMA, "fixes": [v.to_json() for v in outcome.verdicts], "program_runs": outcome.program_runs,
                "program_comparable": outcome.program_comparable, "compared": outcome.compared,
                "not_compared": outcome.not_compared, "set_aside": outcome.set_aside, "stopped": outcome.stopped,
                "considered": outcome.considered, "own_share": outcome.own_share, "waiting_share": outcome.waiting_share,
                "effects": [{"kind": e["kind"], "detail": e["detail"]} for e in outcome.effects]}
    if outcome.allow_ulp:
        document |= {"allow_ulp": outcome.allow_ulp, "largest_ulp": outcome.largest_ulp}
    if outcome.unfenced:
        document["unfenced"] = outcome.unfenced
    if outcome.together is not None:
        document["together"] = outcome.together.to_json()
    document["patch"] = patch_of(outcome.accepted) if outcome.accepted else ""
    return document


def save(outcome, capture):
    """Writes the results, and the patch if anything is proven. Returns (results file, patch file or None)."""
    from hasten.fix.combining import combined_files, patch_of

    document = document_of(outcome)
    sources = {c.source.path: c.source for c in outcome.accepted}
    document["write"] = [
        {"path": path, "before_sha256": sources[path].sha256,
         "after": base64.b64encode(after).decode()}
        for path, (_, after) in (combined_files(outcome.accepted) if outcome.accepted else {}).items()]
    document["capture_sha256"] = _digest(capture)
    path = results_path(capture)
    _write_new(path, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
    if not document["patch"]:
        if os.path.exists(patch_path(capture)):
            os.unlink(patch_path(capture))  # of an earlier session, no longer true
        return path, None
    _write_new(patch_path(capture), patch_of(outcome.accepted, raw=True).encode("utf-8", "surrogateescape"))
    return path, patch_path(capture)


def load(capture):
    """The saved document. Raises HastenError if there is none, or if it belongs to another capture."""
    path = results_path(capture)
    try:
        with open(path, "rb") as file:
            document = json.load(file)
    except FileNotFoundError:
        raise HastenError(f"nothing has been tried yet for {os.path.basename(capture)}",
                          hint=f"run first: hasten fix {os.path.basename(capture)}") from None
    except ValueError:
        raise HastenError(f"{path} is damaged", hint="run hasten fix again") from None
    if document.get("schema") != SCHEMA or document.get("capture_sha256") != _digest(capture):
        raise HastenError(f"{path} does not belong to {os.path.basename(capture)}", hint="run hasten fix again")
    return document


def write_files(document, capture):
    """Changes the user's files as proven. Returns (changed paths, reverse patch file).

    Nothing is written if one of the files is not, byte for byte, what was proven.
    """
    from hasten.fix.source import replacements, unified_diff

    if not document["write"]:
        raise HastenError("nothing is proven, so there is nothing to write", hint="see: hasten fix --why")
    changes = []
    for entry in document["write"]:
        path = entry["path"]
        try:
            with open(path, "rb") as file:
                before = file.read()
        except OSError as error:
            raise HastenError(f"{path} cannot be read ({error.strerror})") from None
        if hashlib.sha256(before).hexdigest() != entry["before_sha256"]:
            raise HastenError(f"{path} has changed since the fix was proven; nothing was written",
                              hint="record it again with hasten run, then hasten fix")
        changes.append((path, before, base64.b64decode(entry["after"])))
    # `patch` compares bytes: whatever the files' encoding, theirs must stand in it.
    reverse = "".join(unified_diff(path, after, before) for path, before, after in changes)
    reverse_path = _free(reverse_patch_path(capture))
    try:
        with replacements([(path, after) for path, _, after in changes]) as put_in_place:
            _write_new(reverse_path, reverse.encode("utf-8", "surrogateescape"))
            put_in_place()
    except OSError as error:
        raise HastenError(f"{error.filename or 'a file'} cannot be changed ({error.strerror}); nothing was written",
                          hint=f"the change itself lies in {patch_path(capture)}") from None
    return [path for path, *_ in changes], reverse_path


def _digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise HastenError(f"{path}: {error.strerror}") from None


def _free(path):
    """A name that is not taken: an earlier reverse patch is the only way back for an earlier write."""
    stem, number = path.removesuffix(".reverse.patch"), 2
    while os.path.lexists(path):
        path = f"{stem}-{number}.reverse.patch"
        number += 1
    return path


def _write_new(path, raw):
    """Beside and renamed, mode 0600: it holds source text."""
    temporary = f"{path}.{os.getpid()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(raw)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
