"""A worker that reports to whoever supervises it, by sd_notify(3): shipkeeper, systemd, or nobody."""
import os
import signal
import socket
import time


def notify(text):
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)


def reload(number, frame):
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    # Here it would read its settings.
    notify("READY=1\nSTATUS=settings are read again")


signal.signal(signal.SIGHUP, reload)
notify("STATUS=warming up")
time.sleep(1)
notify("READY=1\nSTATUS=0 tasks done")

# Twice as often as it must: the time is in microseconds.
pace = int(os.environ.get("WATCHDOG_USEC", 20_000_000)) / 2_000_000
done = 0
while True:
    time.sleep(pace)
    done += 1
    notify(f"WATCHDOG=1\nSTATUS={done} tasks done")
