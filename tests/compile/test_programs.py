"""The programs of benchmarks/compile/programs on their small inputs: compiled and plain give the same, call after call."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "exact"), str(HERE.parents[1] / "benchmarks" / "compile")]
import program_files  # noqa: E402
from observe import difference, observe  # noqa: E402

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)

NAMES = program_files.names()


def test_there_are_sixty():
    kinds = [program_files.load(name).KIND for name in NAMES]
    assert len(kinds) >= 60
    assert set(kinds) == {"numeric", "containers"}


@pytest.mark.parametrize("name", NAMES)
def test_equal(name):
    plain, compiled = program_files.load(name), program_files.compiled(name)
    for size in [*plain.SMALL, *reversed(plain.SMALL), *plain.SMALL]:
        given = [program_files.arguments(plain, size) for _ in range(2)]
        expected = observe(plain.main, given[0], {}, [], plain.__file__)
        actual = observe(compiled.main, given[1], {}, [], plain.__file__)
        assert difference(expected, actual) is None, f"main of {size!r:.80}"
    entered = [function for function in vars(compiled).values() if isinstance(function, hasten.jit.Function)]
    assert any(function.hasten.report()["compiles"] for function in entered), "nothing was compiled"


def test_numbers_beyond_64_bits_settle():
    """Each operation that meets one must not make the code anew: once all of them are known, it stays."""
    plain, compiled = program_files.load("modular_power_wide"), program_files.compiled("modular_power_wide")
    for _ in range(4):
        assert compiled.main(2**64 + 1, 40) == plain.main(2**64 + 1, 40)

    def account():
        reports = [function.hasten.report() for function in (compiled.power, compiled.is_probable_prime, compiled.main)]
        return [(report["compiles"], sum(landing["count"] for landing in report["landings"])) for report in reports]

    before = account()
    for _ in range(4):
        compiled.main(2**64 + 1, 40)
    assert account() == before
    assert max(compiles for compiles, _ in before) <= 6
