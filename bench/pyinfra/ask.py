# What lvsprov's verify asks: six answers, in turn from the one and the other.
from pyinfra import host
from pyinfra.operations import server

ASK = "curl -sS --http1.0 --noproxy '*' --max-time 10" + " http://192.168.175.100:80/" * 6

# Every host has this operation, though only the client runs it: pyinfra orders operations within a host alone, and would
# have the client ask before the others are ready.
server.shell(
    commands=[f"{ASK} | awk '{{ if (NR > 1 && $0 == last) bad = 1; last = $0 }} END {{ exit bad || NR != 6 }}'"],
    _if=lambda: "clients" in host.groups,
)
