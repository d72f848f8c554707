"""`securebase query`: the cases of the specification over files of events, inputs, formats, errors."""
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import harness

CASES = pathlib.Path(__file__).resolve().parents[2] / "src/insights/testdata/insights-cases.jsonl"


def query(*arguments, check=True, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return harness.run("query", *arguments, check=check, **options)


class Query(unittest.TestCase):
    """`securebase query` on files."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = pathlib.Path(temp.name)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, *arguments, **options):
        return json.loads(query("--format", "json", *arguments, **options).stdout)

    def test_every_case_of_the_specification(self):
        for line in CASES.read_text().splitlines():
            case = json.loads(line)
            with self.subTest(case["name"]):
                events = [{"stream": "s", "group": "case", **event} for event in case["events"]]
                file = self.write("events.ndjson", "\n".join(map(json.dumps, events)) + "\n")
                arguments = ["--input", "events", "--start", case["start"], "--end", case["end"]]
                for group in case.get("groups", ["case"]):
                    arguments += ["--group", group]
                for name, table in case.get("lookup", {}).items():
                    arguments += ["--lookup", f"{name}={self.write(name, json.dumps(table))}"]
                result = query(*arguments, "--format", "json", case["query"], file, check=False)
                if "error" in case:
                    self.assertEqual(result.returncode, 2, result.stderr)
                    self.assertIn("^", result.stderr)
                    continue
                self.assertEqual(result.returncode, 0, result.stderr)
                got, want = json.loads(result.stdout), case["expect"]
                if not case["ordered"]:
                    got, want = (sorted(rows, key=lambda r: sorted(r.items())) for rows in (got, want))
                self.assertEqual(got, want)

    def test_a_pipe(self):
        text = '{"level":"ERROR","n":1}\n{"level":"INFO"}\nplain text\n{"level":"ERROR"}\n'
        rows = self.rows("stats count(*) as n by level", input=text, stdin=None)
        self.assertEqual(rows, [{"n": "1"}, {"level": "ERROR", "n": "2"}, {"level": "INFO", "n": "1"}])
        self.assertEqual(self.rows("limit 1", "-", input="", stdin=None), [])

    def test_folders_and_packed_files(self):
        self.write("logs/a.log", "one\n")
        self.write("logs/deep/b.log.gz", gzip.compress(b"two\nthree\n"))
        self.write("logs/.hidden", "no\n")
        rows = self.rows("fields @message | sort @message asc", self.folder / "logs")
        self.assertEqual([row["@message"] for row in rows], ["one", "three", "two"])

    def test_times_of_lines(self):
        file = self.write(
            "times.log",
            '{"time":"2026-01-05T10:00:00Z","i":1}\n{"ts":1767607260,"i":2}\n'
            '{"@timestamp":1767607320000,"i":3}\n2026-01-05T10:03:00.250+00:00 WARN i=4\n'
            '{"timestamp":"2026-01-05 10:04:00","i":5}\nno time\n',
        )
        os.utime(file, (1767608000, 1767608000))
        rows = self.rows("fields @timestamp | sort @timestamp asc", file)
        self.assertEqual(
            [row["@timestamp"][11:] for row in rows],
            ["10:00:00.000", "10:01:00.000", "10:02:00.000", "10:03:00.250", "10:04:00.000",
             "10:13:20.006"],
        )
        rows = self.rows("--start", "2026-01-05T10:01:00Z", "--end", "1767607320",
                         "fields i | sort i asc", file)
        self.assertEqual(rows, [{"i": "2"}, {"i": "3"}])
        self.assertEqual(self.rows("--start", "1h", "stats count(*) as n", file), [{"n": "0"}])

    def test_events_without_a_group_are_of_any_unknown_one(self):
        file = self.write("e.ndjson", '{"timestamp":1,"message":"a"}\n'
                          '{"timestamp":2,"message":"b","group":"api"}\n')
        for group, want in (("case", ["a"]), ("api", ["b"])):
            rows = self.rows("--input", "events", "--group", group, "fields @message", file)
            self.assertEqual([row["@message"] for row in rows], want)

    def test_formats(self):
        file = self.write("f.log", '{"a":"x,\\"y\\"","b":1.50}\n{"a":"p|q"}\n')
        text = "fields a, b | sort a asc"
        out = {name: query("--format", name, text, file).stdout
               for name in ("csv", "ndjson", "markdown", "table")}
        self.assertEqual(out["csv"], 'a,b\np|q,\n"x,""y""",1.50\n')
        self.assertEqual([json.loads(line) for line in out["ndjson"].splitlines()],
                         [{"a": "p|q"}, {"a": 'x,"y"', "b": "1.50"}])
        self.assertEqual(out["markdown"].splitlines()[2], "| p\\|q |  |")
        self.assertEqual(out["table"].splitlines()[0].split(), ["a", "b"])
        chart = query("--chart", "always", "stats count(*) as n by bin(1ms) as t", file).stdout
        self.assertIn("n by t", chart)
        self.assertIn("#", chart)

    def test_malformed_queries_exit_2_and_mark_the_place(self):
        result = query("fields @message\n| frobnicate x", "-", check=False)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, "")
        self.assertIn("frobnicate", result.stderr)
        self.assertIn("line 2 and position 3", result.stderr)
        self.assertEqual(result.stderr.splitlines()[-2:], ["  | frobnicate x", "    ^^^^^^^^^^"])

    def test_wrong_usage(self):
        file = self.write("a.log", "x\n")
        for arguments, text in (
            (["limit 1", self.folder / "none.log"], "none.log"),
            (["--start", "soon", "limit 1", file], "--start"),
            (["--start", "2026-01-02", "--end", "2026-01-01", "limit 1", file], "--end"),
            (["--lookup", "x", "limit 1", file], "NAME=FILE"),
            (["lookup t id OUTPUT name", file], "lookup table 't'"),
            (["--input", "events", "limit 1", file], "a.log:1"),
            (["--format", "xml", "limit 1", file], "--format"),
        ):
            with self.subTest(arguments):
                result = query(*arguments, check=False)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(text, result.stderr)

    def test_memory_limit_is_an_error(self):
        file = self.write("big.log", "".join(f'{{"k":"key-{i}"}}\n' for i in range(60000)))
        result = query("--memory", "1", "stats count(*) by k", file, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("memory", result.stderr)

    def test_explain_reads_nothing(self):
        out = query("--explain", 'filter level = "ERROR" | sort @timestamp desc | limit 5').stdout
        self.assertIn("scan", out)
        self.assertIn("skipping", out)
        self.assertIn("limit 5", out)


if __name__ == "__main__":
    unittest.main()
