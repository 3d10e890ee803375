#!/bin/sh
# Plain ssh to the tutorial's four hosts side by side, then, with `--ask`, the curl loop on the client.
# side-by-side.sh [--ask] SSH_OPTION...
ask=
if [ "$1" = --ask ]; then ask=yes; shift; fi
probe=$(dirname "$0")/probe.sh
pids=
for of in lvs_director:director lvs_real_server01:real_server lvs_real_server02:real_server client:client; do
  ssh "$@" "${of%%:*}" "exec sh -s ${of##*:}" <"$probe" &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid" || exit; done
if [ -n "$ask" ]; then
  url=http://192.168.175.100:80/
  exec ssh "$@" client "exec curl -sS --http1.0 --noproxy '*' --max-time 10 $url $url $url $url $url $url"
fi
