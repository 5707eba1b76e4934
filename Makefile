# `make` lists what there is. The two commands of a newcomer are `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-input
REPORT := demo-output/report.html

.DEFAULT_GOAL := help
.PHONY: demo docs help lint lock model-report picture python system test

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/project ## identify the demonstration studies (makes .venv, no torch)
	@mkdir -p $(dir $(REPORT))
	@.venv/bin/mrsift identify src/mrsift/assets/demo --html $(REPORT)
	@echo "Report with pictures: $(CURDIR)/$(REPORT)"

test: .venv-dev/project system lint docs ## every check there is (makes .venv-dev, with torch)
	@if [ "$$CI" = true ]; then .venv-dev/bin/python -c 'import torch; assert torch.version.cuda is None, "expected the CPU build of torch"'; fi
	.venv-dev/bin/pytest --numprocesses 2 --dist loadfile --durations 15

lint: .venv-dev/project ## format, lint, types and the direction of imports
	.venv-dev/bin/ruff check
	.venv-dev/bin/ruff format --check
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports

docs: .venv-dev/project ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 .venv-dev/bin/mkdocs build --quiet --strict

picture: .venv-dev/project system ## the pictures of the docs, from the demonstration studies
	.venv-dev/bin/python docs/pictures/make_picture.py
	.venv-dev/bin/python docs/pictures/make_view_picture.py

model-report: .venv-dev/project ## all there is to know of the shipped bundle, into runs/model-report
	.venv-dev/bin/python -m bench.model_report

lock: .venv-dev/project ## pin and hash every requirement anew
	requirements/lock .venv-dev/bin/uv

system: ## the Debian packages that some tests need
	@requirements/install-system

python:
	@command -v $(PYTHON) >/dev/null || { echo "mrsift needs Python 3.11 or newer; '$(PYTHON)' was not found. On Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mrsift needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "mrsift needs Python's venv module. On Debian: apt-get install python3-venv" >&2; exit 1; }

# Two stamps per environment: packages change rarely, the entry point sometimes, the code needs neither.
.venv/packages: requirements/core.txt requirements/build.txt | python
	@echo "Making .venv (the first time takes about a minute)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements/core.txt -r requirements/build.txt
	@touch $@

.venv-dev/packages: requirements/dev.txt requirements/torch.txt | python
	@echo "Making .venv-dev (the first time takes some minutes)"
	@$(PYTHON) -m venv .venv-dev
	@.venv-dev/bin/python $(PIP_INSTALL) --no-deps -r requirements/torch.txt # first: locked packages ask for it
	@.venv-dev/bin/python $(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

%/project: %/packages pyproject.toml
	@$*/bin/python $(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@
