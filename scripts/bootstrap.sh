#!/bin/sh
# scripts/bootstrap.sh [--test-tools] COMMAND…: makes the environment in .venv, then becomes COMMAND.
# Quick when nothing changed. Every failure is one line that says what to do.
set -eu
cd "$(dirname "$0")/.."

OLDEST_MINOR=11 # as requires-python in pyproject.toml
log=var/log/bootstrap.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Debian, Fedora and macOS name their packages differently; say the command where we know it.
install_hint() { # install_hint DEBIAN_PACKAGE GENERAL_NAME
    if command -v apt-get >/dev/null 2>&1; then
        [ "$(id -u)" = 0 ] && echo "apt-get install $1" || echo "sudo apt-get install $1"
    else
        echo "install $2"
    fi
}

suits() { # suits PROGRAM [NEWEST_MINOR]: is it a Python that the portal runs on?
    "$1" -c "import sys; sys.exit(not ((3, $OLDEST_MINOR) <= sys.version_info[:2] <= (3, ${2:-99})))" >/dev/null 2>&1
}

find_python() {
    # The Redis that comes along exists up to Python 3.12: without another, an older Python serves better.
    if [ -z "${PYTHON:-}${REDIS_URL:-}" ] && ! first_command redis-server valkey-server; then
        first_python 12 python3 python3.12 python3.11 && return
    fi
    first_python 99 ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 && return
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "Python 3.$OLDEST_MINOR or newer is needed, found $found: $(install_hint python3 'Python 3.11 or newer'), or name one as in PYTHON=/path/to/python3.12 make run."
}

first_python() { # first_python NEWEST_MINOR CANDIDATE…
    newest=$1
    shift
    for candidate in "$@"; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate" "$newest"; then
            # The real program: a version manager's stand-in may choose another one later.
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

make_venv() { # make_venv FOLDER [OPTION]: says in one line what is wrong
    folder=$1
    shift
    "$python" -m venv "$@" "$folder" >"$log" 2>&1 && return
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        fail "Python's venv module is missing: $(install_hint "$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" "Python's venv and ensurepip modules")."
    fi
    no_room
    fail "Python could not make a virtual environment: $(tail -n 1 "$log") (see $log)."
}

no_room() { # after a failure: name a full or read-only disk, if that is the reason
    # The log itself may have found no room: ask for the free kilobytes too.
    left=$(df -Pk . 2>/dev/null | tail -n 1 | { read -r _ _ _ free _ && echo "$free"; } || true)
    if grep -qsi 'no space left' "$log" || [ "${left:-100000}" -lt 20000 ]; then
        fail "No disk space left in $(pwd): the environment needs about 700 MB."
    fi
    grep -qsiE 'permission denied|read-only file system' "$log" && fail "Cannot write in $(pwd)/.venv: work in a clone you own, or remove .venv and retry."
    return 0
}

install_environment() {
    echo "Préparation de Python dans .venv (une minute la première fois)…"
    [ -x .venv/bin/python ] && suits .venv/bin/python || {
        python=$(find_python)
        make_venv .venv --without-pip --clear
    }
    # uv lives beside what it installs: it removes from .venv's own packages whatever uv.lock does not name.
    [ -x .venv/uv-tool/bin/uv ] || {
        python=${python:-$(find_python)}
        make_venv .venv/uv-tool
        .venv/uv-tool/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' >"$log" 2>&1 || failed_download
    }
    # uv tries each download a few times within seconds; what it has stays, so that a second run asks for the rest.
    sync_packages || sync_packages || failed_download
}

sync_packages() {
    # The system's certificates, because a company's proxy is known to them alone.
    UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv VIRTUAL_ENV='' \
        .venv/uv-tool/bin/uv sync --locked --no-install-project --quiet --python .venv/bin/python >"$log" 2>&1
}

failed_download() {
    no_room
    grep -qsi 'needs to be updated' "$log" && fail "uv.lock does not fit pyproject.toml: run .venv/uv-tool/bin/uv lock, then retry."
    if grep -qsiE 'connect|resolve|network|timed out|dns|no matching distribution|retries|certificate|fetch' "$log"; then
        fail "The Python packages could not be downloaded: check the network (or the proxy in HTTPS_PROXY), then retry (details in $log)."
    fi
    fail "The Python packages could not be installed: $(grep -v '^ *$' "$log" | tail -n 1) (details in $log)."
}

compile_messages() {
    for po in locale/*/LC_MESSAGES/*.po; do
        [ -e "$po" ] || continue
        mo=${po%.po}.mo
        # Neither newer than the other: messages.py gives the .mo its .po's time.
        if [ ! -e "$mo" ] || [ -n "$(find "$po" -newer "$mo")" ] || [ -n "$(find "$mo" -newer "$po")" ]; then
            .venv/bin/python scripts/messages.py compile >"$log" 2>&1 || fail "The translations could not be compiled: $(tail -n 1 "$log")."
            return
        fi
    done
}

# What the tests run beside Python: a browser (Playwright's own cannot be had everywhere; the system's serves
# as well), the HTML checker's Java and npm, and a calendar client's library.
need_test_tools() {
    missing=
    mac_chrome="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    if [ -x "$mac_chrome" ]; then
        CHROMIUM=${CHROMIUM:-$mac_chrome}
        export CHROMIUM
    fi
    [ -n "${CHROMIUM:-}" ] || first_command chromium chromium-browser google-chrome google-chrome-stable || missing="chromium"
    first_command java || missing="$missing default-jre-headless"
    first_command npm || missing="$missing npm"
    first_file /usr/lib/*/libicalss.so.3 /usr/lib/libicalss.so* /usr/lib64/libicalss.so* /usr/local/lib/libicalss.* \
        /opt/homebrew/lib/libicalss.* || missing="$missing libical3"
    # npm too must know the system's certificates, which Node does not read by itself.
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$bundle" ]; then
            NODE_EXTRA_CA_CERTS=$bundle
            export NODE_EXTRA_CA_CERTS
        fi
    done
    [ -n "$missing" ] || return 0
    missing=$(echo $missing)
    if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
        echo "Installing $missing for the tests (Debian packages)…"
        # A mirror may not answer at once, and somebody else's apt-get may be at work.
        install_packages || { sleep 10 && install_packages; } || { sleep 30 && install_packages; } ||
            fail "The packages could not be installed: $(tail -n 1 "$log") Run: apt-get install $missing."
        return
    fi
    fail "The tests need a Chromium or Chrome, Java 17, npm and libical: $(install_hint "$missing" 'them')."
}

install_packages() { # those named in $missing
    {
        apt-get update -q -o Acquire::Retries=3 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
                -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 $missing
    } >"$log" 2>&1 </dev/null
}

first_file() { # first_file PATH…: is one of them there?
    for path in "$@"; do
        if [ -e "$path" ]; then return 0; fi
    done
    return 1
}

first_command() { # first_command NAME…: is one of them on PATH?
    for name in "$@"; do
        if command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

[ -d var ] || (umask 077 && mkdir var) 2>/dev/null || fail "Cannot write in $(pwd): work in a clone you own."
{ mkdir -p var/log && : >"$log"; } 2>/dev/null || fail "Cannot write in $(pwd)/var: make it writable for $(id -un), or work in a clone you own."
tests_wanted=
[ "${1:-}" = --test-tools ] && tests_wanted=yes && shift

python=
if [ -x .venv/bin/python ] && suits .venv/bin/python; then
    stamp="$(cat uv.lock pyproject.toml | cksum) $(.venv/bin/python -c 'import sys; print(sys.version_info[:3])')"
    [ "$(cat .venv/portal.stamp 2>/dev/null || true)" = "$stamp" ] || stamp=
else
    stamp=
fi
if [ -z "$stamp" ]; then
    install_environment
    echo "$(cat uv.lock pyproject.toml | cksum) $(.venv/bin/python -c 'import sys; print(sys.version_info[:3])')" >.venv/portal.stamp
fi
compile_messages
[ -z "$tests_wanted" ] || need_test_tools
exec "$@"
