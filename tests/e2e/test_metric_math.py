"""Metric math as users' tools send it: boto3, the AWS CLI, newer SDKs' JSON and CBOR, and the texts
that Grafana's CloudWatch data source makes."""
import datetime
import json
import os
import sys
import tempfile
import unittest
import uuid

import harness

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402

ENDPOINT = os.environ["SECUREBASE_ENDPOINT"]


def client(endpoint=ENDPOINT):
    return boto3.client(
        "cloudwatch",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 1}),
    )


def server_time():
    _, headers, _ = harness.request("GET", f"{ENDPOINT}/healthz")
    return datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")


def stat(id_, namespace, name, statistic="Average", period=60, dimensions=(), **more):
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
            },
            "Period": period,
            "Stat": statistic,
        },
        **more,
    }


class MetricMath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.namespace = f"Math/{uuid.uuid4().hex[:8]}"
        cls.end = server_time().replace(second=0, microsecond=0)
        cls.start = cls.end - datetime.timedelta(minutes=10)
        cls.cloudwatch = client()
        data = []
        for minute in range(10):
            when = cls.start + datetime.timedelta(minutes=minute)
            data.append({"MetricName": "errors", "Timestamp": when, "Value": minute % 3})
            if minute % 2 == 0:
                data.append({"MetricName": "sparse", "Timestamp": when, "Value": 10 * minute})
            for i, (host, region) in enumerate([("h-1", "eu"), ("h-2", "eu"), ("h-3", "us")]):
                data.append(
                    {
                        "MetricName": "CPUUtilization",
                        "Timestamp": when,
                        "Value": 10 * (i + 1) + minute,
                        "Dimensions": [
                            {"Name": "Host", "Value": host},
                            {"Name": "Region", "Value": region},
                        ],
                    }
                )
        cls.cloudwatch.put_metric_data(Namespace=cls.namespace, MetricData=data)

    def get(self, *queries, **options):
        options.setdefault("ScanBy", "TimestampAscending")
        return self.cloudwatch.get_metric_data(
            MetricDataQueries=list(queries), StartTime=self.start, EndTime=self.end, **options
        )

    def values(self, expression, *metrics, **more):
        """Of the only result."""
        query = {"Id": "e1", "Expression": expression, **more}
        hidden = [dict(metric, ReturnData=False) for metric in metrics]
        (result,) = self.get(query, *hidden)["MetricDataResults"]
        self.assertEqual(result["StatusCode"], "Complete")
        self.assertEqual(len(result["Timestamps"]), len(result["Values"]))
        return result["Values"]

    def error(self, *queries, **options):
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            self.get(*queries, **options)
        return "{Code}: {Message}".format(**raised.exception.response["Error"])

    def test_availability_as_the_users_compute_it(self):
        metric = stat("m1", self.namespace, "errors", "Sum")
        self.assertEqual(
            self.values("(1 - m1 / 100) * 100", metric),
            [(1 - minute % 3 / 100) * 100 for minute in range(10)],
        )

    def test_missing_points(self):
        sparse, errors = stat("m1", self.namespace, "sparse"), stat("m2", self.namespace, "errors")
        self.assertEqual(self.values("m1 + m2", sparse, errors), [0, 1, 22, 0, 41, 2, 60, 1, 82, 0])
        self.assertEqual(self.values("FILL(m1, 0)", sparse), [0, 0, 20, 0, 40, 0, 60, 0, 80, 0])
        self.assertEqual(
            self.values("FILL(m1, LINEAR)", sparse), [0, 10, 20, 30, 40, 50, 60, 70, 80]
        )
        self.assertEqual(self.values("m1 / m2", sparse, errors), [0, 10, 40, 0, 0, 40])
        self.assertEqual(self.values("IF(m1 > 20, 1, 0)", sparse), [0, 0, 1, 1, 1])

    def test_periods_that_differ_meet_at_the_largest(self):
        fine = stat("m1", self.namespace, "errors", "Sum", 60)
        coarse = stat("m2", self.namespace, "errors", "Sum", 300)
        self.assertEqual(self.values("m1 - m2", fine, coarse), [0, 0])

    def test_search_as_grafana_sends_it(self):
        expression = (
            "REMOVE_EMPTY(SEARCH('{%s,Host,Region} MetricName=\"CPUUtilization\" "
            '"Host"=("h-1" OR "h-2")\', \'Average\', 300))' % self.namespace
        )
        results = self.get({"Id": "a", "Expression": expression, "ReturnData": True,
                            "Label": "${LABEL}|&|${PROP('Dim.Host')}|&|${PROP('Stat')}"})
        found = [(r["Id"], r["Label"], r["Values"]) for r in results["MetricDataResults"]]
        self.assertEqual(
            found,
            [
                ("a", "h-1|&|h-1|&|Average", [12.0, 17.0]),
                ("a", "h-2|&|h-2|&|Average", [22.0, 27.0]),
            ],
        )
        loose = f"SEARCH('Namespace=\"{self.namespace}\" MetricName=\"CPUUtilization\" \"Host\"', 'Maximum', 600)"
        results = self.get({"Id": "b", "Expression": loose})["MetricDataResults"]
        self.assertEqual([r["Label"] for r in results], ["h-1 eu", "h-2 eu", "h-3 us"])
        self.assertEqual([r["Values"] for r in results], [[19.0], [29.0], [39.0]])

    def test_metrics_insights(self):
        select = f'SELECT AVG(CPUUtilization) FROM SCHEMA("{self.namespace}", Host, Region) '
        results = self.get(
            {"Id": "q1", "Expression": select + "GROUP BY Region ORDER BY AVG() DESC LIMIT 10",
             "Period": 600}
        )["MetricDataResults"]
        self.assertEqual([(r["Label"], r["Values"]) for r in results],
                         [("us", [34.5]), ("eu", [19.5])])
        self.assertEqual(self.values(select + "WHERE Host IN ('h-1', 'h-3')", Period=600), [24.5])
        self.assertEqual(
            self.values(f'SELECT COUNT(CPUUtilization) FROM "{self.namespace}" '
                        "WHERE Region != 'us'", Period=600), [20.0])
        self.assertIn("Period is required", self.error({"Id": "q1", "Expression": select}))

    def test_arrays_and_functions_over_them(self):
        metrics = [stat(f"m{i}", self.namespace, "CPUUtilization", "Maximum", 600,
                        [("Host", f"h-{i}"), ("Region", "us" if i == 3 else "eu")])
                   for i in (1, 2, 3)]
        self.assertEqual(self.values("AVG(METRICS())", *metrics), [29.0])
        self.assertEqual(self.values("MAX([m1, m2]) - MIN([m1, m2])", *metrics), [10.0])
        self.assertEqual(self.values("FIRST(SORT(METRICS('m'), MAX, DESC, 1))", *metrics), [39.0])
        results = self.get({"Id": "e1", "Expression": "SORT(METRICS(), AVG, DESC)"},
                           *[dict(m, ReturnData=False) for m in metrics])["MetricDataResults"]
        self.assertEqual([r["Values"] for r in results], [[39.0], [29.0], [19.0]])
        self.assertEqual({r["Id"] for r in results}, {"e1"})

    def test_labels(self):
        metric = stat("m1", self.namespace, "errors", "Sum", Label=(
            "${LABEL} ${MIN}..${MAX} avg ${AVG} sum ${SUM} n ${DATAPOINT_COUNT} first ${FIRST} last "
            "${LAST} at ${LAST_TIME} ${PROP('Namespace')} ${PROP('Period')} ${PROP('Dim.x')}|${NO}"))
        (result,) = self.get(metric, LabelOptions={"Timezone": "+0130"})["MetricDataResults"]
        last = self.end - datetime.timedelta(minutes=1) + datetime.timedelta(minutes=90)
        self.assertEqual(
            result["Label"],
            f"errors 0..2 avg 0.9 sum 9 n 10 first 0 last 0 at {last:%Y-%m-%dT%H:%M:%S}+01:30 "
            f"{self.namespace} 60 |${{NO}}")
        self.assertIn("LabelOptions.Timezone", self.error(metric, LabelOptions={"Timezone": "CET"}))

    def test_errors_name_the_expression_and_the_character(self):
        def expression(text, **more):
            return {"Id": "e1", "Expression": text, **more}

        metric = stat("m1", self.namespace, "errors")
        self.assertEqual(self.error(expression("FOO(m1)"), metric),
                         "ValidationError: Error in expression 'e1': Function 'FOO' not found "
                         "(at character 1)")
        self.assertIn("Error in expression 'e1': Invalid syntax", self.error(expression("m1 +"), metric))
        self.assertIn("(at character 5)", self.error(expression("m1 +"), metric))
        self.assertIn("Unknown Id 'm7'", self.error(expression("m1 + m7"), metric))
        self.assertIn("single number", self.error(expression("AVG(m1)"), metric))
        self.assertIn("Function 'SERVICE_QUOTA' is not supported by this server",
                      self.error(expression("m1 / SERVICE_QUOTA(m1)"), metric))
        self.assertIn("refers to itself: e1 -> e2 -> e1",
                      self.error(expression("e2"), {"Id": "e2", "Expression": "e1 + m1"}, metric))
        self.assertIn("not unique", self.error(metric, metric))
        self.assertIn("MetricStat is required", self.error({"Id": "m1"}))

    def test_pages_continue_all_series_and_the_token_is_repeatable(self):
        queries = [stat("m1", self.namespace, "errors", "Sum"),
                   {"Id": "e1", "Expression": "m1 * 2"}]
        pages, token = [], None
        while True:
            options = {"NextToken": token} if token else {}
            page = self.get(*queries, MaxDatapoints=8, **options)
            again = self.get(*queries, MaxDatapoints=8, **options)
            self.assertEqual(page["MetricDataResults"], again["MetricDataResults"])
            pages.append(page)
            token = page.get("NextToken")
            if not token:
                break
        self.assertEqual(len(pages), 3)
        together = [[], []]
        for page in pages:
            for i, result in enumerate(page["MetricDataResults"]):
                together[i] += result["Values"]
        self.assertEqual(together[0], [minute % 3 for minute in range(10)])
        self.assertEqual(together[1], [2 * (minute % 3) for minute in range(10)])
        self.assertIn("InvalidNextToken",
                      self.error(queries[0], MaxDatapoints=8, NextToken=pages[0]["NextToken"]))

    def test_another_accounts_data_are_forbidden(self):
        results = self.get(stat("m1", self.namespace, "errors", AccountId="999999999999"),
                           {"Id": "e1", "Expression": "m1 + 1"},
                           stat("m2", self.namespace, "errors"))["MetricDataResults"]
        self.assertEqual([(r["Id"], r["StatusCode"], len(r["Values"])) for r in results],
                         [("m1", "Forbidden", 0), ("e1", "Forbidden", 0), ("m2", "Complete", 10)])

    def test_the_cli(self):
        queries = json.dumps([{"Id": "e1", "Expression": "SUM(METRICS())", "Label": "all"},
                              stat("m1", self.namespace, "errors", ReturnData=False)])
        out = harness.aws(ENDPOINT, "cloudwatch", "get-metric-data", "--metric-data-queries", queries,
                          "--start-time", self.start.isoformat() + "Z",
                          "--end-time", self.end.isoformat() + "Z",
                          "--query", "MetricDataResults[0].[Label,length(Values)]")
        self.assertEqual(out if isinstance(out, list) else json.loads(out), ["all", 10])

    def test_json_answers_as_newer_sdks_ask(self):
        body = {
            "MetricDataQueries": [{"Id": "e1", "Expression": "m1 * 10", "Period": 60},
                                  stat("m1", self.namespace, "errors", ReturnData=False)],
            "StartTime": self.start.replace(tzinfo=datetime.timezone.utc).timestamp(),
            "EndTime": self.end.replace(tzinfo=datetime.timezone.utc).timestamp(),
            "ScanBy": "TimestampAscending",
        }
        status, _, answer = harness.request(
            "POST", ENDPOINT + "/", json.dumps(body).encode(),
            {"content-type": "application/x-amz-json-1.0", "x-amzn-query-mode": "true",
             "x-amz-target": "GraniteServiceVersion20100801.GetMetricData"})
        self.assertEqual(status, 200, answer)
        (result,) = json.loads(answer)["MetricDataResults"]
        self.assertEqual(result["Values"], [10 * (minute % 3) for minute in range(10)])


class AnomalyDetection(unittest.TestCase):
    def test_detectors_and_their_band(self):
        cloudwatch = client()
        namespace = f"Band/{uuid.uuid4().hex[:8]}"
        now = server_time().replace(minute=0, second=0, microsecond=0)
        start = now - datetime.timedelta(days=4)
        data = []
        for hour in range(4 * 24 + 1):
            value = 100 if (start + datetime.timedelta(hours=hour)).hour in range(9, 17) else 10
            data.append({"MetricName": "load", "Timestamp": start + datetime.timedelta(hours=hour),
                         "Value": value + hour % 3})
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

        flat = {"Namespace": namespace, "MetricName": "load", "Stat": "Average"}
        cloudwatch.put_anomaly_detector(
            **flat, Configuration={"MetricTimezone": "Europe/Berlin", "ExcludedTimeRanges": []})
        (found,) = cloudwatch.describe_anomaly_detectors(Namespace=namespace)["AnomalyDetectors"]
        self.assertEqual(found["StateValue"], "TRAINED")
        self.assertEqual(found["MetricName"], "load")
        self.assertEqual(found["SingleMetricAnomalyDetector"]["Stat"], "Average")
        self.assertEqual(found["Configuration"]["MetricTimezone"], "Europe/Berlin")

        results = cloudwatch.get_metric_data(
            MetricDataQueries=[
                stat("m1", namespace, "load", period=3600),
                {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)"},
                {"Id": "high", "Expression": "FIRST(ANOMALY_DETECTION_BAND(m1, 3))"},
            ],
            StartTime=now - datetime.timedelta(hours=12), EndTime=now,
            ScanBy="TimestampAscending")["MetricDataResults"]
        values, upper, lower, high = (r["Values"] for r in results)
        self.assertEqual(len(values), 12)
        self.assertEqual(upper, high)
        for value, top, bottom in zip(values, upper, lower):
            self.assertLess(bottom, value)
            self.assertLess(value, top)
            self.assertLess(top - bottom, 60)

        math = {"MetricMathAnomalyDetector": {"MetricDataQueries": [
            stat("m1", namespace, "load", period=300, ReturnData=False),
            {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True}]}}
        cloudwatch.put_anomaly_detector(**math)
        self.assertEqual(
            [d["StateValue"] for d in cloudwatch.describe_anomaly_detectors(
                AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"]], ["TRAINED"])
        cloudwatch.delete_anomaly_detector(**math)
        cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=flat)
        self.assertEqual(
            cloudwatch.describe_anomaly_detectors(Namespace=namespace)["AnomalyDetectors"], [])
        with self.assertRaises(cloudwatch.exceptions.ResourceNotFoundException):
            cloudwatch.delete_anomaly_detector(**flat)
        with self.assertRaises(cloudwatch.exceptions.InvalidParameterCombinationException):
            cloudwatch.put_anomaly_detector(**flat, SingleMetricAnomalyDetector=flat)
        with self.assertRaises(cloudwatch.exceptions.InvalidParameterValueException):
            cloudwatch.put_anomaly_detector(**flat, Configuration={"MetricTimezone": "Mars/Base"})


class Restart(unittest.TestCase):
    def test_a_page_token_outlives_the_server(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = os.path.join(folder, "one")
            os.mkdir(folder)
            first = None
            for start in range(2):
                with harness.Server(folder) as server:
                    cloudwatch = client(server.endpoint)
                    if start == 0:
                        data = [{"MetricName": f"m{i:04}", "Value": 1} for i in range(600)]
                        cloudwatch.put_metric_data(Namespace="N", MetricData=data)
                        first = cloudwatch.list_metrics(Namespace="N")
                        self.assertEqual(len(first["Metrics"]), 500)
                    else:
                        second = cloudwatch.list_metrics(
                            Namespace="N", NextToken=first["NextToken"])
                        self.assertEqual(second["Metrics"][0]["MetricName"], "m0500")
                        self.assertEqual(len(second["Metrics"]), 100)


if __name__ == "__main__":
    unittest.main()
