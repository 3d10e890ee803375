"""The figures as Markdown, between two marks in README.md."""

# In the order of the README.
TITLES = {
    "idle": "Nothing to change",
    "first": "First deploy, from bare guests",
    "el": "EL-like hosts with firewalld on",
    "services": "1,000 services of 10 real servers, live masters",
    "hundred": "100 hosts, plan only, no live master",
    "thousand": "1,000 hosts, no live master, at most 1,024 open files",
    "plan": "A plan without hosts",
}

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(results, readme):
    """Puts the tables of what was measured in the README in place of the last ones; the others stay as they are."""
    head, rest = readme.read_text().split(BEGIN)
    tables, tail = rest.split(END)
    there = dict(by_title(tables))
    there |= by_title(render(results))
    # A title that is no longer known, after an hour of measuring, must not lose what was measured.
    in_order = "\n".join(there[title] for title in TITLES.values() if title in there)
    readme.write_text(f"{head}{BEGIN}\n{in_order}{END}{tail}")


def by_title(tables):
    """The tables, each under its title, which is its first line."""
    for table in f"\n{tables.strip()}".split("\n### ")[1:]:
        yield table.splitlines()[0], f"### {table.rstrip()}\n"


def render(results):
    """All parts that have been measured."""
    parts = {
        "idle": idle, "first": first, "el": el, "services": services, "hundred": hundred, "thousand": thousand, "plan": plan,
    }  # fmt: skip
    return "\n".join(f"### {TITLES[name]}\n\n{part(results[name])}" for name, part in parts.items() if name in results)


def header(part):
    machine = part["machine"]
    versions = part.get("versions", {})
    of_tools = "".join(f", {name} {version}" for name, version in versions.items())
    return (
        f"{part['date']}: {machine['cores']} cores ({machine['model']}), "
        f"{machine['ssh']}{of_tools}.\nSeconds; load average when it ended: {machine['load']:.1f}.\n\n"
    )


def rows(figures, names):
    lines = ["| | runs | min | **median** | max | peak memory | processor |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, title in names:
        if name in figures:
            of = figures[name]
            lines.append(
                f"| {title} | {len(of['runs'])} | {of['min']:.2f} | **{of['median']:.2f}** | {of['max']:.2f} "
                f"| {of['resident'] / 1024:.0f} MiB | {of['cpu']:.2f} s |"
            )
    return "\n".join(lines) + "\n\n"


def bounds(entries):
    lines = ["| bound | measured | |", "|---|--:|---|"]
    lines += [f"| {text} | {value} | {'met' if met else '**not met**'} |" for text, value, met in entries]
    return "\n".join(lines) + "\n"


def at_most(text, value, bound, unit=" ×", digits=2):
    return (f"{text} ≤ {bound}{unit}", f"{value:.{digits}f}{unit}", value <= bound)


def at_least(text, value, bound):
    return (f"{text} ≥ {bound} ×", f"{value:.1f} ×", value >= bound)


def idle(part):
    figures = part["figures"]

    def median(name):
        return figures[name]["median"]

    names = []
    for live, words in (("cold", "no live master"), ("live", "live masters")):
        names += [
            (f"ssh {live}", f"plain ssh, one probe a host, side by side; {words}"),
            (f"plan {live}", f"`lvsprov plan`; {words}"),
            (f"deploy unverified {live}", f"`lvsprov deploy --no-verify`; {words}"),
            (f"ssh ask {live}", f"plain ssh as above, then the curl loop; {words}"),
            (f"deploy {live}", f"`lvsprov deploy`, with the curl loop; {words}"),
        ]
    names += [
        ("pyinfra cold", "pyinfra, with the curl loop (it keeps no masters)"),
        ("ansible cold", "Ansible, with the curl loop; no live master"),
        ("ansible live", "Ansible, with the curl loop; live masters"),
    ]
    demanded = []
    for live, words in (("cold", "no live master"), ("live", "live masters")):
        for of, floor, title in (
            ("plan", "ssh", "plan / plain ssh"),
            ("deploy unverified", "ssh", "deploy --no-verify / plain ssh"),
            ("deploy", "ssh ask", "deploy / plain ssh and curl loop"),
        ):
            # Over live masters, and with no curl loop, reading is all that is left.
            bound = 1.15 if (live, floor) == ("live", "ssh") else 1.5
            demanded.append(at_most(f"{title}; {words}", median(f"{of} {live}") / median(f"{floor} {live}"), bound))
    # Without masters each connects anew. With them Ansible has its own, and pyinfra, which keeps none, still does.
    for live, words in (("cold", "no live master"), ("live", "live masters")):
        ratio = median("pyinfra cold") / median(f"deploy {live}")
        demanded.append(at_least(f"pyinfra / deploy; {words}", ratio, 3))
        ratio = median(f"ansible {live}") / median(f"deploy {live}")
        demanded.append(at_least(f"Ansible / deploy; {words}", ratio, 20))
    return header(part) + rows(figures, names) + bounds(demanded)


def first(part):
    figures = part["figures"]
    names = [("lvsprov", "`lvsprov deploy`"), ("pyinfra", "pyinfra"), ("ansible", "Ansible")]
    own = figures["lvsprov"]["median"]
    others = [(title, figures[name]["median"]) for name, title in names[1:] if name in figures]
    ratios = ", ".join(f"{title} takes {median / own:.1f} × as long" for title, median in others)
    return header(part) + rows(figures, names) + ratios + ".\n"


def el(part):
    figures = part["figures"]
    names, ratios = [], []
    for kind, words in (
        ("first", "first deploy, from bare guests"),
        ("cold", "nothing to change, no live master"),
        ("live", "nothing to change, live masters"),
    ):
        names += [(f"lvsprov {kind}", f"`lvsprov deploy`; {words}"), (f"ansible {kind}", f"Ansible; {words}")]
        ratio = figures[f"ansible {kind}"]["median"] / figures[f"lvsprov {kind}"]["median"]
        ratios.append(f"| {words} | {ratio:.1f} × |")
    return header(part) + rows(figures, names) + "\n".join(["| Ansible takes | |", "|---|--:|", *ratios]) + "\n"


def hundred(part):
    figures = part["figures"]
    names, demanded = [], []
    for forks in (20, 100):
        names += [(f"ssh {forks}", f"100 × `ssh HOST true`, {forks} at once"),
                  (f"plan {forks}", f"`lvsprov plan --forks {forks}`")]  # fmt: skip
        ratio = figures[f"plan {forks}"]["median"] / figures[f"ssh {forks}"]["median"]
        demanded.append(at_most(f"plan / ssh, {forks} at once", ratio, 1.3))
    resident = max(figures[f"plan {forks}"]["resident"] for forks in (20, 100)) / 1024
    demanded.append(at_most("peak memory", resident, 100, " MiB", 0))
    return header(part) + rows(figures, names) + bounds(demanded)


def thousand(part):
    figures = part["figures"]
    names = [
        ("ssh", "1,000 × `ssh HOST true`, 20 at once"),
        ("check", "`lvsprov deploy --check --forks 20`"),
        ("deploy", "`lvsprov deploy --forks 20`, a file changes on each host"),
    ]
    demanded = []
    for name, title in (("check", "deploy --check"), ("deploy", "deploy of a file")):
        demanded.append(at_most(f"{title} / ssh", figures[name]["median"] / figures["ssh"]["median"], 1.25))
    resident = max(figures[name]["resident"] for name in ("check", "deploy")) / 1024
    demanded.append(at_most("peak memory", resident, 100, " MiB", 0))
    return header(part) + rows(figures, names) + bounds(demanded)


def services(part):
    figures = part["figures"]
    names = [
        ("ipvsadm first", "`ssh DIRECTOR 'ipvsadm -R && ipvsadm -Sn'`, from an empty table"),
        ("lvsprov first", "`lvsprov run`, from an empty table, kept for the next boot"),
        ("ipvsadm idle", "`ssh DIRECTOR ipvsadm -Sn`"),
        ("lvsprov idle", "`lvsprov run`, nothing to change"),
    ]
    demanded = []
    for name, bound in (("first", 1.5), ("idle", 1.3)):
        ratio = figures[f"lvsprov {name}"]["median"] / figures[f"ipvsadm {name}"]["median"]
        demanded.append(at_most(f"lvsprov / ipvsadm, {name}", ratio, bound))
    return header(part) + rows(figures, names) + bounds(demanded)


def plan(part):
    figures = part["figures"]
    lines = ["| phase | seconds |", "|---|--:|"]
    lines += [f"| {name} | {seconds:.3f} |" for name, seconds in figures["phases"].items()]
    total = sum(figures["phases"].values())
    lines += [f"| **together** | **{total:.3f}** |"]
    demanded = [at_most(f"{figures['hosts']} hosts, one thread", total, 2, " s")]
    memory = f"Memory: {figures['bytes_per_host'] / 1024:.1f} KiB a host, {figures['resident'] / 1024:.0f} MiB at the peak.\n"
    return header(part) + "\n".join(lines) + "\n\n" + memory + "\n" + bounds(demanded)
