"""hasten.machine against what Python and the kernel say of the same machine."""

import os
import platform

from hasten import machine


def test_agrees_with_the_operating_system():
    here = machine.detect()
    assert here.architecture == platform.machine()
    assert here.kernel_release == platform.release()
    assert here.usable_cpu_count == len(os.sched_getaffinity(0))
    assert here.logical_cpu_count == os.sysconf("SC_NPROCESSORS_ONLN")
    assert here.memory_bytes == int(open("/proc/meminfo").readline().split()[1]) * 1024


def test_caches_grow_with_their_level():
    for cache in machine.detect().caches:
        assert cache.kind in ("data", "instruction", "unified")
        assert 1 <= cache.level <= 4
        assert cache.size_bytes % 1024 == 0
        assert 0 <= cache.sharing_cpu_count <= os.cpu_count()
