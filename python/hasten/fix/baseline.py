"""The program as it is: the runs that every changed version is held against.

Two unmodified runs say what of its output repeats and what it does to the world outside; every further
one of the rounds may take something more out of the comparison.
"""

from __future__ import annotations

import time

from hasten.fix.runner import Runner

_SERIOUS = ("file", "network", "process")
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing


class Declined(Exception):
    """The user said no."""


class Baseline:
    """The unmodified program of one session, its budget, and what of it can be compared.

    Writes effects, compared, not_compared, program_comparable and stopped into the session's outcome.
    exit_code: as recorded; None if nobody knows.
    """

    def __init__(self, program, exit_code, budget_s, outcome, ask, say):
        self.program = program
        self.budget_s = budget_s
        self.outcome = outcome
        self.say = say
        self._ask = ask
        self._exit_code = exit_code
        self._deadline = time.monotonic() + budget_s
        self.runner = Runner(program)
        self.runs = []          # the unmodified runs of the rounds
        self.reference = None   # the run that all others are compared with
        self.elapsed_s = 0.0    # of the last unmodified run
        self._channels = []

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
            outcome.stopped = (f"the program ended with {plain.exit_code} now and with {self._exit_code} when it was "
                               f"recorded{last_line(plain.stderr_tail)}")
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
        self._channels = ["stdout", "stderr", "exit_code"] + [f"file {p}" for p in self.runner.written_files]
        self.reference = observed
        self._drop_unsteady(plain, first=True)
        self.elapsed_s = observed.elapsed_s
        return True

    def _may_go_on(self):
        outcome = self.outcome
        if any(e["kind"] == "process" and e["detail"] != "fork" for e in outcome.effects):
            outcome.stopped = ("the program starts other programs, in which a trial has no effect: what they do with a "
                               "change cannot be compared")
            return False
        if any(e["kind"] == "other" and "terminal" in e["detail"] for e in outcome.effects):
            outcome.stopped = "the program reads the terminal, which cannot be repeated"
            return False
        if any(e["kind"] in _SERIOUS for e in outcome.effects):
            waited_from = time.monotonic()
            if not self._ask(self._effects_text()):
                raise Declined
            self._deadline += time.monotonic() - waited_from
        return True

    def _effects_text(self):
        parts = []
        for kind, words in (("file", "writes"), ("network", "uses the network:"), ("process", "starts processes:")):
            found = [e["detail"] for e in self.outcome.effects if e["kind"] == kind]
            if found:
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                parts.append(f"{words} {', '.join(found[:3])}{more}")
        return f"{self.program.name} {'; '.join(parts)}. Every further run does that again, and it is not undone."

    # -- further runs ----------------------------------------------------------------------------------

    def run(self, overlay):
        """One more unmodified run, for the rounds."""
        run = self.runner.trial(overlay, self.left_s())
        self._drop_unsteady(run)
        self.runs.append(run)
        self.elapsed_s = run.elapsed_s
        return run

    def _drop_unsteady(self, run, first=False):
        """What two unmodified runs do not agree on cannot be compared with a modified one."""
        outcome = self.outcome
        for channel in list(self._channels):
            if first and channel.startswith("file "):
                continue  # the plain run came before the files were known; the next unmodified run tells
            if run.channel(channel) != self.reference.channel(channel):
                self._channels.remove(channel)
                outcome.not_compared.append(channel_text(channel))
        outcome.compared = [channel_text(c) for c in self._channels]
        printed = self.reference.stdout != _EMPTY
        # stderr alone is commonly a log with times; a program is comparable by what it was run for.
        outcome.program_comparable = "exit_code" in self._channels and (
            "stdout" in self._channels and (printed or "stderr" in self._channels
                                            or any(c.startswith("file ") for c in self._channels)))

    def difference(self, run):
        """How a changed version's run differs from the unmodified program, as a sentence; None if it does not."""
        for channel in self._channels:
            if run.channel(channel) == self.reference.channel(channel):
                continue
            if channel == "exit_code":
                return (f"the whole program ends with {run.exit_code} instead of {self.reference.exit_code}"
                        f"{last_line(run.stderr_tail)}")
            return f"the whole program's {channel_text(channel)} differs"
        return None

    def too_few_pairs_text(self, least):
        return (f"the budget of {self.budget_s:.0f} s ended before {least} whole-program pairs were run; "
                "give more with --budget SECONDS")


def channel_text(channel):
    return {"stdout": "standard output", "stderr": "standard error", "exit_code": "exit code"}.get(channel, channel)


def last_line(text):
    lines = text.strip().splitlines()
    return f": {lines[-1][:160]}" if lines else ""
