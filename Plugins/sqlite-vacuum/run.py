"""Checks databases and rewrites those with much free space in them. An app that has one open just waits meanwhile."""

import contextlib, glob, json, os, pathlib, shutil, sqlite3, sys

messages = os.fdopen(3, "w", buffering=1)


def say(**message):
    print(json.dumps(message), file=messages)


def fail(summary, hint="", retry=False):
    say(error={"summary": summary, "hint": hint, "retry": retry})
    sys.exit(1)


try:
    request = json.loads(sys.stdin.readline())
    assert request["protocol"] == 1, "unknown protocol"
    patterns, least = request["settings"]["files"], request["settings"].get("least_gain", 0.1)
    assert isinstance(patterns, list)
except Exception as error:
    fail(f"invalid request: {error!r}")

for pattern in patterns:
    if not glob.has_magic(pattern) and not os.path.exists(pattern):
        fail(f"{pattern} does not exist", "correct \"files\", or let what makes it run first")
files = sorted({name for pattern in patterns for name in glob.glob(pattern)})
gained = rewritten = 0
for number, name in enumerate(files):
    say(progress={"step": "checking", "done": number, "total": len(files), "unit": "files"})
    try:
        with contextlib.closing(sqlite3.connect(pathlib.Path(os.path.abspath(name)).as_uri() + "?mode=rw", uri=True, timeout=30, isolation_level=None)) as base:
            verdict = base.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                fail(f"{name} is damaged: {verdict}", "bring it back from a backup; it was left as it is")
            pages, free = base.execute("PRAGMA page_count").fetchone()[0], base.execute("PRAGMA freelist_count").fetchone()[0]
            if not pages or free / pages < least:
                print(f"{name}: {free} of {pages} pages are free, and it stays as it is")
                continue
            before = os.path.getsize(name)
            if shutil.disk_usage(os.path.dirname(os.path.abspath(name))).free < before * 2:
                fail(f"there is no room beside {name} to rewrite it", f"it takes {before * 2:,} bytes for a while")
            # The copy that this takes is to lie beside the file, where there is room for it.
            os.environ["SQLITE_TMPDIR"] = os.path.dirname(os.path.abspath(name))
            base.execute("VACUUM")
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            gained, rewritten = gained + before - os.path.getsize(name), rewritten + 1
            print(f"{name}: {before:,} bytes before, {os.path.getsize(name):,} now")
    except sqlite3.OperationalError as error:
        fail(f"{name}: {error}", "an app may be writing to it", retry=True)
    except sqlite3.DatabaseError as error:
        fail(f"{name} is no database, or damaged: {error}")
say(output={"files": len(files), "rewritten": rewritten, "bytes": gained})
say(result={"summary": f"{len(files)} checked, {rewritten} rewritten, {gained:,} bytes given back" if files else "no such files"})
