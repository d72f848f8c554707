#!/usr/bin/python3
"""Workload W4: 5 million cost records of 200 customers. Import, bytes on disk, and queries A, B
and C over HTTP, beside DuckDB (sorted table) and PostgreSQL (clustered) on the same data in the
same run. CPU time a query is the figure that counts; then the latency under 100 clients."""
import concurrent.futures
import csv
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import harness
from harness import CLIENT_CORE, ROOT, SERVER_CORE, cpu_seconds, free_port, pin, wait_for_port

FIVE = ["AmazonEC2", "AmazonRDS", "AmazonS3", "AWSLambda", "AmazonEKS"]
FILTER_B = {
    "and": [
        {"region": {"in": ["us-east-1", "us-west-2", "eu-west-1"]}},
        {"or": [{"service": {"in": FIVE}}, {"cost": {"gt": 2}}]},
        {"tags.env": "prod"},
        {"charge_category": {"ne": "Tax"}},
        {"or": [{"resource_id": {"startsWith": "instance"}},
                {"resource_id": {"startsWith": "volume"}}]},
    ]
}
QUERIES = {
    "A": {"dateRange": "custom", "startDate": "2026-05-02", "endDate": "2026-05-31",
          "dimension": "service", "sort": "-cost"},
    "B": {"dateRange": "custom", "startDate": "2026-03-03", "endDate": "2026-05-31",
          "groupBy": "service,region", "filters": json.dumps(FILTER_B),
          "metrics": "effectiveCost,count", "sort": "-effectiveCost", "limit": "20"},
    "C": {"dateRange": "custom", "startDate": "2025-06-01", "endDate": "2026-05-31",
          "groupBy": "tags.team", "granularity": "month", "metrics": "effectiveCost,count"},
}
SQL = {
    "A": """SELECT service, sum(billed_cost) AS cost, sum(quantity), count(*) FROM cost
            WHERE customer_id = %s AND charge_date >= '2026-05-02' AND charge_date < '2026-06-01'
            GROUP BY service ORDER BY cost DESC""",
    "B": """SELECT service, region, sum(effective_cost) AS cost, count(*) FROM cost
            WHERE customer_id = %s AND charge_date >= '2026-03-03' AND charge_date < '2026-06-01'
              AND region IN ('us-east-1', 'us-west-2', 'eu-west-1')
              AND (service IN ('AmazonEC2', 'AmazonRDS', 'AmazonS3', 'AWSLambda', 'AmazonEKS')
                   OR billed_cost > 2)
              AND "tags.env" = 'prod' AND charge_category <> 'Tax'
              AND (resource_id LIKE 'instance%%' OR resource_id LIKE 'volume%%')
            GROUP BY service, region ORDER BY cost DESC LIMIT 20""",
    "C": """SELECT date_trunc('month', charge_date) AS month, "tags.team" AS team, sum(effective_cost), count(*)
            FROM cost WHERE customer_id = %s
              AND charge_date >= '2025-06-01' AND charge_date < '2026-06-01'
            GROUP BY month, team ORDER BY month, team""",
}


def mix(x):
    mask = 2**64 - 1
    x = (x + 0x9E3779B97F4A7C15) & mask
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & mask
    return x ^ x >> 31


def customers():
    """The workload's list: 200 draws, each once."""
    draws = [mix((mix((mix(44) + n) & 2**64 - 1)) & 2**64 - 1) % 200 + 1 for n in range(200)]
    return [f"cust-{d:03d}" for d in dict.fromkeys(draws)]


def folder_bytes(folder, skip=()):
    return sum(
        f.stat().st_blocks * 512
        for f in pathlib.Path(folder).rglob("*")
        if f.is_file() and not any(part in skip for part in f.parts)
    )


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def duckdb(path, who):
    peers = ROOT / "bench/peers"
    if not (peers / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=peers, check=True,
                       capture_output=True)
    out = subprocess.run(
        ["node", str(peers / "duckdb.mjs"), str(path)], input=json.dumps({"customers": who}),
        capture_output=True, text=True, check=True, preexec_fn=pin(SERVER_CORE),
    )
    return json.loads(out.stdout)


class Postgres:
    """A throw-away cluster in a folder of its own, run as the user postgres when we are root."""

    BIN = "/usr/lib/postgresql/15/bin"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "pg"
        self.folder.mkdir()
        self.port = free_port()
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
            os.chmod(folder, 0o755)
        self.run(f"{self.BIN}/initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres")
        settings = ("-c shared_buffers=3GB -c work_mem=64MB -c max_parallel_workers_per_gather=0 "
                    f"-c jit=off -c unix_socket_directories= -c listen_addresses=127.0.0.1 "
                    f"-c port={self.port} -c autovacuum=off")
        self.run(f"{self.BIN}/pg_ctl", "-D", self.folder / "data", "-o", settings, "-w", "-l",
                 self.folder / "log", "start")

    def run(self, *command):
        subprocess.run([*self.user, *map(str, command)], check=True, capture_output=True,
                       preexec_fn=pin(SERVER_CORE), cwd="/")

    def stop(self):
        self.run(f"{self.BIN}/pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")


def postgres(folder, path, who):
    import psycopg2

    server = Postgres(folder)
    try:
        connection = psycopg2.connect(host="127.0.0.1", port=server.port, user="postgres")
        connection.autocommit = True
        cursor = connection.cursor()
        with open(path) as file:
            names = next(csv.reader(file))
        types = {"charge_date": "date", "quantity": "double precision",
                 "billed_cost": "double precision", "effective_cost": "double precision"}
        columns = ", ".join(f'"{n}" {types.get(n, "text")}' for n in names)
        cursor.execute(f"CREATE TABLE cost ({columns})")
        with open(path) as file:
            cursor.copy_expert("COPY cost FROM STDIN WITH (FORMAT csv, HEADER true)", file)
        cursor.execute("CREATE INDEX cost_key ON cost (customer_id, charge_date)")
        cursor.execute("CLUSTER cost USING cost_key")
        cursor.execute("VACUUM ANALYZE cost")
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
        result = {}
        for name, sql in SQL.items():
            times, rows = [], {}
            cursor.execute(sql, (who[0],))
            before = cpu_seconds(backend)
            for customer in who:
                began = time.perf_counter()
                cursor.execute(sql, (customer,))
                rows[customer] = len(cursor.fetchall())
                times.append((time.perf_counter() - began) * 1000)
            cost = (cpu_seconds(backend) - before) / len(who) * 1000
            result[name] = {"cpuMs": cost, "p50": percentile(times, 0.5),
                            "p95": percentile(times, 0.95), "rows": rows}
        connection.close()
        return result
    finally:
        server.stop()


def ask(connection, customer, parameters):
    connection.request("GET", "/v1/analytics?" + urllib.parse.urlencode(parameters),
                       headers={"X-Customer-Id": customer})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"{response.status}: {body[:300]}")
    return body


def uncached(parameters, salt):
    """The same query under another cache key: no row of these answers reaches the limit."""
    return {**parameters, "limit": str(900 + salt)} if "limit" not in parameters else parameters


def ours(pid, port, who, rounds):
    result = {}
    for name, parameters in QUERIES.items():
        costs, times, rows = [], [], {}
        for round_number in range(rounds):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            asked = uncached(parameters, round_number)
            if name == "B":  # its limit is part of the query: a filter that is always true instead
                extra = {"usage": {"gte": -1 - round_number}}
                asked = {**parameters, "filters": json.dumps({"and": [*FILTER_B["and"], extra]})}
            before = cpu_seconds(pid)
            for customer in who:
                began = time.perf_counter()
                body = ask(connection, customer, asked)
                times.append((time.perf_counter() - began) * 1000)
                rows[customer] = body
            costs.append((cpu_seconds(pid) - before) / len(who) * 1000)
        result[name] = {"cpuMs": statistics.median(costs), "spread": costs,
                        "p50": percentile(times, 0.5), "p95": percentile(times, 0.95),
                        "rows": {c: len(json.loads(b)["data"]) for c, b in rows.items()}}
    return result


def open_load(port, who, rate, seconds, clients):
    """Latencies (ms, from the intended sending) of the three queries at a constant rate."""
    total = int(rate * seconds)
    names = list(QUERIES)
    start = time.perf_counter() + 0.2
    latencies = []

    def client(index):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        mine = []
        for i in range(index, total, clients):
            due = start + i / rate
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            name = names[i % 3]
            asked = uncached(QUERIES[name], 10 + i // (3 * len(who)))
            if name == "B":
                extra = {"usage": {"gte": -100 - i // (3 * len(who))}}
                asked = {**QUERIES["B"], "filters": json.dumps({"and": [*FILTER_B["and"], extra]})}
            ask(connection, who[(i // 3) % len(who)], asked)
            mine.append((time.perf_counter() - due) * 1000)
        return mine

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for part in pool.map(client, range(clients)):
            latencies += part
    return latencies


def main():
    args = harness.arguments(__doc__)
    rows, rounds = (50_000, 1) if args.tiny else (5_000_000, 3)
    generator = ROOT / "build/bench/make_w4"
    subprocess.run(["ninja", "-C", str(ROOT / "build"), "bench_make_w4"], check=True,
                   capture_output=True)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = pathlib.Path(folder) / "w4.csv"
        subprocess.run([str(generator), str(rows), str(path)], check=True)
        os.chmod(path, 0o644)
        present = {line.split(",")[1] for line in open(path)}
        who = [c for c in customers() if c in present]
        print(f"{rows} records, {path.stat().st_size / 1e6:.0f} MB of CSV, {len(who)} customers asked")

        data = pathlib.Path(folder) / "data"
        command = [args.binary, "import", "csv", str(path), "--dataset", "cost", "--customer-column",
                   "customer_id", "--customer", "w4", "--data", str(data), "--quiet"]
        before = os.times()
        subprocess.run(command, check=True, capture_output=True, preexec_fn=pin(SERVER_CORE))
        after = os.times()
        cpu = (after.children_user - before.children_user
               + after.children_system - before.children_system)
        size = folder_bytes(data, skip=("journal",))
        print(f"import: {rows / cpu:,.0f} rows a CPU-second (at least 300,000); "
              f"{size / 1e6:.0f} MB on disk without the journal (at most 100)")

        port = free_port()
        server = subprocess.Popen(
            [args.binary, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", "--auth",
             "none", "--clock", "2026-06-01T00:00:00Z"],
            stderr=subprocess.DEVNULL, preexec_fn=pin(SERVER_CORE),
        )
        try:
            wait_for_port(port)
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for customer in who[:5]:
                for parameters in QUERIES.values():
                    ask(connection, customer, uncached(parameters, 99))
            mine = ours(server.pid, port, who, rounds)
            rate, seconds = (50, 2) if args.tiny else (500, 20)
            load = open_load(port, who, rate, seconds, 100)
        finally:
            server.terminate()
            server.wait()

        duck = duckdb(path, who)
        pg = postgres(folder, path, who)
        for name in QUERIES:
            peers = {"DuckDB": duck["queries"][name], "PostgreSQL": pg[name]}
            for peer, figures in peers.items():
                wrong = [c for c in who if figures["rows"][c] != mine[name]["rows"][c]]
                if wrong:
                    raise SystemExit(f"query {name}: {peer} has other rows for {wrong[:3]}")
            best = min(f["cpuMs"] for f in peers.values())
            spread = mine[name]["spread"]
            print(f"{name}: {mine[name]['cpuMs']:.3f} [{min(spread):.3f}..{max(spread):.3f}] ms CPU, "
                  f"p50 {mine[name]['p50']:.2f} p95 {mine[name]['p95']:.2f} ms; "
                  + "; ".join(f"{p} {f['cpuMs']:.2f} ms CPU, p95 {f['p95']:.1f}" for p, f in peers.items())
                  + f"; {mine[name]['cpuMs'] / best:.3f} of the best (at most 0.2)")
        print(f"100 clients, {rate} requests/s, uncached, one core: p50 {percentile(load, 0.5):.1f}, "
              f"p95 {percentile(load, 0.95):.1f} ms (below 50), max {max(load):.0f} ms")


if __name__ == "__main__":
    main()
