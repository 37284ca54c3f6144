# Every target makes the environment it needs first. Works with macOS's make 3.81 too.
.PHONY: help run test check bench
.DEFAULT_GOAL := help

BOOTSTRAP = exec sh scripts/bootstrap.sh
PYTHON_ENV = .venv/bin/python
SERVICES = $(PYTHON_ENV) -m industrie_positive.services
# A key for throwaway data only; production and `make run` have their own. Dozens of Python processes start: each
# keeps what it compiled for the next.
TEST_ENV = PORTAL_MODE=test PYTHONDONTWRITEBYTECODE= SECRET_KEY=for-the-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz

help: ## show these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1 : /p' Makefile

run: ## serve the portal with the council's data on 127.0.0.1, PORT=8000
	@$(BOOTSTRAP) $(SERVICES) run

test: ## run all tests; ARGS="-k ballot" chooses some
	@$(TEST_ENV) $(BOOTSTRAP) --test-tools $(SERVICES) exec --throwaway -- $(PYTHON_ENV) -m pytest -n 2 --dist loadgroup $(ARGS)

check: ## lint, types, migrations, templates, translations: under a minute
	@$(TEST_ENV) $(BOOTSTRAP) $(SERVICES) exec --throwaway -- sh scripts/check.sh

bench: ## measure the pages against a bare Django view
	@$(BOOTSTRAP) $(SERVICES) exec --throwaway -- $(PYTHON_ENV) -m benchmarks $(ARGS)
