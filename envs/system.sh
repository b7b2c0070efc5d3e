#!/bin/sh
# The check before any work: system.sh PYTHON [COMMAND...]
# Silent if Python's venv, TeX and the commands, which are those of the tests, are there. If not,
# root gets them from apt where there is one, and anybody else is told the one line to run.
set -eu
python=$1
shift

if command -v "$python" >/dev/null &&
    ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version 2>&1) is too old: give make a PYTHON= of 3.11 or newer." >&2
    exit 1
fi

missing() {
    # Debian's python3 has no ensurepip until python3-venv is installed.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || printf "%s's venv, " "$python"
    for command in latexmk "$@"; do
        command -v "$command" >/dev/null || printf '%s, ' "$command"
    done
    for style in IEEEtran.cls booktabs.sty siunitx.sty; do
        kpsewhich "$style" >/dev/null 2>&1 || printf '%s, ' "$style"
    done
}

envs=$(dirname "$0")
packages=$(sed 's/#.*//' "$envs/apt.txt" ${1:+"$envs/apt-tests.txt"} | xargs)
missing=$(missing "$@")
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Missing: ${missing%, }. Installing Debian packages, about 3 minutes:"
    apt-get update
    # shellcheck disable=SC2086  # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
    missing=$(missing "$@")
fi
if [ -n "$missing" ]; then
    echo "Missing: ${missing%, }. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" >&2
    exit 1
fi
