"""Runs a command by APScheduler: WHEN INSTANT COUNT COMMAND…, where WHEN is far, second or instant."""

import datetime
import signal
import subprocess
import sys

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

when, instant, count, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
scheduler = BlockingScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(max(10, count))})
trigger = {
    "far": dict(trigger="interval", days=100),
    "second": dict(trigger="cron", second="*"),
    "instant": dict(trigger="date", run_date=datetime.datetime.fromtimestamp(instant, datetime.timezone.utc), misfire_grace_time=60),
}[when]
for _ in range(count):
    scheduler.add_job(subprocess.run, args=[command], **trigger)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
scheduler.start()
