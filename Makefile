# `make search` and `make test` work on a fresh clone with Python 3.10 and make: each makes .venv first if it is needed.
PYTHON ?= $(shell for p in python3.10 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null && { command -v "$$p"; break; }; done)
CONSTRAINTS := $(if $(PYTHON),$(shell "$(PYTHON)" -c 'import sys; print("-c constraints.txt" if sys.version_info[:2] == (3, 10) else "")' 2>/dev/null))
BIN := .venv/bin
# Of Python 3.10 only, as its numpy is.
NENGO := $(if $(CONSTRAINTS),.venv-nengo)
INSTALLED := .venv/.installed

.PHONY: search test test-slow lint types docs install clean

search: $(INSTALLED)
	$(BIN)/autosnn-hw search --target loihi2

# Two processes, for the two cores that a small machine has; each test file stays in one, with the fixtures that it shares.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow" -n 2 --dist loadfile

test-slow: $(INSTALLED) $(NENGO:%=%/.installed) .nir-peers/.installed
	$(NENGO:%=NENGO_LOIHI_PYTHON="$(CURDIR)/%/bin/python") NIR_PEERS="$(CURDIR)/.nir-peers" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow -n 2 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

# The site, into build/site/index.html; a broken link or anchor is an error.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.10 was not found (Lava accepts no other): install it, or run 'make $(MAKECMDGOALS) PYTHON=python3.12' to work without Lava." >&2; exit 2; fi
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module: install the package python3.10-venv." >&2; exit 2; }
	[ -x $(BIN)/python ] || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) -e '.[dev]'
	@touch $(INSTALLED)

# nengo-loihi, whose validation ours is compared with, needs an old numpy: an environment of its own.
.venv-nengo/.installed: | $(INSTALLED)
	$(BIN)/python -m venv .venv-nengo
	.venv-nengo/bin/python -m pip install --quiet --disable-pip-version-check nengo-loihi==1.1.0 nengo==3.2.0 "numpy<1.24"
	@touch $@

# Readers of NIR that the slow tests compare with, beside those of .venv: in a folder of their own, since one needs a newer Python by its word.
.nir-peers/.installed: | $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --target .nir-peers \
		sinabs==3.1.3 spikingjelly==2.0.0 pbr loguru
	@touch $@

clean:
	rm -rf .venv .venv-nengo .nir-peers build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
