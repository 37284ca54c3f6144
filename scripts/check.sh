#!/bin/sh
# The fast half of the tests, for `make check`: runs every check, then fails if one did.
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
export PATH
failed=
check() {
    "$@" || failed="$failed
  $*"
}
check ruff check .
check ruff format --check --quiet .
check python manage.py check
check python manage.py makemigrations --check --dry-run
check python scripts/templates.py
check python scripts/messages.py check
check mypy .
[ -z "$failed" ] && echo "All checks passed." && exit 0
echo "These checks failed:$failed" >&2
exit 1
