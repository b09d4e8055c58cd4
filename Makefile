# The doors of Standfast. Each installs what it needs (packaging/prepare), and says so.

PYTHON = .venv/bin/python
SCRIPTS = .ci/run packaging/make-deb packaging/prepare packaging/debian/standfast.p* packaging/completions/bash/* \
    packaging/debian/tests/smoke examples/nine-services/install examples/openalgo-agent/install \
    examples/more-hosts/install tests/system/boot.sh
# The longest test reboots a machine; one that takes minutes hangs.
EACH_TEST = --timeout=300
PYTEST = $(PYTHON) -m pytest $(EACH_TEST)

.PHONY: help demo test check lint deb bench soak reference picture clean

help:
	@echo "make demo    breaks things in a disposable Debian 13 and shows what Standfast does; then the dashboard (root)"
	@echo "make test    linters, types, unit, bus, browser and system tests on Debian 13 and 12 (root)"
	@echo "make check   the fast part of it, without system tests"
	@echo "make deb     dist/standfast_VERSION_all.deb"
	@echo "make bench   how soon, how much, how many: measured in disposable machines, beside others (root)"
	@echo "make soak    what takes long: hundreds of kills, a million events, a thousand units, long idles (root)"
	@echo "make reference  docs/configuration.md and the key lists of the man pages, from the code and the default files"
	@echo "make picture  docs/dashboard.png, from a Chromium and an invented fleet"
	@echo "make clean   removes what the doors made here; the cached Debian trees stay in ~/.cache/standfast"

demo: | prepare-machine
	@$(PYTHON) -m tests.system.demo

test: | prepare-all
	@$(MAKE) --no-print-directory lint
	$(PYTHON) -m tests.everything $(EACH_TEST)

check: | prepare-python
	@$(MAKE) --no-print-directory lint
	$(PYTEST) --ignore=tests/system --ignore=tests/browser

lint:
	$(PYTHON) -m ruff check --quiet
	$(PYTHON) -m ruff format --check --quiet
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy tests
	PYTHONPATH=src .venv/bin/lint-imports --no-logo
	shellcheck $(SCRIPTS)

deb: | prepare-deb
	@packaging/make-deb

bench: | prepare-all
	$(PYTHON) -m bench.compare
	$(PYTHON) -m bench.compare --debian bookworm
	$(PYTHON) -m bench.agent_stop
	$(PYTHON) -m bench.idle
	$(PYTHON) -m bench.scale
	$(PYTHON) -m bench.notifier
	PYTHONPATH=src $(PYTHON) -m bench.status

# The same tests as in `make test`, with larger numbers.
soak: | prepare-all
	STANDFAST_KILLS=300 $(PYTHON) -m pytest --timeout=1800 -s tests/unit/notifier/test_notifier.py -k kills
	STANDFAST_EVENTS=1000000 $(PYTHON) -m pytest --timeout=1800 -s tests/soak
	STANDFAST_SIGNALS=100000 $(PYTHON) -m pytest --timeout=1800 -s tests/bus/test_for_long.py
	$(PYTHON) -m bench.scale --seconds 600

# A test fails when what is committed is not what this makes.
reference: | prepare-python
	PYTHONPATH=src $(PYTHON) -m tests.documents.reference

picture: | prepare-all
	PYTHONPATH=src $(PYTHON) -m tests.browser.picture

clean:
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.PHONY: prepare-python prepare-deb prepare-machine prepare-all
prepare-python:
	@packaging/prepare python
prepare-deb:
	@packaging/prepare deb
prepare-machine:
	@packaging/prepare python deb machine
prepare-all:
	@packaging/prepare python deb machine browser
