# `make demo` and `make test` set everything up in .venv; they need Python 3.11-3.13 and nothing else.

# The first of these that is a Python this package supports; or say `make test PYTHON=...`.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
DEMO := demo
RESULTS := build/results

.PHONY: constraints published results demo test test-newest test-fast test-long lint benchmark clean

# The exact versions behind the published results, each file held against its SHA-256.
.venv/installed: setup.py constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11-3.13 found; name one: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints.txt
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Those versions anew: the newest that setup.py allows, for all its Pythons and platforms.
constraints: .venv/installed
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-annotate --custom-compile-command "make constraints" --output-file constraints.txt setup.py

# Finished runs into published/ and its index: make published RUNS="runs/MODEL/ID ..."; without RUNS, the index alone.
published: .venv/installed
	$(BIN)/python -m thesis_repro.commands.publish $(RUNS)

# The published results, docs/results/ and README's ledger: those of PAPER at the thesis's scale (4.2,
# once all its runs are published), the others (or SECTIONS alone) at quick scale; what else is
# published stays. CelebA and ImageNet have to be prepared in data/, a part will do.
PAPER ?=
results: .venv/installed
	$(if $(PAPER),$(BIN)/thesis-repro chapter $(PAPER) --out $(RESULTS))
	$(BIN)/thesis-repro all $(SECTIONS) --scale quick --out $(RESULTS)
	$(BIN)/python -m thesis_repro.commands.publish_results $(RESULTS) --runs-dir runs

# The tests with the newest versions that setup.py allows, whatever the constraints say.
test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore .venv-newest/bin/python -m pip install --quiet --upgrade --editable '.[dev]'
	.venv-newest/bin/python -m pytest $(SIDE_BY_SIDE) -m "not long"

demo: .venv/installed
	$(BIN)/thesis-repro all --scale smoke --stand-in \
		--data-dir $(DEMO)/data --runs-dir $(DEMO)/runs --out $(DEMO)/results

# Two workers on two cores: more threads of OpenBLAS would wait for each other, spinning. Whole files
# are handed out, in the order of tests/conftest.py: the slow ones first, so that both end together.
test test-fast test-newest: export OPENBLAS_NUM_THREADS = 1
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder

test: lint
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not long"

test-fast: .venv/installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow and not long"

# Every model at smoke scale, twenty kills of a run per family, a plan killed twice: most of an hour, 8 GiB.
test-long: .venv/installed
	$(BIN)/python -m pytest -m long

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

benchmark: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[benchmark]'
	$(BIN)/python benchmarks/dsprites_rendering.py
	$(BIN)/python benchmarks/morphometry.py
	$(BIN)/python benchmarks/picture_preparation.py
	$(BIN)/python benchmarks/feed.py
	$(BIN)/python benchmarks/train_throughput.py
	$(BIN)/python benchmarks/gan_step.py
	$(BIN)/python benchmarks/path_length.py
	$(BIN)/python benchmarks/layer_samples.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/cold_start.py

clean:
	rm -rf .venv .venv-newest $(DEMO) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
