# On a machine with Python >= 3.11 (with venv), pip and make, each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo serve test bench lock system-packages clean

demo: $(READY)
	$(BIN)/lti-conformance run --demo --profile core
	$(BIN)/lti-conformance run --demo --profile certification
	$(BIN)/lti-conformance run --demo --profile ltix
	$(BIN)/lti-conformance run --demo --profile class --report text --report json:report.json

# A fake LMS at http://127.0.0.1:9400, with a tool to launch.
serve: $(READY)
	$(BIN)/mockplatform serve

test: system-packages $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lti-conformance selftest
	$(BIN)/python -m pytest -n auto

bench: $(READY)
	$(BIN)/python -m tests.bench

# What the tests can use beyond Python; without it they skip and say so. As root: make system-packages CI=true
# With CI=true `make test` does it first, and a browser test that then still finds no Chromium fails.
# In run level 1 no package starts a service.
APT := RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=15
USED := npm:nodejs npm:npm chromium:chromium java:default-jre-headless mariadbd:mariadb-server
MISSING := $(strip $(foreach pair,$(USED),\
  $(shell command -v $(firstword $(subst :, ,$(pair))) >/dev/null || echo $(lastword $(subst :, ,$(pair))))))
system-packages:
	@if [ "$(CI)" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -n "$(MISSING)" ]; then \
	  $(APT) update || true; \
	  for package in $(MISSING); do \
	    $(APT) install -y --no-install-recommends $$package || \
	      echo "could not be installed: $$package; the tests that need it will not run"; \
	  done; \
	fi

# The pins, for every supported Python at once.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --group dev pyproject.toml \
	  --output-file requirements-dev.txt

$(READY): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "lti-conformance needs Python 3.11 or newer; '$(PYTHON)' is older: make PYTHON=python3.12 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV)
