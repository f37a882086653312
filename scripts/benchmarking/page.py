"""The tables of docs/benchmarks.md and its picture, from what was measured."""

import math

from benchmarking.measuring import median, ratios
from benchmarking.parts import OURS, OURS_IN_2GB
from markupsafe import Markup
from reporting.cohort_picture import Canvas
from reporting.words import Text, same

COSTS = {
    "cpu_s": "CPU s",
    "wall_s": "wall s",
    "peak_mb": "peak MB",
    "disk_mb": "MB left",
}
DRAWN = {  # what the picture draws, and how
    OURS: ' stroke-width="2.5"',
    "hand-written SQL": ' stroke-width="1.5"',
    "polars": ' stroke-width="1.5" stroke-dasharray="6 3"',
    "pandas": ' stroke-width="1.5" stroke-dasharray="2 3"',
    "floor": ' stroke-width="1.5" stroke-dasharray="1 5"',
}
TARGETS = [  # what, with what, by which cost, of which part, at most how much of it
    (OURS, "hand-written SQL", "cpu_s", "rivals", 1.25),
    (OURS, "hand-written SQL", "peak_mb", "rivals", 1.1),
    (OURS_IN_2GB, "hand-written SQL", "peak_mb", "rivals", 1.1),
    (OURS, "polars", "cpu_s", "rivals", 1),
    (OURS, "polars", "peak_mb", "rivals", 0.5),
    (OURS_IN_2GB, "polars", "peak_mb", "rivals", 0.5),
    (OURS, "pandas", "cpu_s", "rivals", 0.4),
    (OURS_IN_2GB, OURS, "cpu_s", "rivals", 1.3),
    ("0.1 %", "full", "cpu_s", "core_increments", 0.05),
    ("tests", "models", "cpu_s", "release", 1),
    ("publish", "models", "cpu_s", "release", 0.1),
]
LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 76, 640, 84, 420, 476


def markdown(head: list[str], rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def amount(value: float | None) -> str:
    """A figure to three digits, or whole."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(found: tuple[float, float, float], unit="") -> str:
    """A ratio and, in brackets, the least and the largest of any round."""
    scale = 100 if unit else 1
    middle, least, most = (amount(value * scale) for value in found)
    return f"{middle}{unit} ({least} to {most})"


def costs(runs: dict, name: str) -> list[str]:
    """Medians of what a step costs, in the sequence of COSTS."""
    turns = runs[name]
    return [amount(median(turns, cost)) if cost in turns[0] else "" for cost in COSTS]


def sized(known: dict, part: str) -> list[tuple[int, dict]]:
    """What is known of a part, by rising size."""
    found = known.get(part, {})
    return [(int(size), found[size]) for size in sorted(found, key=int)]


def under(found: dict, table: str) -> str:
    """A table below a line that says of how many orders, when and on what it is."""
    rounds = "1 round" if found["rounds"] == 1 else f"{found['rounds']} rounds"
    orders = f"{found['orders']:,} orders" if "orders" in found else "Demo"
    versions = ", ".join(
        f"{name} {version}" for name, version in found["versions"].items()
    )
    return (
        f"{orders}, {rounds}, {found['measured_on']}, "
        f"{found['cores']} cores, {found['memory_gb']} GB, {versions}:\n\n{table}"
    )


def rivals(found: dict) -> str:
    head = ["", *COSTS.values(), "this project's CPU / its", "peak / its"]
    runs = found["runs"]
    rows = [
        [name, *costs(runs, name)]
        + [
            "" if name == OURS else spread(ratios(runs, OURS, name, cost))
            for cost in ("cpu_s", "peak_mb")
        ]
        for name in runs
    ]
    return markdown(head, rows)


def growth(known: dict) -> str:
    """CPU of the core marts by size, and how it grew per decade of orders."""
    points = drawn_points(known).get(OURS, [])
    rows, before = [], None
    for orders, cpu in points:
        grown = ""
        if before:
            decades = math.log10(orders / before[0])
            grown = amount((cpu / before[1] / (orders / before[0])) ** (1 / decades))
        rows.append([f"{orders:,}", amount(cpu), amount(cpu / orders * 1e6), grown])
        before = orders, cpu
    head = ["orders", "CPU s", "CPU s per million", "times linear, per decade"]
    return markdown(head, rows)


def targets(known: dict) -> str:
    """What the project wants of itself, and how near it is where most was measured."""
    rows = []
    for one, other, cost, part, most in TARGETS:
        measured = [
            found
            for _, found in sized(known, part)
            if {one, other} <= found["runs"].keys()
        ]
        for found in measured[-1:]:
            ratio = ratios(found["runs"], one, other, cost)
            rows.append(
                [
                    f"{COSTS[cost]}: {one} / {other}",
                    f"{most:g}",
                    spread(ratio),
                    "yes" if ratio[0] <= most else "no",
                    f"{found['orders']:,}",
                ]
            )
    return markdown(["ratio", "at most", "measured", "reached", "orders"], rows)


def profile(found: dict) -> str:
    (turns,) = found["runs"].values()
    total = median(turns, "cpu_s")
    rows = [
        [
            f"`{model['model']}`",
            f"{model['cpu_s'] / total:.1%}",
            amount(model["cpu_s"]),
            "view" if model["rows"] is None else f"{model['rows']:,}",
            amount(model["mb"]),
            amount(model["spill_mb"]),
        ]
        for model in found["dearest"]
    ]
    between = found["between_models_cpu_s"]
    rows.append(
        ["between the models", f"{between / total:.1%}", amount(between), *[""] * 3]
    )
    rows.append([f"all {found['models']}", "100%", amount(total), *[""] * 3])
    dearest = markdown(
        ["model", "share of CPU", "CPU s", "rows", "MB", "spilled MB"], rows
    )
    folders = sorted(found["folders"].items(), key=lambda one: -one[1])
    shares = [f"{name} {cpu / total:.0%}" for name, cpu in folders if cpu > total / 100]
    return f"{dearest}\n\nBy folder: {', '.join(shares)}; 1 % or less each, all others."


def phases_of(runs: dict) -> list[str]:
    """Names of the phases of any step, as they follow each other."""
    return list(
        dict.fromkeys(name for turns in runs.values() for name in turns[0]["phases"])
    )


def by_phase(runs: dict, name: str, phases: list[str]) -> list[str]:
    turns = [turn["phases"] for turn in runs[name]]
    return [
        amount(median(turns, phase)) if phase in turns[0] else "" for phase in phases
    ]


def increments(found: dict) -> str:
    runs = found["runs"]
    phases = phases_of(runs)
    rows = [
        [
            name,
            f"{found['new_orders'].get(name, found['orders']):,}",
            *costs(runs, name)[:3],
            "" if name == "full" else spread(ratios(runs, name, "full"), " %"),
            *by_phase(runs, name, phases),
        ]
        for name in runs
    ]
    head = ["new", "orders", *list(COSTS.values())[:3], "CPU, of the full build"]
    return markdown([*head, *(f"{phase}, CPU s" for phase in phases)], rows)


def release(found: dict) -> str:
    runs = found["runs"]
    rows = [
        [name, *costs(runs, name)]
        + ["" if name == "models" else spread(ratios(runs, name, "models"))]
        for name in runs
    ]
    return markdown(["", *COSTS.values(), "CPU, of the models'"], rows)


def demo(found: dict) -> str:
    runs = found["runs"]
    phases = phases_of(runs)
    rows = [["in all", *(amount(median(runs[name], "cpu_s")) for name in runs)]]
    cells = [by_phase(runs, name, phases) for name in runs]
    rows += [[phase, *line] for phase, *line in zip(phases, *cells, strict=True)]
    nodes = found["nodes"]
    whole = sum(seconds for _, seconds in nodes.values())
    shares = ", ".join(
        f"{kind} {seconds / whole:.0%} ({count:,} nodes)"
        for kind, (count, seconds) in nodes.items()
    )
    said = (
        f"\n\nInvocations of dbt: {found['dbt_runs']}; other processes started: "
        f"{found['processes_started']}. Of the seconds in dbt's nodes: {shares}."
    )
    return markdown(["CPU s", *runs], rows) + said


def fit(found: dict) -> str:
    runs = found["runs"]
    rows = [
        [name, *costs(runs, name)[:3]]
        + ["" if name == "lifetimes" else spread(ratios(runs, name, "lifetimes"))]
        for name in runs
    ]
    table = markdown(["", *list(COSTS.values())[:3], "CPU, of lifetimes'"], rows)
    return (
        f"{table}\n\nLargest difference of expected purchases in 90 days: "
        f"{found['largest_difference']:.1e} of their mean."
    )


PARTS = {
    "rivals": rivals,
    "sizes": profile,
    "core_profile": profile,
    "profile": profile,
    "increments": increments,
    "core_increments": increments,
    "increment_profile": profile,
    "release": release,
    "demo": demo,
    "fit": fit,
}


def tables(known: dict) -> dict[str, str]:
    """The made parts of docs/benchmarks.md, by name, measured or not."""
    parts = {"targets": targets(known), "growth": growth(known)}
    for name, table in PARTS.items():
        found = [under(one, table(one)) for one in known.get(name, {}).values()]
        parts[name] = "\n\n".join(found) or "Not measured yet."
    return parts


# -- the picture --


def drawn_points(known: dict) -> dict[str, list[tuple[int, float]]]:
    """Orders and median CPU seconds of what the picture draws."""
    found: dict[str, dict[int, float]] = {}
    for part in ("sizes", "rivals"):
        for _, one in sized(known, part):
            for name in DRAWN.keys() & one["runs"].keys():
                cpu = median(one["runs"][name], "cpu_s")
                found.setdefault(name, {})[one["orders"]] = cpu
    return {name: sorted(found[name].items()) for name in DRAWN if name in found}


def decades(values) -> range:
    """Powers of ten from below the least value to above the largest."""
    least, most = math.log10(min(values)), math.log10(max(values))
    return range(math.floor(least), max(math.ceil(most), math.floor(least) + 1) + 1)


def picture(known: dict) -> Markup:
    """CPU seconds against orders, on log axes; an empty frame if nothing is known."""
    points = drawn_points(known)
    everything = [point for line in points.values() for point in line] or [(1e6, 1.0)]
    across = decades([orders for orders, _ in everything])
    up = decades([cpu for _, cpu in everything])

    def x(orders: float) -> float:
        part = (math.log10(orders) - across[0]) / (len(across) - 1)
        return LEFT + part * (RIGHT - LEFT)

    def y(cpu: float) -> float:
        part = (math.log10(cpu) - up[0]) / (len(up) - 1)
        return BOTTOM - part * (BOTTOM - TOP)

    canvas = Canvas("en", Text("Cost against size", "成本与规模"))
    canvas.text(24, 36, Text("Cost of the core marts", "核心结果表的成本"), "title")
    subtitle = Text(
        "CPU seconds (user and system, all cores) against orders, both on log axes",
        "CPU 秒（用户与系统，所有核）与订单数，双对数坐标",
    )
    canvas.text(24, 58, subtitle, "soft")
    for power in across:
        canvas.line(x(10**power), TOP, x(10**power), BOTTOM, "faint")
        canvas.text(x(10**power), BOTTOM + 18, same(f"{10**power:,}"), "soft", "middle")
    for power in up:
        canvas.line(LEFT, y(10**power), RIGHT, y(10**power), "faint")
        canvas.text(LEFT - 8, y(10**power) + 4, same(f"{10**power:g}"), "soft", "end")
    canvas.text(RIGHT, BOTTOM + 38, Text("orders", "订单数"), "soft", "end")
    taken: list[float] = []
    for name, line in sorted(points.items(), key=lambda one: -one[1][-1][1]):
        colour = "dot" if name == OURS else "soft"
        for (orders, cpu), (later, more) in zip(line, line[1:], strict=False):
            ends = [round(at, 1) for at in (x(orders), y(cpu), x(later), y(more))]
            canvas.line(*ends, colour, DRAWN[name])
        for orders, cpu in line:
            canvas.shapes.append(
                f'<circle cx="{x(orders):.1f}" cy="{y(cpu):.1f}" r="3.5" '
                f'fill="var(--{colour})"><title>{name}, {orders:,} orders: '
                f"{amount(cpu)} CPU s</title></circle>"
            )
        orders, cpu = line[-1]
        place = max(y(cpu) + 4, taken[-1] + 16 if taken else 0)
        taken.append(place)
        words = same(f"{name}  {amount(cpu)} s")
        canvas.text(
            round(RIGHT + 12, 1), round(place, 1), words, "head" if name == OURS else ""
        )
    ours = points.get(OURS, [])
    story = " ".join(f"{orders:,} orders: {amount(cpu)} CPU s." for orders, cpu in ours)
    return canvas.svg(HEIGHT, same(story or "Nothing was measured yet."))
