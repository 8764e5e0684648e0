"""Counts calls and lines of chosen functions in the process that runs it. Standard library alone: any Python runs it.

Where sys.monitoring is (3.12), each code object of the program is looked at once, when it first starts; those that are wanted get
line events of their own, all others none ever again. Before that there is sys.settrace, which makes the interpreter slower
everywhere; only the wanted frames are traced.

A line counts whenever a trace function set by sys.settrace would hear of it: when it begins after another line, and at each
jump backwards within it.

The counters are 8-byte slots of a mapped file. `slots[i] += 1` is one step for other threads: the GIL is handed over at calls
and at jumps backwards, of which it has none.
"""

import mmap
import os
import sys
from _thread import RLock, get_ident

_SLOTS = 1 << 18
_BOX_SLOTS = 7  # a line: executions looked at, sum of their weights, of the squares; weighted sum and sum of squares of each kind

folder = ""
wanted = []  # (where, name)
last_names = set()  # the last component of each, to look no further at most code
starts = {}  # id of a code object -> the slot of its calls
places = {}  # id of a code object -> {line: slot}
jumps = {}  # id of a code object -> line by offset
codes = []  # those that are counted, kept alive so that their ids are theirs
adding = RLock()  # a signal handler may be counted, too
slots = None
stem = ""
used = 0

kinds = ()  # of numbers whose making is counted
boxes_of = {}  # thread -> its Boxes, or None where the kernel gave it none
windows = {}  # thread -> (code, slot, weight, boxes) while one execution of a line is looked at
due = {}  # slot of a line -> (the execution to look at next, for how many it stands)
box_slots = {}  # slot of a line -> the first of its slots for what it makes

_PARTS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")  # count with the function that they stand in


def begin(into, *functions):
    """Count from here on, in this process and its forks."""
    global folder
    folder = into
    for function in functions:
        where, _, name = function.rpartition(":")
        wanted.append((where, name))
        last_names.add(name.rpartition(".")[2])
    last_names.update(_PARTS)
    global kinds, draw
    kinds, why_not = usable_kinds()
    draw = Draw()
    open_slots()
    if why_not:
        note(repr(f"numbers that lines make are not counted: {why_not}") + "\n")
    os.register_at_fork(after_in_child=in_forked_child)
    (watch if hasattr(sys, "monitoring") else trace)()


# --- the counters ------------------------------------------------------------------------------------


def open_slots():
    global slots, stem
    stem = os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}")
    fd = os.open(stem + ".slots", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.ftruncate(fd, 8 * _SLOTS)
    slots = memoryview(mmap.mmap(fd, 8 * _SLOTS)).cast("Q")
    os.close(fd)
    note("")


def note(text):
    fd = os.open(stem + ".names", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(fd, text.encode("utf-8", "surrogateescape"))
    os.close(fd)


def in_forked_child():
    global adding
    adding = RLock()  # the old one may be held by a thread that is not here
    open_slots()
    windows.clear()
    boxes_of.clear()
    due.clear()
    for code in codes:
        describe(code)


def describe(code):
    note(repr((starts[id(code)], code.co_filename, code.co_qualname, code.co_firstlineno, list(places[id(code)]), [kind[0] for kind in kinds])) + "\n")


def add(code, arm=lambda code: None):
    """Gives a code object its slots. False if there are no more.

    `arm` has its lines told of. Another thread that begins the same code meanwhile waits, or its lines would be missed.
    """
    with adding:
        return id(code) in starts or add_first(code, arm)


def add_first(code, arm):
    global used
    by_offset = {}
    lines = set()
    for first, last, line in code.co_lines():
        if line is not None:
            lines.add(line)
            for offset in range(first, last, 2):
                by_offset[offset] = line
    size = 1 + (1 + _BOX_SLOTS) * len(lines)
    if used + size > _SLOTS:
        note(repr("too many code objects of the functions to count: the later ones are not in the counts") + "\n")
        return False
    codes.append(code)
    begin_slot = used
    places[id(code)] = {line: used + 1 + i for i, line in enumerate(sorted(lines))}
    jumps[id(code)] = by_offset
    for i, slot in enumerate(places[id(code)].values()):
        box_slots[slot] = used + 1 + len(lines) + _BOX_SLOTS * i
    used += size
    arm(code)
    starts[id(code)] = begin_slot
    describe(code)
    return True


def is_wanted(frame):
    code = frame.f_code
    name = code.co_qualname
    while name.rpartition(".")[2] in _PARTS:
        name = name.rpartition(".<locals>.")[0]
    return any(
        (name == ending or name.endswith("." + ending)) and is_there(frame, where) for where, ending in wanted
    )


def is_there(frame, where):
    if not where:
        return True
    file = frame.f_code.co_filename
    if where.endswith(".py") or "/" in where:
        path = os.path.abspath(file)
        return path == where or path.endswith("/" + where.removeprefix("./")) or os.path.realpath(path) == os.path.realpath(where)
    module = frame.f_globals.get("__name__", "")
    stem_of_file = os.path.basename(file).removesuffix(".py")
    return module == where or (module == "__main__" and where in ("__main__", stem_of_file))


# --- the numbers that a line makes -----------------------------------------------------------------


def line_begins(code, slot):
    """One more execution of a line: the one before it has ended."""
    thread = get_ident()
    if thread in windows:
        line_ends(thread, code)
    slots[slot] += 1
    if kinds:
        count = slots[slot]
        at, weight = due.get(slot, (1, 1))
        if count >= at:
            due[slot] = draw.next_after(count)
            look(thread, code, slot, weight)


def look(thread, code, slot, weight):
    boxes = boxes_of.get(thread, False)
    if boxes is False:
        try:
            boxes = Boxes(kinds)
        except OSError:
            boxes = None
        boxes_of[thread] = boxes
    if boxes is not None:
        windows[thread] = (code, slot, weight, boxes)
        boxes.begin()


def line_ends(thread, code):
    """`code` is None where what was made meanwhile is not the line's alone."""
    of, slot, weight, boxes = windows.pop(thread)
    made = boxes.end()
    if of is not code:
        return
    at = box_slots[slot]
    slots[at] += 1
    slots[at + 1] += weight
    slots[at + 2] += weight * weight
    for i, count in enumerate(made):
        slots[at + 3 + 2 * i] += weight * count
        slots[at + 4 + 2 * i] += weight * count * count


# --- sys.monitoring ----------------------------------------------------------------------------------


def watch():
    monitoring = sys.monitoring
    events = monitoring.events
    disable = monitoring.DISABLE
    tool = next((number for number in (4, 3, 5, 2, 1, 0) if monitoring.get_tool(number) is None), None)
    if tool is None:
        note(repr("every tool of sys.monitoring was taken: nothing was counted") + "\n")
        return

    def on_start(code, offset):
        slot = starts.get(id(code))
        if slot is None:
            if code.co_name not in last_names or not is_wanted(sys._getframe(1)) or not add(code, arm):
                return disable
            slot = starts[id(code)]
        slots[slot] += 1
        if windows:
            on_resume(code, offset)
        return None

    def arm(code):
        monitoring.set_local_events(tool, code, wanted_events)

    def on_line(code, line):
        line_begins(code, places[id(code)][line])

    def on_leave(code, offset, value):
        thread = get_ident()
        if thread in windows:
            line_ends(thread, code)

    def on_resume(code, offset):
        thread = get_ident()
        if thread in windows:
            line_ends(thread, None)

    def on_unwind(code, offset, error):
        thread = get_ident()
        if thread in windows and windows[thread][0] is code:
            line_ends(thread, None)

    def on_jump(code, offset, to):
        lines = jumps[id(code)]
        line = lines.get(to)
        if to > offset or line is None or line != lines.get(offset):
            return disable  # forwards, or to another line, which tells of itself
        line_begins(code, places[id(code)][line])
        return None

    monitoring.use_tool_id(tool, "hasten counts")
    monitoring.register_callback(tool, events.PY_START, on_start)
    monitoring.register_callback(tool, events.LINE, on_line)
    monitoring.register_callback(tool, events.JUMP, on_jump)
    wanted_events = events.LINE | events.JUMP
    if kinds:
        wanted_events |= events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        monitoring.register_callback(tool, events.PY_RETURN, on_leave)
        monitoring.register_callback(tool, events.PY_YIELD, on_leave)
        monitoring.register_callback(tool, events.PY_RESUME, on_resume)
        monitoring.register_callback(tool, events.PY_UNWIND, on_unwind)
    monitoring.set_events(tool, events.PY_START | (events.PY_UNWIND if kinds else 0))


# --- sys.settrace ------------------------------------------------------------------------------------


def trace():
    import atexit
    import threading

    def on_call(frame, event, argument):
        code = frame.f_code
        slot = starts.get(id(code))
        if slot is None:
            if code.co_name not in last_names or not is_wanted(frame) or not add(code):
                return None
            slot = starts[id(code)]
        if frame.f_trace is None:  # else a generator goes on
            slots[slot] += 1
        thread = get_ident()
        if thread in windows:
            line_ends(thread, None)
        return on_event

    def on_event(frame, event, argument):
        code = frame.f_code
        if event == "line":
            line_begins(code, places[id(code)][frame.f_lineno])
        elif event == "return":
            thread = get_ident()
            if thread in windows:
                line_ends(thread, code)
        return on_event

    def check():
        if sys.gettrace() is not on_call:
            note(repr("the program called sys.settrace itself: what ran from then on was not counted") + "\n")

    atexit.register(check)
    threading.settrace(on_call)
    sys.settrace(on_call)
