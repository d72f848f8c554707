"""Notification with real clients and real receivers: topics by the AWS CLI and boto3, an HTTP
endpoint that checks signatures, an SMTP server, targets by `securebase notify`."""
import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import socketserver
import subprocess
import tempfile
import threading
import unittest
import urllib.request

import boto3
import botocore.exceptions

import harness


class Receiver:
    """An HTTP endpoint on 127.0.0.1 that keeps what it gets and answers as it is told."""

    def __enter__(self):
        self.requests = []
        self.statuses = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.statuses.pop(0) if outer.statuses else 200
                outer.requests.append((self.path, dict(self.headers), body))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count):
        harness.wait_for(lambda: len(self.requests) >= count, what=f"{count} requests")
        return self.requests


class SmtpServer:
    """Takes mail on 127.0.0.1 in plain SMTP; `refuse` maps a recipient to an answer."""

    def __enter__(self):
        self.mails = []
        self.refuse = {}
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write((text + "\r\n").encode())

            def handle(self):
                self.say("220 test ESMTP")
                recipient = None
                while line := self.rfile.readline():
                    verb = line.decode(errors="replace").strip()
                    upper = verb.upper()
                    if upper.startswith("EHLO"):
                        self.say("250-test\r\n250-8BITMIME\r\n250 SIZE 10485760")
                    elif upper.startswith("RCPT TO:"):
                        recipient = verb[8:].split("<")[1].split(">")[0]
                        self.say(outer.refuse.get(recipient, "250 2.1.5 Ok"))
                    elif upper == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (data := self.rfile.readline()) != b".\r\n":
                            lines.append(data[1:] if data.startswith(b"..") else data)
                        outer.mails.append((recipient, b"".join(lines)))
                        self.say("250 2.0.0 Ok: queued as 1")
                    elif upper == "QUIT":
                        return self.say("221 bye")
                    else:
                        self.say("250 Ok")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def verify_sns(body):
    """Checks a message's signature with the certificate that it names, by openssl."""
    names = (["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
             if body["Type"] == "Notification" else
             ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
    text = "".join(f"{n}\n{body[n]}\n" for n in names if n in body)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pem = urllib.request.urlopen(body["SigningCertURL"], timeout=10).read()
        (folder / "cert.pem").write_bytes(pem)
        (folder / "text").write_text(text)
        (folder / "signature").write_bytes(base64.b64decode(body["Signature"]))
        key = subprocess.run(["openssl", "x509", "-in", folder / "cert.pem", "-pubkey", "-noout"],
                             capture_output=True, check=True).stdout
        (folder / "key.pem").write_bytes(key)
        return subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", folder / "key.pem", "-signature",
             folder / "signature", folder / "text"], capture_output=True).returncode == 0


class Topics(unittest.TestCase):
    def setUp(self):
        self.endpoint = os.environ["SECUREBASE_ENDPOINT"]
        self.sns = boto3.client("sns", endpoint_url=self.endpoint, region_name="us-east-1",
                                aws_access_key_id="test", aws_secret_access_key="test")

    def aws(self, *arguments, **options):
        return harness.aws(self.endpoint, "sns", *arguments, **options)

    def test_the_cli_creates_subscribes_confirms_and_publishes(self):
        arn = self.aws("create-topic", "--name", "cli-topic")["TopicArn"]
        self.assertEqual(arn, "arn:aws:sns:us-east-1:123456789012:cli-topic")
        self.assertIn({"TopicArn": arn}, self.aws("list-topics")["Topics"])
        with Receiver() as receiver:
            answer = self.aws("subscribe", "--topic-arn", arn, "--protocol", "http",
                              "--notification-endpoint", receiver.url + "/hook")
            self.assertEqual(answer["SubscriptionArn"], "pending confirmation")
            path, headers, body = receiver.wait(1)[0]
            self.assertEqual(path, "/hook")
            self.assertEqual(headers["x-amz-sns-message-type"], "SubscriptionConfirmation")
            confirmation = json.loads(body)
            self.assertTrue(verify_sns(confirmation))
            # The link alone, unsigned, as an endpoint would open it.
            xml = urllib.request.urlopen(confirmation["SubscribeURL"], timeout=10).read().decode()
            subscription = re.search("<SubscriptionArn>(.*?)</SubscriptionArn>", xml)[1]
            self.assertTrue(subscription.startswith(arn + ":"))
            message_id = self.aws("publish", "--topic-arn", arn, "--subject", "Greeting",
                                  "--message", "hello")["MessageId"]
            notification = json.loads(receiver.wait(2)[1][2])
            self.assertEqual(notification["MessageId"], message_id)
            self.assertEqual((notification["Subject"], notification["Message"]),
                             ("Greeting", "hello"))
            self.assertTrue(verify_sns(notification))
            urllib.request.urlopen(notification["UnsubscribeURL"], timeout=10).read()
            self.assertEqual(
                self.aws("list-subscriptions-by-topic", "--topic-arn", arn)["Subscriptions"], [])
        self.aws("delete-topic", "--topic-arn", arn)

    def test_boto3_filters_attributes_batches_and_retries(self):
        arn = self.sns.create_topic(Name="boto-topic", Tags=[{"Key": "team", "Value": "ops"}])["TopicArn"]
        self.assertEqual(self.sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
                         [{"Key": "team", "Value": "ops"}])
        with Receiver() as receiver:
            self.sns.subscribe(
                TopicArn=arn, Protocol="http", Endpoint=receiver.url,
                Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"severity": ["high"]}'})
            token = json.loads(receiver.wait(1)[0][2])["Token"]
            subscription = self.sns.confirm_subscription(TopicArn=arn, Token=token)["SubscriptionArn"]
            attributes = self.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
            self.assertEqual(attributes["PendingConfirmation"], "false")
            severity = lambda s: {"severity": {"DataType": "String", "StringValue": s}}
            self.sns.publish(TopicArn=arn, Message="left out", MessageAttributes=severity("low"))
            receiver.statuses = [500]
            answer = self.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[
                {"Id": "a", "Message": "told", "MessageAttributes": severity("high")},
                {"Id": "b", "Message": "", "MessageAttributes": severity("high")}])
            self.assertEqual([e["Id"] for e in answer["Successful"]], ["a"])
            self.assertEqual([e["Id"] for e in answer["Failed"]], ["b"])
            first = receiver.wait(2)[1]
            self.assertEqual(first[2], b"told")
            self.assertEqual(first[1]["x-amz-sns-rawdelivery"], "true")
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:::x")
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameter")
        with self.assertRaises(botocore.exceptions.ClientError) as missing:
            self.sns.get_topic_attributes(TopicArn=arn + "x")
        self.assertEqual(missing.exception.response["Error"]["Code"], "NotFound")
        self.assertEqual(missing.exception.response["ResponseMetadata"]["HTTPStatusCode"], 404)
        with self.assertRaises(botocore.exceptions.ClientError) as sms:
            self.sns.publish(PhoneNumber="+1555", Message="m")
        self.assertIn("SMS", sms.exception.response["Error"]["Message"])

    def test_an_alarm_publishes_to_its_topic(self):
        arn = self.sns.create_topic(Name="alarm-topic")["TopicArn"]
        cloudwatch = boto3.client("cloudwatch", endpoint_url=self.endpoint, region_name="us-east-1",
                                  aws_access_key_id="test", aws_secret_access_key="test")
        with Receiver() as receiver:
            self.sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url)
            token = json.loads(receiver.wait(1)[0][2])["Token"]
            self.sns.confirm_subscription(TopicArn=arn, Token=token)
            cloudwatch.put_metric_alarm(
                AlarmName="notify-e2e", MetricName="X", Namespace="E2E/Notify", Statistic="Average",
                Period=60, EvaluationPeriods=1, Threshold=1.0, AlarmActions=[arn],
                ComparisonOperator="GreaterThanThreshold")
            cloudwatch.set_alarm_state(AlarmName="notify-e2e", StateValue="ALARM",
                                       StateReason="a rehearsal")
            notification = json.loads(receiver.wait(2)[1][2])
            self.assertTrue(verify_sns(notification))
            self.assertTrue(notification["Subject"].startswith('ALARM: "notify-e2e"'))
            alarm = json.loads(notification["Message"])
            self.assertEqual((alarm["NewStateValue"], alarm["NewStateReason"]),
                             ("ALARM", "a rehearsal"))
            actions = harness.wait_for(
                lambda: cloudwatch.describe_alarm_history(
                    AlarmName="notify-e2e", HistoryItemType="Action")["AlarmHistoryItems"],
                what="the action in the history")
            self.assertIn("Successfully executed action " + arn, actions[0]["HistorySummary"])
            cloudwatch.delete_alarms(AlarmNames=["notify-e2e"])


class Targets(unittest.TestCase):
    def test_targets_are_told_and_a_kill_loses_nothing(self):
        secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
        with tempfile.TemporaryDirectory() as folder, Receiver() as receiver, SmtpServer() as smtp:
            folder = pathlib.Path(folder)
            (folder / "secret").write_text(secret + "\n")
            (folder / "slack").write_text(receiver.url + "/slack")
            (folder / "key").write_text("ROUTINGKEY")
            (folder / "targets.yaml").write_text(f"""
transports:
  local: {{type: smtp, host: 127.0.0.1, port: {smtp.port}, mode: plain, from: "SecureBase <alerts@sb.example>"}}
targets:
  hook: {{type: webhook, url: "{receiver.url}/hook", secret: "file:{folder}/secret"}}
  slack: {{type: slack, webhook_url: "file:{folder}/slack"}}
  pd: {{type: pagerduty, routing_key: "file:{folder}/key", url: "{receiver.url}/pd"}}
  teams: {{type: teams, workflow_url: "file:{folder}/slack"}}
  mail: {{type: email, to: [ops@x.example, gone@x.example]}}
""")
            (folder / "settings.yaml").write_text(f"notify: {{targets_file: {folder}/targets.yaml}}\n")
            smtp.refuse["gone@x.example"] = "550 5.1.1 no such user"
            with harness.Server(folder, "--config", folder / "settings.yaml") as server:
                def notify(*arguments, code=0):
                    result = harness.run("notify", *arguments, "--endpoint", server.endpoint,
                                         check=False)
                    self.assertEqual(result.returncode, code, result.stdout + result.stderr)
                    return result.stdout

                self.assertEqual(len(notify("list").splitlines()), 5)
                for target in ("hook", "slack", "pd", "teams"):
                    self.assertIn("success", notify("test", target))
                path, headers, body = receiver.requests[0]
                signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
                key = base64.b64decode(secret[len("whsec_"):])
                expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
                self.assertEqual(headers["webhook-signature"], "v1," + expected)
                out = notify("test", "mail", code=1)
                self.assertIn("mail ops@x.example: success", out)
                self.assertIn("mail gone@x.example: failed", out)
                self.assertIn("550", out)
                recipient, raw = smtp.mails[0]
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                self.assertEqual(recipient, "ops@x.example")
                self.assertEqual(mail["Subject"], "TEST: Test message to mail")
                self.assertEqual(mail.get_content_type(), "multipart/alternative")
                self.assertIn("reaches you", mail.get_body(("plain",)).get_content())
                self.assertIn("<h2", mail.get_body(("html",)).get_content())
                failed = json.loads(notify("deliveries", "--status", "failed", "--json"))
                self.assertEqual(len(failed["deliveries"]), 1)
                del smtp.refuse["gone@x.example"]
                self.assertIn("success", notify("resend", failed["deliveries"][0]["id"]))
                notify("test", "nobody", code=2)

                # Killed while the receiver refuses: the restart delivers under the same id.
                receiver.requests.clear()
                receiver.statuses = [503]
                status, _, answer = harness.request(
                    "POST", server.endpoint + "/v1/notify/test", {"target": "hook"})
                self.assertEqual(status, 202, answer)
                receiver.wait(1)
                server.kill()
                server.start()
                receiver.wait(2)
                ids = {headers["webhook-id"] for _, headers, _ in receiver.requests}
                self.assertEqual(len(ids), 1)

    def test_receivers_in_private_networks_are_refused_unless_allowed(self):
        with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
            folder = pathlib.Path(folder)
            (folder / "targets.yaml").write_text(
                f'targets:\n  hook: {{type: webhook, url: "{receiver.url}/hook"}}\n')
            for settings, code, text in (
                    ("", 1, "must be https"),
                    (", allow_http: true", 1, "not among the allowed networks"),
                    (", allow_http: true, allow_networks: [127.0.0.0/8]", 0, "success")):
                (folder / "settings.yaml").write_text(
                    f"notify: {{targets_file: {folder}/targets.yaml{settings}}}\n")
                key = harness.run("key", "create", "--customer", "c", "--role", "admin", "--data",
                                  folder / "data").stdout.strip()
                with harness.Server(folder, "--config", folder / "settings.yaml",
                                    auth="required") as server:
                    result = harness.run("notify", "test", "hook", "--endpoint", server.endpoint,
                                         "--key", key, check=False)
                    self.assertEqual(result.returncode, code, result.stdout + result.stderr)
                    self.assertIn(text, result.stdout)

    def test_wrong_targets_stop_the_server_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "targets.yaml").write_text(
                "targets: {s: {type: slack, webhook_url: 'https://hooks.example/secret'}}")
            (folder / "settings.yaml").write_text(f"notify: {{targets_file: {folder}/targets.yaml}}\n")
            result = harness.run("serve", "--data", folder / "data", "--listen", "127.0.0.1:0",
                                 "--auth", "none", "--config", folder / "settings.yaml", check=False)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("targets.s.webhook_url", result.stderr)
            self.assertNotIn("hooks.example/secret", result.stderr)


if __name__ == "__main__":
    unittest.main()
