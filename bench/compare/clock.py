"""Times one command as a whole process."""

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from statistics import median


# Seconds before a clock starts, in which the hosts end what the run before has left: its sessions, whose end costs them
# what the next run would pay for.
SETTLE = 3


@dataclass
class Run:
    """One measured run."""

    seconds: float
    # Of the largest of the process and those that it waited for, in KiB.
    resident: int
    # Processor time of the same on this machine.
    cpu: float


class Failed(Exception):
    """A command that did not end as it must; nothing measured with it would mean anything."""


def run(command, *, env=None, codes=(0,), log, check=None):
    """Runs `command`, its output into the file `log`, and times it.

    GNU time starts it: a process's peak would else begin with that of the Python it was forked from.
    """
    peak = log.with_suffix(".time")
    whole = ["/usr/bin/time", "--quiet", "-o", str(peak), "-f", "%M %U %S", *map(str, command)]
    time.sleep(SETTLE)
    with open(log, "wb") as out:
        start = time.monotonic()
        code = subprocess.call(
            whole, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(env or {})}
        )
        seconds = time.monotonic() - start
    if code not in codes:
        raise Failed(f"{command[0]} ended with {code}; see {log}")
    if check is not None and not check(log.read_text(errors="replace")):
        raise Failed(f"{command[0]} did not find what it should; see {log}")
    resident, user, system = peak.read_text().split()
    return Run(seconds, int(resident), float(user) + float(system))


def summary(runs):
    """What a table says of some runs."""
    seconds = [one.seconds for one in runs]
    return {
        "min": min(seconds),
        "median": median(seconds),
        "max": max(seconds),
        "resident": max(one.resident for one in runs),
        "cpu": median(one.cpu for one in runs),
        "runs": [asdict(one) for one in runs],
    }
