# Refund Desk: `make demo` to see it, `make test` to prove it. Needs make, a shell and Python 3.11 or newer with venv.

.POSIX:
.SUFFIXES:
.PHONY: help install test test-money test-planted test-upstreams test-wheel bench demo run lock clean

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/installed
# Another interpreter: make install PYTHON=/path/to/python
PYTHON =

help:
	@echo "make demo     the window on invented cases; without a display: the tour, pictures in ./tour"
	@echo "make run      the window on your own desk"
	@echo "make test     everything that is proven: style, types, floors, tests"
	@echo "make test-money  11,000 histories against a gateway that fails; make test-planted: every planted bug is found"
	@echo "make test-upstreams  connectors against real systems (a shop, a gateway, a mailbox); needs node and npm"
	@echo "make bench    the figures, as a table and bench.json"
	@echo "make install  the environment alone, in $(VENV)"
	@echo "make lock     requirements.lock anew from pyproject.toml"
	@echo "make clean    remove what was made here"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@set -eu; \
	if ! $(BIN)/python -c '' 2>/dev/null || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		python="$(PYTHON)"; \
		for one in python3.11 python3 python python3.12 python3.13; do \
			[ -z "$$python" ] || break; \
			if $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$one; fi; \
		done; \
		if [ -z "$$python" ]; then \
			echo "Python 3.11 or newer is needed. Install it (Debian, Ubuntu: sudo apt-get install -y python3 python3-venv), or name it: make install PYTHON=/path/to/python" >&2; exit 1; \
		fi; \
		if ! $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
			echo "This Python can't make an environment. Install what it lacks (Debian, Ubuntu: sudo apt-get install -y python$$version-venv) and try again." >&2; exit 1; \
		fi; \
		echo "Making $(VENV) with $$($$python --version) ..."; \
		rm -rf $(VENV); \
		$$python -m venv $(VENV); \
	fi; \
	echo "Installing what requirements.lock lists ..."; \
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock; \
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .; \
	touch $@

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not upstreams"

# Connectors against real systems on loopback: needs node and npm, and installs their packages into build/upstreams.
test-upstreams: $(STAMP)
	$(BIN)/python -m pytest -q tests/upstreams

# Money out once: many histories on both databases, with a seed drawn now.
HISTORIES = --sqlite 10000 --postgres 1000
test-money: $(STAMP)
	$(BIN)/python -m tests.money $(HISTORIES)

# Each bug that is planted, one for each door, must be found by the histories.
test-planted: $(STAMP)
	REFUND_DESK_MONEY=all $(BIN)/python -m pytest -q -n 2 tests/money/test_planted.py

# A wheel in an environment of its own, without anything of this checkout.
test-wheel: $(STAMP)
	@set -eu; \
	rm -rf build/wheel; mkdir -p build/wheel; \
	$(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --no-build-isolation -w build/wheel .; \
	$(BIN)/python -m venv build/wheel/venv; \
	build/wheel/venv/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock; \
	build/wheel/venv/bin/python -m pip install --disable-pip-version-check --quiet --no-deps build/wheel/*.whl; \
	cd build/wheel; \
	venv/bin/refund-desk --help >/dev/null; \
	venv/bin/refund-desk schema case-bundle >/dev/null; \
	REFUND_DESK_HOME=home REFUND_DESK_KEY_DIR=keys venv/bin/refund-desk user list; \
	REFUND_DESK_HOME=home REFUND_DESK_KEY_DIR=keys venv/bin/refund-desk db check; \
	echo "The wheel works."

bench: $(STAMP)
	$(BIN)/python -m tests.bench

demo: $(STAMP)
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] || [ "$$(uname -s)" = Darwin ]; then \
		$(BIN)/refund-desk demo; \
	else \
		echo "No display: the tour instead, its pictures go to ./tour"; \
		$(BIN)/refund-desk demo --tour tour; \
	fi

run: $(STAMP)
	@$(BIN)/refund-desk desk

lock: $(STAMP)
	@set -eu; \
	uv=$$(command -v uv || echo $(BIN)/uv); \
	[ -x "$$uv" ] || $(BIN)/python -m pip install --disable-pip-version-check --quiet uv; \
	"$$uv" pip compile pyproject.toml --extra desktop --extra parquet --group dev --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		--quiet --upgrade -o requirements.lock

clean:
	rm -rf $(VENV) build dist tour bench.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
