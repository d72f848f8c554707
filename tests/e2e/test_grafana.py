"""Grafana's CloudWatch data source, replayed call by call: what "Save & test", the drop-downs, a
panel, a Metrics Insights query and alarm annotations ask, in the form in which they ask it."""
import datetime
import os
import sys
import time
import unittest
import uuid

import harness

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402

ENDPOINT = os.environ["SECUREBASE_ENDPOINT"]


def client(service):
    return boto3.client(
        service, endpoint_url=ENDPOINT, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 1}),
    )  # fmt: skip


class GrafanaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloudwatch = client("cloudwatch")
        cls.logs = client("logs")
        cls.namespace = f"Grafana/{uuid.uuid4().hex[:8]}"
        _, headers, _ = harness.request("GET", f"{ENDPOINT}/healthz")
        cls.now = datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")
        cls.minute = cls.now.replace(second=0, tzinfo=datetime.timezone.utc)
        data = []
        for host, base in (("a", 1), ("b", 10)):
            for minutes in range(5):
                data.append({
                    "MetricName": "Latency", "Unit": "Seconds", "Value": base + minutes,
                    "Timestamp": cls.minute - datetime.timedelta(minutes=10 - minutes),
                    "Dimensions": [{"Name": "Host", "Value": host}, {"Name": "App", "Value": "x"}],
                })  # fmt: skip
        cls.cloudwatch.put_metric_data(Namespace=cls.namespace, MetricData=data)

    def data(self, queries, **options):
        """One request for a panel, over its pages."""
        request = {
            "MetricDataQueries": queries,
            "StartTime": self.minute - datetime.timedelta(minutes=30),
            "EndTime": self.minute + datetime.timedelta(minutes=1),
            "ScanBy": "TimestampAscending", "LabelOptions": {"Timezone": "+0200"}, **options,
        }  # fmt: skip
        results, messages = [], []
        while True:
            answer = self.cloudwatch.get_metric_data(**request)
            results += answer["MetricDataResults"]
            messages += answer.get("Messages", [])
            if "NextToken" not in answer:
                self.assertEqual(messages, [])
                return results
            request["NextToken"] = answer["NextToken"]

    def test_save_and_test(self):
        billing = self.cloudwatch.list_metrics(
            Namespace="AWS/Billing", MetricName="EstimatedCharges"
        )
        self.assertEqual(billing["Metrics"], [])
        self.assertLessEqual(len(self.logs.describe_log_groups(limit=1)["logGroups"]), 1)

    def test_drop_downs(self):
        paginator = self.cloudwatch.get_paginator("list_metrics")

        def ask(**filters):
            return [m for page in paginator.paginate(**filters) for m in page["Metrics"]]

        self.assertIn(self.namespace, {m["Namespace"] for m in ask()})
        self.assertEqual({m["MetricName"] for m in ask(Namespace=self.namespace)}, {"Latency"})
        filtered = ask(
            Namespace=self.namespace, MetricName="Latency",
            Dimensions=[{"Name": "App", "Value": "x"}, {"Name": "Host"}],
        )  # fmt: skip
        hosts = {d["Value"] for m in filtered for d in m["Dimensions"] if d["Name"] == "Host"}
        self.assertEqual(hosts, {"a", "b"})
        # Cross-account asks for owners too.
        linked = self.cloudwatch.list_metrics(Namespace=self.namespace, RecentlyActive="PT3H")
        self.assertEqual(len(linked["Metrics"]), 2)

    def test_a_panel_of_one_metric(self):
        results = self.data([{
            "Id": "queryA", "ReturnData": True, "Label": "${PROP('Dim.Host')} ${LABEL}",
            "MetricStat": {
                "Metric": {"Namespace": self.namespace, "MetricName": "Latency",
                           "Dimensions": [{"Name": "Host", "Value": "a"},
                                          {"Name": "App", "Value": "x"}]},
                "Period": 60, "Stat": "p95"},
        }])  # fmt: skip
        self.assertEqual(len(results), 1)
        self.assertEqual(len(results[0]["Values"]), 5)
        self.assertTrue(results[0]["Label"].startswith("a "), results[0]["Label"])
        self.assertEqual(results[0]["Timestamps"], sorted(results[0]["Timestamps"]))

    def test_a_panel_with_wildcards_is_a_search(self):
        search = (
            "REMOVE_EMPTY(SEARCH('{\"%s\",\"App\",\"Host\"} MetricName=\"Latency\" \"App\"=\"x\"', "
            "'Maximum', 60))" % self.namespace
        )
        results = self.data([{"Id": "a", "Expression": search, "ReturnData": True}])
        self.assertEqual(sorted(max(r["Values"]) for r in results), [5.0, 14.0])
        self.assertEqual({r["Id"] for r in results}, {"a"})
        self.assertEqual(len({r["Label"] for r in results}), 2)
        loose = (
            'REMOVE_EMPTY(SEARCH(\'Namespace="%s" MetricName="Latency" "Host"=("a" OR "b")\', '
            "'Average', 300))" % self.namespace
        )
        self.assertEqual(len(self.data([{"Id": "b", "Expression": loose}])), 2)
        none = "REMOVE_EMPTY(SEARCH('{\"%s\",\"App\"} MetricName=\"Latency\"', 'Sum', 60))"
        self.assertEqual(self.data([{"Id": "c", "Expression": none % self.namespace}]), [])

    def test_math_over_a_hidden_query(self):
        results = self.data([
            {"Id": "b", "Expression": "a * 2", "Label": "twice"},
            {"Id": "a", "ReturnData": False, "MetricStat": {
                "Metric": {"Namespace": self.namespace, "MetricName": "Latency",
                           "Dimensions": [{"Name": "Host", "Value": "b"},
                                          {"Name": "App", "Value": "x"}]},
                "Period": 60, "Stat": "Sum"}},
        ])  # fmt: skip
        self.assertEqual([(r["Id"], r["Label"]) for r in results], [("b", "twice")])
        self.assertEqual(results[0]["Values"], [20.0, 22.0, 24.0, 26.0, 28.0])

    def test_metrics_insights(self):
        results = self.data([{
            "Id": "a", "Period": 300, "ReturnData": True,
            "Expression": f'SELECT MAX(Latency) FROM SCHEMA("{self.namespace}", App, Host) '
                          "GROUP BY Host ORDER BY MAX() DESC LIMIT 1",
        }])  # fmt: skip
        self.assertEqual(len(results), 1)
        self.assertEqual(max(results[0]["Values"]), 14.0)
        self.assertEqual(results[0]["Label"], "b")

    def test_pages_of_a_panel_continue_the_series(self):
        results = self.data(
            [{"Id": "a", "Expression":
              f"SEARCH('{{\"{self.namespace}\",App,Host}} Latency', 'Sum', 60)"}],
            MaxDatapoints=4,
        )  # fmt: skip
        self.assertEqual(sum(len(r["Values"]) for r in results), 10)

    def test_a_wrong_expression_is_shown_as_such(self):
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            self.data([{"Id": "a", "Expression": "NOSUCH(m1)"}])
        self.assertIn("Error in expression 'a'", str(raised.exception))

    def call_or_skip(self, operation, **arguments):
        """Alarms are built by and by: until then they are refused, and Grafana shows that."""
        try:
            return getattr(self.cloudwatch, operation)(**arguments)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 501:
                self.skipTest(f"{operation} is not built")
            raise

    def test_alarm_annotations(self):
        name = f"grafana-{uuid.uuid4().hex[:8]}"
        self.call_or_skip(
            "put_metric_alarm", AlarmName=name, Namespace=self.namespace, MetricName="Latency",
            Dimensions=[{"Name": "Host", "Value": "a"}, {"Name": "App", "Value": "x"}],
            Statistic="Average", Period=60, EvaluationPeriods=1, Threshold=1000.0,
            ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        found = self.cloudwatch.describe_alarms(AlarmNamePrefix=name, MaxRecords=100)
        self.assertEqual([a["AlarmName"] for a in found["MetricAlarms"]], [name])
        of_metric = self.cloudwatch.describe_alarms_for_metric(
            Namespace=self.namespace, MetricName="Latency", Statistic="Average", Period=60,
            Dimensions=[{"Name": "App", "Value": "x"}, {"Name": "Host", "Value": "a"}],
        )  # fmt: skip
        self.assertEqual([a["AlarmName"] for a in of_metric["MetricAlarms"]], [name])
        history = self.cloudwatch.describe_alarm_history(
            AlarmName=name, StartDate=self.minute - datetime.timedelta(hours=1),
            EndDate=self.minute + datetime.timedelta(hours=1), MaxRecords=100,
        )  # fmt: skip
        self.assertTrue(history["AlarmHistoryItems"])
        self.cloudwatch.delete_alarms(AlarmNames=[name])

    def test_other_services_are_refused_at_once(self):
        for service, operation, arguments in (
            ("ec2", "describe_regions", {}),
            ("resourcegroupstaggingapi", "get_resources", {}),
            ("oam", "list_sinks", {}),
        ):
            try:
                other = client(service)
            except botocore.exceptions.UnknownServiceError:
                continue  # younger than Debian's boto3
            started = time.monotonic()
            with self.assertRaises(botocore.exceptions.ClientError, msg=service):
                getattr(other, operation)(**arguments)
            self.assertLess(time.monotonic() - started, 5)
        self.test_save_and_test()
