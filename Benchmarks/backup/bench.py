"""Measures the tools on the tree, one after another, and prints a table."""
import argparse
import os
import shutil
import statistics
import subprocess

from tools import TOOLS
from tree import Tree

CHANGES = {"1 % changed": 0.01, "0.02 % changed": 0.0002}
STEPS = ["first", "unchanged", *CHANGES, "restore", "new container"]


def size(folder):
    return sum(os.lstat(f"{place}/{name}").st_size for place, _, names in os.walk(folder) for name in names)


def restored(folder, name):
    """Where the tree is: below the folder by its name, or by its whole path."""
    for place, folders, _ in os.walk(folder):
        if name in folders and os.path.isdir(f"{place}/{name}/files"):
            return f"{place}/{name}"
    raise SystemExit(f"nothing was restored into {folder}")


def check(tree, folder):
    """All but databases must be the same to the last byte: a copy of a database that is in use has its log brought in."""
    found = restored(folder, os.path.basename(tree.root))
    subprocess.run(["diff", "-r", "--exclude=db", "--exclude=.shipkeeper*", tree.root, found], check=True, stdout=subprocess.DEVNULL)


def move(tree, folder):
    """The restored tree takes the place of the first one, as in a container that has nothing else."""
    for database in tree.open:
        database.close()
    shutil.rmtree(tree.root)
    os.rename(restored(folder, os.path.basename(tree.root)), tree.root)


def follow(tool, tree, work):
    rows = {}
    for step in STEPS:
        if step in CHANGES:
            tree.change(CHANGES[step])
        if step == "new container":
            check(tree, f"{work}/restored")
            move(tree, f"{work}/restored")
            tool.forget()
        os.sync()
        before = size(tool.repository)
        measured = tool.restore(f"{work}/restored") if step == "restore" else tool.back_up()
        measured.bytes = size(tool.repository) - before
        rows[step] = measured
    return rows


def measure(kind, work, program, megabytes):
    tree = Tree(f"{work}/tree", megabytes << 20)
    os.makedirs(f"{work}/tool")
    tool = kind(tree, f"{work}/tool", program)
    try:
        rows = follow(tool, tree, work)
    finally:
        tool.close()
    shutil.rmtree(work)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("program")
    parser.add_argument("--megabytes", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only")
    options = parser.parse_args()
    names = [name for name, kind in TOOLS.items() if kind.is_there() and any(word in name for word in options.only.split() or [name])]
    print(f"{options.megabytes} MB, {len(os.sched_getaffinity(0))} cores; medians of {options.rounds}")
    print(f"{'tool':20} {'step':15} {'seconds':>8} {'CPU s':>8} {'peak MB':>8} {'bytes MB':>9}")
    for name in names:
        rounds = [measure(TOOLS[name], f"{options.work}/{index}", options.program, options.megabytes) for index in range(options.rounds)]
        for step in STEPS:
            def median(field):
                return statistics.median(getattr(rows[step], field) for rows in rounds)
            print(f"{name:20} {step:15} {median('seconds'):8.2f} {median('cpu'):8.2f} {median('peak') / 1e6:8.1f} {median('bytes') / 1e6:9.1f}", flush=True)


main()
