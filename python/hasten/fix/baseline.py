"""The program as it is: the runs that every changed version is held against.

Two unmodified runs say what of its output repeats and what it does to the world outside; every further
one of the rounds may take something more out of the comparison.
"""

from __future__ import annotations

import time

from hasten.fix.outputs import Channel, only_durations
from hasten.fix.runner import OutOfTime, Runner
from hasten.fix.trial.nearness import Nearness
from hasten.fix.words import size_text

_SERIOUS = ("file", "network", "process")
_READS_TERMINAL = "the program reads the terminal or its standard input, which cannot be repeated in trials"
_NAMES = {"stdout": "standard output", "stderr": "standard error"}


ENDLESS_S_MIN, ENDLESS_TIMES = 10.0, 20  # so long, and as long as so many unmodified runs, may a changed one take


class Endless(Exception):
    """A changed program did not come to its end; the message says how long it had."""


class Declined(Exception):
    """The user said no."""


class Baseline:
    """The unmodified program of one session, its budget, and what of it can be compared.

    Writes effects, compared, not_compared, program_comparable and stopped into the session's outcome.
    exit_code: as recorded; None if nobody knows. say(text, stays=False): for progress; stays: it is to be read later too. nearness: by how much floats in its output may
    differ. memory_bytes: what the program and one copy of it may use together; None: what is available on this machine.
    """

    def __init__(self, program, exit_code, budget_s, outcome, say, nearness=None, memory_bytes=None):
        self.program = program
        self.budget_s = budget_s
        self.outcome = outcome
        self.say = say
        self._exit_code = exit_code
        self.nearness = nearness or Nearness()
        self._memory_bytes = memory_bytes
        self._deadline = time.monotonic() + budget_s
        self.runner = Runner(program)
        self.runs = []          # the unmodified runs of the rounds
        self.reference = None   # the run that all others are compared with
        self.elapsed_s = 0.0    # of the last unmodified run
        self._channels = []
        self._exit_code_varies = False

    def left_s(self):
        return self._deadline - time.monotonic()

    def close(self):
        self.runner.close()
        self.outcome.program_runs = self.runner.run_count

    # -- the first two runs --------------------------------------------------------------------------

    def establish(self, touched, targets):
        """Runs it plainly, then watched. touched: the original bytes of the files under trial; targets: the functions
        whose calls are counted. False: stop here, outcome.stopped says why."""
        outcome = self.outcome
        self.say("the unmodified program, first run")
        plain = self.runner.plain(self.left_s())
        if self._exit_code is not None and plain.exit_code != self._exit_code:
            if "EOFError" in last_line(plain.stderr_tail):
                outcome.stopped = _READS_TERMINAL
                return False
            outcome.stopped = (f"the program {end_text(plain.exit_code)} now and with {self._exit_code} when it was "
                               f"recorded{last_line(plain.stderr_tail)}; record it again once it ends alike each time")
            return False
        self.say("the unmodified program, watched")
        observed = self.runner.trial(touched, self.left_s(), "observe", targets=targets)
        if observed.exit_code != plain.exit_code:
            outcome.stopped = (f"the program ended with {plain.exit_code} plainly and with {observed.exit_code} when it was "
                               f"watched{last_line(observed.stderr_tail)}")
            return False
        outcome.effects = [e for e in observed.events if e["event"] == "effect"]
        if not self._may_go_on():
            return False
        self.reference = observed
        keys = ["stdout", "stderr", *(f"file {path}" for path in self.runner.written.results)]
        self._channels = [Channel(key, _NAMES.get(key, key), observed.output(key), self.nearness) for key in keys]
        self._see_unmodified(plain)  # it came before the files were known: the next unmodified run tells of them
        self.elapsed_s = observed.elapsed_s
        return True

    def _may_go_on(self):
        outcome = self.outcome
        if any(e["kind"] == "process" and e["detail"] != "fork" for e in outcome.effects):
            outcome.stopped = ("the program starts other programs, in which a trial has no effect: what they do with a "
                               "change cannot be compared")
            return False
        # getpass opens the terminal by name.
        if any(e["kind"] == "other" and "terminal" in e["detail"] or e["detail"] == "/dev/tty" for e in outcome.effects):
            outcome.stopped = _READS_TERMINAL
            return False
        if any(_is_lasting(e) for e in outcome.effects):
            self.say(self._effects_text(), stays=True)
        return True

    def why_no_copies(self):
        """Why calls cannot be judged in forked copies: there is no memory for the program and one copy of it. None: there is."""
        peak = self.reference.peak_rss_bytes
        if peak is None:
            return None  # no more than this process itself
        room = self._memory_bytes if self._memory_bytes is not None else available_bytes()
        if 2 * peak <= room:
            return None
        return (f"the program uses {size_text(peak)} and a forked copy of it up to as much again, but {size_text(room)} are available; "
                "give it less to do, or allow more with --memory SIZE")

    def _effects_text(self):
        parts = []
        for kind, words in (("file", "writes"), ("network", "uses the network:"), ("process", "starts processes:")):
            found = [e["detail"] for e in self.outcome.effects if e["kind"] == kind and _is_lasting(e)]
            if found:
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                parts.append(f"{words} {', '.join(found[:3])}{more}")
        return f"{self.program.name} {'; '.join(parts)}. Every further run does that again, and it is not undone (Ctrl-C ends them)."

    # -- further runs ----------------------------------------------------------------------------------

    def run(self, overlay):
        """One more unmodified run, for the rounds."""
        run = self.runner.trial(overlay, self.left_s())
        self._see_unmodified(run)
        self.runs.append(run)
        self.elapsed_s = run.elapsed_s
        return run

    def changed(self, overlay, *mode, **more):
        """A run of a changed program. Raises Endless where it takes far longer than the unmodified one."""
        limit_s = max(ENDLESS_S_MIN, ENDLESS_TIMES * self.elapsed_s)
        try:
            return self.runner.trial(overlay, min(limit_s, self.left_s()), *mode, **more)
        except OutOfTime:
            if self.left_s() <= 0:
                raise
            raise Endless(f"the changed program was still running after {limit_s:.0f} s, the unmodified one takes "
                          f"{self.elapsed_s:.1f} s") from None

    def _see_unmodified(self, run):
        """What two unmodified runs do not agree on cannot be compared with a modified one."""
        outcome = self.outcome
        failed = run.exit_code != self.reference.exit_code  # what it printed until then is no whole output
        for channel in self._channels if not failed else ():
            if channel.key[5:] in run.files or not channel.key.startswith("file "):
                channel.see_unmodified(run.output(channel.key))
        run.forget_lines()
        outcome.set_aside = self.runner.written.aside
        self._exit_code_varies = self._exit_code_varies or failed
        kept = {c.key: c for c in self._channels if not c.is_dropped}
        outcome.compared = [c.name for c in kept.values()] + ([] if self._exit_code_varies else ["exit code"])
        outcome.not_compared = [text for c in self._channels for text in c.not_compared()]
        outcome.not_compared += ["exit code"] if self._exit_code_varies else []
        # stderr alone is commonly a log with times; a program is comparable by what it was run for.
        outcome.program_comparable = not self._exit_code_varies and "stdout" in kept and (
            kept["stdout"].tells() or "stderr" in kept or any(key.startswith("file ") for key in kept))

    def output_tells(self):
        """Whether anything that the program writes is there to be compared."""
        return any(channel.tells() for channel in self._channels)

    def difference(self, run):
        """(place, what was, what is, sentence) of a changed version's first difference from the unmodified program."""
        if not self._exit_code_varies and run.exit_code != self.reference.exit_code:
            was, is_ = str(self.reference.exit_code), str(run.exit_code)
            return "the exit code", was, is_, f"the whole program ends with {is_} instead of {was}{last_line(run.stderr_tail)}"
        for channel in self._channels:
            found = channel.difference(run.output(channel.key))
            if found is not None:
                place, was, is_ = found
                inside = f": {is_} instead of {was} ({place})" if was or is_ else ""
                return place, was, is_, f"the whole program's {channel.name} differs{inside}"
        return None

    def may_come_and_go(self, difference):
        """Whether it lies where few digits vary seldom: in a printed duration, or in a line of which some words vary by themselves."""
        return only_durations(*difference[1:3]) or any(channel.varies_at(difference[0]) for channel in self._channels)

    def too_few_pairs_text(self, least):
        return (f"the budget of {self.budget_s:.0f} s ended before {least} whole-program pairs were run; "
                "give more with --budget SECONDS")


def _is_lasting(effect):
    """Whether somebody could miss what it changed: a tool's own cache is none of that."""
    return effect["kind"] in _SERIOUS and effect.get("is_result", True)


def available_bytes():
    """Memory that may be used now, as the kernel and the control group tell."""
    from hasten import machine

    found = machine.detect()
    limits = [b for b in (found.memory_available_bytes, found.memory_limit_bytes) if b]
    return min(limits) if limits else 1 << 62


def end_text(exit_code):
    """How a run ended; a negative code is the signal that killed it."""
    return f"ended with {exit_code}" if exit_code >= 0 else f"was killed by signal {-exit_code}"


def last_line(text):
    lines = text.strip().splitlines()
    return f": {lines[-1][:160]}" if lines else ""
