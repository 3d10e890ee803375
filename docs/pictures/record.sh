#!/bin/sh
# Records what the documentation shows: a rehearsal as a terminal shows it (rehearsal.txt), the sessions of
# docs/tutorial.md (session.txt), and what the other pages show (samples.txt). It needs what `lvsprov lab` needs, and
# script(1) of bsdutils. Takes some minutes.
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

# The image is built once. When it is there, a recording is the same on every machine.
"$lvsprov" lab up tutorial.yaml >/dev/null 2>&1
"$lvsprov" lab down tutorial.yaml >/dev/null 2>&1

# Results have colours on a terminal. Progress is left out: there it moves.
{
    echo '# lvsprov rehearse inventories/tutorial.yaml'
    cd ..
    script -qec "'$lvsprov' rehearse inventories/tutorial.yaml 2>/dev/null" /dev/null </dev/null | tr -d '\r'
} >"$work/rehearsal.txt"
cd "$work/inventories"

session() {
    echo "# lvsprov $*"
    "$lvsprov" "$@" 2>&1 | sed "s,$HOME/,~/,; s,${XDG_CACHE_HOME:-$HOME/.cache}/,~/.cache/," || :
    echo
}
on() {
    machine=$1
    shift
    "$lvsprov" lab ssh -i tutorial-wrr.yaml "$machine" -- "$@"
}
{
    session lab up tutorial.yaml
    session plan --lab tutorial.yaml
    session deploy --lab tutorial.yaml
    session deploy --lab tutorial.yaml
    session deploy --lab tutorial-wrr.yaml
    on lvs_director sysctl -qw net.ipv4.ip_forward=0
    session verify --lab tutorial-wrr.yaml
    session deploy --lab tutorial-wrr.yaml
    session verify --lab tutorial-wrr.yaml --output json
} >"$work/session.txt"

# The same service on another port, and the same without the second real server, while the client holds connections.
sed 's/100:80 /100:8080 /' tutorial.yaml >moved.yaml
sed '/host: lvs_real_server02/d' tutorial.yaml >smaller.yaml
{
    session deploy --lab tutorial.yaml
    session verify --lab -v tutorial.yaml
    session plan --lab moved.yaml
    session plan --lab --debug plan.log tutorial.yaml
    echo '# cat plan.log'
    cat plan.log
    echo
    on client 'setsid bash -c "for n in 1 2 3 4 5 6; do exec {n}<>/dev/tcp/192.168.175.100/80; done; sleep 60" >/dev/null 2>&1 </dev/null &'
    sleep 2
    session deploy --lab smaller.yaml
    session deploy --lab tutorial.yaml
    session lab off -i tutorial.yaml lvs_real_server02
    session verify --lab tutorial.yaml
    session verify --lab --limit lvs_real_server02 tutorial.yaml
    session lab down tutorial.yaml
} >"$work/samples.txt"
cp "$work/rehearsal.txt" "$work/session.txt" "$work/samples.txt" "$pictures/"
