"""The server's life: start, TLS, keys, one process a folder, stop, kills, a full disk."""
import concurrent.futures
import datetime
import json
import os
import pathlib
import random
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import harness


class Folder(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.TemporaryDirectory()
        self.addCleanup(self.temp.cleanup)
        self.folder = pathlib.Path(self.temp.name) / "s"
        self.folder.mkdir()
        self.data = self.folder / "data"


class Life(Folder):
    def test_answers_and_stops(self):
        with harness.Server(self.folder) as server:
            for path in ("/healthz", "/readyz"):
                self.assertEqual(harness.request("GET", server.endpoint + path)[0], 200)
            self.assertEqual(server.stop(), 0)

    def test_a_second_process_is_refused_with_a_clear_message(self):
        with harness.Server(self.folder):
            second = harness.run(
                "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--auth", "none",
                check=False,
            )
            self.assertNotEqual(second.returncode, 0)
            self.assertRegex(second.stderr, r"process \d+")

    def test_a_stop_finishes_what_was_accepted(self):
        with harness.Server(self.folder) as server:
            body = {"format": "pdf", "reportName": "x", "data": [{"a": i} for i in range(900)]}
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                answers = [
                    pool.submit(harness.request, "POST", f"{server.endpoint}/v1/analytics/export", body)
                    for _ in range(4)
                ]
                harness.wait_for(lambda: any(a.done() for a in answers), what="a first answer")
                code = server.stop()
                for answer in answers:
                    try:
                        self.assertEqual(answer.result()[0], 200)
                    except (urllib.error.URLError, ConnectionError):
                        pass  # not accepted before the listener closed
            self.assertEqual(code, 0)

    def test_none_on_another_address_is_refused(self):
        result = harness.run(
            "serve", "--data", self.data, "--listen", "0.0.0.0:0", "--auth", "none", check=False
        )
        self.assertEqual(result.returncode, 2)
        self.assertIn("--i-know", result.stderr)

    def test_the_clock_can_be_set(self):
        with harness.Server(self.folder, "--clock", "2026-06-01T00:00:00Z") as server:
            _, headers, _ = harness.request("GET", server.endpoint + "/healthz")
            self.assertIn("01 Jun 2026", headers["Date"])

    def test_every_command_has_help_with_an_example(self):
        for command in ("serve", "demo", "key", "import", "loadtest", "validate"):
            with self.subTest(command):
                out = harness.run(command, "--help").stdout
                self.assertIn("Example", out)
                self.assertIn(f"securebase {command}", out)


class Keys(Folder):
    def setUp(self):
        super().setUp()
        make = lambda *a: harness.run("key", "create", "--data", self.data, *a).stdout  # noqa: E731
        self.admin = make("--customer", "acme", "--role", "admin").strip()
        self.viewer = make("--customer", "acme", "--role", "viewer").strip()
        self.other = make("--customer", "other", "--role", "admin").strip()
        self.limited = make(
            "--customer", "limited", "--role", "viewer", "--plan", "standard"
        ).strip()
        self.aws_key, self.aws_secret = make(
            "--customer", "acme", "--role", "admin", "--aws"
        ).split()[:2]

    def ask(self, server, key, path, method="GET", body=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        status, headers, body = harness.request(method, server.endpoint + path, body, headers)
        return status, headers, json.loads(body) if body else None

    def test_roles_tenants_and_limits(self):
        with harness.Server(self.folder, auth="required") as server:
            self.assertEqual(self.ask(server, None, "/v1/analytics")[0], 401)
            self.assertEqual(self.ask(server, "sbk_wrong", "/v1/analytics")[0], 401)
            self.assertEqual(self.ask(server, self.viewer, "/v1/analytics")[0], 200)
            status, _, body = self.ask(server, self.viewer, "/v1/reports", "POST", {"name": "r"})
            self.assertEqual((status, body["code"]), (403, "FORBIDDEN"))
            status, _, report = self.ask(server, self.admin, "/v1/reports", "POST", {"name": "r"})
            self.assertEqual(status, 201, report)
            path = f"/v1/reports/{report['id']}"
            self.assertEqual(self.ask(server, self.admin, path)[0], 200)
            self.assertEqual(self.ask(server, self.other, path)[0], 404)

            statuses = [self.ask(server, self.limited, "/v1/analytics") for _ in range(101)]
            self.assertEqual(statuses[0][1]["X-RateLimit-Limit"], "100")
            limited = [s for s in statuses if s[0] == 429]
            self.assertGreaterEqual(len(limited), 1)
            self.assertEqual(limited[0][2]["code"], "RATE_LIMIT_EXCEEDED")

    def test_signatures_are_verified(self):
        with harness.Server(self.folder, auth="required") as server:
            good = dict(key=self.aws_key, secret=self.aws_secret)
            harness.aws(
                server.endpoint, "cloudwatch", "put-metric-data", "--namespace", "T",
                "--metric-name", "m", "--value", "1", **good,
            )
            metrics = harness.aws(
                server.endpoint, "cloudwatch", "list-metrics", "--namespace", "T", **good
            )
            self.assertEqual(len(metrics["Metrics"]), 1)
            wrong = harness.aws(
                server.endpoint, "cloudwatch", "list-metrics", key=self.aws_key, secret="x" * 40,
                check=False,
            )
            self.assertIn("SignatureDoesNotMatch", wrong.stderr)
            unknown = harness.aws(
                server.endpoint, "dynamodb", "list-tables", key="AKIAUNKNOWN", secret="x", check=False
            )
            self.assertIn("UnrecognizedClientException", unknown.stderr)

    def test_keys_over_http(self):
        with harness.Server(self.folder, auth="required") as server:
            made = harness.run(
                "key", "create", "--customer", "new", "--role", "viewer", "--endpoint",
                server.endpoint, "--key", self.admin,
            ).stdout.strip()
            self.assertEqual(self.ask(server, made, "/v1/analytics")[0], 200)


class Tls(Folder):
    def test_serves_https(self):
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True,
        )
        with harness.Server(
            self.folder, "--tls-cert", certificate, "--tls-key", key, scheme="https"
        ) as server:
            context = ssl.create_default_context(cafile=str(certificate))
            with urllib.request.urlopen(server.endpoint + "/healthz", context=context) as response:
                self.assertEqual(response.status, 200)
            old = ssl.create_default_context(cafile=str(certificate))
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with self.assertRaises(OSError):
                urllib.request.urlopen(server.endpoint + "/healthz", context=old)
            result = harness.run(
                "loadtest", "--endpoint", server.endpoint, "--requests", 10, "--ca-file", certificate,
                check=False,
            )
            self.assertEqual(result.returncode, 0, result.stderr)


class Kills(Folder):
    """kill -9 at random instants while metrics, items and records are written over HTTP; what was
    acknowledged is there afterwards, once."""

    ROUNDS = 6

    def put_metric(self, server, i):
        body = {"Namespace": "Kill", "MetricData": [{"MetricName": "m", "Value": 1, "Unit": "Count"}]}
        status, _, _ = harness.request(
            "POST", server.endpoint, body,
            {"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
             "Content-Type": "application/x-amz-json-1.0"}, timeout=5,
        )
        return status == 200

    def put_item(self, server, i):
        body = {"TableName": "securebase-dev-customers",
                "Item": {"customer_id": {"S": f"c{i}"}, "name": {"S": "n"}, "status": {"S": "active"},
                         "created_at": {"S": "2026-01-01T00:00:00Z"}}}
        status, _, _ = harness.request(
            "POST", server.endpoint, body,
            {"X-Amz-Target": "DynamoDB_20120810.PutItem",
             "Content-Type": "application/x-amz-json-1.0"}, timeout=5,
        )
        return status == 200

    def write_until_killed(self, server, write, first):
        done = 0
        while True:
            try:
                if write(server, first + done):
                    done += 1
            except OSError:
                return done

    def totals(self, server):
        sums = harness.aws(
            server.endpoint, "cloudwatch", "get-metric-statistics", "--namespace", "Kill",
            "--metric-name", "m", "--start-time", moment(hours=-12),
            "--end-time", moment(hours=1), "--period", "86400", "--statistics", "Sum",
        )["Datapoints"]
        count = harness.aws(
            server.endpoint, "dynamodb", "scan", "--table-name", "securebase-dev-customers",
            "--select", "COUNT",
        )["Count"]
        return sum(d["Sum"] for d in sums), count

    def test_nothing_acknowledged_is_lost_or_doubled(self):
        rng = random.Random(int(os.environ.get("SB_SEED", "1")))
        metrics = items = 0
        for round_number in range(self.ROUNDS):
            with harness.Server(self.folder) as server:
                with concurrent.futures.ThreadPoolExecutor(2) as pool:
                    writers = [
                        pool.submit(self.write_until_killed, server, self.put_metric, 0),
                        pool.submit(self.write_until_killed, server, self.put_item, items),
                    ]
                    # Where in their work it hits the writers is the point: any instant will do.
                    time.sleep(rng.uniform(0.05, 0.6))
                    server.kill()
                    metrics += writers[0].result()
                    items += writers[1].result()
            with harness.Server(self.folder) as server:
                stored_metrics, stored_items = self.totals(server)
            with self.subTest(round_number):
                self.assertGreaterEqual(stored_metrics, metrics)
                self.assertLessEqual(stored_metrics, metrics + 1)
                self.assertGreaterEqual(stored_items, items)
                self.assertLessEqual(stored_items, items + 1)
            metrics, items = stored_metrics, stored_items
        self.assertGreater(metrics, 10)
        self.assertGreater(items, 10)


def moment(hours):
    """An ISO time so many hours from now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


class FullDisk(Folder):
    def setUp(self):
        super().setUp()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(self.folder)],
            capture_output=True, text=True,
        )
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system here")
        self.addCleanup(
            lambda: subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)
        )

    def test_refuses_writes_reads_on_and_recovers(self):
        with harness.Server(self.folder) as server:
            url = f"{server.endpoint}/v1/datasets/cost/records"
            record = {"date": "2026-01-01", "service": "a", "cost": 1}
            self.assertEqual(harness.request("POST", url, [record])[0], 200)
            ballast = self.folder / "ballast"
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 65536)
                except OSError:
                    pass
            # Room that is reserved already may take a few more writes.
            big = [{**record, "service": os.urandom(20).hex()} for _ in range(5000)]

            def refused():
                status, _, body = harness.request("POST", url, big)
                return (status, json.loads(body)) if status != 200 else None

            status, body = harness.wait_for(refused, what="a refusal")
            self.assertEqual((status, body["code"]), (503, "SERVICE_UNAVAILABLE"), body)
            path = "/v1/analytics?dateRange=12m&dimension=service"
            self.assertEqual(harness.request("GET", server.endpoint + path)[0], 200)
            ballast.unlink()
            harness.wait_for(
                lambda: harness.request("POST", url, [record])[0] == 200, what="recovery"
            )
            self.assertEqual(server.stop(), 0, server.log_tail())


if __name__ == "__main__":
    unittest.main()
