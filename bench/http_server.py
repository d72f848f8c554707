#!/usr/bin/python3
"""CPU time a request: a cached GET /v1/analytics, and signed, durable PutMetricData of 20
datapoints in JSON and CBOR, self-measurement on, beside nginx serving a 200-byte answer in the
same run (workload W6)."""
import datetime
import hashlib
import hmac
import json
import pathlib
import struct
import subprocess
import tempfile

import harness
from harness import Process, cpu_seconds, free_port, spread, wait_for_port, wrk

import urllib.request


def nginx_config(folder, port):
    path = pathlib.Path(folder) / "nginx.conf"
    body = "x" * 200
    path.write_text(
        f"""
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }} }}
"""
    )
    return path


def signed_put(host, key, secret, content_type, body, path, extra):
    """Headers of a PutMetricData that is valid for five minutes (SigV4)."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    payload = hashlib.sha256(body).hexdigest()
    headers = {
        "content-type": content_type,
        "host": host,
        "x-amz-content-sha256": payload,
        "x-amz-date": stamp,
        **extra,
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        ["POST", path, "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, payload]
    )
    scope = f"{day}/us-east-1/monitoring/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"AWS4{secret}".encode()
    for part in (day, "us-east-1", "monitoring", "aws4_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def datapoints():
    return [
        {
            "MetricName": f"Duration{i % 4}",
            "Dimensions": [
                {"Name": "CustomerId", "Value": f"cust-{i:05d}"},
                {"Name": "FunctionName", "Value": f"fn-{i % 10:02d}"},
                {"Name": "Region", "Value": "us-east-1"},
                {"Name": "Stage", "Value": "prod"},
            ],
            "Value": 12.5 + i,
            "Unit": "Milliseconds",
        }
        for i in range(20)
    ]


def cbor(value):
    """The few types that a PutMetricData needs."""

    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 256:
            return bytes([major << 5 | 24, n])
        return bytes([major << 5 | 25]) + n.to_bytes(2, "big")

    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def lua(folder, name, headers, body, path):
    file = pathlib.Path(folder) / f"{name}.lua"
    escaped = "".join(f"\\{byte:03d}" for byte in body)
    lines = [f'wrk.method = "POST"', f'wrk.path = "{path}"', f'wrk.body = "{escaped}"']
    # wrk adds a Host of its own unless it finds one under exactly this name.
    names = {"host": "Host"}
    lines += [
        f"wrk.headers[{json.dumps(names.get(n, n))}] = {json.dumps(v)}" for n, v in headers.items()
    ]
    file.write_text("\n".join(lines))
    return file


def measure(pid, url, seconds, connections, rounds, script=None):
    costs, rates = [], []
    wrk(url, 1, connections, script)
    for _ in range(rounds):
        before = cpu_seconds(pid)
        count, rate, bad = wrk(url, seconds, connections, script)
        if bad:
            raise SystemExit(f"{bad} of {count} requests to {url} failed")
        costs.append((cpu_seconds(pid) - before) / count * 1e6)
        rates.append(rate)
    return costs, rates


def main():
    args = harness.arguments(__doc__)
    seconds, rounds = (1, 1) if args.tiny else (5, 3)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with Process(["nginx", "-p", folder, "-c", str(nginx_config(folder, port))]) as nginx:
            wait_for_port(port)
            peer, peer_rate = measure(nginx.pid, f"http://127.0.0.1:{port}/", seconds, 64, rounds)
        print(f"nginx, 200-byte answer:          {spread(peer)} us CPU, {spread(peer_rate, '/s', 0)}")
        base = sorted(peer)[len(peer) // 2]

        data = pathlib.Path(folder) / "data"
        run = lambda *a: subprocess.run(  # noqa: E731
            [args.binary, *a], check=True, capture_output=True, text=True
        ).stdout
        key = run("key", "create", "--customer", "acme", "--role", "admin", "--data", str(data)).strip()
        pair = run("key", "create", "--customer", "acme", "--role", "admin", "--aws", "--data", str(data))
        access, secret = pair.split()[:2]
        cost = pathlib.Path(folder) / "cost.csv"
        today = datetime.date.today()
        rows = [
            f"{today - datetime.timedelta(days=i % 60)},service-{i % 12},us-east-1,{i % 17}.25,{i % 5}"
            for i in range(2000)
        ]
        cost.write_text("\n".join(["date,service,region,cost,usage", *rows]) + "\n")
        run("import", "csv", str(cost), "--dataset", "cost", "--customer", "acme", "--data", str(data))

        port = free_port()
        command = [args.binary, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
        command += ["--auth", "required", "--threads", "1"]
        with Process(command, stderr=subprocess.DEVNULL) as server:
            wait_for_port(port)
            url = f"http://127.0.0.1:{port}"
            path = "/v1/analytics?dateRange=30d&dimension=service"
            script = pathlib.Path(folder) / "get.lua"
            script.write_text(f'wrk.headers["Authorization"] = "Bearer {key}"')
            first = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {key}"})
            size = len(urllib.request.urlopen(first).read())
            ours, rate = measure(server.pid, url + path, seconds, 64, rounds, script)
            ratio = sorted(ours)[len(ours) // 2] / base
            print(f"cached GET /v1/analytics {size} B: {spread(ours)} us CPU, {spread(rate, '/s', 0)};"
                  f" {ratio:.2f} of nginx (at most 2)")

            host = f"127.0.0.1:{port}"
            body = json.dumps({"Namespace": "Bench", "MetricData": datapoints()}).encode()
            headers = signed_put(host, access, secret, "application/x-amz-json-1.0", body, "/",
                                 {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"})
            script = lua(folder, "json", headers, body, "/")
            for connections in (8, 64):
                ours, rate = measure(server.pid, url + "/", seconds, connections, rounds, script)
                print(f"PutMetricData, 20 datapoints, JSON, {connections} connections: {spread(ours)} us"
                      f" CPU (at most 60), {spread(rate, '/s', 0)}")

            path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
            body = cbor({"Namespace": "Bench", "MetricData": datapoints()})
            headers = signed_put(host, access, secret, "application/cbor", body, path,
                                 {"smithy-protocol": "rpc-v2-cbor"})
            script = lua(folder, "cbor", headers, body, path)
            for connections in (8, 64):
                ours, rate = measure(server.pid, url + path, seconds, connections, rounds, script)
                print(f"PutMetricData, 20 datapoints, CBOR, {connections} connections: {spread(ours)} us"
                      f" CPU (at most 60), {spread(rate, '/s', 0)}")


if __name__ == "__main__":
    main()
