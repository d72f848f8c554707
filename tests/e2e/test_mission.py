"""What the users' own documents run: their load test, their validation script, boto3 publishing;
and our two commands that take their place."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import harness

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MISSION = ROOT.parent / "shared/mission/performance-monitoring-and-success-criteria.md"
ENDPOINT = os.environ["SECUREBASE_ENDPOINT"]


def users_block(marker):
    """The code block of the users' document that contains the marker."""
    if not MISSION.exists():
        raise unittest.SkipTest("the users' document is not beside this checkout")
    for block in re.findall(r"```\w*\n(.*?)```", MISSION.read_text(), re.S):
        if marker in block:
            return block
    raise AssertionError(f"no block with {marker!r}")


class UsersLoadTest(unittest.TestCase):
    def run_script(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(text)
            file.flush()
            result = subprocess.run(
                ["/usr/bin/python3", file.name], capture_output=True, text=True, timeout=120
            )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Errors: 0 (0.00%)", result.stdout)
        self.assertRegex(result.stdout, r"P95: [0-9.]+s \(✓ PASS\)")

    def test_as_it_stands_but_for_address_and_key(self):
        text = users_block("Load test for Phase 4")
        text = text.replace("https://api.securebase.io/v1", f"{ENDPOINT}/v1")
        self.run_script(text)

    def test_the_copy_in_examples(self):
        text = (ROOT / "examples/load_test.py").read_text()
        self.run_script(text.replace("http://127.0.0.1:8080/v1", f"{ENDPOINT}/v1"))


class OurLoadTest(unittest.TestCase):
    def loadtest(self, *options, check=True):
        return harness.run(
            "loadtest", "--endpoint", ENDPOINT, "--key", "any", *options, check=check
        )

    def test_prints_the_users_block(self):
        out = self.loadtest("--requests", 100, "--concurrency", 10).stdout
        self.assertIn("=== Load Test Results ===", out)
        self.assertIn("Total requests: 100", out)
        self.assertRegex(out, r"P95: [0-9.]+s \(PASS p95<5s\)")
        self.assertIn("exclusive", out)

    def test_every_scenario_holds(self):
        for scenario in ("query", "filters", "range-90d", "export", "mixed"):
            with self.subTest(scenario):
                out = self.loadtest("--scenario", scenario, "--requests", 20, "--format", "json")
                report = json.loads(out.stdout)
                self.assertEqual(report["failures"], {})
                self.assertEqual(report["verdict"], "PASS")

    def test_open_model_keeps_its_rate(self):
        out = self.loadtest("--rate", 200, "--requests", 200, "--format", "json").stdout
        report = json.loads(out)
        self.assertEqual(report["model"], "open")
        self.assertLessEqual(report["requestsPerSecond"], 220)

    def test_a_missed_threshold_exits_1(self):
        result = self.loadtest("--requests", 10, "--threshold", "p50<1us", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("FAIL p50<1us", result.stdout)

    def test_wrong_usage_exits_2(self):
        for options in (
            ("--scenario", "nosuch"),
            ("--threshold", "p95<5"),
            ("--concurrency", "0"),
            ("--nosuch",),
            ("--duration", "5 parsecs"),
        ):
            with self.subTest(options):
                self.assertEqual(self.loadtest(*options, check=False).returncode, 2)

    def test_nobody_there_exits_2(self):
        result = harness.run(
            "loadtest", "--endpoint", "http://127.0.0.1:1", "--requests", 3, check=False
        )
        self.assertEqual(result.returncode, 2)

    def test_compare(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [f"{folder}/{name}.json" for name in "ab"]
            for path in paths:
                self.loadtest("--requests", 200, "--format", "json", "--output", path)
            slow = json.loads(pathlib.Path(paths[0]).read_text())
            slow["sortedLatenciesSeconds"] = [v * 2 for v in slow["sortedLatenciesSeconds"]]
            slow_path = pathlib.Path(folder) / "slow.json"
            slow_path.write_text(json.dumps(slow))
            self.assertEqual(harness.run("loadtest", "compare", paths[0], paths[0]).returncode, 0)
            worse = harness.run("loadtest", "compare", paths[0], slow_path, check=False)
            self.assertEqual(worse.returncode, 1)
            self.assertIn("REGRESSION", worse.stdout)
            bad = harness.run("loadtest", "compare", paths[0], "/nosuch", check=False)
            self.assertEqual(bad.returncode, 2)

    def test_the_result_stands_on_the_page(self):
        self.loadtest("--requests", 17, "--concurrency", 3)
        _, summary = harness.get_json(f"{ENDPOINT}/v1/monitoring/summary?window=15m")
        self.assertEqual(summary["lastLoadtest"]["result"]["concurrency"], 3)


class Validate(unittest.TestCase):
    def setUp(self):
        harness.run("loadtest", "--endpoint", ENDPOINT, "--requests", 20, "--scenario", "mixed")

    def validate(self, *options):
        return harness.run("validate", "--endpoint", ENDPOINT, *options, check=False)

    def run_of(self, *options):
        return json.loads(self.validate("--format", "json", *options).stdout)

    def test_measures_seven_criteria(self):
        def ready():
            run = self.run_of()
            by_id = {c["id"]: c for c in run["criteria"]}
            return by_id if by_id["query-execution-time"]["verdict"] == "PASS" else None

        by_id = harness.wait_for(ready, what="the query time criterion")
        self.assertEqual(len(by_id), 7)
        query = by_id["query-execution-time"]
        self.assertLess(query["value"], 5)
        self.assertGreater(query["sampleCount"], 0)
        self.assertIsNotNone(query["confidence"])

    def test_the_evidence_runs_as_printed(self):
        run = self.run_of()
        ran = 0
        env = {**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "PATH": "/usr/bin:/bin"}
        for criterion in run["criteria"]:
            for command in criterion["evidence"]:
                command = command.replace("ENDPOINT", ENDPOINT)
                if not command.startswith(("aws ", "curl ")):
                    continue
                with self.subTest(command):
                    result = subprocess.run(
                        command, shell=True, env=env, capture_output=True, text=True, timeout=60
                    )
                    self.assertEqual(result.returncode, 0, result.stderr)
                    ran += 1
        self.assertGreaterEqual(ran, 6)

    def test_coverage_from_a_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write('<?xml version="1.0"?><coverage line-rate="0.934" version="1"></coverage>')
            file.flush()
            by_id = {c["id"]: c for c in self.run_of("--coverage", file.name)["criteria"]}
        self.assertAlmostEqual(by_id["test-coverage"]["value"], 93.4, places=3)
        self.assertEqual(by_id["test-coverage"]["verdict"], "PASS")

    def test_formats_and_exit_codes_agree(self):
        run = self.run_of()
        expected = 1 if run["failed"] else 2 if run["noData"] else 0
        for form in ("table", "json", "junit", "markdown"):
            with self.subTest(form):
                result = self.validate("--format", form)
                self.assertEqual(result.returncode, expected, result.stdout)
        suite = xml.etree.ElementTree.fromstring(self.validate("--format", "junit").stdout)
        self.assertEqual(len(list(suite.iter("testcase"))), 7)
        self.assertIn("| ", self.validate("--format", "markdown").stdout)

    def test_could_not_tell_exits_2(self):
        self.assertEqual(
            harness.run("validate", "--endpoint", "http://127.0.0.1:1", check=False).returncode, 2
        )
        self.assertEqual(self.validate("--window", "soon").returncode, 2)


class UsersScripts(unittest.TestCase):
    def test_publish_metrics_through_boto3(self):
        result = subprocess.run(
            ["/usr/bin/python3", str(ROOT / "examples/publish_metrics.py")],
            env={**os.environ, "ENDPOINT": ENDPOINT},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        metrics = harness.aws(
            ENDPOINT, "cloudwatch", "list-metrics", "--namespace", "SecureBase/Analytics",
            "--metric-name", "ResultSetSize", "--dimensions", "Name=CustomerId,Value=acme",
        )["Metrics"]
        self.assertEqual(len(metrics), 1)

    def test_validation_script_runs_to_its_verdict(self):
        result = subprocess.run(
            ["bash", str(ROOT / "examples/validate-success-criteria.sh")],
            env={**os.environ, "ENDPOINT": ENDPOINT, "AWS_CLI": harness.AWS},
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertRegex(result.stdout, r"✓ PASS: Query p95")
        self.assertRegex(result.stdout, r"Adoption rate \(%\) = [0-9]")

    def test_scans_as_the_script_of_the_document_calls_them(self):
        count = harness.aws(
            ENDPOINT, "dynamodb", "scan", "--table-name", "securebase-dev-customers",
            "--select", "COUNT", "--query", "Count", "--output", "text",
        )
        self.assertGreater(int(count), 0)
        items = harness.aws(
            ENDPOINT, "dynamodb", "scan", "--table-name", "securebase-dev-report-schedules",
            "--filter-expression", "attribute_exists(lastDeliveryStatus)",
            "--projection-expression", "lastDeliveryStatus",
        )["Items"]
        self.assertTrue(all(set(item) == {"lastDeliveryStatus"} for item in items))


if __name__ == "__main__":
    sys.exit(unittest.main())
