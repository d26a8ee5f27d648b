#!/usr/bin/env python3
"""Asks programs by others for the times of cron expressions.

    cron.py CASES COUNT [SYSTEMD]    one line for each case: what cronsim, croniter and systemd-analyze say, with tabs between them

A case is "expression|start in seconds after 1970|zone". An answer is COUNT times in seconds after 1970, with commas; "-" where the program can't be
asked or has no word for it, "refused" where it takes the expression for a mistake. SYSTEMD is the share of cases, in percent, that systemd-analyze
is asked: it is a process for each.
"""

import calendar
import datetime
import re
import subprocess
import sys
import zoneinfo
import zlib

from cronsim import CronSim, CronSimError

try:
    from croniter import croniter
except ImportError:
    croniter = None

DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MONTHS = [name.lower() for name in calendar.month_abbr]


def cronsim(expression, start, zone, count):
    if re.search(r"W(?!ED)|L-", re.sub(r"LW", "", expression.upper())):
        return "-"
    try:
        times = CronSim(expression.replace("?", "*"), datetime.datetime.fromtimestamp(start, zone))
    except CronSimError:
        return "refused"
    found = []
    try:
        for _ in range(count):
            found.append(int(next(times).timestamp()))
    except StopIteration:
        return "refused"
    return ",".join(map(str, found))


def croniter_times(expression, start, zone, count):
    fields = expression.split()
    if croniter is None or "W" in fields[-3].upper() or "L-" in expression.upper():
        return "-"
    # 5L is L5 there.
    fields[-1] = ",".join(re.sub(r"^(\w+)L$", r"L\1", part) for part in fields[-1].split(","))
    if any(part.startswith("L") and not part[1:].isdigit() for part in fields[-1].split(",")):
        return "-"
    try:
        times = croniter(
            " ".join(fields).replace("?", "*"), datetime.datetime.fromtimestamp(start, zone), implement_cron_bug=True,
            second_at_beginning=len(fields) == 6)
        return ",".join(str(int(times.get_next(float))) for _ in range(count))
    except Exception as error:
        return "refused" if "not acceptable" in str(error) or "failed to find" in str(error) else "-"


def numbers(field, low, high, names=()):
    """The numbers of a field without marks."""
    found = set()
    for part in field.lower().split(","):
        base, _, step = part.partition("/")
        value = lambda text: names.index(text) if text in names else int(text)
        if base in "*?":
            first, last = low, high
        elif "-" in base:
            first, last = map(value, base.split("-"))
        else:
            first = value(base)
            last = high if step else first
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def calendar_expression(expression):
    """The same for systemd; None where it has no word for it: a day that either field admits, the last Friday, a weekday."""
    fields = expression.split()
    second, minute, hour, day, month, weekday = (["0"] if len(fields) == 5 else []) + fields
    if "#" in weekday or "L" in weekday.upper() or "W" in day.upper() or "," in day and "L" in day.upper():
        return None
    if not re.match(r"[*?]", day) and not re.match(r"[*?]", weekday):
        return None
    text = lambda field, low, high, names=(): ",".join(str(number) for number in sorted(numbers(field, low, high, names)))
    if "L" in day.upper():
        date = f"~{int((day[2:] or '0')) + 1:02}"
    else:
        date = "-" + text(day, 1, 31)
    week = sorted({number % 7 for number in numbers(weekday, 0, 6, DAYS)})
    prefix = "" if len(week) == 7 else ",".join(DAYS[number].capitalize() for number in week) + " "
    return f"{prefix}*-{text(month, 1, 12, MONTHS)}{date} {text(hour, 0, 23)}:{text(minute, 0, 59)}:{text(second, 0, 59)}"


def systemd(expression, start, zone, count):
    text = calendar_expression(expression)
    if text is None:
        return "-"
    # A base time is excluded there too.
    result = subprocess.run(
        ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time=@{start}", f"{text} {zone.key}"], capture_output=True, text=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    if result.returncode != 0:
        return "-"
    # In UTC there is one line for each time, else a second one "(in UTC): ".
    rows = re.findall(r"(?:Next elapse|Iter\. #\d+): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (\S+)(?:\n\s+\(in UTC\): \w{3} (\S+ \S+) UTC)?", result.stdout)
    if len(rows) != count or any(zone_name != "UTC" and not in_utc for _, zone_name, in_utc in rows):
        return "-"
    parse = lambda text: int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp())
    return ",".join(str(parse(in_utc or shown)) for shown, _, in_utc in rows)


def main():
    cases, count, share = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0
    with open(cases, encoding="utf-8") as file:
        for line in file.read().splitlines():
            expression, start, name = line.split("|")
            start, zone = int(start), zoneinfo.ZoneInfo(name)
            asked = share > 0 and zlib.crc32(line.encode()) % 100 < share
            print(
                cronsim(expression, start, zone, count), croniter_times(expression, start, zone, count),
                systemd(expression, start, zone, count) if asked else "-", sep="\t")


main()
