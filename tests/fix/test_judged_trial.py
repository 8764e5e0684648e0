"""When enough pairs were run, and how often that is wrong: on times that are drawn, whose truth is known."""

import importlib.util
import math
import random
from pathlib import Path

import pytest

from hasten.fix.judgement import BETTER_MIN, RUNS_LEAST, RUNS_MOST, JudgedTrial, next_run_interval
from hasten.fix.verdict import Verdict


def trial(gain, noise, seed):
    """A trial that has come to its decision: each run scatters by `noise`, and a tenth of them are delayed."""
    dice = random.Random(seed)
    judged = JudgedTrial(Verdict("given", "f.py", 1, "f"), {})

    def seconds():
        return math.exp(dice.gauss(0, noise)) * (1 + (dice.expovariate(1 / (2 * noise)) if dice.random() < 0.1 else 0))

    while len(judged.before) < RUNS_MOST:
        judged.before.append(gain * seconds())
        judged.after.append(seconds())
        if judged.is_decided():
            break
    return judged


def test_the_same_is_hardly_ever_called_faster_or_slower():
    wrong = 0
    for seed in range(200):
        _, low, high = trial(1.0, 0.02, seed).gain()
        wrong += low > BETTER_MIN or high < 1 / BETTER_MIN
    assert wrong <= 0.05 * 200


@pytest.mark.one_python
@pytest.mark.parametrize("noise", [0.02, 0.05])
def test_the_interval_covers_the_truth_however_the_runs_ended(noise):
    """The drawn trials of benchmarks/fix/same.py, with prove's own budget. Seeds are fixed, so that this always says the same."""
    spec = importlib.util.spec_from_file_location("same", Path(__file__).parents[2] / "benchmarks" / "fix" / "same.py")
    same = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(same)
    dice = random.Random(2)
    truth = same.truth_of("faster")
    assert math.isclose(truth, 1 / (0.05 + 0.95 * 0.97))
    intervals = [same.drawn_trial("faster", noise, dice, 120.0)["interval"] for _ in range(200)]
    assert same.COVERS_MIN <= sum(low <= truth <= high for low, high in intervals) / 200 <= same.COVERS_MAX


def test_three_percent_are_found():
    found = sum(trial(1.03, 0.015, seed).gain()[1] > BETTER_MIN for seed in range(60))
    assert found >= 0.8 * 60


def test_a_great_gain_needs_the_fewest_pairs():
    assert all(len(trial(2.0, 0.02, seed).before) == RUNS_LEAST for seed in range(20))


def test_a_given_number_of_pairs_is_run_whatever_they_show():
    judged = JudgedTrial(Verdict("given", "f.py", 1, "f"), {}, runs=12)
    judged.before += [2.0] * 11
    judged.after += [1.0] * 11
    assert not judged.is_decided() and judged.pair_count_min == judged.pair_count_max == 12


def test_the_next_pair_lies_in_its_interval():
    inside = 0
    for seed in range(400):
        dice = random.Random(seed)
        judged = JudgedTrial(Verdict("given", "f.py", 1, "f"), {})
        for _ in range(9):
            judged.before.append(1.3 * math.exp(dice.gauss(0, 0.03)))
            judged.after.append(math.exp(dice.gauss(0, 0.03)))
        *pairs, _ = zip(judged.before, judged.after)
        last = judged.before.pop() / judged.after.pop()
        gain, *interval = judged.gain()
        low, high = next_run_interval(gain, interval, len(pairs))
        inside += low <= last <= high
    assert 0.92 <= inside / 400 <= 1.0, "95 %, and more where the bootstrap widened the interval"
