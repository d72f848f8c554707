#!/usr/bin/python3
"""Metrics against VictoriaMetrics in the same run (workloads W1 and W2): ingest over signed,
durable PutMetricData in CBOR and JSON, bytes on disk, queries through GetMetricData; and the
engine alone: data a second, a million series, opening."""
import datetime
import http.client
import json
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import harness
from harness import CLIENT_CORE, Process, cpu_seconds, free_port, pin, spread, wait_for_port

T0 = 1780272000
DAY = 86400
BENCH = harness.ROOT / "build/bench/metrics"


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def disk_bytes(folder):
    """Allocated bytes; the journal, which is allocated beforehand, is not counted."""
    total = 0
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and "journal" not in path.parts:
            total += path.stat().st_blocks * 512
    return total


def client(*arguments):
    result = subprocess.run([str(BENCH), *map(str, arguments)], capture_output=True, text=True,
                            preexec_fn=pin(CLIENT_CORE))
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {result.stderr}")
    return result.stdout


def post(port, path, body="", headers=None, method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    text = response.read()
    if response.status >= 300:
        raise SystemExit(f"{path}: {response.status} {text[:300]}")
    return text


class Ours:
    def __init__(self, binary, folder, clock, auth="required"):
        self.folder, self.clock = pathlib.Path(folder), clock
        self.binary, self.auth, self.pair = binary, auth, ("", "")
        if auth == "required":
            made = subprocess.run(
                [binary, "key", "create", "--role", "admin", "--aws", "--data", str(folder)],
                check=True, capture_output=True, text=True)
            self.pair = tuple(made.stdout.split()[:2])

    def __enter__(self):
        self.port = free_port()
        command = [self.binary, "serve", "--data", str(self.folder), "--listen",
                   f"127.0.0.1:{self.port}", "--auth", self.auth, "--threads", "1",
                   "--clock", iso(self.clock)]
        self.started = time.monotonic()
        self.process = Process(command, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, 60)
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def load(self, form, workload, sets, minutes):
        now = int(self.clock + time.monotonic() - self.started)
        return client("load", f"127.0.0.1:{self.port}", form, workload, sets, minutes, *self.pair, now)

    def get_metric_data(self, body):
        return post(self.port, "/", json.dumps(body), {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData"})


class Victoria:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        self.port = free_port()
        self.process = Process(
            ["victoria-metrics", f"-storageDataPath={self.folder}",
             f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=10y",
             "-memory.allowedPercent=30", "-search.disableCache", "-loggerLevel=ERROR"],
            env={**os.environ, "GOMAXPROCS": "1"}, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, 60)
        return self

    def __exit__(self, *_):
        self.process.process.send_signal(signal.SIGINT)
        self.process.process.wait(120)

    def load(self, form, workload, sets, minutes):
        return client("load", f"127.0.0.1:{self.port}", form, workload, sets, minutes)

    def settle(self):
        post(self.port, "/internal/force_flush", method="GET")
        post(self.port, "/internal/force_merge", method="GET")
        time.sleep(3)

    def query(self, expression, start, end, step):
        arguments = urllib.parse.urlencode(
            {"query": expression, "start": start, "end": end, "step": step, "nocache": 1})
        return post(self.port, "/api/v1/query_range?" + arguments, method="GET")


def loaded(server, form, workload, sets, minutes):
    """CPU seconds a million samples at the last answer, and samples."""
    before = cpu_seconds(server.process.pid)
    line = server.load(form, workload, sets, minutes).split()
    samples = int(line[0])
    return (cpu_seconds(server.process.pid) - before) / samples * 1e6, samples, float(line[4])


def ingest(args, folder, workload, sets, minutes, rounds, peers):
    figures = {}
    forms = ["cbor", "json"] + (["remote"] if peers else [])
    for form in forms:
        costs, slowest, data_bytes, samples = [], [], 0, 0
        for round_number in range(rounds):
            data = pathlib.Path(folder) / f"{workload}-{form}-{round_number}"
            server = Victoria(data) if form == "remote" else Ours(args.binary, data, T0 + 23 * 3600)
            with server:
                cost, samples, worst = loaded(server, form, workload, sets, minutes)
                costs.append(cost)
                slowest.append(worst)
                if form == "remote":
                    server.settle()
            data_bytes = disk_bytes(data if form == "remote" else data / "blocks")
            subprocess.run(["rm", "-rf", str(data)], check=True)
        figures[form] = (statistics.median(costs), data_bytes / samples)
        print(f"{workload} {form:7}: {spread(costs, '', 2)} CPU-s a million samples, "
              f"{data_bytes / samples:.3f} bytes a sample, slowest request {max(slowest):.0f} ms",
              flush=True)
    if peers:
        cost, size = figures["remote"]
        for form in ("cbor", "json"):
            print(f"{workload} {form}: {figures[form][0] / cost:.2f} of VictoriaMetrics' CPU time, "
                  f"{figures[form][1] / size:.2f} of its bytes")


def timed(server, count, ask):
    ask(0)
    times, before = [], cpu_seconds(server.process.pid)
    for i in range(count):
        start = time.perf_counter()
        ask(i)
        times.append((time.perf_counter() - start) * 1000)
    return (cpu_seconds(server.process.pid) - before) / count * 1000, statistics.median(times)


def sql(expression, period, start, end):
    return {"StartTime": start, "EndTime": end,
            "MetricDataQueries": [{"Id": "q", "Expression": expression, "Period": period}]}


def queries(args, folder, sets, peers):
    ours = pathlib.Path(folder) / "w2"
    ours.mkdir()
    print(client("w2", ours, sets).strip())
    end, rows = T0 + 30 * DAY, {}
    def raw(i):
        return {"StartTime": end - DAY, "EndTime": end, "MetricDataQueries": [{
            "Id": "q", "MetricStat": {"Stat": "p95", "Period": 300, "Metric": {
                "Namespace": "Bench", "MetricName": "RawLatency", "Dimensions": dimensions[i % 10]}}}]}
    with Ours(args.binary, ours, end, "none") as server:
        listed = json.loads(post(server.port, "/", json.dumps(
            {"Namespace": "Bench", "MetricName": "RawLatency"}), {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}))
        dimensions = [metric["Dimensions"] for metric in listed["Metrics"]]
        schema = 'SCHEMA("Bench", CustomerId, FunctionName, Region, Stage)'
        rows["(a) p95 by 5 minutes, raw"] = timed(server, 40, lambda i: server.get_metric_data(raw(i)))
        rows["(b) hourly average by region"] = timed(server, 10, lambda i: server.get_metric_data(
            sql(f"SELECT AVG(Duration5m) FROM {schema} GROUP BY Region", 3600, T0, end)))
        rows["(c) top 10 by p95 of a day"] = timed(server, 40, lambda i: server.get_metric_data({
            "StartTime": end - DAY, "EndTime": end, "MetricDataQueries": [{
                "Id": "q", "Expression": "SLICE(SORT(SEARCH('{Bench,CustomerId,FunctionName,Region,Stage}"
                " MetricName=\"Duration5m\"', 'p95', 86400), MAX, DESC), 0, 10)"}]}))
    peer = {}
    if peers:
        with Victoria(pathlib.Path(folder) / "w2-peer") as server:
            server.load("remote", "w2", sets, 8640)
            server.load("remote", "raw", 10, 1440)
            server.settle()
            peer["(a) p95 by 5 minutes, raw"] = timed(server, 40, lambda i: server.query(
                f'quantile_over_time(0.95, RawLatency{{FunctionName="raw-{i % 10}"}}[5m])',
                end - DAY, end, "5m"))
            peer["(b) hourly average by region"] = timed(server, 10, lambda i: server.query(
                "avg(avg_over_time(Duration5m[1h])) by (Region)", T0, end, "1h"))
            peer["(c) top 10 by p95 of a day"] = timed(server, 40, lambda i: server.query(
                "topk(10, quantile_over_time(0.95, Duration5m[1d]))", end, end, "1d"))
    for name, (cpu, wall) in rows.items():
        beside = ""
        if name in peer:
            beside = f"; VictoriaMetrics {peer[name][0]:.2f} CPU-ms, {peer[name][0] / cpu:.1f} times ours"
        print(f"w2 {name}: {cpu:.2f} CPU-ms, {wall:.2f} ms a query{beside}", flush=True)


def main():
    args = harness.arguments(__doc__)
    peers = subprocess.run(["which", "victoria-metrics"], capture_output=True).returncode == 0
    if not peers:
        print("victoria-metrics is not installed: ours alone")
    print(client("engine", *(["--tiny"] if args.tiny else [])).strip(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        series = pathlib.Path(folder) / "series"
        print(client("series", series, 20_000 if args.tiny else 1_000_000).strip())
        print(client("open", series).strip(), flush=True)
        subprocess.run(["rm", "-rf", str(series)], check=True)
        sets, minutes, rounds = (50, 20, 1) if args.tiny else (2500, 1440, 3)
        ingest(args, folder, "w1", sets, minutes, rounds, peers)
        ingest(args, folder, "burst", sets, 3 if args.tiny else 10, rounds, peers)
        queries(args, folder, 20 if args.tiny else 1000, peers)


if __name__ == "__main__":
    main()
