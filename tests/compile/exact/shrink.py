"""Makes a failing program small: drops calls, statements and parts of expressions while the same kind of
difference remains. Each candidate runs in a forked child, so that crashes and hangs can be made small as well."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import os
import re
import sys
import warnings
from pathlib import Path

from forked import outcome
from run import run_program
from worker import wrapper

CANDIDATE_S = 10


def attempt(text: str, wrap, filename: str) -> str | None:
    """What goes wrong with this program, if anything does; run in a child."""
    Path(filename).write_text(text)
    return outcome(lambda: run_program(text, filename, wrap, {}), CANDIDATE_S)


def nature(found: str | None) -> str | None:
    """What a smaller program must share with the first one."""
    if not found or found.startswith(("crash", "hang")):
        return found
    part = re.search(r": (outcome|arguments|owners):", found)
    kinds = (
        re.findall(r"\('(?:raised|returned)'(?:, \('\w+')?", found)
        if part and part[1] == "outcome"
        else []
    )
    return (
        (part[1] if part else "?")
        + " "
        + " ".join(k if "raised" in k else "('returned'" for k in kinds)
    )


def statement_lists(tree):
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield node, field, block


def without_statements(tree):
    """Copies of the tree with a run of statements removed, or a block put in place of its header."""
    lists = list(statement_lists(tree))
    for at in range(len(lists)):
        length = len(lists[at][2])
        size = length
        while size:
            for first in range(0, length, size):
                changed = copy.deepcopy(tree)
                node, field, block = list(statement_lists(changed))[at]
                removed = block[first : first + size]
                if len(removed) == length and size > 1 and isinstance(node, ast.Module):
                    continue
                del block[first : first + size]
                if not block and field == "body" and not isinstance(node, ast.Module):
                    block.append(ast.Pass())
                    if isinstance(removed[0], ast.Pass):
                        continue
                yield changed
            size //= 2
        for index, statement in enumerate(lists[at][2]):
            if isinstance(statement, (ast.If, ast.For, ast.While)):
                for field in ("body", "orelse"):
                    changed = copy.deepcopy(tree)
                    _, _, block = list(statement_lists(changed))[at]
                    block[index : index + 1] = getattr(block[index], field)
                    if block:
                        yield changed


def expression_sites(tree):
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                yield node, field, None, value
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield node, field, index, item


def replacements(value: ast.expr):
    inner = [
        child
        for child in ast.iter_child_nodes(value)
        if isinstance(child, ast.expr) and not isinstance(child, (ast.Constant, ast.Name))
    ]
    yield from inner[:3]
    if isinstance(value, ast.Constant):
        return
    yield from [
        child
        for child in ast.iter_child_nodes(value)
        if isinstance(child, (ast.Constant, ast.Name))
    ][:3]
    if not isinstance(value, ast.Name):
        yield ast.Constant(1)


def with_smaller_expressions(tree):
    for at, (_, _, _, value) in enumerate(list(expression_sites(tree))):
        if isinstance(getattr(value, "ctx", None), ast.Store):
            continue
        for replacement in replacements(value):
            changed = copy.deepcopy(tree)
            node, field, index, _ = list(expression_sites(changed))[at]
            fresh = copy.deepcopy(replacement)
            if index is None:
                setattr(node, field, fresh)
            else:
                getattr(node, field)[index] = fresh
            yield changed
        if isinstance(value, (ast.List, ast.Tuple)):
            for item in range(len(value.elts)):
                changed = copy.deepcopy(tree)
                _, _, _, same = list(expression_sites(changed))[at]
                del same.elts[item]
                yield changed


def shrink(text: str, wrap_name: str, directory: Path, attempts: int = 1500) -> tuple[str, str]:
    """(a small program, what goes wrong with it)."""
    warnings.simplefilter("ignore")
    directory.mkdir(parents=True, exist_ok=True)
    filename = str(directory / f"candidate_{os.getpid()}.py")
    wrap = wrapper(wrap_name)
    sys.stdout.flush()
    text = ast.unparse(ast.parse(text))
    found = attempt(text, wrap, filename)
    wanted = nature(found)
    if wanted is None:
        return (
            text,
            "not reproduced alone: it needs the programs that ran before it in the same process",
        )
    tree = ast.parse(text)
    changed = True
    while changed and attempts > 0:
        changed = False
        for candidates in (without_statements, with_smaller_expressions):
            progress = True
            while progress and attempts > 0:
                progress = False
                for smaller in candidates(tree):
                    attempts -= 1
                    try:
                        candidate = ast.unparse(ast.fix_missing_locations(smaller))
                        with contextlib.redirect_stderr(io.StringIO()):
                            compile(candidate, filename, "exec")
                    except (SyntaxError, ValueError, RecursionError):
                        continue
                    if len(candidate) >= len(text):
                        continue
                    outcome = attempt(candidate, wrap, filename)
                    if nature(outcome) == wanted:
                        tree, text, found = ast.parse(candidate), candidate, outcome
                        progress = changed = True
                        break
                    if attempts <= 0:
                        break
    with contextlib.suppress(FileNotFoundError):
        os.unlink(filename)
    return text + "\n", found
