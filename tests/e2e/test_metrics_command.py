"""`securebase metrics` against the running server: list, get in every format, put, --follow."""
import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import unittest
import uuid

import harness

ENDPOINT = os.environ["SECUREBASE_ENDPOINT"]


def metrics(*arguments, **options):
    return harness.run("metrics", *arguments, "--endpoint", ENDPOINT, **options)


class MetricsCommandTest(unittest.TestCase):
    def setUp(self):
        self.namespace = f"Cli-{uuid.uuid4().hex[:8]}"

    def put(self, name, *values, **options):
        extra = [part for key, value in options.items() for part in (f"--{key}", value)]
        metrics("put", self.namespace, name, *values, *extra)

    def test_put_list_get(self):
        self.put("Latency", "0.25", "0.75", unit="Seconds", dimension="Host=a", time="5m")
        self.put("Latency", "1", unit="Seconds")
        listed = metrics("list", "--namespace", self.namespace).stdout
        self.assertRegex(listed, r"NAMESPACE +NAME +DIMENSIONS\n")
        self.assertRegex(listed, rf"{self.namespace} +Latency +Host=a")
        rows = list(csv.reader(io.StringIO(
            metrics("list", "--namespace", self.namespace, "--format", "csv").stdout)))
        self.assertEqual(len(rows), 3)
        only = json.loads(metrics("list", "--namespace", self.namespace, "--dimension", "Host",
                                  "--format", "json").stdout)
        self.assertEqual(only[0]["dimensions"], {"Host": "a"})

        table = metrics("get", self.namespace, "Latency", "--stat", "Sum", "--stat", "p100",
                        "--dimension", "Host=a", "--period", "3600").stdout
        self.assertRegex(table, r"TIME +Sum +p100\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +1 +0.75\n")
        rows = list(csv.reader(io.StringIO(
            metrics("get", self.namespace, "Latency", "--stat", "SampleCount", "--format", "csv")
            .stdout)))
        self.assertEqual(rows[0], ["timestamp", "SampleCount"])
        self.assertEqual(rows[1][1], "1")
        series = json.loads(metrics("get", self.namespace, "Latency", "--format", "json").stdout)
        self.assertEqual(series[0]["points"][0]["value"], 1)

    def test_chart(self):
        for minutes, value in ((9, "1"), (8, "2"), (7, "4")):
            self.put("m", value, time=f"{minutes}m")
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "60", "NO_COLOR": "1"}
        chart = metrics("get", self.namespace, "m", "--format", "chart", "--last", "15m",
                        env=utf8).stdout
        self.assertTrue(any("\u2800" < c <= "\u28ff" for c in chart), chart)
        self.assertIn("┤", chart)
        self.assertTrue(all(len(line) <= 60 for line in chart.splitlines()), chart)
        plain = metrics("get", self.namespace, "m", "--format", "chart", "--last", "15m",
                        env={**utf8, "LC_ALL": "C"}).stdout
        self.assertTrue(plain.isascii(), plain)
        self.assertIn("*", plain)

    def test_colours_only_in_a_terminal_that_wants_them(self):
        self.put("m", "1")
        for no_color, wanted in (("", True), ("1", False)):
            main, other = pty.openpty()
            process = subprocess.Popen(
                [harness.binary(), "metrics", "get", self.namespace, "m", "--format", "chart",
                 "--endpoint", ENDPOINT],
                stdout=other, env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": no_color},
            )  # fmt: skip
            self.assertEqual(process.wait(30), 0)
            os.close(other)
            shown = b""
            while select.select([main], [], [], 0.2)[0]:
                try:
                    piece = os.read(main, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
            os.close(main)
            self.assertEqual(b"\x1b[3" in shown, wanted)

    def test_follow(self):
        self.put("m", "1")
        process = subprocess.Popen(
            [harness.binary(), "metrics", "get", self.namespace, "m", "--stat", "Sum", "--follow",
             "--interval", "100ms", "--period", "86400", "--last", "1d", "--format", "csv",
             "--endpoint", ENDPOINT],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.assertEqual(process.stdout.readline(), "timestamp,Sum\n")
        self.assertTrue(process.stdout.readline().endswith(",1\n"))
        self.put("m", "4")
        self.assertTrue(process.stdout.readline().endswith(",5\n"))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 0)
        process.stdout.close()

    def test_follow_in_json_ends_after_its_polls(self):
        self.put("m", "1")
        lines = metrics("get", self.namespace, "m", "--follow", "--polls", "2", "--interval",
                        "10ms", "--format", "json").stdout.splitlines()
        self.assertEqual(json.loads(lines[0])["values"], {"Average": 1})

    def test_no_data_says_so(self):
        result = metrics("get", self.namespace, "nothing")
        self.assertIn("no data", result.stderr)
        self.assertIn("no metrics", metrics("list", "--namespace", self.namespace).stdout)

    def test_exit_codes(self):
        refused = metrics("get", self.namespace, "m", "--stat", "median", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("median", refused.stderr)
        for arguments in (
            ["get", self.namespace], ["get", "N", "m", "--start", "soon"],
            ["get", "N", "m", "--dimension", "x"], ["get", "N", "m", "--format", "xml"],
            ["get", "N", "m", "--follow", "--end", "now"], ["get", "N", "m", "--start", "now"],
            ["put", "N", "m"], ["put", "N", "m", "abc"], ["list", "--dimension", "=x"],
        ):
            self.assertEqual(metrics(*arguments, check=False).returncode, 2, arguments)
        unreachable = harness.run("metrics", "list", "--endpoint", "http://127.0.0.1:1",
                                  check=False)
        self.assertEqual(unreachable.returncode, 1)
        self.assertIn("cannot reach", unreachable.stderr)

    def test_help_has_examples(self):
        for arguments in ([], ["get"], ["put"], ["list"]):
            text = harness.run("metrics", *arguments, "--help").stdout
            self.assertIn("securebase metrics get", text)
            self.assertIn("Exit codes", text)
