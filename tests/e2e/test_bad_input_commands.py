"""Files and options that no command takes: said what is wrong, exit code 1 or 2, nothing kept."""
import gzip
import os
import pathlib
import subprocess
import tempfile
import unittest

import harness


class Commands(unittest.TestCase):
    """Files and options that no command takes."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = pathlib.Path(temp.name)
        self.data = self.folder / "data"
        self.good = self.write("good.csv", b"date,service,cost\n2026-01-01,a,1\n")

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def fails(self, code, text, *arguments):
        with self.subTest(arguments):
            result = harness.run(*arguments, check=False, stdin=subprocess.DEVNULL)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(text, result.stderr)

    def imports(self, code, text, file, *options, format_name="csv"):
        dataset = ["--dataset", "cost"] if format_name == "csv" else []
        self.fails(code, text, "import", format_name, file, "--customer", "c", "--data", self.data,
                   *dataset, *options)

    def test_files_that_cannot_be_imported(self):
        packed = gzip.compress(self.good.read_bytes())
        for name, content, text in (
            ("empty.csv", b"", "header"), ("binary.csv", os.urandom(64) + b"\xff\xfe", "UTF-8"),
            ("cut.csv.gz", packed[:-4], "cut.csv.gz"),
            ("junk.csv.zst", b"\x28\xb5\x2f\xfdxx", "zst"),
            ("unknown.csv", b"date,service,cost,zz\n", "zz"),
        ):
            file = self.write(name, content)
            self.imports(2 if "." in name[:-4] else 1, text, file)
        self.imports(1, "bad.csv:2", self.write("bad.csv", b"date,service,cost\n2026-01-01,a,x\n"))
        self.imports(1, "ChargePeriodStart", self.good, format_name="focus")
        self.imports(1, "line_item_usage_start_date", self.good, format_name="cur")
        self.imports(1, "JSON", self.good, format_name="asff")
        os.mkfifo(self.folder / "pipe.csv")
        for name in ("none.csv", ".", "pipe.csv"):
            self.imports(2, name, self.folder / name)
        # One bad file of two: neither is imported.
        self.imports(1, "empty.csv", self.good, self.folder / "empty.csv")
        with harness.Server(self.folder) as server:
            status, answer = harness.get_json(
                server.endpoint + "/v1/analytics?dateRange=12m", headers={"X-Customer-Id": "c"}
            )
            self.assertEqual((status, answer["data"]), (200, []))

    def test_packed_files_are_imported(self):
        file = self.write("good.csv.gz", gzip.compress(self.good.read_bytes()))
        self.imports(0, "", file)

    def test_usage_of_import(self):
        good = self.good
        data = ["--data", self.data, "--dataset", "cost"]
        self.fails(2, "FORMAT", "import", "zz", good, "--customer", "c", *data)
        self.fails(2, "FILE", "import", "csv", "--customer", "c", *data)
        self.fails(2, "--dataset", "import", "csv", good, "--customer", "c", "--data", self.data)
        self.fails(2, "--data", "import", "csv", good, "--customer", "c", "--dataset", "cost")
        self.fails(2, "--endpoint", "import", "csv", good, *data, "--endpoint", "http://x")
        self.imports(2, "--map", good, "--map", "x")
        self.imports(2, "--zz", good, "--zz")
        for customer in ("", "a\nb", "x" * 200):
            self.fails(2, "--customer", "import", "csv", good, "--customer", customer, *data)
        self.assertFalse(self.data.exists())

    def test_usage_of_loadtest(self):
        endpoint = ["loadtest", "--endpoint", "http://127.0.0.1:1"]
        self.fails(2, "--endpoint", "loadtest")
        for option, value in (
            ("--requests", "-1"), ("--requests", "0"), ("--requests", "many"),
            ("--concurrency", "0"), ("--concurrency", "99999999"), ("--rate", "-5"),
            ("--rate", "nan"), ("--duration", "5"), ("--duration", "-5s"), ("--scenario", "zz"),
            ("--format", "xml"),
        ):
            self.fails(2, option, *endpoint, option, value)
        for threshold in ("p95", "p95<5", "p101<5s", "errors<1s", ""):
            self.fails(2, threshold, *endpoint, "--threshold", threshold)
        self.fails(2, "--zz", *endpoint, "--zz")
        self.fails(2, "none.json", "loadtest", "compare", "none.json", self.good)
        self.fails(2, "JSON", "loadtest", "compare", self.good, self.good)

    def test_usage_of_validate(self):
        endpoint = ["validate", "--endpoint", os.environ["SECUREBASE_ENDPOINT"]]
        self.fails(2, "--endpoint", "validate")
        self.fails(2, "window", *endpoint, "--window", "5")
        self.fails(2, "window", *endpoint, "--window", "99999d")
        self.fails(2, "--format", *endpoint, "--format", "zz")
        self.fails(2, "none.xml", *endpoint, "--coverage", "none.xml")
        self.fails(2, "good.csv", *endpoint, "--coverage", self.good)
        self.fails(2, "--zz", *endpoint, "--zz")
        self.fails(2, "cannot reach", "validate", "--endpoint", "http://127.0.0.1:1")

    def test_usage_of_serve(self):
        self.fails(2, "--data", "serve", "--listen", "127.0.0.1:0")
        for listen in ("zz", "127.0.0.1:99999", "127.0.0.1:-1"):
            self.fails(2, "--listen", "serve", "--data", self.data, "--listen", listen)
        self.fails(2, "good.csv", "serve", "--data", self.data, "--config", self.good)


if __name__ == "__main__":
    unittest.main()
