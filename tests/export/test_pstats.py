"""pstats files, opened by the standard library, gprof2dot and snakeviz."""

import pstats

import gprof2dot
import pytest
from snakeviz.stats import json_stats, table_rows

from hasten.export import encode


@pytest.fixture(scope="module")
def file(recorded):
    path = recorded.folder / "program.pstats"
    path.write_bytes(recorded.export("pstats"))
    return str(path)


@pytest.fixture
def stats_of(drawn, tmp_path):
    """pstats' table of recordings drawn as text, by names of functions alone."""

    def stats_of(*threads):
        drawn(*threads)
        (tmp_path / "x.pstats").write_bytes(encode("pstats", "x.hasten"))
        stats = pstats.Stats(str(tmp_path / "x.pstats"))
        return {
            name: (*row, {caller[2]: cost for caller, cost in callers.items()})
            for (_, _, name), (*row, callers) in stats.stats.items()
        }, stats

    return stats_of


def seconds(row):
    return [pytest.approx(value) if isinstance(value, float) else value for value in row]


def test_a_tree(stats_of):
    table, stats = stats_of(
        """
        main   main   main  main
        load   solve  solve
        parse  dot
        """
    )
    assert list(table["main"]) == seconds((4, 4, 0.001, 0.004, {}))
    assert list(table["solve"][:4]) == seconds((2, 2, 0.001, 0.002))
    assert list(table["solve"][4]["main"]) == seconds((2, 2, 0.001, 0.002))
    assert list(table["dot"][4]["solve"]) == seconds((1, 1, 0.001, 0.001))
    assert ("/src/parse.py", 10, "parse") in stats.stats
    assert stats.total_tt == pytest.approx(0.004)


def test_recursion_counts_once(stats_of):
    table, stats = stats_of(
        """
        f  f  f
        f  g  g
        f  f
           g
        """
    )
    assert list(table["f"][:4]) == seconds((3, 3, 0.001, 0.003))
    assert list(table["g"][:4]) == seconds((2, 2, 0.002, 0.002))
    assert list(table["f"][4]["f"]) == seconds((1, 1, 0.001, 0.001))
    assert list(table["f"][4]["g"]) == seconds((1, 1, 0.0, 0.001))
    # The second sample has f above g twice, and is one sample all the same.
    assert list(table["g"][4]["f"]) == seconds((2, 2, 0.002, 0.002))
    assert stats.total_tt == pytest.approx(0.003)


def test_threads_and_native_code(stats_of):
    table, stats = stats_of("main main -\nf", "main\nf")
    assert list(table["main"][:4]) == seconds((3, 3, 0.001, 0.003))
    assert list(table["f"][4]["main"]) == seconds((2, 2, 0.002, 0.002))
    assert list(table["<outside Python>"]) == seconds((1, 1, 0.001, 0.001, {}))


def test_a_run(recorded, file, capsys):
    stats = pstats.Stats(file)
    assert stats.total_tt == pytest.approx(recorded.cpu_ns * 1e-9)
    for name, first_line in (("sink", 3), ("even", 10), ("odd", 13), ("direct", 16)):
        count, _, self_s, total_s, callers = stats.stats[recorded.file, first_line, name]
        # The report counts recursion once, in another language.
        assert self_s == pytest.approx(recorded.cost(name)["self_cpu_s"], abs=1e-8)
        assert total_s == pytest.approx(recorded.cost(name)["total_cpu_s"], abs=1e-8)
        assert count >= recorded.cost(name)["samples"]
    sink = stats.stats[recorded.file, 3, "sink"]
    assert {caller[2] for caller in sink[4]} == {"even", "odd", "direct", "<module>"}
    # sink calls nothing: a sample has it once, below one caller.
    assert sum(cost[3] for cost in sink[4].values()) == pytest.approx(sink[3])
    stats.strip_dirs().sort_stats("tottime").print_stats(1)
    assert "program.py:3(sink)" in capsys.readouterr().out


def test_gprof2dot(recorded, file):
    profile = gprof2dot.PstatsParser(file).parse()
    functions = {function.name: function for function in profile.functions.values()}
    sink = functions["program:3:sink"]
    assert profile[gprof2dot.TIME] == pytest.approx(recorded.cpu_ns * 1e-9)
    assert sink[gprof2dot.TOTAL_TIME_RATIO] == pytest.approx(recorded.cost("sink")["total_share"], abs=1e-6)
    called = {profile.functions[callee].name for callee in functions["program:10:even"].calls}
    assert called == {"program:3:sink", "program:13:odd"}


def test_snakeviz(recorded, file):
    stats = pstats.Stats(file)
    (row,) = [row for row in table_rows(stats) if row[-1].endswith("program.py:3(sink)")]
    assert float(row[1]) == pytest.approx(recorded.cost("sink")["self_cpu_s"], rel=1e-3)
    drawn_by_snakeviz = json_stats(stats)
    (sink,) = [name for name in drawn_by_snakeviz if name.endswith("program.py:3(sink)")]
    assert drawn_by_snakeviz[sink]["stats"][3] == pytest.approx(recorded.cost("sink")["total_cpu_s"], abs=1e-6)
