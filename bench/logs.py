#!/usr/bin/python3
"""Workload W3: two million JSON lines and two million REPORT lines. Ingest through the engine,
bytes on disk, PutLogEvents over HTTP and what the columns cost to read, beside DuckDB on the same
lines in the same run. CPU seconds are the figure that counts."""
import http.client
import json
import pathlib
import subprocess
import tempfile
import threading
import time

import harness
from harness import CLIENT_CORE, ROOT, SERVER_CORE, cpu_seconds, free_port, pin, wait_for_port

PROGRAM = ROOT / "build/bench/logs"
START_MS = 1_780_272_000_000  # of the lines' times


def run(*command):
    out = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True,
                         preexec_fn=pin(SERVER_CORE))
    return [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]


def duckdb(kind, lines, folder):
    peers = ROOT / "bench/peers"
    if not (peers / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=peers, check=True,
                       capture_output=True)
    path = folder / f"{kind}.lines"
    with open(path, "wb") as file:
        subprocess.run([str(PROGRAM), "lines", kind, str(lines)], check=True, stdout=file)
    result = run("node", peers / "duckdb_logs.mjs", kind, path, folder / f"{kind}.duckdb")[0]
    path.unlink()
    return result


def engine(kind, lines, folder):
    data = folder / f"ours-{kind}"
    data.mkdir()
    ours = run(PROGRAM, "ingest", kind, lines, data)[0]
    raw = ours["message_bytes"] + lines  # a file of them has newlines
    print(f"  {kind}: {ours['cpu_seconds']:.2f} CPU-s for {raw / 1e6:.0f} MB = "
          f"{raw / 1e9 / ours['cpu_seconds']:.3f} GB a CPU-s, {raw / 1e6 / ours['wall_seconds']:.0f} "
          f"MB/s wall, slowest append {ours['slowest_append_ms']:.0f} ms")
    print(f"  {kind}: {ours['segment_bytes'] / 1e6:.1f} MB in {ours['segments']} segments = 1/"
          f"{raw / ours['segment_bytes']:.1f} of the lines")
    for scan in run(PROGRAM, "scan", kind, data):
        print(f"    column scan, {scan['scan']}: {scan['cpu_ms']:.1f} CPU-ms, {scan['rows']} rows, "
              f"{scan['chunks_skipped']} chunks skipped")
    return ours, raw


class Client:
    """PutLogEvents by AWS JSON 1.1 on one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def call(self, operation, body):
        self.connection.request("POST", "/", body, {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Logs_20140328.{operation}"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {answer.status} {text[:200]}")


def put_log_events(binary, lines, folder):
    """Two connections, requests of a megabyte, eight streams."""
    text = subprocess.run([str(PROGRAM), "lines", "json", str(lines)], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    bodies, batch, size, raw = [], [], 0, 0
    for i, line in enumerate(text):
        raw += len(line)
        batch.append({"timestamp": START_MS + 86_400_000 * i // lines, "message": line})
        size += len(line) + 26
        if size > 1_000_000 or i + 1 == len(text):
            stream = f"stream-{len(bodies) % 8}"
            bodies.append(json.dumps({"logGroupName": "w3", "logStreamName": stream,
                                      "logEvents": batch}))
            batch, size = [], 0
    port = free_port()
    server = subprocess.Popen(
        [binary, "serve", "--listen", f"127.0.0.1:{port}", "--data", str(folder / "served"), "--auth", "none",
         "--clock", "2026-06-02T00:00:00Z"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pin(SERVER_CORE))
    try:
        wait_for_port(port)
        setup = Client(port)
        setup.call("CreateLogGroup", json.dumps({"logGroupName": "w3"}))
        for i in range(8):
            setup.call("CreateLogStream", json.dumps(
                {"logGroupName": "w3", "logStreamName": f"stream-{i}"}))
        before, start = cpu_seconds(server.pid), time.monotonic()

        def send(part):
            client = Client(port)
            for body in bodies[part::2]:
                client.call("PutLogEvents", body)

        threads = [threading.Thread(target=send, args=(part,)) for part in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cpu, wall = cpu_seconds(server.pid) - before, time.monotonic() - start
    finally:
        server.terminate()
        server.wait()
    print(f"  PutLogEvents over HTTP: {raw / 1e9 / cpu:.3f} GB of messages a server CPU-s, "
          f"{raw / 1e6 / wall:.0f} MB/s wall")


def main():
    arguments = harness.arguments(__doc__)
    lines = 20_000 if arguments.tiny else 2_000_000
    pin(CLIENT_CORE)()
    with tempfile.TemporaryDirectory(prefix="securebase-bench-") as name:
        folder = pathlib.Path(name)
        for kind in ("json", "report"):
            ours, raw = engine(kind, lines, folder)
            peer = duckdb(kind, lines, folder)
            print(f"  {kind}: DuckDB {peer['load_cpu_seconds']:.2f} CPU-s = "
                  f"{raw / 1e9 / peer['load_cpu_seconds']:.3f} GB a CPU-s, {peer['bytes'] / 1e6:.1f} "
                  f"MB = 1/{raw / peer['bytes']:.1f}; ours takes "
                  f"1/{peer['load_cpu_seconds'] / ours['cpu_seconds']:.1f} of its CPU time and "
                  f"1/{peer['bytes'] / ours['segment_bytes']:.1f} of its disk")
            for query, seconds in peer["queries"].items():
                print(f"    DuckDB {query}: {seconds * 1e3:.1f} CPU-ms")
        put_log_events(arguments.binary, min(lines, 400_000), folder)


if __name__ == "__main__":
    main()
