#!/bin/sh
# Runs a Python command against extension modules that were built with HASTEN_SANITIZE=address,undefined.
#     tools/with_san.sh COMMAND ARGS...
# An instrumented module needs its runtime loaded before all else. PYTHONMALLOC=malloc makes overflows of small Python
# objects visible (the object allocator hides them). LeakSanitizer only sees noise under Python: leaks are tests of
# their own (tests/compile/test_leaks.py).
set -eu
asan=$("${CXX:-g++}" -print-file-name=libasan.so)
ubsan=$("${CXX:-g++}" -print-file-name=libubsan.so)
stdcxx=$("${CXX:-g++}" -print-file-name=libstdc++.so.6)
exec env LD_PRELOAD="$asan $ubsan $stdcxx" PYTHONMALLOC=malloc \
  ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:${ASAN_OPTIONS:-}" \
  UBSAN_OPTIONS="halt_on_error=1:abort_on_error=1:print_stacktrace=1:${UBSAN_OPTIONS:-}" \
  "$@"
