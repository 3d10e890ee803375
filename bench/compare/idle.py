"""Nothing to change: what every run after the first costs."""

import sys

from . import clock
from .tools import Masters


def measure(lab, tools, rounds):
    """The tools alternate within a round, so that the machine's drift hits all alike. The slowest sits out after the
    third."""
    lab.fresh()
    with Masters() as masters:
        tools.lvsprov(masters, "deploy")
    runs = {}
    with Masters() as ssh, Masters() as lvsprov, Masters() as ansible:
        # The masters of the "live" columns come up before any clock runs.
        tools.ssh(ssh, live=True)
        tools.lvsprov(lvsprov, "plan")
        tools.ansible(ansible)
        for number in range(rounds):
            print(f"bench: nothing to change, round {number + 1} of {rounds}", file=sys.stderr)

            def keep(name, run):
                print(f"  {name}: {run.seconds:.2f} s", file=sys.stderr)
                runs.setdefault(name, []).append(run)

            for live in (False, True):
                suffix = "live" if live else "cold"
                keep(f"ssh {suffix}", tools.ssh(ssh, live))
                for name, words in LVSPROV.items():
                    with Masters() as fresh:
                        keep(f"{name} {suffix}", tools.lvsprov(lvsprov if live else fresh, *words))
                keep(f"ssh ask {suffix}", tools.ssh(ssh, live, ask=True))
                if number < 3:
                    with Masters() as fresh:
                        keep(f"ansible {suffix}", tools.ansible(ansible if live else fresh))
            keep("pyinfra cold", tools.pyinfra())
        tools.converged()
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}


LVSPROV = {"plan": ["plan"], "deploy unverified": ["deploy", "--no-verify"], "deploy": ["deploy"]}
