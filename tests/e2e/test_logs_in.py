"""Logs that come in other ways: OTLP, Loki, syslog, the agent, and the `logs` command."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class In(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temp.name) / "s"
        cls.folder.mkdir()
        cls.udp, cls.tcp = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        cls.server = harness.Server(cls.folder, "--syslog-udp", f"127.0.0.1:{cls.udp}",
                                    "--syslog-tcp", f"127.0.0.1:{cls.tcp}")
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0
        cls.temp.cleanup()

    def events(self, group):
        found = harness.run("logs", "tail", group, "--since", "2h", "--format", "json",
                            "--endpoint", self.server.endpoint, check=False)
        return [json.loads(line) for line in found.stdout.splitlines()]

    def wait_for_events(self, group, count):
        return harness.wait_for(lambda: (lambda e: e if len(e) >= count else None)(self.events(group)),
                                what=f"{count} events in {group}")

    def test_otlp_json(self):
        status, _, body = harness.request("POST", self.server.endpoint + "/v1/logs", {
            "resourceLogs": [{"resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "shop"}}]},
                "scopeLogs": [{"logRecords": [
                    {"timeUnixNano": str(int(time.time() * 1e9)), "severityText": "ERROR",
                     "body": {"stringValue": "it broke"}},
                    {"timeUnixNano": "1", "body": {"stringValue": "old"}}]}]}]})
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["partialSuccess"]["rejectedLogRecords"], "1")
        event, = self.events("/otel/shop")
        self.assertEqual(json.loads(event["message"])["body"], "it broke")

    def test_loki_json(self):
        status, _, _ = harness.request("POST", self.server.endpoint + "/loki/api/v1/push", {
            "streams": [{"stream": {"job": "api"},
                         "values": [[str(int(time.time() * 1e9)), "hello"]]}]})
        self.assertEqual(status, 204)
        self.assertEqual([e["message"] for e in self.events("/loki/api")], ["hello"])
        status, _, _ = harness.request("POST", self.server.endpoint + "/loki/api/v1/push", b"{",
                                       headers={"Content-Type": "application/json"})
        self.assertEqual(status, 400)

    def test_syslog(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<165>1 - h1 app - - - over udp", ("127.0.0.1", self.udp))
        with socket.create_connection(("127.0.0.1", self.tcp)) as sender:
            sender.sendall(b"<34>1 - h1 app - - - line\n31 <34>1 - h1 app - - - octets xyz")
        events = self.wait_for_events("/syslog", 3)
        self.assertEqual(sorted(json.loads(e["message"])["message"] for e in events),
                         ["line", "octets xyz", "over udp"])
        self.assertEqual({e["logStreamName"] for e in events}, {"h1/app"})

    def test_the_logs_command(self):
        at = ["--endpoint", self.server.endpoint]
        harness.run("logs", "put", "/cli", "s", "ERROR one", "two", *at)
        harness.run("logs", "put", "/cli", "s", *at, input="from stdin\n")
        self.assertIn("/cli", harness.run("logs", "groups", "--prefix", "/cli", *at).stdout)
        self.assertIn("s", harness.run("logs", "streams", "/cli", *at).stdout)
        self.assertEqual(len(harness.run("logs", "get", "/cli", "s", *at).stdout.splitlines()), 3)
        tail = harness.run("logs", "tail", "/cli", "--filter", "ERROR", *at).stdout
        self.assertTrue(tail.endswith(" s ERROR one\n"), tail)
        failed = harness.run("logs", "tail", "/none", *at, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("The specified log group does not exist.", failed.stderr)

    def test_tail_follows(self):
        at = ["--endpoint", self.server.endpoint]
        harness.run("logs", "put", "/follow", "s", "before", *at)
        tail = subprocess.Popen([harness.binary(), "logs", "tail", "/follow", "--follow", *at],
                                stdout=subprocess.PIPE, text=True)
        try:
            self.assertTrue(tail.stdout.readline().endswith(" s before\n"))
            harness.run("logs", "put", "/follow", "s", "after", *at)
            self.assertTrue(tail.stdout.readline().endswith(" s after\n"))
        finally:
            tail.terminate()
            tail.wait()
            tail.stdout.close()

    def test_the_agent_goes_on_where_it_was(self):
        folder = pathlib.Path(self.temp.name)
        path = folder / "app.log"

        def agent():
            harness.run("agent", "--file", path, "--group", "/agent", "--stream", "s", "--once",
                        "--state", folder / "agent.json", "--endpoint", self.server.endpoint)

        path.write_text("one\ntwo\npart")
        agent()
        with path.open("a") as file:
            file.write("ial\n")
        agent()
        path.rename(folder / "app.log.1")
        with (folder / "app.log.1").open("a") as file:
            file.write("last of the old\n")
        path.write_text("first of the new\n")
        agent()
        self.assertEqual([e["message"] for e in self.events("/agent")],
                         ["one", "two", "partial", "last of the old", "first of the new"])
        path.write_text("cut\n")
        agent()
        self.assertEqual(self.events("/agent")[-1]["message"], "cut")

    def test_the_agent_reads_the_journal(self):
        folder = pathlib.Path(self.temp.name)
        entry = json.dumps({"__CURSOR": "c1", "__REALTIME_TIMESTAMP": str(int(time.time() * 1e6)),
                            "MESSAGE": "started", "_SYSTEMD_UNIT": "x.service", "PRIORITY": "6"})
        (folder / "journal.sh").write_text(f"#!/bin/sh\necho '{entry}'\n")
        (folder / "journal.sh").chmod(0o755)
        harness.run("agent", "--journald", "--journal-command", folder / "journal.sh", "--group",
                    "/journal", "--state", folder / "j.json", "--endpoint", self.server.endpoint)
        event, = self.events("/journal")
        self.assertEqual(json.loads(event["message"]),
                         {"unit": "x.service", "priority": 6, "message": "started"})
        self.assertEqual(json.loads((folder / "j.json").read_text())["cursor"], "c1")


if __name__ == "__main__":
    unittest.main()
