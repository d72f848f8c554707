#!/usr/bin/python3
"""A million items of 300 bytes in a table: GetItem by key, PutItem durable with 8 clients, and a
Scan, signed and over HTTP; beside PostgreSQL 15 with the same items as JSON (jsonb) and the same
durability in the same run. CPU time is the figure that counts."""
import hashlib
import hmac
import http.client
import json
import pathlib
import random
import re
import subprocess
import tempfile
import time

import harness
from analytics import Postgres
from harness import CLIENT_CORE, Process, cpu_seconds, free_port, pin, wait_for_port, wrk

TARGET = "DynamoDB_20120810."


def item(n):
    """About 300 bytes as DynamoDB counts them: names and values."""
    rng = random.Random(n)
    return {
        "id": f"item-{n:08d}",
        "customer": f"customer-{n % 997:04d}",
        "status": rng.choice(["success", "failed", "pending"]),
        "attempts": rng.randrange(5),
        "amount": round(rng.uniform(1, 9999), 2),
        "active": n % 3 == 0,
        "tags": ["daily", f"region-{n % 7}"],
        "created": f"2026-06-{1 + n % 28:02d}T{n % 24:02d}:{n % 60:02d}:00Z",
        "note": "".join(rng.choices("abcdefghij klmnopqrst", k=120)),
    }


def size_of(one):
    """As DynamoDB counts it."""

    def size(value):
        if isinstance(value, bool):
            return 1
        if isinstance(value, (int, float)):
            digits = f"{value}".replace(".", "").replace("-", "").strip("0")
            return (len(digits) + 1) // 2 + 1
        if isinstance(value, list):
            return 3 + sum(size(v) + 1 for v in value)
        return len(value)

    return sum(len(name) + size(value) for name, value in one.items())


class Signer:
    def __init__(self, host, key, secret):
        self.host, self.key = host, key
        self.day = time.strftime("%Y%m%d", time.gmtime())
        derived = f"AWS4{secret}".encode()
        for part in (self.day, "us-east-1", "dynamodb", "aws4_request"):
            derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
        self.derived = derived

    def headers(self, operation, body):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        payload = hashlib.sha256(body).hexdigest()
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "host": self.host,
            "x-amz-date": stamp,
            "x-amz-target": TARGET + operation,
        }
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            ["POST", "/", "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, payload]
        )
        scope = f"{self.day}/us-east-1/dynamodb/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        signature = hmac.new(self.derived, text.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}"
        )
        return headers


def lua_of(path, signer, operation, bodies):
    """A script for wrk that sends the bodies in turn; the signatures hold for five minutes."""
    lines = ["local requests = {}"]
    for i, body in enumerate(bodies, 1):
        headers = signer.headers(operation, body)
        headers["Host"] = headers.pop("host")
        fields = ", ".join(f"[{json.dumps(n)}]={json.dumps(v)}" for n, v in headers.items())
        text = json.dumps(body.decode())
        lines.append(f'requests[{i}] = wrk.format("POST", "/", {{{fields}}}, {text})')
    # wrk.format needs the host, which is known in init only; requests are made there.
    script = "\n".join(lines[1:])
    path.write_text(
        f"local requests = {{}}\nlocal at = 0\n"
        f"function init(args)\n{script}\nend\n"
        f"function request()\n  at = at % #requests + 1\n  return requests[at]\nend\n"
    )
    return path


def measure(pid, url, script, seconds, connections, rounds):
    costs, rates = [], []
    wrk(url, 1, connections, script)
    for _ in range(rounds):
        before = cpu_seconds(pid)
        count, rate, bad = wrk(url, seconds, connections, script)
        if bad:
            raise SystemExit(f"{bad} of {count} requests failed")
        costs.append((cpu_seconds(pid) - before) / count * 1e6)
        rates.append(rate)
    return costs, rates


def scan(port, signer, pid):
    """(items, wall seconds, CPU seconds of the server) of one whole scan."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    start, items, request = time.monotonic(), 0, {"TableName": "items"}
    cpu = cpu_seconds(pid)
    while True:
        body = json.dumps(request).encode()
        connection.request("POST", "/", body, signer.headers("Scan", body))
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(text[:300])
        # Parsing would be the client's time.
        tail = text[-400:].decode()
        items += int(re.search(r'"Count":(\d+)', tail).group(1))
        last = re.search(r'"LastEvaluatedKey":(\{.*?\}\})', tail)
        if not last:
            return items, time.monotonic() - start, cpu_seconds(pid) - cpu
        request["ExclusiveStartKey"] = json.loads(last.group(1))


def ours(args, folder, path, count, seconds, rounds, bytes_in_all):
    data = folder / "data"

    def run(*command):
        return subprocess.run(
            [args.binary, *map(str, command)], check=True, capture_output=True, text=True,
            preexec_fn=pin(harness.SERVER_CORE),
        ).stdout  # fmt: skip

    pair = run("key", "create", "--role", "admin", "--aws", "--data", data)
    access, secret = pair.split()[:2]
    port = free_port()
    command = [args.binary, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
    command += ["--auth", "required", "--threads", "1"]
    results = {}
    with Process(command, stderr=subprocess.DEVNULL) as server:
        wait_for_port(port)
        endpoint = f"http://127.0.0.1:{port}"
        signer = Signer(f"127.0.0.1:{port}", access, secret)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        body = json.dumps(
            {
                "TableName": "items",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            }
        ).encode()
        connection.request("POST", "/", body, signer.headers("CreateTable", body))
        connection.getresponse().read()
        start, before = time.monotonic(), cpu_seconds(server.pid)
        subprocess.run(
            [args.binary, "table", "import", "items", str(path), "--endpoint", endpoint,
             "--key", f"{access}:{secret}", "--quiet"],
            check=True, preexec_fn=pin(CLIENT_CORE),
        )  # fmt: skip
        results["load"] = count / (cpu_seconds(server.pid) - before)
        print(f"loaded {count} items by BatchWriteItem: {count / (time.monotonic() - start):.0f}/s,"
              f" {results['load']:.0f} a CPU-second")

        rng = random.Random(1)
        keys = [f"item-{rng.randrange(count):08d}" for _ in range(2000)]
        bodies = [
            json.dumps({"TableName": "items", "Key": {"id": {"S": key}}}).encode() for key in keys
        ]
        script = lua_of(folder / "get.lua", signer, "GetItem", bodies)
        results["get"] = measure(server.pid, endpoint, script, seconds, 8, rounds)

        bodies = []
        for key in keys:
            one = item(int(key[5:]))
            wire = {
                name: {"BOOL": value} if isinstance(value, bool)
                else {"N": str(value)} if isinstance(value, (int, float))
                else {"L": [{"S": v} for v in value]} if isinstance(value, list)
                else {"S": value}
                for name, value in one.items()
            }  # fmt: skip
            bodies.append(json.dumps({"TableName": "items", "Item": wire}).encode())
        script = lua_of(folder / "put.lua", signer, "PutItem", bodies)
        results["put"] = measure(server.pid, endpoint, script, seconds, 8, rounds)
        scans = []
        for _ in range(rounds):
            found, wall, cpu = scan(port, signer, server.pid)
            if found != count:
                raise SystemExit(f"the scan found {found} of {count} items")
            scans.append((bytes_in_all / wall / 1e6, bytes_in_all / cpu / 1e6))
        results["scan"] = ([s[1] for s in scans], [s[0] for s in scans])
    return results


def pgbench(postgres, script, seconds):
    """(CPU microseconds a transaction, transactions a second) of 8 clients."""
    pid = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
    command = [f"{Postgres.BIN}/pgbench", "-h", "127.0.0.1", "-p", str(postgres.port), "-U",
               "postgres", "-n", "-M", "prepared", "-c", "8", "-j", "1", "-f", str(script),
               "-T", str(seconds + 2), "-P", "1", "postgres"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=pin(CLIENT_CORE),
    )  # fmt: skip
    # Backends end with their clients, and their CPU time with them: it is read while they live.
    marks = []
    for line in process.stderr:
        found = re.search(r"progress: ([\d.]+) s, ([\d.]+) tps", line)
        if found:
            marks.append((float(found.group(1)), float(found.group(2)), cpu_seconds(pid)))
    process.wait()
    first, last = marks[0], marks[-2]
    count = sum(rate for _, rate, _ in marks[1:-1]) * (last[0] - first[0]) / len(marks[1:-1])
    return (last[2] - first[2]) / count * 1e6, count / (last[0] - first[0])


def peer(folder, path, count, seconds, rounds, bytes_in_all):
    import psycopg2

    postgres = Postgres(folder)
    try:
        connection = psycopg2.connect(host="127.0.0.1", port=postgres.port, user="postgres")
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE items (id text PRIMARY KEY, doc jsonb NOT NULL)")
        cursor.execute("CREATE TEMP TABLE lines (doc jsonb)")
        with open(path) as file:
            cursor.copy_expert("COPY lines FROM STDIN WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')", file)
        cursor.execute("INSERT INTO items SELECT doc->>'id', doc FROM lines")
        cursor.execute("VACUUM ANALYZE items")
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone()[0] == "on"
        get = folder / "get.sql"
        get.write_text(
            f"\\set n random(0, {count - 1})\n"
            "SELECT doc FROM items WHERE id = 'item-' || lpad(:n::text, 8, '0');\n"
        )
        put = folder / "put.sql"
        doc = json.dumps({**item(1), "id": "x"}).replace("'", "''")
        put.write_text(
            f"\\set n random(0, {count - 1})\n"
            f"INSERT INTO items VALUES ('item-' || lpad(:n::text, 8, '0'), '{doc}'::jsonb)"
            " ON CONFLICT (id) DO UPDATE SET doc = excluded.doc;\n"
        )
        results = {}
        for name, script in (("get", get), ("put", put)):
            runs = [pgbench(postgres, script, seconds) for _ in range(rounds)]
            results[name] = ([r[0] for r in runs], [r[1] for r in runs])
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
        scans = []
        for _ in range(rounds):
            start, cpu = time.monotonic(), cpu_seconds(backend)

            class Sink:
                size = 0

                def write(self, chunk):
                    self.size += len(chunk)

            cursor.copy_expert("COPY (SELECT doc FROM items) TO STDOUT", Sink())
            wall, cpu = time.monotonic() - start, cpu_seconds(backend) - cpu
            scans.append((bytes_in_all / wall / 1e6, bytes_in_all / cpu / 1e6))
        results["scan"] = ([s[1] for s in scans], [s[0] for s in scans])
        return results
    finally:
        postgres.stop()


def main():
    args = harness.arguments(__doc__)
    count, seconds, rounds = (20_000, 2, 1) if args.tiny else (1_000_000, 5, 3)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        path = folder / "items.json"
        bytes_in_all = 0
        with open(path, "w") as file:
            for n in range(count):
                one = item(n)
                bytes_in_all += size_of(one)
                file.write(json.dumps(one, separators=(",", ":")) + "\n")
        print(f"{count} items of {bytes_in_all / count:.0f} bytes")
        theirs = peer(folder, path, count, seconds, rounds, bytes_in_all)
        mine = ours(args, folder, path, count, seconds, rounds, bytes_in_all)
        for key, label, aim in (
            ("get", "GetItem, 8 connections", "50 us: 20,000/s a core"),
            ("put", "PutItem durable, 8 connections", "3,000/s"),
        ):
            for who, result in (("ours", mine), ("PostgreSQL", theirs)):
                print(f"{label}, {who}: {harness.spread(result[key][0])} us CPU,"
                      f" {harness.spread(result[key][1], '/s', 0)}"
                      f"{f' (aim {aim})' if who == 'ours' else ''}")
        for who, result in (("ours", mine), ("PostgreSQL, COPY TO STDOUT", theirs)):
            print(f"Scan, {who}: {harness.spread(result['scan'][0], ' MB a CPU-second', 0)},"
                  f" {harness.spread(result['scan'][1], ' MB/s', 0)}"
                  f"{' (aim 100 MB/s)' if who == 'ours' else ''}")


if __name__ == "__main__":
    main()
