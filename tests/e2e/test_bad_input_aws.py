"""Bad input to the AWS APIs: refused in the form of each protocol by a 4xx, or 501 for operations
that are known but not built, with nothing half-written."""
import base64
import json
import pathlib
import tempfile
import unittest

import harness
from hostile import FORM, BadInput, send

TARGETS = {
    "cloudwatch": ("GraniteServiceVersion20100801.", "application/x-amz-json-1.0"),
    "dynamodb": ("DynamoDB_20120810.", "application/x-amz-json-1.0"),
    "logs": ("Logs_20140328.", "application/x-amz-json-1.1"),
}
CUSTOMERS = "securebase-dev-customers"
METRICS = "securebase-dev-metrics"


class Aws(BadInput):
    VERSION = "&Version=2010-08-01"

    def fault(self, status, code, service, operation, body, text=""):
        target, content_type = TARGETS[service]
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        with self.subTest(f"{operation} {str(body)[:90]}"):
            got, answer = send("POST", "/", body, content_type, X_Amz_Target=target + operation)
            self.assertEqual(got, status, answer[:300])
            fault = json.loads(answer)
            self.assertIn(code, fault["__type"])
            self.assertIn(text, fault["message"])

    def form_fault(self, status, code, form, text=""):
        with self.subTest(form[:100]):
            got, answer = send("POST", "/", form, FORM)
            self.assertEqual(got, status, answer[:300])
            self.assertIn(f"<Code>{code}".encode(), answer)
            self.assertIn(text.lower().encode(), answer.lower())

    def metric_names(self, namespace):
        _, answer = send("POST", "/", {"Namespace": namespace}, TARGETS["cloudwatch"][1],
                         X_Amz_Target=TARGETS["cloudwatch"][0] + "ListMetrics")
        return {metric["MetricName"] for metric in json.loads(answer)["Metrics"]}

    def test_operations(self):
        for service, known in (("cloudwatch", "PutMetricStream"), ("dynamodb", "CreateBackup"),
                               ("logs", "CreateExportTask")):
            self.fault(501, "NotImplemented", service, known, {}, known)
            self.fault(400, "UnknownOperation", service, "Nope", {}, "Nope")
            self.fault(400, "UnknownOperation", service, "../x", {})
        for form, status, code in (
            ("", 400, "MissingAction"), ("Action=", 400, "MissingAction"),
            ("Action=Nope" + self.VERSION, 400, "InvalidAction"),
            ("Action=%3Cscript%3E" + self.VERSION, 400, "InvalidAction"),
            ("Action=ListMetrics", 400, "InvalidAction"),
            ("Action=%zz" + self.VERSION, 400, "MalformedInput"),
            ("Action=%ff" + self.VERSION, 400, "MalformedInput"),
            ("Action=PutMetricData&Action=ListMetrics" + self.VERSION, 400, "MalformedInput"),
            ("Action=PutMetricStream" + self.VERSION, 501, "NotImplemented"),
        ):
            self.form_fault(status, code, form)

    def test_forms(self):
        put = f"Action=PutMetricData{self.VERSION}&Namespace=BadForm"
        first = "&MetricData.member.1.MetricName=half&MetricData.member.1.Value=1"
        second = "&MetricData.member.2.MetricName=m&MetricData.member.2."
        for extra, text in (
            ("", "MetricData"), (first + "&Zz=1", "Zz"), (first + second + "Value=abc", "Value"),
            (first + second + "Value=NaN", "Value"), (first + second + "Value=1e400", "Value"),
            (first + "&MetricData.member.1.Value=2", "MetricData.member.1.Value"),
            (first + "&MetricData.member.2.Value=2", "MetricName"),
            (first + "&MetricData.member.0.MetricName=m", "MetricData.member.0"),
            (first + "&MetricData.member.99999999999999999999.MetricName=m", "numbered"),
            (first + "&MetricData.member.x.MetricName=m", "MetricData.member.x"),
            ("&MetricData=x", "MetricData"),
            (first + second + "Value=1&MetricData.member.2.Unit=Furlong", "Unit"),
            (first + second + "Value=1&MetricData.member.2.Timestamp=yesterday", "Timestamp"),
            (first + second + "Value=1&MetricData.member.2.Timestamp=9999-12-31T00:00:00Z",
             "Timestamp"),
            (first + second + "Value=1&MetricData.member.2.StorageResolution=7",
             "StorageResolution"),
            (first + second + "Values.member.1=1&MetricData.member.2.Counts.member.1=-1", "Counts"),
            (first + "&" + ".".join("a" * 100) + "=1", "parameter a"),
        ):
            self.form_fault(400, "", put + extra, text)
        many = "".join(f"&MetricData.member.{i}.MetricName=half&MetricData.member.{i}.Value=1"
                       for i in range(1, 1002))
        self.form_fault(400, "", put + many, "MetricData")
        self.form_fault(413, "RequestEntityTooLarge", put + first + "&x=" + "y" * 2_000_000)
        self.assertEqual(self.metric_names("BadForm"), set())

    def test_statistics(self):
        ask = f"Action=GetMetricStatistics{self.VERSION}&Namespace=N&MetricName=m"
        day = "&StartTime=2026-01-01T00:00:00Z&EndTime=2026-01-02T00:00:00Z"
        for extra in (
            "", "&Period=60", day + "&Period=60", day + "&Period=0&Statistics.member.1=Sum",
            day + "&Period=7&Statistics.member.1=Sum", day + "&Period=-60&Statistics.member.1=Sum",
            day + "&Period=60&Statistics.member.1=Zum",
            day + "&Period=60&ExtendedStatistics.member.1=p101",
            day + "&Period=9223372036854775807&Statistics.member.1=Sum",
            "&Period=60&Statistics.member.1=Sum&StartTime=2026-01-02T00:00:00Z"
            "&EndTime=2026-01-01T00:00:00Z",
            "&Period=1&Statistics.member.1=Sum&StartTime=0001-01-01T00:00:00Z"
            "&EndTime=9999-01-01T00:00:00Z",
        ):
            self.form_fault(400, "", ask + extra)
        for extra in ("&NextToken=abc", "&NextToken=", "&RecentlyActive=PT9H", "&MetricName="):
            form = f"Action=ListMetrics{self.VERSION}{extra}"
            self.form_fault(400, "", form, extra[1:].split("=")[0])

    def test_a_refused_batch_of_metrics_leaves_nothing(self):
        half = {"MetricName": "half", "Value": 1}
        for bad, text in (({"MetricName": "m"}, "MetricData"), (5, "MetricData"),
                          ({"MetricName": "m", "Value": "1"}, "Value"),
                          ({"MetricName": "m", "Value": 1, "Unit": "x"}, "Unit"),
                          ({"MetricName": "m", "Value": 1e308}, "Value"),
                          ({"MetricName": "m", "Value": 1, "Timestamp": 1e300}, "Timestamp"),
                          ({"MetricName": "m", "Value": 1, "Timestamp": -1}, "Timestamp"),
                          ({"MetricName": "m", "Value": 1, "Zz": 1}, "Zz")):
            body = {"Namespace": "BadJson", "MetricData": [half, bad]}
            self.fault(400, "", "cloudwatch", "PutMetricData", body, text)
        for body in ("{", "[]", '{"Namespace":"BadJson","Namespace":"x"}', "[" * 100_000,
                     '{"a":' * 1000, b'{"Namespace":"\xff"}', '{"Namespace":5}'):
            self.fault(400, "SerializationException", "cloudwatch", "PutMetricData", body)
        self.assertEqual(self.metric_names("BadJson"), set())

    def test_cbor(self):
        path = "/service/GraniteServiceVersion20100801/operation/"
        for body in (
            b"\xff", b"\xa1", b"\x01", b"\xa0\xa0", b"\xa1\x01\x02", b"\x81" * 100_000,
            b"\xbf" * 100_000, b"\x9f" * 10_000, b"\xc1" * 50_000 + b"\x00",
            b"\xbb" + b"\xff" * 8, b"\x9b\x7f" + b"\xff" * 7, b"\x7b\x7f" + b"\xff" * 7,
            b"\xa1\x69Namespace\x05", b"\xa1\x69Namespace\x62\xff\xfe", b"\xa1\x62Zz\x01",
            b"\xa2\x69Namespace\x61N\x69Namespace\x61M",
        ):
            with self.subTest(body[:40]):
                status, answer = send("POST", path + "PutMetricData", body, "application/cbor",
                                      Smithy_Protocol="rpc-v2-cbor")
                self.assertEqual(status, 400, answer[:200])
        for operation, expected in (("PutMetricStream", 501), ("Nope", 404)):
            status, _ = send("POST", path + operation, b"\xa0", "application/cbor",
                             Smithy_Protocol="rpc-v2-cbor")
            self.assertEqual(status, expected, operation)

    def test_dynamodb_reads(self):
        nested = "(" * 2000 + "attribute_exists(a)" + ")" * 2000
        for operation, body in (
            ("Scan", {}), ("Scan", {"TableName": 5}), ("Scan", {"TableName": "../../etc"}),
            ("Scan", {"TableName": "nope"}), ("Scan", {"TableName": "a" * 300}),
            ("Query", {"TableName": CUSTOMERS}), ("GetItem", {"TableName": CUSTOMERS}),
            ("DescribeTable", {}), ("ListTables", {"Limit": 0}), ("ListTables", {"Limit": 101}),
        ):
            self.fault(400, "", "dynamodb", operation, body)
        for extra, text in (
            ({"Zz": 1}, "Zz"), ({"Limit": 0}, "imit"), ({"Limit": -1}, "imit"),
            ({"Limit": 1e30}, ""), ({"Limit": 1.5}, ""), ({"Select": "X"}, "elect"),
            ({"FilterExpression": "("}, "FilterExpr"),
            ({"FilterExpression": ""}, "FilterExpr"), ({"FilterExpression": "a = :x"}, ":x"),
            ({"FilterExpression": nested}, "FilterExpr"),
            ({"FilterExpression": "NOT " * 1200 + "attribute_exists(a)"}, "FilterExpr"),
            ({"FilterExpression": "1=1; DROP TABLE x"}, "FilterExpr"),
            ({"ExpressionAttributeValues": {":x": {"S": "a"}}}, "ExpressionAttributeValues"),
            ({"ProjectionExpression": "a,,b"}, "ProjectionExpr"),
            ({"ExclusiveStartKey": {"zz": {"S": "a"}}}, ""), ({"ExclusiveStartKey": {}}, ""),
            ({"Segment": 5, "TotalSegments": 2}, "egment"), ({"IndexName": "x"}, "ndex"),
        ):
            self.fault(400, "", "dynamodb", "Scan", {"TableName": CUSTOMERS, **extra}, text)

    def test_dynamodb_writes_leave_nothing(self):
        key = {"customer_id": {"S": "half"}}
        item = {**key, "name": {"S": "n"}, "status": {"S": "active"},
                "created_at": {"S": "2026-01-01T00:00:00Z"}}
        for value in ({"N": "abc"}, {"N": "1e200"}, {"N": "1" * 50}, {"N": 5}, {"Q": "5"}, {},
                      {"B": "***"}, {"SS": []}, {"SS": ["a", "a"]}, {"NULL": False},
                      {"S": "x", "N": "1"}, {"S": "x" * 500_000}, {"M": {"": {"S": "x"}}},
                      None, []):
            body = {"TableName": CUSTOMERS, "Item": {**item, "v": value}}
            self.fault(400, "", "dynamodb", "PutItem", body)
        deep = '{"L":[' * 40 + '{"S":"x"}' + "]}" * 40
        raw = f'{{"TableName":"{CUSTOMERS}","Item":{{"customer_id":{{"S":"half"}},"v":{deep}}}}}'
        self.fault(400, "ValidationException", "dynamodb", "PutItem", raw)
        twice = f'{{"TableName":"{CUSTOMERS}","Item":{{"customer_id":{{"S":"half"}},' \
                '"customer_id":{"S":"b"}}}'
        self.fault(400, "SerializationException", "dynamodb", "PutItem", twice)
        read_only = {"TableName": "securebase-dev-reports",
                     "Item": {"customer_id": {"S": "half"}, "id": {"S": "b"}}}
        self.fault(400, "AccessDenied", "dynamodb", "PutItem", read_only)

        def put(name, time):
            item = {"customer_id": {"S": name}, "timestamp": {"S": time}}
            return {"PutRequest": {"Item": {k: v for k, v in item.items() if v["S"]}}}

        for writes in ([put("half", "t"), put("half", "")], [put("half", "t")] * 2,
                       [put("half", "t"), {}], [put("half", f"t{i}") for i in range(26)], []):
            self.fault(400, "", "dynamodb", "BatchWriteItem", {"RequestItems": {METRICS: writes}})
        for table, name in ((CUSTOMERS, key), (METRICS, {**key, "timestamp": {"S": "t"}})):
            target, content_type = TARGETS["dynamodb"]
            status, answer = send("POST", "/", {"TableName": table, "Key": name}, content_type,
                                  X_Amz_Target=target + "GetItem")
            self.assertEqual((status, json.loads(answer)), (200, {}))

    def test_logs(self):
        group = "/aws/lambda/securebase-dev-report-engine"
        event = {"logGroupName": "g", "logStreamName": "s"}
        for operation, body, text in (
            ("CreateLogGroup", {}, "logGroupName"),
            ("CreateLogGroup", {"logGroupName": "a b*"}, "logGroupName"),
            ("CreateLogGroup", {"logGroupName": "x" * 600}, "LogGroup"),
            ("PutLogEvents", {**event, "logEvents": []}, "logEvents"),
            ("PutLogEvents", {**event, "logEvents": [{"timestamp": -5, "message": "x"}]},
             "logEvents"),
            ("FilterLogEvents", {"logGroupName": group, "limit": 0}, "limit"),
            ("FilterLogEvents", {"logGroupName": group, "nextToken": "x"}, ""),
            ("DescribeLogGroups", {"limit": -1}, "limit"),
            ("DescribeLogGroups", {"zz": 1}, "zz"),
        ):
            self.fault(400, "", "logs", operation, body, text)


class Credentials(unittest.TestCase):
    """With --auth required: what is no credential opens nothing."""

    def test_headers_that_are_no_credentials(self):
        none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        claims = base64.urlsafe_b64encode(b'{"customerId":"a"}').decode().rstrip("=")
        scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/monitoring/aws4_request"
        headers = [
            "", "Bearer", "Bearer ", "Bearer sbk_", "Bearer ' OR 1=1--", "Basic YTpi", "x" * 3000,
            "Negotiate x", f"Bearer {none}.{claims}.", "Bearer a.b.c", "Bearer ..", "Bearer \xff",
            "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256 Credential=////",
            scope, scope + ", SignedHeaders=host, Signature=zz",
            scope + ", SignedHeaders=, Signature=",
            scope + ", SignedHeaders=host;x, Signature=" + "0" * 64,
        ]
        form = "Action=ListMetrics&Version=2010-08-01"
        with tempfile.TemporaryDirectory() as folder:
            with harness.Server(pathlib.Path(folder) / "s", auth="required") as server:
                for header in headers:
                    given = {"Authorization": header} if header else {}
                    with self.subTest(header[:80]):
                        status, _, body = harness.request(
                            "GET", server.endpoint + "/v1/analytics", headers=given
                        )
                        self.assertEqual(status, 401, body)
                        self.assertEqual(json.loads(body)["code"], "UNAUTHORIZED")
                        status, _, body = harness.request(
                            "POST", server.endpoint, form.encode(), {"Content-Type": FORM, **given}
                        )
                        self.assertIn(status, (400, 401, 403), body)
                        self.assertIn(b"<Code>", body)
                for presigned in ("&X-Amz-Algorithm=x&X-Amz-Credential=%00&X-Amz-Signature=z",
                                  "&X-Amz-Expires=-1&X-Amz-Date=yesterday"):
                    path = f"{server.endpoint}/?{form}{presigned}"
                    status, _, body = harness.request("GET", path)
                    self.assertIn(status, (400, 401, 403), body)
                self.assertEqual(harness.request("GET", server.endpoint + "/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main()
