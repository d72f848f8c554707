"""CloudWatch Logs through boto3 and the AWS CLI: groups, events, filters, queries as Grafana sends
them, metrics from logs, deliveries to a webhook, live tail."""
import base64
import contextlib
import gzip
import http.server
import json
import pathlib
import struct
import tempfile
import threading
import time
import unittest
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

import harness


def client(endpoint, service="logs"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False),
    )


def now_ms():
    return int(time.time() * 1000)


class Logs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temp.name) / "s"
        cls.folder.mkdir()
        cls.server = harness.Server(cls.folder)
        cls.server.start()
        cls.logs = client(cls.server.endpoint)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0
        cls.temp.cleanup()

    def setUp(self):
        self.group = f"/test/{self.id().rsplit('.', 1)[1]}"
        self.logs.create_log_group(logGroupName=self.group)
        self.logs.create_log_stream(logGroupName=self.group, logStreamName="s")

    def put(self, *messages, stream="s", step=1):
        start = now_ms() - 60_000
        events = [{"timestamp": start + i * step, "message": m} for i, m in enumerate(messages)]
        return self.logs.put_log_events(
            logGroupName=self.group, logStreamName=stream, logEvents=events)

    def refused(self, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]

    def query(self, text, **more):
        started = self.logs.start_query(
            **{**({} if "logGroupIdentifiers" in more else {"logGroupName": self.group}),
               "startTime": int(time.time()) - 3600,
               "endTime": int(time.time()) + 60, "queryString": text, **more})
        return harness.wait_for(lambda: self.ended(started["queryId"]), what="the query's end")

    def ended(self, query_id):
        answer = self.logs.get_query_results(queryId=query_id)
        return answer if answer["status"] not in ("Scheduled", "Running") else None

    @staticmethod
    def rows(answer):
        return [{f["field"]: f["value"] for f in row if f["field"] != "@ptr"}
                for row in answer["results"]]

    def test_groups_tags_and_retention(self):
        self.logs.tag_log_group(logGroupName=self.group, tags={"team": "a"})
        self.assertEqual(self.logs.list_tags_log_group(logGroupName=self.group)["tags"],
                         {"team": "a"})
        self.logs.put_retention_policy(logGroupName=self.group, retentionInDays=14)
        group, = self.logs.describe_log_groups(logGroupNamePrefix=self.group)["logGroups"]
        self.assertEqual(group["retentionInDays"], 14)
        self.assertEqual(group["arn"], f"arn:aws:logs:us-east-1:123456789012:log-group:{self.group}:*")
        error = self.refused(self.logs.create_log_group, logGroupName=self.group)
        self.assertEqual(error, {"Message": "The specified log group already exists",
                                 "Code": "ResourceAlreadyExistsException"})
        self.logs.delete_log_group(logGroupName=self.group)
        error = self.refused(self.logs.describe_log_streams, logGroupName=self.group)
        self.assertEqual(error["Message"], "The specified log group does not exist.")

    def test_pages_of_a_stream_stay_put_at_their_ends(self):
        self.put(*[str(i) for i in range(20)])
        of = {"logGroupName": self.group, "logStreamName": "s", "limit": 10}
        page = self.logs.get_log_events(**of)
        self.assertEqual([e["message"] for e in page["events"]], [str(i) for i in range(10, 20)])
        self.assertEqual(page["nextForwardToken"], f"f/{19:056d}")
        self.assertEqual(page["nextBackwardToken"], f"b/{10:056d}")
        older = self.logs.get_log_events(**of, nextToken=page["nextBackwardToken"])
        self.assertEqual([e["message"] for e in older["events"]], [str(i) for i in range(10)])
        end = self.logs.get_log_events(**of, nextToken=older["nextBackwardToken"])
        self.assertEqual(end["events"], [])
        self.assertEqual(end["nextForwardToken"], f"f/{0:056d}")
        one = self.logs.get_log_events(**{**of, "limit": 1}, nextToken=end["nextForwardToken"])
        self.assertEqual([e["message"] for e in one["events"]], ["1"])

    def test_the_end_of_an_empty_stream_loses_nothing(self):
        of = {"logGroupName": self.group, "logStreamName": "s"}
        empty = self.logs.get_log_events(**of)
        self.assertEqual(empty["nextForwardToken"], f"f/{0:056d}")
        self.put("first")
        page = self.logs.get_log_events(**of, nextToken=empty["nextForwardToken"])
        self.assertEqual([e["message"] for e in page["events"]], ["first"])
        again = self.logs.get_log_events(**of, nextToken=page["nextForwardToken"])
        self.assertEqual(again["events"], [])

    def test_filter_with_patterns_and_pages(self):
        self.put(*[f"{'ERROR' if i % 2 else 'INFO'} {i}" for i in range(25)])
        of = {"logGroupName": self.group, "filterPattern": "ERROR"}
        pages = list(self.logs.get_paginator("filter_log_events").paginate(
            **of, PaginationConfig={"PageSize": 5}))
        found = [e["message"] for page in pages for e in page["events"]]
        self.assertEqual(found, [f"ERROR {i}" for i in range(25) if i % 2])
        self.assertEqual(len(pages[0]["events"]), 5)
        self.assertEqual(pages[0]["searchedLogStreams"], [])
        error = self.refused(self.logs.filter_log_events, logGroupName=self.group,
                             filterPattern="{ $.a }")
        self.assertEqual((error["Code"], error["Message"]),
                         ("InvalidParameterException", "Invalid filter pattern"))

    def test_the_cli_tails(self):
        self.put("one", "two")
        out = harness.aws(self.server.endpoint, "logs", "tail", self.group, "--since", "1h",
                          "--format", "short")
        self.assertIn("one", out)
        self.assertIn("two", out)

    def test_metric_filters_and_embedded_metrics(self):
        self.logs.put_metric_filter(
            logGroupName=self.group, filterName="errors", filterPattern="{ $.level = ERROR }",
            metricTransformations=[{"metricName": "Errors", "metricNamespace": "Test/Filters",
                                    "metricValue": "$.count", "unit": "Count"}])
        self.put(json.dumps({"level": "ERROR", "count": 3}), json.dumps({"level": "INFO"}),
                 json.dumps({"_aws": {"Timestamp": now_ms() - 60_000, "CloudWatchMetrics": [
                     {"Namespace": "Test/Emf", "Dimensions": [["op"]],
                      "Metrics": [{"Name": "Time", "Unit": "Milliseconds"}]}]},
                     "op": "x", "Time": [1, 2, 3]}))
        metrics = client(self.server.endpoint, "cloudwatch")

        def total(namespace, name, dimensions=()):
            points = metrics.get_metric_statistics(
                Namespace=namespace, MetricName=name, Dimensions=list(dimensions), Period=3600,
                StartTime=time.time() - 3600, EndTime=time.time() + 60,
                Statistics=["Sum", "SampleCount"])["Datapoints"]
            return [(p["Sum"], p["SampleCount"]) for p in points]

        self.assertEqual(total("Test/Filters", "Errors"), [(3.0, 1.0)])
        self.assertEqual(total("Test/Emf", "Time", [{"Name": "op", "Value": "x"}]), [(6.0, 3.0)])
        filters = self.logs.describe_metric_filters(logGroupName=self.group)["metricFilters"]
        self.assertEqual(filters[0]["filterPattern"], "{ $.level = ERROR }")

    def test_metric_filter_is_tried(self):
        tried = self.logs.test_metric_filter(
            filterPattern="[ip, user, username, timestamp, request = *.html*, status = 4*, bytes]",
            logEventMessages=['127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] '
                              '"GET /index.html HTTP/1.0" 404 1534', "no match"])["matches"]
        self.assertEqual(tried[0]["extractedValues"]["$request"], "GET /index.html HTTP/1.0")
        self.assertEqual(len(tried), 1)

    def test_queries_as_grafana_sends_them(self):
        self.put(*[json.dumps({"level": "ERROR" if i % 2 else "INFO", "n": i}) for i in range(6)])
        prefix = ("fields @timestamp,ltrim(@log) as __log__grafana_internal__,"
                  "ltrim(@logStream) as __logstream__grafana_internal__|")
        answer = self.query(prefix + 'fields @message, n | filter level = "ERROR" | sort n desc',
                            logGroupIdentifiers=[
                                f"arn:aws:logs:us-east-1:123456789012:log-group:{self.group}"])
        self.assertEqual(answer["status"], "Complete")
        rows = self.rows(answer)
        self.assertEqual([row["n"] for row in rows], ["5", "3", "1"])
        self.assertEqual(rows[0]["__log__grafana_internal__"], f"123456789012:{self.group}")
        self.assertEqual(rows[0]["__logstream__grafana_internal__"], "s")
        self.assertEqual(answer["statistics"]["recordsMatched"], 3.0)
        pointer = [f["value"] for f in answer["results"][0] if f["field"] == "@ptr"][0]
        record = self.logs.get_log_record(logRecordPointer=pointer)["logRecord"]
        self.assertEqual((record["level"], record["n"]), ("ERROR", "5"))
        error = self.refused(self.logs.stop_query, queryId=self.logs.describe_queries(
            logGroupName=self.group)["queries"][0]["queryId"])
        self.assertEqual(error["Code"], "InvalidParameterException")

    def test_log_alert_counts(self):
        self.put(*[json.dumps({"level": "ERROR"}) for _ in range(3)])
        rows = self.rows(self.query("stats count(*) as n by bin(5m)"))
        self.assertEqual(sum(int(row["n"]) for row in rows), 3)

    def test_malformed_and_misplaced_queries(self):
        error = self.refused(self.logs.start_query, logGroupName=self.group, startTime=1,
                             endTime=2, queryString="fields @message | nosuch")
        self.assertEqual(error["Code"], "MalformedQueryException")
        error = self.refused(self.logs.start_query, logGroupName="/none", startTime=1, endTime=2,
                             queryString="fields @message")
        self.assertEqual(error["Code"], "ResourceNotFoundException")
        self.assertIn("Log group '/none' does not exist for account ID '123456789012'",
                      error["Message"])
        error = self.refused(self.logs.get_query_results,
                             queryId="12345678-1234-1234-1234-123456789012")
        self.assertEqual(error["Code"], "ResourceNotFoundException")
        error = self.refused(self.logs.get_query_results, queryId="x")
        self.assertEqual(error["Code"], "InvalidParameterException")

    def test_subscriptions_reach_a_webhook(self):
        received = []

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        self.addCleanup(hook.shutdown)
        self.logs.put_subscription_filter(
            logGroupName=self.group, filterName="f", filterPattern="ERROR",
            destinationArn=f"http://127.0.0.1:{hook.server_port}/logs")
        self.put("ERROR one", "fine")
        harness.wait_for(lambda: received, what="the delivery")
        payload = json.loads(gzip.decompress(base64.b64decode(received[0]["awslogs"]["data"])))
        self.assertEqual(payload["logGroup"], self.group)
        self.assertEqual([e["message"] for e in payload["logEvents"]], ["ERROR one"])

    def test_live_tail_sends_events_as_they_come(self):
        request = urllib.request.Request(
            self.server.endpoint + "/", method="POST",
            data=json.dumps({"logGroupIdentifiers": [
                f"arn:aws:logs:us-east-1:123456789012:log-group:{self.group}"],
                "logEventFilterPattern": "ERROR"}).encode(),
            headers={"Content-Type": "application/x-amz-json-1.1",
                     "X-Amz-Target": "Logs_20140328.StartLiveTail"})
        with contextlib.closing(urllib.request.urlopen(request, timeout=20)) as stream:
            self.assertEqual(stream.headers["Content-Type"], "application/vnd.amazon.eventstream")

            def frame():
                total, headers = struct.unpack(">II", stream.read(12)[:8])
                body = stream.read(total - 12)
                return body[:headers], body[headers:-4]

            self.assertIn(b"initial-response", frame()[0])
            self.assertIn(b"sessionStart", frame()[0])
            self.put("ERROR now", "fine")
            for _ in range(10):
                name, payload = frame()
                self.assertIn(b"sessionUpdate", name)
                results = json.loads(payload)["sessionResults"]
                if results:
                    break
            self.assertEqual([r["message"] for r in results], ["ERROR now"])

    def test_saved_queries(self):
        made = self.logs.put_query_definition(name=f"q{self.group}", queryString="fields @message")
        listed = self.logs.describe_query_definitions(
            queryDefinitionNamePrefix=f"q{self.group}")["queryDefinitions"]
        self.assertEqual(listed[0]["queryDefinitionId"], made["queryDefinitionId"])
        self.assertTrue(self.logs.delete_query_definition(
            queryDefinitionId=made["queryDefinitionId"])["success"])


class Restart(unittest.TestCase):
    def test_definitions_and_groups_survive_a_kill(self):
        with tempfile.TemporaryDirectory() as temp:
            folder = pathlib.Path(temp) / "s"
            folder.mkdir()
            with harness.Server(folder) as server:
                logs = client(server.endpoint)
                logs.create_log_group(logGroupName="g", tags={"a": "1"})
                logs.put_retention_policy(logGroupName="g", retentionInDays=7)
                logs.put_metric_filter(
                    logGroupName="g", filterName="f", filterPattern="ERROR",
                    metricTransformations=[{"metricName": "m", "metricNamespace": "n",
                                            "metricValue": "1"}])
                logs.create_log_stream(logGroupName="g", logStreamName="s")
                server.kill()
                server.start()
                logs = client(server.endpoint)
                group, = logs.describe_log_groups()["logGroups"]
                self.assertEqual((group["retentionInDays"], group["metricFilterCount"]), (7, 1))
                self.assertEqual(logs.list_tags_log_group(logGroupName="g")["tags"], {"a": "1"})
                streams = logs.describe_log_streams(logGroupName="g")["logStreams"]
                self.assertEqual([s["logStreamName"] for s in streams], ["s"])


if __name__ == "__main__":
    unittest.main()
