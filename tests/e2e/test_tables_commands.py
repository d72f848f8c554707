"""`securebase table`: the same commands on a running server, with and without signatures, and on the
folder of a stopped one; the three formats and back; bad lines."""
import decimal
import json
import pathlib
import tempfile
import unittest

import boto3
from harness import Server, run

KEY = dict(
    AttributeDefinitions=[
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
    KeySchema=[
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ],
    BillingMode="PAY_PER_REQUEST",
)


def resource(server, key="test", secret="test"):
    return boto3.resource(
        "dynamodb", endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=key, aws_secret_access_key=secret,
    )  # fmt: skip


class TableCommand(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "server").mkdir()

    def table(self, where, name, *arguments, **options):
        return run("table", name, *arguments, *where, **options)

    def check(self, where):
        """Everything that a command does, by a server or without one."""
        table = lambda *a, **o: self.table(where, *a, **o)  # noqa: E731
        listed = table("list").stdout
        self.assertRegex(listed, r"own +ACTIVE +0 +0  id, n")
        table("put", "own", '{"id": "a", "n": 1, "text": "größe", "list": [1, {"x": null}]}')
        table("put", "own", '{"id": {"S": "b"}, "n": {"N": "2"}, "tags": {"SS": ["x"]}}',
              "--format", "dynamodb")  # fmt: skip
        self.assertEqual(
            json.loads(table("get", "own", "id=a", "n=1").stdout),
            {"id": "a", "n": 1, "text": "größe", "list": [1, {"x": None}]},
        )
        missing = table("get", "own", "id=a", "n=7", check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("no such item", missing.stderr)
        found = table("scan", "own", "--filter", "#n > :n", "--name", "#n=n", "--value", ":n=1")
        self.assertEqual(json.loads(found.stdout), {"id": "b", "n": 2, "tags": ["x"]})
        self.assertEqual(table("scan", "own", "--count").stdout, "2\n")
        # DynamoDB JSON keeps everything: out and in again.
        whole = self.folder / "items.ddb.json"
        table("export", "own", whole)
        lines = whole.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(json.loads(lines[1])["Item"]["tags"], {"SS": ["x"]})
        table("delete", "own", "id=b", "n=2")
        self.assertEqual(table("delete", "own", "id=b", "n=2", check=False).returncode, 1)
        self.assertIn("2 items imported into own, 0 rejected", table("import", "own", whole).stdout)
        self.assertEqual(table("scan", "own", "--count").stdout, "2\n")
        # CSV.
        sheet = self.folder / "items.csv"
        sheet.write_text(
            'id,n,cost,zip,on,note\nc,1,12.50,007,true,"a ""quoted"", one"\nd,2,,,,\n', "utf-8"
        )
        self.assertIn("2 items", table("import", "own", sheet).stdout)
        self.assertEqual(
            json.loads(table("get", "own", "id=c", "n=1").stdout),
            {"id": "c", "n": 1, "cost": 12.5, "zip": "007", "on": True, "note": 'a "quoted", one'},
        )
        table("export", "own", sheet)
        rows = sheet.read_text().splitlines()
        self.assertTrue(rows[0].startswith("id,n,"))
        self.assertEqual(len(rows), 5)
        self.assertIn("4 items", table("import", "own", sheet).stdout)
        # Bad lines are listed with their number, the others are written.
        bad = self.folder / "bad.json"
        bad.write_text('{"id": "e", "n": 1}\n{"id": "f"}\nnot json\n[]\n{"id": "g", "n": "x"}\n'
                       '{"id": "h", "n": 1}\n')  # fmt: skip
        result = table("import", "own", bad, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        for line in (2, 3, 4, 5):
            self.assertIn(f"bad.json:{line}: ", result.stderr)
        self.assertIn("2 items imported into own, 4 rejected", result.stdout)
        self.assertIn("\"h\"", table("get", "own", "id=h", "n=1").stdout)

    def test_on_a_running_server(self):
        with Server(self.folder / "server") as server:
            resource(server).create_table(TableName="own", **KEY)
            self.check(["--endpoint", server.endpoint])

    def test_on_a_stopped_one_s_folder(self):
        with Server(self.folder / "server") as server:
            resource(server).create_table(TableName="own", **KEY)
            busy = self.table(
                ["--data", server.folder / "data"], "list", check=False
            )
            self.assertNotEqual(busy.returncode, 0)
        self.check(["--data", self.folder / "server" / "data"])
        with Server(self.folder / "server") as server:  # what was written offline is there
            item = resource(server).Table("own").get_item(Key={"id": "c", "n": 1})["Item"]
            self.assertEqual(item["cost"], decimal.Decimal("12.5"))

    def test_with_signatures(self):
        data = self.folder / "server" / "data"
        pair = run("key", "create", "--role", "admin", "--aws", "--data", data).stdout.split()
        with Server(self.folder / "server", auth="required") as server:
            resource(server, *pair).create_table(TableName="own", **KEY)
            where = ["--endpoint", server.endpoint, "--key", ":".join(pair)]
            self.assertIn("own", self.table(where, "list").stdout)
            wrong = self.table(
                ["--endpoint", server.endpoint, "--key", "AKIANOBODY:none"], "list", check=False
            )
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("UnrecognizedClientException", wrong.stderr)

    def test_usage(self):
        for arguments in (
            ["list"],
            ["list", "--data", "a", "--endpoint", "b"],
            ["get", "own", "--data", "a"],
            ["scan", "own", "--format", "xml", "--data", "a"],
            [],
        ):
            result = run("table", *arguments, check=False)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr)
        helped = run("table", "import", "--help").stdout
        self.assertIn("--text", helped)


if __name__ == "__main__":
    unittest.main()
