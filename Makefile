# `make demo` and `make test` install what is missing; the rest takes it that one of them has run.
PYTHON ?= python3
CLANG_FORMAT ?= clang-format-19
VENV_PYTHON = .venv/bin/python
CPP_FILES = $(shell git ls-files 'src/*.cc' 'src/*.h')

.PHONY: help demo test test-new check asan asan-compile tsan fuzz exact planted memory tidy fmt fmt-check bench clean

help:
	@echo "make demo    set up, then find, fix and prove on examples/julia_set.py"
	@echo "make test    set up, then every test on every Python of this machine"
	@echo "make test-new programs in Python 3.14 and 3.15, which it fetches (build/new-pythons), against the known truth"
	@echo "make check   set up, then the C++ tests and the tests of one Python (fast)"
	@echo "make asan    C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer; make tsan likewise"
	@echo "make fuzz    every fuzzer for FUZZ_SECONDS (default 600) each"
	@echo "make exact   100 000 generated calls of the compiler against CPython, on each Python"
	@echo "make planted whether those programs find 95 % of the compiler bugs planted on purpose (BUGS=1-20 for some)"
	@echo "make memory  whether memory stays flat over 10 000 compilations and 1 000 000 exceptions, on each Python"
	@echo "make asan-compile the whole of tests/compile under both sanitizers"
	@echo "make tidy    floors, names and files; make fmt formats the C++"
	@echo "make bench   every figure of benchmarks/README.md, each with the check of its answer (some hours)"

demo:
	@$(PYTHON) tools/demo.py

test:
	@$(PYTHON) tools/run_tests.py

test-new:
	@$(PYTHON) tools/run_tests.py --new

check:
	@$(PYTHON) tools/run_tests.py --fast

asan tsan:
	@$(PYTHON) tools/run_tests.py --only $@

fuzz:
	@$(PYTHON) tools/run_tests.py --only fuzzers --fuzz-seconds $(or $(FUZZ_SECONDS),600)

exact:
	@for python in .venv/bin/python .venv-3.1[1-3]/bin/python; do \
	  if [ -x $$python ]; then echo "$$python"; $$python tests/compile/exact --calls $(or $(CALLS),100000) || exit 1; fi; \
	done

planted:
	$(VENV_PYTHON) tests/compile/planted.py --bugs "$(BUGS)" --calls $(or $(CALLS),60000) --density 2

memory:
	@for python in .venv/bin/python .venv-3.1[1-3]/bin/python; do \
	  if [ -x $$python ]; then echo "$$python"; $$python tests/compile/memory.py || exit 1; fi; \
	done

asan-compile:
	$(VENV_PYTHON) tests/compile/sanitized.py

tidy:
	$(PYTHON) tools/tidy.py

fmt:
	$(CLANG_FORMAT) -i $(CPP_FILES)

fmt-check:
	$(CLANG_FORMAT) --dry-run --Werror $(CPP_FILES)

bench:
	$(VENV_PYTHON) benchmarks/all.py

clean:
	rm -rf build
