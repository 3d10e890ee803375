#!/bin/sh
# Records what the documentation shows: a rehearsal as a terminal shows it (rehearsal.txt), and the sessions of
# docs/tutorial.md (session.txt). It needs what `lvsprov lab` needs, and script(1) of bsdutils. Takes some minutes.
#
#     sudo docs/pictures/record.sh [LVSPROV]
#     cargo run --example pictures
#     cargo test --test docs
set -eu
lvsprov=$(readlink -f "${1:-target/release/lvsprov}")
pictures=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$pictures/../../inventories" "$work/"
cd "$work/inventories"

# Results have colours on a terminal. Progress is left out: there it moves.
{
    echo '# lvsprov rehearse inventories/tutorial.yaml'
    cd ..
    script -qec "'$lvsprov' rehearse inventories/tutorial.yaml 2>/dev/null" /dev/null </dev/null | tr -d '\r'
} >"$work/rehearsal.txt"
cd "$work/inventories"

session() {
    echo "# lvsprov $*"
    "$lvsprov" "$@" 2>&1 || :
    echo
}
{
    session lab up tutorial.yaml
    session plan --lab tutorial.yaml
    session deploy --lab tutorial.yaml
    session deploy --lab tutorial.yaml
    session deploy --lab tutorial-wrr.yaml
    "$lvsprov" lab ssh -i tutorial-wrr.yaml lvs_director -- sysctl -qw net.ipv4.ip_forward=0
    session verify --lab tutorial-wrr.yaml
    session deploy --lab tutorial-wrr.yaml
    session verify --lab tutorial-wrr.yaml --output json
    session lab down tutorial.yaml
} >"$work/session.txt"
cp "$work/rehearsal.txt" "$work/session.txt" "$pictures/"
