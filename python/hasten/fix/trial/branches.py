"""The branches of a function, and which of them one call takes.

A branch is one outcome of one condition: of an if, while, assert-free comparison inside `and`, `or`, a ternary or a
comprehension (true, false, None), of a loop (an item, its end), of an `except` (entered). They are found in the bytecode by the place
of the condition in the source, so that what the compiler doubles (`finally`, the test of a while loop) counts once. Left out:
the failure of an assert, whether `with` swallows an exception, what an except does not catch.

Called in a copy of its own, never in one that is timed: sys.monitoring from CPython 3.12 on, where a branch costs nothing
once both its outcomes were seen; on 3.11 a trace function sees each instruction, some 50 times slower.
"""

import dis
import sys
import types

_OUTCOMES = {"IF_NOT_NONE": ("not None", "None"), "IF_NONE": ("None", "not None"), "IF_FALSE": ("false", "true"),
             "IF_TRUE": ("true", "false")}
_TOOL_IDS = (5, 4, 3)


class Enough(BaseException):
    """All branches are taken: the call need not go on."""


class Branches:
    """Of a code object and those inside it. possible: {branch: (line, outcome)}; a branch is (place in the source, outcome)."""

    def __init__(self, code):
        self.possible = {}
        self.taken = set()
        self._ways = {}  # code: {offset: (offset behind a jump, that of the next instruction, branch of either or None)}
        todo = [code]
        while todo:
            one = todo.pop()
            todo += [const for const in one.co_consts if type(const) is types.CodeType]
            self._ways[one] = self._ways_of(one)

    def _ways_of(self, code):
        ways = {}
        instructions = list(dis.get_instructions(code))
        for number, instruction in enumerate(instructions):
            outcomes = _outcomes_of(instructions, number)
            if outcomes is None or number + 1 == len(instructions):
                continue
            # A jump's own place is that of the first condition of an `and`, on 3.11: what made the condition has its own.
            positions = instructions[number - (instruction.opname != "FOR_ITER")].positions
            if positions.lineno is None:
                continue
            branches = [None if word is None else (*positions, word) for word in outcomes]
            for branch in filter(None, branches):
                self.possible[branch] = (positions.lineno, branch[-1])
            way = instruction.argval, instructions[number + 1].offset, *branches
            first = number
            while first and instructions[first - 1].opname == "EXTENDED_ARG":
                first -= 1
            for same in instructions[first:number + 1]:
                ways[same.offset] = way
        return ways

    def _take(self, way, offset):
        target, following, jumped, went_on = way
        branch = jumped if abs(offset - target) < abs(offset - following) else went_on
        if branch is not None and branch not in self.taken:
            self.taken.add(branch)
            if len(self.taken) == len(self.possible):
                raise Enough

    def _is_settled(self, way):
        return all(branch is None or branch in self.taken for branch in way[2:])

    def watch(self):
        """From here on branches are noted. Returns what ends that."""
        return self._monitor() if hasattr(sys, "monitoring") else self._trace()

    def _monitor(self):
        monitoring = sys.monitoring
        tool = next((n for n in _TOOL_IDS if monitoring.get_tool(n) is None), None)
        if tool is None:
            return lambda: None
        event = monitoring.events.BRANCH

        def branched(code, offset, destination):
            way = self._ways[code].get(offset)
            if way is None:
                return monitoring.DISABLE
            self._take(way, destination)
            return monitoring.DISABLE if self._is_settled(way) else None

        monitoring.use_tool_id(tool, "hasten fix")
        monitoring.register_callback(tool, event, branched)
        for code, ways in self._ways.items():
            if ways:
                monitoring.set_local_events(tool, code, event)

        def end():
            for code in self._ways:
                monitoring.set_local_events(tool, code, 0)
            monitoring.free_tool_id(tool)
        return end

    def _trace(self):
        def called(frame, event, _):
            ways = self._ways.get(frame.f_code)
            if not ways or all(map(self._is_settled, ways.values())):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            pending = None

            def stepped(frame, event, _):
                nonlocal pending
                if event == "opcode":
                    offset = frame.f_lasti
                    if pending is not None:
                        self._take(pending, offset)
                    pending = ways.get(offset)
                return stepped
            return stepped

        before = sys.gettrace()
        sys.settrace(called)
        return lambda: sys.settrace(before)


def _outcomes_of(instructions, number):
    """(what a jump means, what going on means) of a conditional jump; None for one of them that does not count."""
    name = instructions[number].opname
    if name == "FOR_ITER":
        return "its end", "an item"
    if "JUMP" not in name:
        return None
    words = next((words for ending, words in _OUTCOMES.items() if ending in name), None)
    before = instructions[number - 1].opname
    if before == "TO_BOOL":
        before = instructions[number - 2].opname
    following = instructions[number + 1] if number + 1 < len(instructions) else None
    if words is None or before == "WITH_EXCEPT_START" or following is not None and (
            following.opname == "LOAD_ASSERTION_ERROR" or following.argval is AssertionError):
        return None
    return (None, "entered") if before == "CHECK_EXC_MATCH" else words


def told(possible, taken):
    """(how many are taken, of how many, [(line, outcome) of the others, in order])."""
    never = sorted(possible[branch] for branch in possible if branch not in taken)
    return len(possible) - len(never), len(possible), never
