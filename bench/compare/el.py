"""EL-like hosts with firewalld on: the first deploy, and nothing to change, against Ansible with dnf, nmcli and firewalld."""

import sys

from . import clock
from .tools import Masters


def measure(lab, tools, rounds):
    """Each tool's first deploy has a fresh lab, and is followed by runs of both that change nothing."""
    runs = {}

    def keep(name, run):
        print(f"  {name}: {run.seconds:.2f} s", file=sys.stderr)
        runs.setdefault(name, []).append(run)

    for number in range(rounds):
        for name in ("lvsprov", "ansible"):
            print(f"bench: EL, round {number + 1} of {rounds}: {name}", file=sys.stderr)
            lab.fresh()
            with Masters() as masters:
                if name == "lvsprov":
                    keep("lvsprov first", tools.lvsprov(masters, "deploy"))
                else:
                    keep("ansible first", tools.ansible(masters, first=True))
            tools.converged()
            with Masters() as lvsprov, Masters() as ansible:
                keep("lvsprov cold", tools.lvsprov(lvsprov, "deploy"))
                keep("ansible cold", tools.ansible(ansible))
                keep("lvsprov live", tools.lvsprov(lvsprov, "deploy"))
                keep("ansible live", tools.ansible(ansible))
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}
