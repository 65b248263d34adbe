#!/usr/bin/env python3
"""How a verb is confined while it is at work, as the kernel tells it (/proc/PID/status).

  inside.py [--service] [--devices] spdmctl VERB ...

The verb is held at the end of its work: its document goes to a pipe that nobody reads yet. With --service it is one that runs until
it is told to stop. With --devices it may have CAP_SYS_ADMIN. Prints what is wrong, and "confined" when nothing is."""
import os
import signal
import subprocess
import sys
import time

SYS_ADMIN = 1 << 21
PATIENCE = 20  # seconds


def status_of(pid):
    with open(f"/proc/{pid}/status") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


def wait_until_confined(child):
    """The status once the filter, the last step, is in force; what there is when that does not happen."""
    end = time.monotonic() + PATIENCE
    while True:
        status = status_of(child.pid)
        if status.get("Seccomp") == "2" or child.poll() is not None or time.monotonic() > end:
            return status
        time.sleep(0.01)


def problems_of(status, allowed):
    if status.get("Seccomp") != "2":
        yield f"Seccomp is {status.get('Seccomp')}"
    if status.get("NoNewPrivs") != "1":
        yield f"NoNewPrivs is {status.get('NoNewPrivs')}"
    for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        if int(status.get(name, "0"), 16) & ~(allowed if name in ("CapEff", "CapPrm") else 0):
            yield f"{name} is {status[name]}"


def main():
    arguments = sys.argv[1:]
    options = set()
    while arguments[0].startswith("--"):
        options.add(arguments.pop(0))
    service = "--service" in options
    if not service:
        os.mkfifo("held")
        arguments += ["-o", "held"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        status = wait_until_confined(child)
        if service:
            child.send_signal(signal.SIGTERM)
        else:
            reader = os.open("held", os.O_RDONLY | os.O_NONBLOCK)  # a verb that has ended already must not hold this up
            os.set_blocking(reader, True)
            # Nothing to read is no end: it may not have opened its side yet, and would wait for ever for a reader that has gone.
            while child.poll() is None:
                if not os.read(reader, 65536):
                    time.sleep(0.01)
            os.close(reader)
            os.remove("held")
    print("\n".join(problems_of(status, SYS_ADMIN if "--devices" in options else 0)) or "confined")


main()
