#!/usr/bin/python3
"""How long a start takes with a gigabyte of data, and what an idle server holds in memory.

The data: 25 million cost records with wide random identifiers, imported offline."""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import harness


def folder_bytes(folder):
    return sum(f.stat().st_blocks * 512 for f in pathlib.Path(folder).rglob("*") if f.is_file())


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def start(binary, data):
    """Seconds from exec until /readyz answers, and the process."""
    import urllib.error
    import urllib.request

    port = harness.free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [binary, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", "--auth", "none"],
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).read()
            return time.monotonic() - began, process
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)


def main():
    args = harness.arguments(__doc__)
    rows = 20_000 if args.tiny else 5_000_000
    rounds = 1 if args.tiny else 5
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        empty, process = start(args.binary, data)
        time.sleep(1)
        idle = resident_mb(process.pid)
        process.terminate()
        process.wait()
        print(f"empty folder: {empty * 1000:.0f} ms to ready, {idle:.0f} MB resident (at most 100)")

        # Wide random text defeats the dictionaries, so that the disk really fills.
        csv = pathlib.Path(folder) / "rows.csv"
        with open(csv, "w") as file:
            file.write("date,service,region,resource_id,cost,usage\n")
            for i in range(rows):
                file.write(f"2026-{i % 9 + 1:02d}-{i % 28 + 1:02d},svc-{i % 30},r-{i % 8},"
                           f"{hash((i, 1)) & 0xFFFFFFFFFFFFFFFF:016x}{hash((i, 2)) & 0xFFFFFFFFFFFFFFFF:016x}"
                           f"{i * 2654435761 % 2**64:016x},{i % 9973 / 7:.6f},{i % 7919 / 3:.4f}\n")
        copies = 1 if args.tiny else 5
        for copy in range(copies):
            subprocess.run(
                [args.binary, "import", "csv", str(csv), "--dataset", "cost", "--customer", f"c{copy}",
                 "--data", str(data), "--quiet"],
                check=True, capture_output=True,
            )
        size = folder_bytes(data)
        times, resident = [], []
        for _ in range(rounds):
            seconds, process = start(args.binary, data)
            time.sleep(1)
            resident.append(resident_mb(process.pid))
            process.terminate()
            process.wait()
            times.append(seconds * 1000)
        print(f"{size / 1e9:.2f} GB: {harness.spread(times)} ms to ready (at most 1000), "
              f"{statistics.median(resident):.0f} MB resident")


if __name__ == "__main__":
    main()
