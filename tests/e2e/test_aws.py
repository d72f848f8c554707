"""The users' AWS tools, unchanged, against the server: Debian's AWS CLI and boto3, the calls of the
users' validation script as they stand, and requests as newer SDKs send them."""
import datetime
import decimal
import functools
import gzip
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


def aws(*arguments, **options):
    return harness.aws(ENDPOINT, *arguments, **options)


@functools.cache
def client(service, key="test"):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 1}),
    )


@functools.cache
def resource():
    return boto3.resource(
        "dynamodb",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def server_time():
    """The server's clock: it may have been started at another time."""
    _, headers, _ = harness.request("GET", f"{ENDPOINT}/healthz")
    return datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S")


class CloudWatchCliTest(unittest.TestCase):
    def setUp(self):
        self.namespace = unique("Test")
        self.now = server_time()
        for value in range(1, 101):
            if value % 25 == 1:
                values = ",".join(str(v) for v in range(value, value + 25))
                aws(
                    "cloudwatch", "put-metric-data", "--namespace", self.namespace,
                    "--metric-data",
                    f"MetricName=QueryExecutionTime,Unit=Seconds,Values={values}",
                )  # fmt: skip

    def statistics(self, statistics, query):
        return aws(
            "cloudwatch", "get-metric-statistics", "--namespace", self.namespace,
            "--metric-name", "QueryExecutionTime",
            "--start-time", iso(self.now - datetime.timedelta(hours=1)),
            "--end-time", iso(self.now + datetime.timedelta(minutes=5)),
            "--period", "7200", "--statistics", statistics, "--query", query, "--output", "text",
        )  # fmt: skip

    def test_simple_statistics(self):
        for statistic, want in [
            ("Average", 50.5),
            ("Sum", 5050.0),
            ("SampleCount", 100.0),
            ("Minimum", 1.0),
            ("Maximum", 100.0),
        ]:
            self.assertEqual(
                float(self.statistics(statistic, f"Datapoints[0].{statistic}")), want
            )

    def test_the_users_p95(self):
        p95 = self.statistics("p95", "Datapoints[0].ExtendedStatistics.p95")
        self.assertAlmostEqual(float(p95), 95, delta=2)

    def test_the_runbooks_two_statistics_in_one_element(self):
        self.assertEqual(
            self.statistics("Average,Maximum", "Datapoints[0].[Average,Maximum]"), "50.5\t100.0"
        )

    def test_list_metrics(self):
        listed = aws("cloudwatch", "list-metrics", "--namespace", self.namespace)
        self.assertEqual(
            listed["Metrics"],
            [
                {
                    "Namespace": self.namespace,
                    "MetricName": "QueryExecutionTime",
                    "Dimensions": [],
                }
            ],
        )

    def test_errors_reach_the_user(self):
        result = aws(
            "cloudwatch", "put-metric-data", "--namespace", self.namespace,
            "--metric-name", "m", "--value", "1e200", check=False,
        )  # fmt: skip
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("InvalidParameterValue", result.stderr)
        self.assertIn("MetricData.member.1.Value", result.stderr)

    def test_what_is_not_built_is_said(self):
        result = aws("cloudwatch", "list-metric-streams", check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("NotImplemented", result.stderr)
        self.assertIn("ListMetricStreams", result.stderr)


class CloudWatchBotoTest(unittest.TestCase):
    def test_publishing_as_the_users_code_does(self):
        cloudwatch, namespace = client("cloudwatch"), unique("Test")
        cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": "PDFExportDuration",
                    "Value": 1.5,
                    "Unit": "Seconds",
                    "Timestamp": server_time(),
                    "Dimensions": [{"Name": "ReportType", "Value": "cost"}],
                }
            ],
        )
        data = cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m1",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": namespace,
                            "MetricName": "PDFExportDuration",
                            "Dimensions": [{"Name": "ReportType", "Value": "cost"}],
                        },
                        "Period": 60,
                        "Stat": "Average",
                    },
                }
            ],
            StartTime=server_time() - datetime.timedelta(minutes=10),
            EndTime=server_time() + datetime.timedelta(minutes=10),
        )
        self.assertEqual(data["MetricDataResults"][0]["Values"], [1.5])
        pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
        self.assertEqual(len([m for page in pages for m in page["Metrics"]]), 1)

    def test_an_account_sees_its_own_metrics_alone(self):
        namespace = unique("Test")
        client("cloudwatch", "111111111111").put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": "m", "Value": 1}]
        )
        mine = client("cloudwatch", "111111111111").list_metrics(Namespace=namespace)
        others = client("cloudwatch").list_metrics(Namespace=namespace)
        self.assertEqual((len(mine["Metrics"]), len(others["Metrics"])), (1, 0))


class NewerSdkTest(unittest.TestCase):
    """Requests as newer SDKs send them: AWS JSON with the query mode, compressed, and RPC v2 CBOR."""

    def test_json_with_query_mode_and_gzip(self):
        namespace = unique("Test")
        body = {"Namespace": namespace, "MetricData": [{"MetricName": "m", "Value": 1.0}]}
        status, headers, answer = harness.request(
            "POST",
            f"{ENDPOINT}/",
            gzip.compress(json.dumps(body).encode()),
            {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
                "Content-Encoding": "gzip",
                "x-amzn-query-mode": "true",
            },
        )
        self.assertEqual((status, answer), (200, b"{}"))
        self.assertIn("x-amzn-RequestId", headers)
        self.assertEqual(len(client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]), 1)

    def test_cbor(self):
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        path = "/service/GraniteServiceVersion20100801/operation"
        # {"Namespace": "TestCbor", "MetricData": [{"MetricName": "m", "Value": 1.5}]}
        body = b"\xa2iNamespacehTestCborjMetricData\x81\xa2jMetricNameameValue\xfb\x3f\xf8" + bytes(6)
        status, answered, _ = harness.request(
            "POST", f"{ENDPOINT}{path}/PutMetricData", body, headers
        )
        self.assertEqual(status, 200)
        self.assertEqual(answered["smithy-protocol"], "rpc-v2-cbor")
        status, _, _ = harness.request("POST", f"{ENDPOINT}{path}/Nonsense", b"\xa0", headers)
        self.assertEqual(status, 404)


class DynamoDbTest(unittest.TestCase):
    def test_the_users_validation_script(self):
        tables = aws(
            "dynamodb", "list-tables", "--query", "TableNames[?contains(@, 'securebase-dev')]"
        )
        self.assertIn("securebase-dev-customers", tables)
        described = aws(
            "dynamodb", "describe-table", "--table-name", "securebase-dev-reports",
            "--query", "Table.{n:TableName,s:TableStatus,c:ItemCount,b:BillingModeSummary}",
        )  # fmt: skip
        self.assertEqual(described["s"], "ACTIVE")
        count = aws(
            "dynamodb", "scan", "--table-name", "securebase-dev-customers",
            "--select", "COUNT", "--query", "Count", "--output", "text",
        )  # fmt: skip
        self.assertGreaterEqual(int(count), 0)
        status = aws(
            "dynamodb", "scan", "--table-name", "securebase-dev-report-schedules",
            "--filter-expression", "attribute_exists(lastDeliveryStatus)",
            "--projection-expression", "lastDeliveryStatus",
        )  # fmt: skip
        for item in status["Items"]:
            self.assertEqual(list(item), ["lastDeliveryStatus"])
        reports = aws(
            "dynamodb", "scan", "--table-name", "securebase-dev-reports",
            "--projection-expression", "customer_id",
        )  # fmt: skip
        self.assertIn("Items", reports)

    def test_the_users_python(self):
        customer = unique("customer")
        metrics = resource().Table("securebase-dev-metrics")
        with metrics.batch_writer() as batch:
            for day in range(1, 41):
                batch.put_item(
                    Item={
                        "customer_id": customer,
                        "timestamp": f"2026-06-{day:02}",
                        "service": "AmazonEC2",
                        "cost": decimal.Decimal("1.25"),
                    }
                )
        found = metrics.query(
            KeyConditionExpression="customer_id = :cid AND #ts BETWEEN :start AND :end",
            ExpressionAttributeNames={"#ts": "timestamp"},
            ExpressionAttributeValues={
                ":cid": customer,
                ":start": "2026-06-10",
                ":end": "2026-06-19",
            },
        )
        self.assertEqual(found["Count"], 10)
        self.assertEqual(found["Items"][0]["cost"], decimal.Decimal("1.25"))
        customers = resource().Table("securebase-dev-customers")
        customers.put_item(Item={"customer_id": customer, "status": "active"})
        active = customers.scan(
            FilterExpression="attribute_exists(id) AND #status = :active",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":active": "active"},
        )
        self.assertIn(customer, [item["customer_id"] for item in active["Items"]])
        cache = resource().Table("securebase-dev-report-cache")
        cache.put_item(Item={"cache_key": customer, "ttl": 1, "data": {"rows": [1, "a", None]}})
        self.assertEqual(
            cache.get_item(Key={"cache_key": customer})["Item"]["data"], {"rows": [1, "a", None]}
        )

    def test_a_schedule_by_its_id_alone(self):
        schedule = unique("sch")
        table = resource().Table("securebase-dev-report-schedules")
        table.put_item(Item={"customer_id": unique("c"), "schedule_id": schedule})
        updated = table.update_item(
            Key={"scheduleId": schedule},
            UpdateExpression="SET #s = :status, lastDeliveryTime = :time",
            ExpressionAttributeNames={"#s": "deliveryStatus"},
            ExpressionAttributeValues={":status": "success", ":time": "2026-06-01T00:00:00Z"},
            ReturnValues="UPDATED_NEW",
        )
        self.assertEqual(updated["Attributes"]["deliveryStatus"], "success")

    def test_a_table_of_their_own(self):
        dynamodb, name = client("dynamodb"), unique("table")
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name)
        table = resource().Table(name)
        table.put_item(Item={"id": "a"}, ConditionExpression="attribute_not_exists(id)")
        with self.assertRaises(
            dynamodb.exceptions.ConditionalCheckFailedException
        ) as failed:
            dynamodb.put_item(
                TableName=name,
                Item={"id": {"S": "a"}},
                ConditionExpression="attribute_not_exists(id)",
            )
        self.assertIn("The conditional request failed", str(failed.exception))
        table.delete_item(Key={"id": "a"})
        self.assertNotIn("Item", table.get_item(Key={"id": "a"}))
        dynamodb.delete_table(TableName=name)
        with self.assertRaises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.describe_table(TableName=name)

    def test_product_tables_are_guarded(self):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            resource().Table("securebase-dev-reports").put_item(
                Item={"customer_id": "a", "id": "b"}
            )
        self.assertEqual(refused.exception.response["Error"]["Code"], "AccessDeniedException")


class RequiredAuthenticationTest(unittest.TestCase):
    def test_signatures_of_the_real_client_decide(self):
        with tempfile.TemporaryDirectory() as folder:
            made = harness.run(
                "key", "create", "--aws", "--role", "viewer", "--data", f"{folder}/data"
            ).stdout.split()
            key, secret = made[0], made[1]
            with harness.Server(folder, auth="required") as server:
                listed = harness.aws(
                    server.endpoint, "dynamodb", "list-tables", key=key, secret=secret
                )
                self.assertIn("securebase-dev-reports", listed["TableNames"])
                metrics = harness.aws(
                    server.endpoint, "cloudwatch", "list-metrics", key=key, secret=secret
                )
                self.assertIn("Metrics", metrics)

                def refusal(*arguments, key=key, secret=secret):
                    result = harness.aws(
                        server.endpoint, *arguments, key=key, secret=secret, check=False
                    )
                    self.assertNotEqual(result.returncode, 0)
                    return result.stderr

                tables = ("dynamodb", "list-tables")
                self.assertIn("InvalidSignatureException", refusal(*tables, secret="wrong"))
                self.assertIn("UnrecognizedClientException", refusal(*tables, key="AKIDNOBODY"))
                write = ("cloudwatch", "put-metric-data", "--namespace", "N")
                error = refusal(*write, "--metric-name", "m", "--value", "1")
                self.assertIn("AccessDenied", error)
                self.assertIn("cloudwatch:PutMetricData", error)


class LogsTest(unittest.TestCase):
    def test_writing_and_reading_back(self):
        logs, group = client("logs"), unique("/test/group")
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
        now = int(server_time().replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName="s",
            logEvents=[{"timestamp": now + i, "message": f"line {i}"} for i in range(25)],
        )
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, PaginationConfig={"PageSize": 10}
        )
        lines = [event["message"] for page in pages for event in page["events"]]
        self.assertEqual(lines, [f"line {i}" for i in range(25)])
        newest = logs.get_log_events(logGroupName=group, logStreamName="s", limit=5)
        self.assertEqual([e["message"] for e in newest["events"]][-1], "line 24")
        listed = aws("logs", "describe-log-groups", "--log-group-name-prefix", group)
        self.assertEqual(listed["logGroups"][0]["logGroupName"], group)
        with self.assertRaises(logs.exceptions.ResourceNotFoundException):
            logs.get_log_events(logGroupName="none", logStreamName="s")

    def test_the_functions_own_group_exists(self):
        listed = aws("logs", "describe-log-groups", "--log-group-name-prefix", "/aws/lambda/")
        self.assertIn("logGroups", listed)


if __name__ == "__main__":
    unittest.main()
