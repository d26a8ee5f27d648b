"""The table: medians over all rounds, and the worst in brackets."""

import os
import platform
import statistics

MS, MB = 1e6, 1e6

# Metric, its row, what a figure is divided by, digits, and how samples become one figure.
METRICS = [
    ("memory", "idle: memory, PSS (MB)", MB, 1, "median"),
    ("private", "idle: memory, private dirty (MB)", MB, 1, "median"),
    ("idle cpu", "idle: CPU in 60 s (ms)", MS, 1, "median"),
    ("start", "start to the service's first instruction (ms)", MS, 1, "median"),
    ("restart", "kill -9 of the service to the next (ms)", MS, 1, "median"),
    ("stop", "stop signal to all gone (ms)", MS, 1, "median"),
    ("orphans", "processes left after the stop (of 3)", 1, 0, "worst"),
    ("late", "one job a second: late p50 / p99 (ms)", MS, 1, "percentiles"),
    ("run cpu", "one job a second: CPU of a run (ms)", MS, 2, "median"),
    ("first", "500 jobs at one instant: first (ms)", MS, 0, "median"),
    ("last", "500 jobs at one instant: last (ms)", MS, 0, "median"),
    ("burst cpu", "500 jobs at one instant: CPU of a run (ms)", MS, 2, "median"),
    ("log wall", "206 MB of log: time (s)", 1e9, 2, "median"),
    ("log cpu", "206 MB of log: CPU (s)", 1e9, 2, "median"),
    ("log peak", "206 MB of log: memory peak (MB)", MB, 1, "median"),
    ("log lost", "206 MB of log: lines lost (of 2,000,000)", 1, 0, "worst"),
]


def figure(values, divisor, digits, kind):
    if not values:
        return "–"
    scaled = sorted(value / divisor for value in values)
    if kind == "worst":
        return f"{scaled[-1]:,.{digits}f}"
    if kind == "percentiles":
        return f"{percentile(scaled, 50):.{digits}f} / {percentile(scaled, 99):.{digits}f}"
    median = f"{statistics.median(scaled):,.{digits}f}"
    worst = f"{scaled[-1]:,.{digits}f}"
    return median if len(scaled) == 1 or worst == median else f"{median} ({worst})"


def percentile(values, share):
    """The nearest rank, of sorted values."""
    return values[min(len(values) - 1, max(0, -(-len(values) * share // 100) - 1))]


def table(head, lines):
    return "\n".join(["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]])


def text(results, names, facts):
    columns = names + (["loop"] if "first" in results else [])
    lines = []
    for metric, title, *how in METRICS:
        if metric in results:
            lines.append([title, *(figure(results[metric].get(name, []), *how) for name in columns)])
    parts = [table(["", *("spawn loop" if name == "loop" else name for name in columns)], lines)] if lines else []
    if "scale" in results:
        parts.append(table(["shipkeeper alone", "median (worst)"], [[title, figure(values, *how)] for title, values, *how in results["scale"]]))
    parts.append("\n".join(f"{name}: {value}" for name, value in facts.items()))
    if results.get("problems"):
        parts.append("Not measured:\n" + "\n".join(results["problems"]))
    return "\n\n".join(parts)


def facts(tools, compared, rounds, load, seconds):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), platform.machine())
    return {
        "machine": f"{os.cpu_count()} cores, {model}, Linux {platform.release()}",
        "load average": "at the begin, at each round, at the end: " + ", ".join(f"{value:.2f}" for value in load),
        "rounds": f"{rounds}, {seconds / 60:.1f} minutes in all",
        "versions": ", ".join(f"{peer.name} {peer.version()}" for peer in compared),
    }
