"""Tables of the users' own, with boto3 (client and Table resource) and the AWS CLI: indexes,
transactions, expiry, paging over a restart, numbers, old parameters, metrics, limits, and the
commands `securebase table`."""
import datetime
import decimal
import json
import os
import pathlib
import tempfile
import time
import unittest
import uuid

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import Server, aws, run, wait_for

OPTIONS = dict(
    region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
)


def setUpModule():
    global SERVER, FOLDER
    FOLDER = tempfile.TemporaryDirectory()
    SERVER = Server(pathlib.Path(FOLDER.name) / "server")
    SERVER.folder.mkdir()
    SERVER.start()


def tearDownModule():
    SERVER.stop()
    FOLDER.cleanup()


def client(service="dynamodb", **config):
    config.setdefault("retries", {"total_max_attempts": 1})
    return boto3.client(
        service, endpoint_url=SERVER.endpoint, config=Config(**config), **OPTIONS
    )


def resource():
    return boto3.resource("dynamodb", endpoint_url=SERVER.endpoint, **OPTIONS)


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def make_table(sort=None, **more):
    name = unique("t")
    keys = [("pk", "S")] + ([sort] if sort else [])
    client().create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in keys
        ]
        + more.pop("definitions", []),
        KeySchema=[
            {"AttributeName": key, "KeyType": "RANGE" if i else "HASH"}
            for i, (key, _) in enumerate(keys)
        ],
        **{"BillingMode": "PAY_PER_REQUEST", **more},
    )
    client().get_waiter("table_exists").wait(TableName=name)
    return resource().Table(name)


class Items(unittest.TestCase):
    def test_values_of_every_type_come_back(self):
        table = make_table()
        big = decimal.Decimal("1234567890123456789012345678901234567.8")
        item = {
            "pk": "größe \u0000 😀",
            "digits": big,
            "tiny": decimal.Decimal("1E-130"),
            "huge": decimal.Decimal("9.9999999999999999999999999999999999999E+125"),
            "bytes": Binary(bytes(range(256))),
            "none": None,
            "yes": True,
            "list": [1, "a", None, {"deep": [{"er": {1, 2, decimal.Decimal("2.5")}}]}],
            "strings": {"b", "a"},
            "binaries": {Binary(b"x"), Binary(b"y")},
            "empty": "",
            "empty_map": {},
            "empty_list": [],
        }
        table.put_item(Item=item)
        found = table.get_item(Key={"pk": item["pk"]})["Item"]
        self.assertEqual(found, item)
        self.assertEqual(found["digits"], big)
        table.update_item(
            Key={"pk": item["pk"]},
            UpdateExpression="ADD digits :one",
            ExpressionAttributeValues={":one": decimal.Decimal("0.2")},
        )
        self.assertEqual(
            table.get_item(Key={"pk": item["pk"]})["Item"]["digits"],
            decimal.Decimal("1234567890123456789012345678901234568"),
        )

    def test_all_return_values(self):
        table = make_table()

        def update(expression, returned, **values):
            return table.update_item(
                Key={"pk": "a"},
                UpdateExpression=expression,
                ReturnValues=returned,
                ExpressionAttributeValues={f":{k}": v for k, v in values.items()},
            ).get("Attributes")

        self.assertEqual(update("SET n = :n, m = :n", "UPDATED_NEW", n=1), {"n": 1, "m": 1})
        self.assertEqual(update("SET n = n + :n", "UPDATED_OLD", n=2), {"n": 1})
        self.assertEqual(update("SET n = n + :n", "ALL_OLD", n=2), {"pk": "a", "n": 3, "m": 1})
        self.assertEqual(update("SET n = n + :n", "ALL_NEW", n=2), {"pk": "a", "n": 7, "m": 1})
        self.assertIsNone(update("SET n = n + :n", "NONE", n=2))
        old = table.put_item(Item={"pk": "a"}, ReturnValues="ALL_OLD")["Attributes"]
        self.assertEqual(old, {"pk": "a", "n": 9, "m": 1})
        self.assertEqual(
            table.delete_item(Key={"pk": "a"}, ReturnValues="ALL_OLD")["Attributes"], {"pk": "a"}
        )

    def test_a_failed_condition_names_itself(self):
        table = make_table()
        table.put_item(Item={"pk": "a"})
        with self.assertRaises(ClientError) as caught:
            table.put_item(Item={"pk": "a"}, ConditionExpression=Attr("pk").not_exists())
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], "ConditionalCheckFailedException")
        self.assertEqual(error["Message"], "The conditional request failed")

    def test_queries_with_conditions_of_boto3(self):
        table = make_table(("at", "N"))
        with table.batch_writer() as batch:
            for at in range(60):
                batch.put_item(Item={"pk": "p", "at": at, "even": at % 2 == 0, "text": f"n{at}"})
        found = table.query(
            KeyConditionExpression=Key("pk").eq("p") & Key("at").between(10, 20),
            FilterExpression=Attr("even").eq(True) & Attr("text").begins_with("n1"),
        )
        self.assertEqual([int(i["at"]) for i in found["Items"]], [10, 12, 14, 16, 18])
        self.assertEqual(found["ScannedCount"], 11)

    def test_parallel_scan_segments_meet_every_item_once(self):
        table = make_table()
        with table.batch_writer() as batch:
            for i in range(200):
                batch.put_item(Item={"pk": f"k{i}"})
        seen = []
        for segment in range(4):
            start = {}
            while True:
                page = table.scan(Segment=segment, TotalSegments=4, Limit=7, **start)
                seen += [item["pk"] for item in page["Items"]]
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        self.assertEqual(sorted(seen), sorted(f"k{i}" for i in range(200)))

    def test_pages_end_at_a_megabyte_and_go_on_after_a_restart(self):
        table = make_table(("n", "N"))
        for n in range(30):
            table.put_item(Item={"pk": "p", "n": n, "text": "x" * 100_000})
        first = table.query(KeyConditionExpression=Key("pk").eq("p"))
        self.assertEqual(first["Count"], 11)
        SERVER.stop()
        SERVER.start()
        after = resource().Table(table.name)
        second = after.query(
            KeyConditionExpression=Key("pk").eq("p"),
            ExclusiveStartKey=first["LastEvaluatedKey"],
        )
        self.assertEqual([int(i["n"]) for i in second["Items"]], list(range(11, 22)))

    def test_old_parameters(self):
        table = make_table(("at", "N"))
        dynamodb = client()
        for at in range(4):
            table.put_item(Item={"pk": "p", "at": at, "v": at * at})
        found = dynamodb.query(
            TableName=table.name,
            KeyConditions={
                "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p"}]},
                "at": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "2"}]},
            },
            AttributesToGet=["v"],
        )
        self.assertEqual(found["Items"], [{"v": {"N": "4"}}, {"v": {"N": "9"}}])
        dynamodb.update_item(
            TableName=table.name,
            Key={"pk": {"S": "p"}, "at": {"N": "1"}},
            AttributeUpdates={"v": {"Action": "ADD", "Value": {"N": "5"}}},
            Expected={"v": {"Value": {"N": "1"}}},
        )
        self.assertEqual(table.get_item(Key={"pk": "p", "at": 1})["Item"]["v"], 6)


class Batches(unittest.TestCase):
    def test_batches_over_tables(self):
        one, two = make_table(), make_table()
        dynamodb = client()
        answer = dynamodb.batch_write_item(
            RequestItems={
                one.name: [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}],
                two.name: [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}],
            },
            ReturnConsumedCapacity="TOTAL",
        )
        self.assertEqual(answer["UnprocessedItems"], {})
        self.assertEqual([c["CapacityUnits"] for c in answer["ConsumedCapacity"]], [1.0, 1.0])
        found = dynamodb.batch_get_item(
            RequestItems={
                one.name: {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "none"}}]},
                two.name: {"Keys": [{"pk": {"S": "b"}}]},
            }
        )
        self.assertEqual(found["Responses"][one.name], [{"pk": {"S": "a"}}])
        self.assertEqual(found["Responses"][two.name], [{"pk": {"S": "b"}}])
        self.assertEqual(found["UnprocessedKeys"], {})

    def test_a_batch_with_one_bad_item_writes_nothing(self):
        table = make_table()
        with self.assertRaises(ClientError):
            client().batch_write_item(
                RequestItems={
                    table.name: [
                        {"PutRequest": {"Item": {"pk": {"S": "good"}}}},
                        {"PutRequest": {"Item": {"pk": {"N": "1"}}}},
                    ]
                }
            )
        self.assertEqual(table.scan()["Count"], 0)

    def test_transactions(self):
        table = make_table()
        dynamodb = client()

        def put(key, **more):
            return {"Put": {"TableName": table.name, "Item": {"pk": {"S": key}}, **more}}

        token = str(uuid.uuid4())
        for _ in range(2):  # the second is the same one
            dynamodb.transact_write_items(
                TransactItems=[
                    put("a"),
                    {
                        "Update": {
                            "TableName": table.name,
                            "Key": {"pk": {"S": "counter"}},
                            "UpdateExpression": "ADD n :one",
                            "ExpressionAttributeValues": {":one": {"N": "1"}},
                        }
                    },
                ],
                ClientRequestToken=token,
            )
        self.assertEqual(table.get_item(Key={"pk": "counter"})["Item"]["n"], 1)
        with self.assertRaises(dynamodb.exceptions.IdempotentParameterMismatchException):
            dynamodb.transact_write_items(TransactItems=[put("b")], ClientRequestToken=token)
        with self.assertRaises(dynamodb.exceptions.TransactionCanceledException) as caught:
            dynamodb.transact_write_items(
                TransactItems=[
                    put("b"),
                    put("a", ConditionExpression="attribute_not_exists(pk)"),
                ]
            )
        reasons = caught.exception.response["CancellationReasons"]
        self.assertEqual([r["Code"] for r in reasons], ["None", "ConditionalCheckFailed"])
        got = dynamodb.transact_get_items(
            TransactItems=[
                {"Get": {"TableName": table.name, "Key": {"pk": {"S": key}}}} for key in "ab"
            ]
        )
        self.assertEqual(got["Responses"], [{"Item": {"pk": {"S": "a"}}}, {}])


class Tables(unittest.TestCase):
    def test_indexes(self):
        table = make_table(
            ("at", "N"),
            definitions=[
                {"AttributeName": "who", "AttributeType": "S"},
                {"AttributeName": "rank", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-who",
                    "KeySchema": [
                        {"AttributeName": "who", "KeyType": "HASH"},
                        {"AttributeName": "at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
                }
            ],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "by-rank",
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "rank", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        for at in range(10):
            table.put_item(
                Item={
                    "pk": "p", "at": at, "rank": 10 - at, "who": "ab"[at % 2],
                    "note": "n", "more": "m",
                }
            )  # fmt: skip
        found = table.query(IndexName="by-who", KeyConditionExpression=Key("who").eq("a"))
        self.assertEqual([int(i["at"]) for i in found["Items"]], [0, 2, 4, 6, 8])
        self.assertEqual(set(found["Items"][0]), {"pk", "at", "who", "note"})
        ranked = table.query(
            IndexName="by-rank",
            KeyConditionExpression=Key("pk").eq("p") & Key("rank").lt(3),
            Select="ALL_ATTRIBUTES",
        )
        self.assertEqual([int(i["at"]) for i in ranked["Items"]], [9, 8])
        self.assertEqual(ranked["Items"][0]["more"], "m")
        dynamodb = client()
        dynamodb.update_table(
            TableName=table.name,
            AttributeDefinitions=[{"AttributeName": "note", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": "by-note",
                        "KeySchema": [{"AttributeName": "note", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                }
            ],
        )

        def status():
            described = dynamodb.describe_table(TableName=table.name)["Table"]
            return {i["IndexName"]: i["IndexStatus"] for i in described["GlobalSecondaryIndexes"]}

        wait_for(lambda: status().get("by-note") == "ACTIVE", what="the index")
        self.assertEqual(
            table.query(IndexName="by-note", KeyConditionExpression=Key("note").eq("n"))["Count"],
            10,
        )
        dynamodb.update_table(
            TableName=table.name,
            GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-who"}}],
        )
        self.assertNotIn("by-who", status())

    def test_expiry(self):
        table = make_table()
        dynamodb = client()
        dynamodb.update_time_to_live(
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"},
        )
        self.assertEqual(
            dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"],
            {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"},
        )
        now = int(time.time())
        table.put_item(Item={"pk": "gone", "until": now - 60})
        table.put_item(Item={"pk": "stays", "until": now + 3600})
        self.assertEqual([i["pk"] for i in table.scan()["Items"]], ["stays"])

    def test_provisioned_limits_and_metrics(self):
        table = make_table(
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
        dynamodb = client()
        item = {"pk": {"S": "a"}, "text": {"S": "x" * 300_000}}
        with self.assertRaises(dynamodb.exceptions.ProvisionedThroughputExceededException):
            for _ in range(5):
                dynamodb.put_item(TableName=table.name, Item=item)
        dynamodb.get_item(TableName=table.name, Key={"pk": {"S": "a"}})
        cloudwatch = client("cloudwatch")

        def total(metric, **dimensions):
            now = datetime.datetime.now(datetime.timezone.utc)
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/DynamoDB",
                MetricName=metric,
                Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
                StartTime=now - datetime.timedelta(hours=1),
                EndTime=now + datetime.timedelta(minutes=1),
                Period=7200,
                Statistics=["Sum"],
            )["Datapoints"]
            return sum(point["Sum"] for point in points)

        names = dict(TableName=table.name, Operation="PutItem")
        wait_for(lambda: total("ThrottledRequests", **names) >= 1, what="the throttled requests")
        self.assertGreaterEqual(total("ConsumedWriteCapacityUnits", TableName=table.name), 293)
        wait_for(
            lambda: total("SuccessfulRequestLatency", TableName=table.name, Operation="GetItem"),
            what="the latency",
        )

    def test_the_product_s_tables_hold_the_records_of_v1(self):
        import urllib.request

        name = unique("report")
        body = json.dumps({"name": name, "config": {"dateRange": "30d", "dimension": "service"}})
        request = urllib.request.Request(
            f"{SERVER.endpoint}/v1/reports", data=body.encode(),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        created = json.loads(urllib.request.urlopen(request).read())
        reports = resource().Table("securebase-dev-reports")
        found = reports.scan(FilterExpression=Attr("name").eq(name))["Items"]
        self.assertEqual([item["id"] for item in found], [created["id"]])
        with self.assertRaises(ClientError) as caught:
            reports.put_item(Item={"customer_id": "a", "id": "b"})
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")

    def test_the_aws_cli(self):
        name = unique("cli")

        def cli(*arguments):
            return aws(SERVER.endpoint, "dynamodb", *arguments)

        cli(
            "create-table", "--table-name", name,
            "--attribute-definitions", "AttributeName=id,AttributeType=S",
            "--key-schema", "AttributeName=id,KeyType=HASH",
            "--billing-mode", "PAY_PER_REQUEST", "--tags", "Key=team,Value=a",
        )  # fmt: skip
        cli("wait", "table-exists", "--table-name", name)
        cli("put-item", "--table-name", name, "--item", '{"id": {"S": "a"}, "n": {"N": "1"}}')
        updated = cli(
            "update-item", "--table-name", name, "--key", '{"id": {"S": "a"}}',
            "--update-expression", "SET n = n + :x",
            "--expression-attribute-values", '{":x": {"N": "2"}}', "--return-values", "ALL_NEW",
        )  # fmt: skip
        self.assertEqual(updated["Attributes"]["n"], {"N": "3"})
        self.assertEqual(cli("scan", "--table-name", name, "--select", "COUNT")["Count"], 1)
        arn = cli("describe-table", "--table-name", name)["Table"]["TableArn"]
        self.assertEqual(
            cli("list-tags-of-resource", "--resource-arn", arn)["Tags"],
            [{"Key": "team", "Value": "a"}],
        )
        cli("delete-table", "--table-name", name)
        self.assertNotIn(name, cli("list-tables")["TableNames"])


if __name__ == "__main__":
    unittest.main()
