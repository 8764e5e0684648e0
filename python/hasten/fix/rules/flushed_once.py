"""Output in many small pieces goes through a buffer, and is flushed once.

What it sees: `print(..., flush=True)` in a loop; `f.flush()` behind each `f.write(...)` or print in a loop; a file
that is opened with buffering=1 or 0 only to be written to; `os.write(fd, piece)` in a loop.
Evidence needed: the lines give a ceiling above 1.1.
Why it is slow: each flush is a system call, 0.3 to 5 us, for a few bytes; a buffer of 8 KB makes one of hundreds.
Prescription: print without flush and one flush behind the loop; open(...) with its own buffer; for os.write a
buffered writer over the same descriptor.
Expected gain: 1/(1-p+p/f), f from 1.05 (two lines) to 20 (3000 lines of four bytes).
How it is verified: whole-program runs, whose output and files are compared byte by byte; recorded calls in forked copies
where they can hold what is written.
When it is wrong: somebody reads along while the program runs (progress, a pipe, a log that must survive a crash): not
proposed where the function sleeps, writes `\\r` or asks for input; a program that is killed, or leaves by os._exit, loses
what is in the buffer; the order of standard output and standard error on a terminal. Not proposed in files that
start processes or threads.
Sources: docs.python.org/3/library/io.html#io.BufferedWriter; ruff FURB122.
"""

import libcst as cst

from hasten.fix.rules.context import Prescription, walk
from hasten.fix.rules.module_level import library_call, module_names
from hasten.fix.rules.values import is_simple, method_call, only_known_calls
from hasten.fix.source import Edit

KIND = "flushed once"
FACTORS = (1.05, 20.0)
_SEEN = frozenset({"sleep", "input", "subprocess", "multiprocessing", "threading", "fork", "system", "_exit", "Popen", "socket", "stdin",
                   "tqdm", "asyncio", "isatty", "kill", "select", "concurrent", "buffer", "fileno", "dup2", "abort", "signal", "execv", "detach"})


def find(context):
    if context.names_of_file & _SEEN or any("\\r" in n.value for n in walk(context.node.body, (cst.SimpleString, cst.FormattedStringText))):
        return
    for rule in (_prints, _flushes, _opened, _os_writes):
        if rule in (_prints, _flushes) and "os.write" in context.source.text:
            continue  # it would overtake what is in the buffer
        yield from rule(context)


def _loop(context, node):
    loop = context.outermost_loop(node)
    return loop if loop is not None and isinstance(context.parent(loop), cst.IndentedBlock) else None


def _leaves(loop):
    """Code that would not reach the line behind the loop."""
    return any(True for _ in walk(loop, (cst.Return, cst.Raise, cst.Yield, cst.Await)))


def _prints(context):
    source = context.source
    by_loop = {}
    for call in context.inside_function(cst.Call):
        if not (isinstance(call.func, cst.Name) and call.func.value == "print" and context.is_builtin("print")):
            continue
        keywords = {a.keyword.value: a for a in call.args if a.keyword is not None}
        if any(a.star == "**" for a in call.args) or "flush" not in keywords or not (
                isinstance(keywords["flush"].value, cst.Name) and keywords["flush"].value.value == "True"):
            continue
        file = keywords.get("file")
        loop = _loop(context, call)
        if loop is None or _leaves(loop) or not isinstance(context.parent(call), cst.Expr):
            continue
        if file is not None and not (isinstance(file.value, cst.Name) and context.is_steady(file.value.value, loop)):
            continue
        by_loop.setdefault((loop, source.code(file.value) if file is not None else ""), []).append(
            (call, keywords["flush"]))
    for (loop, file), sites in by_loop.items():
        edits = []
        for call, flush in sites:
            at = call.args.index(flush)
            if at:
                edits.append(Edit(source.span(call.args[at - 1].value)[1] + _closing(source, call.args[at - 1]),
                                  source.span(flush.value)[1], ""))
            elif len(call.args) > 1:
                edits.append(Edit(source.span(flush)[0], source.span(call.args[1])[0], ""))
            else:
                edits.append(Edit(source.span(flush)[0], source.span(flush.value)[1], ""))
        more = f", file={file}" if file else ""
        edits.append(source.insert_after(loop, [f'print(end="", flush=True{more})']))
        yield _prescription(context, "print without a flush for each line", [c for c, _ in sites], edits)


def _closing(source, arg):
    """Bytes of the parentheses that close around an argument's value."""
    return sum(len(source.wrapper.module.code_for_node(p)) for p in getattr(arg.value, "rpar", ()))


def _flushes(context):
    source = context.source
    by_loop = {}
    for call in context.inside_function(cst.Call):
        file, _ = method_call(call, "flush", 0)
        if file is None:
            continue
        loop = _loop(context, call)
        line = context.statement_line(call)
        if loop is None or _leaves(loop) or line is None or line.body[0] is not context.parent(call) or not is_simple(
                file) or len(line.body) != 1:
            continue
        root = file
        while isinstance(root, cst.Attribute):
            root = root.value
        if not context.is_steady(root.value, loop) or not _only_written(context, loop, source.code(file)):
            continue
        block = context.parent(line)
        if not isinstance(block, cst.IndentedBlock) or len(block.body) == 1:
            continue
        by_loop.setdefault((loop, source.code(file)), []).append((call, line))
    for (loop, file), sites in by_loop.items():
        edits = []
        for _, line in sites:
            start = source.line_start(source.line(line))
            edits.append(Edit(start, source.line_start(source.line(line) + 1), ""))
        edits.append(source.insert_after(loop, [f"{file}.flush()"]))
        yield _prescription(context, f"`{file}` flushed once", [c for c, _ in sites], edits)


def _only_written(context, loop, file):
    """In the loop the file is only written to and flushed, and nothing runs that could read what it holds."""
    allowed = []
    for call in walk(loop, (cst.Call,)):
        if isinstance(call.func, cst.Attribute) and context.source.code(call.func.value) == file:
            if call.func.attr.value not in ("write", "writelines", "flush"):
                return False
            allowed.append(call)
    return only_known_calls(context, loop, allowed)


def _opened(context):
    source = context.source
    for with_ in context.inside_function(cst.With):
        for item in with_.items:
            call = item.item
            if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "open"
                    and context.is_builtin("open") and item.asname is not None and isinstance(item.asname.name, cst.Name)):
                continue
            args = list(call.args)
            mode = next((a.value for a in args if a.keyword is not None and a.keyword.value == "mode"),
                        args[1].value if len(args) > 1 and args[1].keyword is None else None)
            at = next((i for i, a in enumerate(args) if a.keyword is not None and a.keyword.value == "buffering"),
                      2 if len(args) > 2 and args[2].keyword is None else None)
            if at is None or not isinstance(mode, cst.SimpleString) or not at or any(a.star for a in args):
                continue
            buffering = args[at].value
            wanted = "0" if "b" in mode.evaluated_value else "1"
            if not (isinstance(buffering, cst.Integer) and buffering.value == wanted) or not set(
                    mode.evaluated_value) <= set("wabxt") or (args[at].keyword is None and len(args) > at + 1
                                                             and args[at + 1].keyword is None):
                continue
            file = item.asname.name.value
            if not _only_for_output(context, with_.body, file):
                continue
            edit = Edit(source.span(args[at - 1].value)[1] + _closing(source, args[at - 1]), source.span(buffering)[1], "")
            yield _prescription(context, f"`{file}` with a buffer", [with_.body], [edit])


def _only_for_output(context, body, file):
    """The name is used only for `f.write(...)` and `print(..., file=f)` as statements, and no foreign code runs meanwhile."""
    allowed = []
    for node in context.uses(file, body):
        parent = context.parent(node)
        call = context.parent(parent)
        if isinstance(parent, cst.Attribute) and isinstance(call, cst.Call) and call.func is parent and (
                parent.attr.value in ("write", "writelines")) and isinstance(context.parent(call), cst.Expr):
            allowed.append(call)
        elif not (isinstance(parent, cst.Arg) and parent.keyword is not None and parent.keyword.value == "file"
                  and isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "print"):
            return False
    return only_known_calls(context, body, allowed)


def _os_writes(context):
    source = context.source
    by_loop = {}
    for call in context.inside_function(cst.Call):
        if len(call.args) != 2 or library_call(context, call, "os") != "write":
            continue
        loop = _loop(context, call)
        if loop is None:
            continue
        fd = call.args[0].value
        if not isinstance(context.parent(call), cst.Expr) or not (
                isinstance(fd, cst.Integer) or isinstance(fd, cst.Name) and context.is_steady(fd.value, loop)):
            continue
        by_loop.setdefault((loop, source.code(fd)), []).append(call)
    for (loop, fd), calls in by_loop.items():
        writes = [c for c in walk(loop, (cst.Call,)) if library_call(context, c, "os") == "write"]
        if writes != calls or _leaves(loop) or context.in_try(loop) or not only_known_calls(context, loop, writes) or any(
                isinstance(c.func, cst.Name) and c.func.value == "print" for c in walk(loop, (cst.Call,))):
            continue
        if not module_names(context, "os") or not context.is_builtin("open"):
            continue
        out = context.fresh_name("out")
        edits = [source.insert_before(loop, [f'{out} = open({fd}, "wb", closefd=False)']),
                 source.insert_after(loop, [f"{out}.flush()"])]
        edits += [source.replace(c, f"{out}.write({source.code(c.args[1].value)})") for c in calls]
        yield _prescription(context, "os.write through a buffer", calls, edits)


def _prescription(context, what, nodes, edits):
    lines = [context.source.lines(n) for n in nodes]
    return Prescription(KIND, what, lines[0][0], edits, (min(a for a, _ in lines), max(b for _, b in lines)))
