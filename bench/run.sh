#!/bin/sh
# Measures, and writes the tables of bench/README.md, each part its own.
# `run.sh [idle] [first] [el] [services] [hundred] [thousand] [plan]`: all when none is named.
# BENCH_ROUNDS and BENCH_FIRST tell how often (5 and 3).
#
# Run as root on Debian 12 with what the Makefile's `bench` target installs; the peers come from PyPI into target/bench/.
set -eu
cd "$(dirname "$0")/.."
work=${CARGO_TARGET_DIR:-$PWD/target}/bench
mkdir -p "$work"
if [ "$(id -u)" != 0 ]; then echo "bench: run it as root: the lab makes network namespaces" >&2; exit 2; fi
if [ "$#" = 0 ]; then set -- idle first el services hundred thousand plan; fi

cargo build --release --locked
case " $* " in *' idle '* | *' first '* | *' el '*)
  if ! cmp -s bench/requirements.txt "$work/venv/requirements.txt"; then
    echo "bench: installing the peers from PyPI into $work/venv" >&2
    rm -rf "$work/venv"
    /usr/bin/python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
    cp bench/requirements.txt "$work/venv/requirements.txt"
  fi
esac
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=bench exec /usr/bin/python3 -m compare "$work" "$@"
