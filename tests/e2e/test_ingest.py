"""Metrics by other protocols: OTLP over HTTP, Prometheus remote write, a scrape of another server,
StatsD over UDP; and what the server says of itself. Read back with the AWS CLI or boto3."""
import gzip
import http.server
import json
import pathlib
import socket
import sys
import tempfile
import threading
import time
import unittest

import harness
import protobuf as pb

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import boto3  # noqa: E402


def now_ns():
    return time.time_ns()


class Exporter(http.server.BaseHTTPRequestHandler):
    """Another program's metrics: a counter that grows by 10 with each scrape."""

    scrapes = 0

    def do_GET(self):
        Exporter.scrapes += 1
        n = Exporter.scrapes
        body = (
            "# TYPE jobs_total counter\n"
            f'jobs_total{{queue="mail"}} {100 + 10 * n}\n'
            "# TYPE temperature gauge\ntemperature 21.5\n"
            "# TYPE wait_seconds histogram\n"
            f'wait_seconds_bucket{{le="1"}} {9 * n}\nwait_seconds_bucket{{le="+Inf"}} {10 * n}\n'
            f"wait_seconds_sum {20 * n}\nwait_seconds_count {10 * n}\n"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class IngestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
        threading.Thread(target=cls.exporter.serve_forever, daemon=True).start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            cls.statsd_port = probe.getsockname()[1]
        config = pathlib.Path(cls.folder.name) / "config.yaml"
        config.write_text(
            f"""ingest:
  statsd:
    listen: 127.0.0.1:{cls.statsd_port}
    interval: 200ms
  scrape:
    interval: 200ms
    targets:
      - url: http://127.0.0.1:{cls.exporter.server_port}/metrics
        namespace: Scraped
        labels: {{job: test}}
"""
        )
        cls.server = harness.Server(cls.folder.name, "--config", config)
        cls.server.start()
        cls.cloudwatch = cls.client("any", "any")

    @classmethod
    def client(cls, key, secret, endpoint=None):
        return boto3.client(
            "cloudwatch", endpoint_url=endpoint or cls.server.endpoint, region_name="us-east-1",
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.exporter.shutdown()
        cls.exporter.server_close()
        cls.folder.cleanup()
        assert code == 0, code

    def statistics(self, namespace, name, dimensions=None, cloudwatch=None):
        now = time.time()
        points = (cloudwatch or self.cloudwatch).get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=7200,
            StartTime=int(now) // 60 * 60 - 3600, EndTime=int(now) + 3600,
            Dimensions=[{"Name": n, "Value": v} for n, v in (dimensions or {}).items()],
            Statistics=["Sum", "SampleCount", "Minimum", "Maximum"], ExtendedStatistics=["p95"],
        )["Datapoints"]  # fmt: skip
        return points[0] if points else None

    def post(self, path, body, headers, endpoint=None):
        return harness.request("POST", (endpoint or self.server.endpoint) + path, body, headers)

    # -- OTLP

    def otlp_json(self, value, service="checkout"):
        return {
            "resourceMetrics": [{
                "resource": {"attributes": [
                    {"key": "service.name", "value": {"stringValue": service}}]},
                "scopeMetrics": [{"scope": {"name": "test"}, "metrics": [{
                    "name": "queue.length", "unit": "{item}", "gauge": {"dataPoints": [{
                        "timeUnixNano": str(now_ns()), "asDouble": value,
                        "attributes": [{"key": "queue", "value": {"stringValue": "größe"}}],
                    }]}}]}],
            }]
        }  # fmt: skip

    def test_otlp_json(self):
        status, headers, body = self.post("/v1/metrics", self.otlp_json(7), {})
        self.assertEqual((status, body), (200, b"{}"))
        self.assertEqual(headers["Content-Type"], "application/json")
        got = self.statistics("checkout", "queue.length", {"queue": "größe"})
        self.assertEqual((got["Sum"], got["Unit"]), (7.0, "Count"))

    def test_otlp_json_gzip_and_partial_success(self):
        body = self.otlp_json(1, "partial")
        points = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["gauge"]["dataPoints"]
        points.append({"timeUnixNano": "1000", "asDouble": 1})
        status, _, answer = self.post(
            "/v1/metrics", gzip.compress(json.dumps(body).encode()),
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )  # fmt: skip
        self.assertEqual(status, 200)
        partial = json.loads(answer)["partialSuccess"]
        self.assertEqual(partial["rejectedDataPoints"], "1")
        self.assertIn("two weeks", partial["errorMessage"])

    def otlp_protobuf(self, metric):
        resource = pb.text(1, pb.text(1, "service.name") + pb.text(2, pb.text(1, "proto")))
        return pb.text(1, pb.text(1, resource) + pb.text(2, pb.text(2, metric)))

    def test_otlp_protobuf_histogram(self):
        point = (
            pb.fixed(3, now_ns()) + pb.fixed(4, 100) + pb.double(5, 250.0)
            + pb.packed_fixed(6, [90, 10]) + pb.packed_doubles(7, [2.0])
            + pb.double(11, 1.0) + pb.double(12, 10.0)
        )  # fmt: skip
        metric = pb.text(1, "latency") + pb.text(3, "s") + pb.text(
            9, pb.text(1, point) + pb.number(2, 1)
        )
        status, headers, body = self.post(
            "/v1/metrics", self.otlp_protobuf(metric), {"Content-Type": "application/x-protobuf"}
        )
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(headers["Content-Type"], "application/x-protobuf")
        got = self.statistics("proto", "latency")
        self.assertEqual(
            (got["SampleCount"], got["Sum"], got["Minimum"], got["Maximum"], got["Unit"]),
            (100.0, 250.0, 1.0, 10.0, "Seconds"),
        )
        self.assertTrue(2 < got["ExtendedStatistics"]["p95"] <= 10)

    def test_otlp_cumulative_counter(self):
        def send(value):
            point = pb.fixed(3, now_ns()) + pb.fixed(6, value)
            metric = pb.text(1, "requests") + pb.text(
                7, pb.text(1, point) + pb.number(2, 2) + pb.number(3, 1)
            )
            status, _, _ = self.post(
                "/v1/metrics", self.otlp_protobuf(metric),
                {"Content-Type": "application/x-protobuf"},
            )  # fmt: skip
            self.assertEqual(status, 200)

        for value in (1000, 1030, 1042, 5):
            send(value)
        self.assertEqual(self.statistics("proto", "requests")["Sum"], 47.0)

    def test_otlp_refusals(self):
        for body, headers, wanted in [
            (b"{", {"Content-Type": "application/json"}, 400),
            (b"\xff", {"Content-Type": "application/x-protobuf"}, 400),
            (b"", {"Content-Type": "text/plain"}, 415),
            (b"x", {"Content-Type": "application/json", "Content-Encoding": "br"}, 415),
        ]:
            status, _, _ = self.post("/v1/metrics", body, headers)
            self.assertEqual(status, wanted, (body, headers))
        status, headers, _ = harness.request("GET", self.server.endpoint + "/v1/metrics")
        self.assertEqual((status, headers["Allow"]), (405, "POST"))

    # -- Prometheus remote write

    def remote_write(self, series, query="", endpoint=None, headers=None):
        message = b""
        for labels, value, time_ms in series:
            inner = b"".join(pb.text(1, pb.text(1, n) + pb.text(2, v)) for n, v in labels.items())
            inner += pb.text(2, pb.double(1, value) + pb.number(2, time_ms))
            message += pb.text(1, inner)
        return self.post(
            "/api/v1/write" + query, pb.snappy(message),
            {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
             "X-Prometheus-Remote-Write-Version": "0.1.0", **(headers or {})}, endpoint,
        )  # fmt: skip

    def test_remote_write(self):
        ms = int(time.time() * 1000)
        gauge = {"__name__": "node_load1", "instance": "a:9100"}
        counter = {"__name__": "http_requests_total", "code": "200"}
        self.assertEqual(self.remote_write([(gauge, 1.5, ms), (counter, 50, ms)])[0], 204)
        self.assertEqual(self.remote_write([(counter, 58, ms + 1000)])[0], 204)
        got = self.statistics("Prometheus", "node_load1", {"instance": "a:9100"})
        self.assertEqual(got["Sum"], 1.5)
        got = self.statistics("Prometheus", "http_requests_total", {"code": "200"})
        self.assertEqual((got["Sum"], got["Unit"]), (8.0, "Count"))
        status, _, body = self.remote_write([(gauge, 1, 1000), (gauge, 2, ms)], "?namespace=Other")
        self.assertEqual(status, 400)
        self.assertIn(b"1 samples were rejected", body)
        self.assertEqual(self.statistics("Other", "node_load1", {"instance": "a:9100"})["Sum"], 2.0)

    # -- scrape and StatsD

    def test_scrape(self):
        labels = {"instance": f"127.0.0.1:{self.exporter.server_port}", "job": "test"}
        jobs = harness.wait_for(lambda: self.statistics("Scraped", "jobs_total",
                                                       {**labels, "queue": "mail"}))
        self.assertEqual(jobs["Sum"] % 10, 0)
        self.assertGreater(self.statistics("Scraped", "up", labels)["Sum"], 0)
        wait = harness.wait_for(lambda: self.statistics("Scraped", "wait_seconds", labels))
        self.assertEqual(wait["Sum"] / wait["SampleCount"], 2.0)
        self.assertIn("p95", wait["ExtendedStatistics"])

    def test_statsd(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in (b"page.views:3|c|#env:prod\npage.views:1|c|@0.5|#env:prod",
                           b"load:200:300|ms", b"bad line"):
                sender.sendto(packet, ("127.0.0.1", self.statsd_port))
        views = harness.wait_for(lambda: self.statistics("StatsD", "page.views", {"env": "prod"}))
        self.assertEqual(views["Sum"], 5.0)
        load = harness.wait_for(lambda: self.statistics("StatsD", "load"))
        self.assertEqual((load["SampleCount"], load["Sum"]), (2.0, 500.0))
        harness.wait_for(lambda: b'securebase_statsd_lines_total{result="malformed"} 1' in
                        harness.request("GET", self.server.endpoint + "/metrics")[2])

    # -- of itself

    def test_metrics_of_itself(self):
        self.statistics("x", "y")
        status, headers, body = harness.request("GET", self.server.endpoint + "/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        text = body.decode()
        for line in ("# TYPE securebase_http_requests_total counter", "securebase_build_info{",
                     'resource="monitoring.GetMetricStatistics",code="2xx"} ',
                     "# TYPE securebase_http_request_duration_seconds histogram",
                     'le="+Inf"} ', "securebase_journal_commits_total ",
                     "securebase_metric_series ", "securebase_worker_queue_length ",
                     "securebase_telemetry_dropped_total 0", "process_resident_memory_bytes "):
            self.assertIn(line, text)
        status, headers, body = harness.request(
            "GET", self.server.endpoint + "/metrics",
            headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"},
        )  # fmt: skip
        self.assertIn("application/openmetrics-text", headers["Content-Type"])
        self.assertTrue(body.endswith(b"# EOF\n"))
        self.assertIn(b"# TYPE securebase_http_requests counter", body)

    def test_keys_decide_whose_data_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = {}
            for role in ("viewer", "analyst", "admin"):
                keys[role] = harness.run("key", "create", "--customer", "acme", "--role", role,
                                         "--data", folder + "/data").stdout.strip()
            pair = harness.run("key", "create", "--customer", "acme", "--role", "viewer", "--aws",
                               "--data", folder + "/data").stdout.split()
            account = harness.run("key", "create", "--role", "viewer", "--aws",
                                  "--data", folder + "/data").stdout.split()
            with harness.Server(folder, auth="required") as server:
                def send(**headers):
                    return self.post("/v1/metrics", self.otlp_json(7), headers, server.endpoint)[0]

                self.assertEqual(send(), 401)
                self.assertEqual(send(Authorization=f"Bearer {keys['viewer']}"), 403)
                self.assertEqual(send(Authorization=f"Bearer {keys['analyst']}"), 200)
                own = self.client(*pair, endpoint=server.endpoint)
                whole = self.client(*account, endpoint=server.endpoint)
                where = ("checkout", "queue.length", {"queue": "größe"})
                self.assertEqual(self.statistics(*where, cloudwatch=own)["Sum"], 7.0)
                self.assertIsNone(self.statistics(*where, cloudwatch=whole))
                self.assertEqual(send(Authorization=f"Bearer {keys['admin']}"), 200)
                self.assertEqual(self.statistics(*where, cloudwatch=whole)["Sum"], 7.0)
                # The same keys on the command line.
                shown = harness.run("metrics", "list", "--endpoint", server.endpoint,
                                    "--key", keys["viewer"], "--format", "csv").stdout
                self.assertIn("checkout,queue.length", shown)
                for key, wanted in (("", 401), (keys["viewer"], 403), (keys["admin"], 200)):
                    headers = {"Authorization": f"Bearer {key}"} if key else {}
                    status, _, _ = harness.request("GET", server.endpoint + "/metrics",
                                                   headers=headers)
                    self.assertEqual(status, wanted)
