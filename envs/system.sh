#!/bin/sh
# The check before any work: system.sh PYTHON [COMMAND...]
# Silent if Python's venv, TeX and the commands, which are those of the tests, are there. If not,
# root gets them from apt where there is one, and anybody else is told the one line to run. With
# commands, root also gets Slurm, without which its tests are skipped.
set -eu
python=$1
shift

# As the workflow itself would say, see lionrank.jobs.location, but before anything is installed.
case $(pwd -P) in
*[[:space:]\"\'\$\`\\\&\;\|\<\>\(\)\{\}:]*)
    printf '%s: %s\n' "$(pwd -P)" "Snakemake and Python's venv cannot work below a path that has white \
space or one of \" ' \$ \` \\ & ; | < > ( ) { } : in it; move the clone." >&2
    exit 1
    ;;
esac

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
    for style in IEEEtran.cls booktabs.sty siunitx.sty t5enc.def; do
        kpsewhich "$style" >/dev/null 2>&1 || printf '%s, ' "$style"
    done
}

packages() { sed 's/#.*//' "$@" | xargs; }

install() {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

is_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

envs=$(dirname "$0")
packages=$(packages "$envs/apt.txt" ${1:+"$envs/apt-tests.txt"})
missing=$(missing "$@")
if [ -n "$missing" ] && is_root_with_apt; then
    echo "Missing: ${missing%, }. Installing Debian packages, about 3 minutes:"
    # shellcheck disable=SC2086  # one word a package
    install $packages
    missing=$(missing "$@")
fi
if [ -n "$missing" ]; then
    echo "Missing: ${missing%, }. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" >&2
    exit 1
fi
if [ $# -gt 0 ] && is_root_with_apt && ! command -v slurmctld >/dev/null; then
    # shellcheck disable=SC2046
    install $(packages "$envs/apt-cluster.txt") ||
        echo "No Slurm: the tests of --profile a100 will be skipped." >&2
fi
