"""Alarms with the users' tools: Debian's AWS CLI, boto3 and `securebase alarm`."""
import datetime
import functools
import json
import os
import pathlib
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
TOPIC = "arn:aws:sns:us-east-1:123456789012:analytics-alerts"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT.parent / "shared/corpus/alarms"


def aws(*arguments, **options):
    return harness.aws(ENDPOINT, "cloudwatch", *arguments, **options)


@functools.cache
def cloudwatch():
    return boto3.client(
        "cloudwatch",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 1}),
    )


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def server_time():
    _, headers, _ = harness.request("GET", f"{ENDPOINT}/healthz")
    return datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")


def put_metric_alarm(name, **changes):
    members = dict(
        AlarmName=name, Namespace="Alarms/E2E", MetricName=name, Statistic="Maximum", Period=60,
        EvaluationPeriods=1, Threshold=10, ComparisonOperator="GreaterThanThreshold",
    )
    members.update(changes)
    cloudwatch().put_metric_alarm(**{k: v for k, v in members.items() if v is not None})


def describe(name, kind="MetricAlarm"):
    found = cloudwatch().describe_alarms(AlarmNames=[name], AlarmTypes=[kind])
    alarms = found["MetricAlarms"] + found["CompositeAlarms"]
    return alarms[0] if alarms else None


def history(name, item_type=None, kind="MetricAlarm"):
    options = {"HistoryItemType": item_type} if item_type else {}
    found = cloudwatch().describe_alarm_history(AlarmName=name, AlarmTypes=[kind], **options)
    return found["AlarmHistoryItems"]


class MissionCommands(unittest.TestCase):
    """The three commands and the composite of the users' documents, as they stand."""

    def test_as_they_stand(self):
        aws(
            "put-metric-alarm", "--alarm-name", "SecureBase-Analytics-SlowQueries",
            "--alarm-description", "Query execution p95 exceeds 5 seconds",
            "--metric-name", "QueryExecutionTime", "--namespace", "SecureBase/Analytics",
            "--statistic", "p95", "--period", "300", "--evaluation-periods", "2",
            "--threshold", "5.0", "--comparison-operator", "GreaterThanThreshold",
            "--alarm-actions", TOPIC,
        )
        metrics = [
            {"Id": "m1", "ReturnData": False, "MetricStat": {
                "Metric": {"Namespace": "SecureBase/Analytics",
                           "MetricName": "ReportDeliverySuccess", "Dimensions": []},
                "Period": 3600, "Stat": "Sum"}},
            {"Id": "e1", "Expression": "(1 - m1 / 100) * 100", "Label": "Failure Rate %",
             "ReturnData": True},
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "delivery-failure-metric.json"
            path.write_text(json.dumps(metrics))
            aws(
                "put-metric-alarm", "--alarm-name", "SecureBase-Analytics-DeliveryFailures",
                "--alarm-description", "Report delivery failures exceed 2%",
                "--metrics", f"file://{path}", "--evaluation-periods", "1", "--threshold", "2.0",
                "--comparison-operator", "GreaterThanThreshold",
            )
        aws(
            "put-metric-alarm", "--alarm-name", "SecureBase-Analytics-LambdaErrors",
            "--alarm-description", "Lambda error rate exceeds 1%", "--metric-name", "Errors",
            "--namespace", "AWS/Lambda",
            "--dimensions", "Name=FunctionName,Value=securebase-dev-report-engine",
            "--statistic", "Average", "--period", "300", "--evaluation-periods", "2",
            "--threshold", "0.01", "--comparison-operator", "GreaterThanThreshold",
        )
        aws(
            "put-composite-alarm", "--alarm-name", "securebase-degraded", "--alarm-rule",
            "ALARM(SecureBase-Analytics-SlowQueries) OR ALARM(SecureBase-Analytics-LambdaErrors)",
            "--actions-enabled",
        )
        slow = describe("SecureBase-Analytics-SlowQueries")
        self.assertEqual(slow["ExtendedStatistic"], "p95")
        self.assertNotIn("Statistic", slow)
        self.assertEqual(slow["AlarmActions"], [TOPIC])
        self.assertEqual(slow["Dimensions"], [])
        failures = describe("SecureBase-Analytics-DeliveryFailures")
        self.assertEqual(failures["Metrics"][1]["Expression"], "(1 - m1 / 100) * 100")
        listed = aws("describe-alarms", "--alarm-name-prefix", "SecureBase-Analytics-")
        self.assertEqual(len(listed["MetricAlarms"]), 3)
        aws("delete-alarms", "--alarm-names", "securebase-degraded",
            *(alarm["AlarmName"] for alarm in listed["MetricAlarms"]))


class States(unittest.TestCase):
    def test_an_alarm_goes_off_says_why_and_tells_its_history(self):
        name = unique("breach")
        minute = server_time().replace(second=0) - datetime.timedelta(minutes=1)
        cloudwatch().put_metric_data(
            Namespace="Alarms/E2E",
            MetricData=[{"MetricName": name, "Timestamp": minute, "Value": 42.0}],
        )
        put_metric_alarm(name, AlarmActions=[TOPIC], DatapointsToAlarm=1)
        alarm = harness.wait_for(
            lambda: (a := describe(name))["StateValue"] == "ALARM" and a, what="ALARM")
        self.assertEqual(
            alarm["StateReason"],
            f"Threshold Crossed: 1 out of the last 1 datapoints [42.0 ({minute:%d/%m/%y %H:%M:%S})] "
            "was greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM "
            "transition).")
        data = json.loads(alarm["StateReasonData"])
        self.assertEqual(data["recentDatapoints"], [42.0])
        self.assertEqual(data["evaluatedDatapoints"][0]["sampleCount"], 1.0)
        update = history(name, "StateUpdate")[0]
        self.assertEqual(update["HistorySummary"],
                         "Alarm updated from INSUFFICIENT_DATA to ALARM")
        self.assertEqual(json.loads(update["HistoryData"])["newState"]["stateValue"], "ALARM")
        action = harness.wait_for(lambda: history(name, "Action"), what="the action")[0]
        self.assertIn(TOPIC, action["HistorySummary"])
        published = json.loads(json.loads(action["HistoryData"])["publishedMessage"])
        self.assertEqual(published["NewStateValue"], "ALARM")
        self.assertEqual(published["Region"], "US East (N. Virginia)")
        self.assertEqual(published["Trigger"]["Statistic"], "MAXIMUM")
        self.assertEqual(history(name, "ConfigurationUpdate")[0]["HistorySummary"],
                         f'Alarm "{name}" created')
        why = harness.run("alarm", "why", name, "--endpoint", ENDPOINT).stdout
        self.assertIn("breaching", why)
        cloudwatch().delete_alarms(AlarmNames=[name])

    def test_set_alarm_state_runs_actions_once_a_change(self):
        name = unique("set")
        put_metric_alarm(name, TreatMissingData="ignore", OKActions=[TOPIC])
        for state in ("ALARM", "ALARM", "OK"):
            aws("set-alarm-state", "--alarm-name", name, "--state-value", state,
                "--state-reason", f"by hand {state}")
        self.assertEqual(describe(name)["StateReason"], "by hand OK")
        self.assertEqual(len(history(name, "StateUpdate")), 2)
        harness.wait_for(lambda: len(history(name, "Action")) == 1, what="one action")
        aws("disable-alarm-actions", "--alarm-names", name)
        self.assertFalse(describe(name)["ActionsEnabled"])
        aws("set-alarm-state", "--alarm-name", name, "--state-value", "ALARM",
            "--state-reason", "")
        aws("set-alarm-state", "--alarm-name", name, "--state-value", "OK", "--state-reason", "")
        aws("enable-alarm-actions", "--alarm-names", name)
        self.assertEqual(len(history(name, "StateUpdate")), 4)
        self.assertEqual(len(history(name, "Action")), 1)
        missing = aws("set-alarm-state", "--alarm-name", unique("none"), "--state-value", "OK",
                      "--state-reason", "x", check=False)
        self.assertIn("ResourceNotFound", missing.stderr)
        cloudwatch().delete_alarms(AlarmNames=[name])

    def test_composites_follow_their_children(self):
        a, b, both = unique("a"), unique("b"), unique("both")
        for name in (a, b):
            put_metric_alarm(name, TreatMissingData="ignore")
        cloudwatch().put_composite_alarm(AlarmName=both, AlarmRule=f"ALARM({a}) AND ALARM({b})")
        self.assertEqual(describe(both, "CompositeAlarm")["StateValue"], "OK")
        for name in (a, b):
            cloudwatch().set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
        composite = describe(both, "CompositeAlarm")
        self.assertEqual(composite["StateValue"], "ALARM")
        self.assertIn(f"alarm:{b} transitioned to ALARM at ", composite["StateReason"])
        children = cloudwatch().describe_alarms(ChildrenOfAlarmName=both)["MetricAlarms"]
        self.assertEqual({child["AlarmName"] for child in children}, {a, b})
        parents = cloudwatch().describe_alarms(ParentsOfAlarmName=a)["CompositeAlarms"]
        self.assertEqual([parent["AlarmName"] for parent in parents], [both])
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            cloudwatch().delete_alarms(AlarmNames=[a])
        self.assertIn("Cannot delete " + a, str(refused.exception))
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            cloudwatch().put_composite_alarm(AlarmName=both, AlarmRule=f"ALARM({both})")
        self.assertIn("cycle", str(refused.exception))
        cloudwatch().delete_alarms(AlarmNames=[both, a, b])


class Describing(unittest.TestCase):
    def test_the_calls_of_grafana(self):
        prefix = unique("grafana")
        names = [f"{prefix}-{i}" for i in range(3)]
        for name in names:
            put_metric_alarm(name, MetricName=prefix, AlarmActions=[TOPIC])
        found = cloudwatch().describe_alarms(
            AlarmNamePrefix=prefix, ActionPrefix="arn:aws:sns", MaxRecords=100)
        self.assertEqual([alarm["AlarmName"] for alarm in found["MetricAlarms"]], names)
        found = cloudwatch().describe_alarms_for_metric(
            Namespace="Alarms/E2E", MetricName=prefix, Statistic="Maximum", Period=60)
        self.assertEqual(len(found["MetricAlarms"]), 3)
        found = cloudwatch().describe_alarms_for_metric(
            Namespace="Alarms/E2E", MetricName=prefix,
            Dimensions=[{"Name": "Host", "Value": "a"}])
        self.assertEqual(found["MetricAlarms"], [])
        paged = [
            alarm["AlarmName"]
            for page in cloudwatch().get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 1})
            for alarm in page["MetricAlarms"]
        ]
        self.assertEqual(paged, names)
        items = [
            item
            for page in cloudwatch().get_paginator("describe_alarm_history").paginate(
                AlarmName=names[0], HistoryItemType="ConfigurationUpdate")
            for item in page["AlarmHistoryItems"]
        ]
        self.assertEqual(len(items), 1)
        cloudwatch().delete_alarms(AlarmNames=names)

    def test_tags(self):
        name = unique("tags")
        put_metric_alarm(name, Tags=[{"Key": "severity", "Value": "critical"}])
        arn = describe(name)["AlarmArn"]
        cloudwatch().tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "data"}])
        cloudwatch().untag_resource(ResourceARN=arn, TagKeys=["severity"])
        tags = cloudwatch().list_tags_for_resource(ResourceARN=arn)["Tags"]
        self.assertEqual(tags, [{"Key": "team", "Value": "data"}])
        cloudwatch().delete_alarms(AlarmNames=[name])
        self.assertEqual(cloudwatch().list_tags_for_resource(ResourceARN=arn)["Tags"], [])
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            cloudwatch().tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
        self.assertIn("ResourceNotFoundException", str(refused.exception))


class Refusals(unittest.TestCase):
    def refused(self, **changes):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            put_metric_alarm(unique("bad"), **changes)
        error = refused.exception.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def test_each_says_what_is_wrong(self):
        self.assertEqual(self.refused(MetricName=None), "ValidationError: MetricName must not be null")
        self.assertEqual(self.refused(Statistic=None),
                         "ValidationError: Either Statistic or ExtendedStatistic must be specified")
        self.assertEqual(
            self.refused(DatapointsToAlarm=2),
            "ValidationError: DatapointsToAlarm must be less than or equal to EvaluationPeriods")
        self.assertEqual(
            self.refused(EvaluationPeriods=1441),
            "ValidationError: Metrics cannot be checked across more than a day (EvaluationPeriods * "
            "Period must be <= 86400).")
        self.assertEqual(
            self.refused(TreatMissingData="never"),
            "ValidationError: Option never is not supported. Supported options for parameter "
            "TreatMissingData are breaching, notBreaching, ignore, missing.")
        self.assertEqual(
            self.refused(Statistic=None, ExtendedStatistic="p101"),
            "InvalidParameterValue: The value p101 for parameter ExtendedStatistic is not supported.")
        self.assertEqual(
            self.refused(AlarmActions=[TOPIC.replace("us-east-1", "eu-west-1")]),
            "ValidationError: Invalid region eu-west-1 specified. Only us-east-1 is supported.")
        self.assertIn("ec2", self.refused(AlarmActions=["arn:aws:automate:us-east-1:ec2:stop"]))


@unittest.skipUnless(CORPUS.is_dir(), f"{CORPUS} is not there")
class Corpus(unittest.TestCase):
    """Real definitions: each accepted, or refused with the right reason."""

    def test_every_file(self):
        accepted, refused = [], {}
        for path in sorted(CORPUS.glob("*.json")):
            alarm = json.loads(path.read_text())
            put = (cloudwatch().put_composite_alarm if "AlarmRule" in alarm
                   else cloudwatch().put_metric_alarm)
            try:
                put(**alarm)
                accepted.append(alarm["AlarmName"])
            except botocore.exceptions.ClientError as error:
                refused[path.name] = error.response["Error"]["Message"]
        for name, message in refused.items():
            alarm = json.loads((CORPUS / name).read_text())
            if "AlarmRule" in alarm:
                self.assertIn("do not exist", message, name)
            elif "ThresholdMetricId" in alarm:  # as AWS: the band and its metric, both
                self.assertFalse(all(m.get("ReturnData", True) for m in alarm["Metrics"]), name)
                self.assertIn("Exactly two elements", message, name)
            else:
                self.assertTrue(any(":cloudwatch:" in action for action in alarm["AlarmActions"]),
                                f"{name}: {message}")
                self.assertIn("Unsupported action", message, name)
        self.assertGreater(len(accepted), 90)
        for i in range(0, len(accepted), 90):
            cloudwatch().delete_alarms(AlarmNames=accepted[i:i + 90])


class Commands(unittest.TestCase):
    def test_files_of_cases(self):
        data = ROOT / "src/alarms/testdata"
        result = harness.run("alarm", "test", data / "alarm_cases.jsonl", data / "missing_data.test")
        self.assertEqual(result.stdout.splitlines()[-1], "133 passed, 0 failed")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "wrong.test"
            path.write_text("# wrong\n\nalarm 1 of 1, threshold > 5\n  data 1 9\n  state O O\n")
            result = harness.run("alarm", "test", path, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("expected O O, got O A", result.stdout)
        self.assertEqual(result.stdout.splitlines()[-1], "0 passed, 1 failed")

    def test_replay_of_a_file_and_of_a_stored_alarm(self):
        name = unique("replay")
        end = server_time().replace(second=0)
        cloudwatch().put_metric_data(Namespace="Alarms/E2E", MetricData=[
            {"MetricName": name, "Timestamp": end - datetime.timedelta(minutes=30 - i),
             "Value": 100.0 if 10 <= i < 15 else 1.0} for i in range(29)])
        put_metric_alarm(name, EvaluationPeriods=3)
        span = ["--from", (end - datetime.timedelta(minutes=30)).isoformat() + "Z",
                "--to", end.isoformat() + "Z", "--endpoint", ENDPOINT]
        chart = harness.run("alarm", "replay", "--name", name, *span).stdout
        self.assertIn("It would have gone off 1 time, ", chart)
        replayed = json.loads(harness.run("alarm", "replay", "--name", name, "--json", *span).stdout)
        self.assertEqual([change["to"] for change in replayed["changes"]], ["OK", "ALARM", "OK"])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "alarm.json"
            path.write_text(json.dumps({
                "AlarmName": "tighter", "Namespace": "Alarms/E2E", "MetricName": name,
                "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1000,
                "ComparisonOperator": "GreaterThanThreshold"}))
            chart = harness.run("alarm", "replay", path, *span).stdout
        self.assertIn("It would not have gone off.", chart)
        cloudwatch().delete_alarms(AlarmNames=[name])

    def test_import(self):
        prefix = unique("import")
        template = f"""
Resources:
  Topic:
    Type: AWS::SNS::Topic
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: {prefix}-errors
      MetricName: Errors
      Namespace: AWS/Lambda
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic]
  Computed:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "x-${{Stage}}"
"""
        rules = f"""
groups:
- name: example
  rules:
  - alert: {prefix}-up
    expr: up{{job="api"}} < 1
    for: 5m
  - alert: Rate
    expr: rate(errors[5m]) > 1
"""
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / "template.yaml", pathlib.Path(folder) / "rules.yml"]
            paths[0].write_text(template)
            paths[1].write_text(rules)
            result = harness.run("alarm", "import", *paths, "--endpoint", ENDPOINT)
        self.assertIn(f"imported {prefix}-errors", result.stdout)
        self.assertIn(f"imported {prefix}-up", result.stdout)
        self.assertIn("skipped Computed: ", result.stdout)
        self.assertIn("skipped Rate: ", result.stdout)
        self.assertEqual(describe(f"{prefix}-up")["EvaluationPeriods"], 5)
        listed = harness.run("alarm", "list", "--prefix", prefix, "--endpoint", ENDPOINT).stdout
        self.assertEqual(len(listed.splitlines()), 2)
        cloudwatch().delete_alarms(AlarmNames=[f"{prefix}-errors", f"{prefix}-up"])


class Restart(unittest.TestCase):
    def test_alarms_states_and_history_survive_a_kill(self):
        with tempfile.TemporaryDirectory() as folder, harness.Server(folder) as server:
            arguments = ["--alarm-name", "kept"]
            harness.aws(
                server.endpoint, "cloudwatch", "put-metric-alarm", *arguments, "--metric-name", "m",
                "--namespace", "N", "--statistic", "Sum", "--period", "60",
                "--evaluation-periods", "1", "--threshold", "1", "--treat-missing-data", "ignore",
                "--comparison-operator", "GreaterThanThreshold")
            harness.aws(server.endpoint, "cloudwatch", "set-alarm-state", *arguments,
                        "--state-value", "ALARM", "--state-reason", "by hand")
            server.kill()
            server.start()
            found = harness.aws(server.endpoint, "cloudwatch", "describe-alarms")["MetricAlarms"]
            self.assertEqual(found[0]["StateValue"], "ALARM")
            items = harness.aws(server.endpoint, "cloudwatch", "describe-alarm-history",
                                "--history-item-type", "StateUpdate")["AlarmHistoryItems"]
            self.assertEqual(len(items), 1)


if __name__ == "__main__":
    unittest.main()
