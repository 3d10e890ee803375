"""`python3 -m compare WORK SECTION...`: measures, keeps the figures in WORK/results.json, writes the tables."""

import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

from . import el, first, hundred, idle, services, table, thousand
from .clock import Failed
from .lab import ElLab, Lab
from .tools import Tools

SECTIONS = ("idle", "first", "el", "services", "hundred", "thousand", "plan")


def main(work, *wanted):
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        raise SystemExit(f"bench: no such part: {' '.join(unknown)}; there are {' '.join(SECTIONS)}")
    work = Path(work)
    lvsprov = work.parent / "release/lvsprov"
    kept = work / "results.json"
    results = {}
    lab = Lab(work, lvsprov)
    tools = Tools(lab, work)
    el_lab = ElLab(work, lvsprov)
    rounds = int(os.environ.get("BENCH_ROUNDS", "5"))
    first_rounds = int(os.environ.get("BENCH_FIRST", "3"))
    parts = {
        "idle": lambda: idle.measure(lab, tools, rounds),
        "first": lambda: first.measure(lab, tools, first_rounds),
        "el": lambda: el.measure(el_lab, Tools(el_lab, work), first_rounds),
        "services": lambda: services.measure(lab, first_rounds),
        "thousand": lambda: thousand.measure(lvsprov, work, first_rounds),
        "hundred": lambda: hundred.measure(lvsprov, work, rounds),
        "plan": plan,
    }
    try:
        for name in SECTIONS:
            if name not in wanted:
                continue
            figures = parts[name]()
            results[name] = {"date": date.today().isoformat(), "machine": machine(), "figures": figures}
            if name in ("idle", "first", "el"):
                results[name]["versions"] = tools.versions()
            kept.write_text(json.dumps(results, indent=1))
            table.write(results, Path("bench/README.md"))
    except Failed as failed:
        raise SystemExit(f"bench: {failed}") from None
    finally:
        if {"idle", "first", "services"} & set(wanted):
            lab.down()
        if "el" in wanted:
            el_lab.down()
    print(table.render(results))


def machine():
    """What the figures depend on."""
    model = next((line.split(":")[1] for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr.split(",")[0]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "model": model.strip(),
        "kernel": platform.release(),
        "ssh": ssh.strip(),
        "load": os.getloadavg()[0],
    }


def plan():
    """The benchmark of 10,000 hosts is Rust's; its last line is JSON."""
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "plan"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    sys.stderr.write(done.stdout)
    return json.loads(done.stdout.strip().splitlines()[-1])


main(*sys.argv[1:])
