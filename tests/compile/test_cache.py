"""The cache of compiled code: what comes out of it is as right as what the compiler makes, it needs no compiler, and it is
trusted only where nobody else can have written it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = """
import math, sys
import hasten

LIMIT = 40
NAMES = []

def unknown(x):
    return x + 1

@hasten.jit
def square(x):
    return x * x

@hasten.jit
def total(n):
    found = 0
    for k in range(n):
        found += square(k) % LIMIT
    return found

@hasten.jit
def roots(values):
    return [math.sqrt(v) for v in values if v >= 0]

@hasten.jit
def words(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    NAMES.append(len(counts))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

@hasten.jit
def nested(n):
    step = 3
    def add(x):
        return x + step
    found = 0
    for k in range(n):
        found = add(found) ^ k
    return found

@hasten.jit
def calls(n):
    return [unknown(k) for k in range(n)]

def report():
    functions = (square, total, roots, words, nested, calls)
    print(sum(f.report()["cache_loaded"] for f in functions), sum(f.report()["cache_stored"] for f in functions),
          sum(f.report()["compiles"] for f in functions), "hasten._compile" in sys.modules)
"""
CALLS = """
print(total(50), roots([1.0, 4.0, -1.0, 2]), words("a b a c b a"), nested(20), calls(3), NAMES)
try:
    total("x")
except TypeError as error:
    print(error)
"""
class Runner:
    """Runs programs with a cache of their own; `run` returns (what they print, what the report counts)."""

    def __init__(self, directory: Path):
        self.cache = directory / "cache"
        self.script = directory / "program.py"

    def run(self, calls: str = CALLS, program: str = PROGRAM) -> tuple[str, list[str]]:
        self.script.write_text(program + calls + "report()\n")
        environment = dict(os.environ, HASTEN_JIT_CACHE=str(self.cache))
        ran = subprocess.run(
            [sys.executable, str(self.script)], capture_output=True, text=True, env=environment, check=False
        )
        assert ran.returncode == 0 and not ran.stderr, ran.stderr[-3000:]
        *lines, counts = ran.stdout.splitlines()
        return "\n".join(lines), counts.split()

    def plain(self, calls: str = CALLS, program: str = PROGRAM) -> str:
        plain = program.replace("@hasten.jit", "").replace("import hasten", "")
        ran = subprocess.run([sys.executable, "-c", plain + calls], capture_output=True, text=True, check=True)
        return ran.stdout.rstrip("\n")

    def files(self) -> list[Path]:
        return sorted(self.cache.glob("*.unit"))


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


def test_the_second_process_compiles_nothing(runner):
    first, (loaded, stored, _, _) = runner.run()
    assert (int(loaded), int(stored)) == (0, len(runner.files())) and int(stored) >= 5
    second, (loaded, stored, compiles, compiler) = runner.run()
    assert first == second == runner.plain()
    assert int(loaded) >= 5 and int(stored) == 0
    assert compiles == "0" and compiler == "False", "nothing is compiled, and LLVM is not loaded"


def test_a_changed_callee_is_not_taken_for_the_old_one(runner):
    runner.run()
    changed = PROGRAM.replace("return x * x", "return x + x")
    now, _ = runner.run(program=changed)
    assert now == runner.plain(program=changed) != runner.plain()


@pytest.mark.parametrize("new", ["LIMIT = 41", "LIMIT = 40.0", "LIMIT = 10**30", "LIMIT = True"])
def test_a_changed_global_is_read(runner, new):
    runner.run()
    changed = PROGRAM.replace("LIMIT = 40", new)
    assert runner.run(program=changed)[0] == runner.plain(program=changed)
    assert runner.run(program=changed)[0] == runner.plain(program=changed)  # out of the cache by now


def test_a_global_that_was_a_function_and_is_another(runner):
    runner.run()
    for new in ("def unknown(x):\n    return x - 1", "def unknown(x):\n    return str(x)", "unknown = abs", "unknown = float"):
        changed = PROGRAM.replace("def unknown(x):\n    return x + 1", new)
        for _ in range(2):
            assert runner.run(program=changed)[0] == runner.plain(program=changed)


METHODS = """
import hasten, sys
class Heap:
    @hasten.jit
    def __init__(self):
        self.n = 0
    @hasten.jit
    def put(self, k):
        self.n += k
class Odd:
    @hasten.jit
    def put(self, k):
        self.n -= k
del Odd.put
@hasten.jit
def fill(heap, n):
    for k in range(n):
        heap.put(k)
    return heap.n
def report():
    print(fill.report()["cache_loaded"], fill.report()["cache_stored"], fill.report()["compiles"])
"""


def test_a_method_that_is_called_natively_is_found_again(runner):
    calls = "\nprint(fill(Heap(), 20000))\n"
    assert runner.run(calls, METHODS) == ("199990000", ["0", "1", "1"])
    assert runner.run(calls, METHODS) == ("199990000", ["1", "0", "0"])
    changed = METHODS.replace("self.n += k", "self.n += 2 * k")
    assert runner.run(calls, changed)[0] == "399980000"
    assert runner.run("\nHeap.put = lambda self, k: 0" + calls, METHODS)[0] == "0"


def test_a_patched_module_is_seen(runner):
    runner.run()
    patched = PROGRAM.replace("import math, sys", "import math, sys\nmath.sqrt = math.floor")
    for _ in range(2):
        assert runner.run(program=patched)[0] == runner.plain(program=patched) != runner.plain()


def test_a_patched_builtin_is_seen(runner):
    runner.run()
    patched = PROGRAM.replace(
        "import math, sys", "import math, sys, builtins\nreal = range\nbuiltins.range = lambda n: real(n + 1)"
    )
    for _ in range(2):
        assert runner.run(program=patched)[0] == runner.plain(program=patched) != runner.plain()


def test_moved_code_has_the_right_lines(runner):
    raising = '\ntry:\n    roots([1.0, "x"])\nexcept TypeError as error:\n    print(error.__traceback__.tb_next.tb_lineno)\n'
    for program in (PROGRAM, "\n\n" + PROGRAM):
        for _ in range(2):
            assert runner.run(raising, program)[0] == runner.plain(raising, program)


def test_landings_and_overflow_go_on_in_the_interpreter(runner):
    calls = "\nprint(total(3), square(2**40), square(3), total(4), square('a') if 0 else square(1.5), nested(2**7))\n"
    for _ in range(3):
        assert runner.run(calls)[0] == runner.plain(calls)


def test_a_damaged_file_is_as_good_as_none(runner):
    runner.run()
    whole = {path: path.read_bytes() for path in runner.files()}
    for at in (0, 9, 30, 41, 60, 100, 700, -9, -100):
        for path, content in whole.items():
            broken = bytearray(content)
            broken[at] ^= 0x55
            path.write_bytes(broken)
        answers, counts = runner.run()
        assert answers == runner.plain() and counts[0] == "0", at
    for cut in (0, 7, 64, 4096, 5000):
        for path, content in whole.items():
            path.write_bytes(content[:cut])
        answers, counts = runner.run()
        assert answers == runner.plain() and counts[0] == "0", cut


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_trusted(runner, mode):
    runner.run()
    for path in runner.files():
        path.chmod(mode)
    answers, counts = runner.run()
    assert answers == runner.plain() and counts[0] == "0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_not_trusted(runner):
    runner.run()
    for path in runner.files():
        os.chown(path, 65534, 65534)
    answers, counts = runner.run()
    assert answers == runner.plain() and counts[0] == "0"


def test_a_directory_that_others_can_write_is_not_used(runner):
    runner.cache.mkdir()
    runner.cache.chmod(0o777)
    answers, counts = runner.run()
    assert answers == runner.plain() and counts[:2] == ["0", "0"] and not runner.files()


def test_a_link_is_not_followed(runner):
    runner.run()
    for path in runner.files():
        path.rename(path.with_suffix(".elsewhere"))
        path.symlink_to(path.with_suffix(".elsewhere"))
    answers, counts = runner.run()
    assert answers == runner.plain() and counts[0] == "0"


@pytest.mark.parametrize("where", ["off", "/proc/nowhere/cache", "/dev/null"])
def test_without_a_place_it_just_compiles(runner, where):
    runner.cache = where
    answers, counts = runner.run()
    assert answers == runner.plain() and counts[:2] == ["0", "0"]


def test_many_processes_at_once(runner):
    runner.script.write_text(PROGRAM + CALLS)
    environment = dict(os.environ, HASTEN_JIT_CACHE=str(runner.cache))
    for _ in range(3):
        running = [
            subprocess.Popen([sys.executable, str(runner.script)], stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(6)
        ]
        assert {process.communicate()[0].rstrip("\n") for process in running} == {runner.plain()}
    assert not list(runner.cache.glob(".new-*"))


def test_everything_again_out_of_the_cache(tmp_path):
    """The tests of whole programs, in processes that find what an earlier one has left."""
    here = Path(__file__).parent
    environment = dict(os.environ, HASTEN_TEST_JIT_CACHE=str(tmp_path / "cache"))
    names = ["test_cases.py", "test_algorithms.py", "test_methods.py", "test_tracebacks.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(here / name) for name in names)]
    for _ in range(2):
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert ran.returncode == 0, ran.stdout[-3000:]
    assert len(list((tmp_path / "cache").glob("*.unit"))) > 200


def test_the_oldest_files_make_room(runner):
    """One unit in 64 makes its writer look how much there is: of so many, one surely does."""
    runner.cache.mkdir(mode=0o700, parents=True)
    for k in range(300):
        old = runner.cache / f"{k:032x}-0.unit"
        with old.open("wb") as file:
            file.truncate(1 << 20)
        os.utime(old, (k, k))
    functions = "".join(f"@hasten.jit\ndef f{k}(x):\n    return x + {k}\n" for k in range(700))
    runner.run("for k in range(700):\n    f = globals()[f'f{k}']\n    f(k), f(k)\n", PROGRAM + functions)
    left = sorted(int(path.name[:32], 16) for path in runner.cache.glob("*.unit") if path.stat().st_mtime < 1000)
    assert 0 < len(left) <= 128 and left == list(range(300 - len(left), 300))
