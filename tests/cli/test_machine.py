"""`hasten machine`: what the kernel says, and the prices that `hasten fix` reckons with."""

import json
import os

from hasten import machine


def test_it_says_what_the_kernel_says_and_keeps_its_prices(hasten, tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    shown = hasten("machine", env=environment)
    assert shown.returncode == 0, shown.stderr
    found = machine.detect()
    assert found.cpu_model in shown.stdout and found.kernel_release in shown.stdout
    assert "not measured yet (hasten machine --prices" in shown.stdout and not (tmp_path / "cache").exists()
    measured = json.loads(hasten("machine", "--prices", "--json", "-", env=environment).stdout)
    assert measured["schema"] == "hasten-machine/1" and measured["logical_cpu_count"] == found.logical_cpu_count
    prices = measured["prices"]
    assert prices["set_pays_from"]["int"] >= 4 and prices["set_ns"]["str"] > 0
    ways = prices["pays_from"]
    assert set(ways) == {"dict", "deque", "min", "heap", "join", "join_attribute"}
    assert all(n is None or n >= 4 for kinds in ways.values() for n in kinds.values())
    assert ways["heap"]["int"] is None or ways["heap"]["int"] > 8, "sorting eight numbers is cheaper than calling a function in Python"
    with open(measured["prices_file"]) as file:
        assert json.load(file)["set_pays_from"] == prices["set_pays_from"], "the file that fix reads"
    again = hasten("machine", env=environment)
    assert f"a set pays from {prices['set_pays_from']['int']}" in again.stdout
    assert json.loads(hasten("machine", "--json", "-", env=environment).stdout)["prices"] == prices


def test_caches_have_sizes(hasten):
    document = json.loads(hasten("machine", "--json", "-").stdout)
    assert [(c["level"], c["size_bytes"]) for c in document["caches"]] == [(c.level, c.size_bytes) for c in machine.detect().caches]
    assert hasten("machine", "--nonsense").returncode == 2
