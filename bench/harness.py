"""Shared by the benchmarks that drive servers: processes pinned to a core, and their CPU time.

The server under test runs on core 1, everything else on core 0; the figure that counts is the
server's CPU time a request (user + system, of all its threads), which hardly moves when the
machine is shared.
"""
import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

SERVER_CORE = 1 if (os.cpu_count() or 1) > 1 else 0
CLIENT_CORE = 0


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--binary", default=str(ROOT / "build/securebase"))
    parser.add_argument("--tiny", action="store_true")
    return parser.parse_args()


def pin(core):
    return lambda: os.sched_setaffinity(0, {core})


def cpu_seconds(pid):
    """User and system time of a process and its children that it waited for."""
    total = 0
    ticks = os.sysconf("SC_CLK_TCK")
    for child in [pid, *children(pid)]:
        try:
            # schedstat counts nanoseconds; stat only ticks.
            for task in os.listdir(f"/proc/{child}/task"):
                with open(f"/proc/{child}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0]) / 1e9
        except FileNotFoundError:
            with open(f"/proc/{child}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
                total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []


def wrk(url, seconds, connections, script=None):
    """(requests, requests a second, errors) of one run of wrk on the client's core."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    if script:
        command += ["-s", str(script)]
    result = subprocess.run(
        [*command, url], capture_output=True, text=True, check=True, preexec_fn=pin(CLIENT_CORE)
    )
    count = int(re.search(r"(\d+) requests in", result.stdout).group(1))
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", result.stdout).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", result.stdout)
    return count, rate, int(bad.group(1)) if bad else 0


class Process:
    """A server on the server's core; ended by SIGTERM."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, preexec_fn=pin(SERVER_CORE), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    @property
    def pid(self):
        return self.process.pid


def spread(values, unit="", digits=1):
    """'median [min..max] unit'."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} [{min(values):.{digits}f}..{max(values):.{digits}f}]{unit}"


def wait_for_port(port, timeout_s=30):
    import socket

    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
