"""The first deploy, from bare guests to a cluster that balances."""

import sys

from . import clock
from .tools import Masters


def measure(lab, tools, rounds):
    """Each run has a fresh lab, and lvsprov's plan afterwards finds nothing left to do."""
    runs = {}
    for number in range(rounds):
        for name in ("lvsprov", "pyinfra", "ansible"):
            print(f"bench: first deploy, round {number + 1} of {rounds}: {name}", file=sys.stderr)
            lab.fresh()
            with Masters() as masters:
                run = {
                    "lvsprov": lambda: tools.lvsprov(masters, "deploy"),
                    "pyinfra": lambda: tools.pyinfra(first=True),
                    "ansible": lambda: tools.ansible(masters, first=True),
                }[name]()
            print(f"  {run.seconds:.2f} s", file=sys.stderr)
            runs.setdefault(name, []).append(run)
            tools.converged()
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}
