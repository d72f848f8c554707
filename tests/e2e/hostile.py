"""Requests as no good client sends them: written to the socket byte by byte, where a library would
repair them; and what must be true of every refusal."""
import json
import os
import socket
import unittest
import urllib.parse

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# A customer of its own: what these tests store is in no other test's answers.
CUSTOMER = "bad-input"


def address():
    url = urllib.parse.urlsplit(os.environ["SECUREBASE_ENDPOINT"])
    return url.hostname, url.port


def exchange(data, end=False, timeout=10):
    """Sends bytes as they are; everything that comes back until the server closes."""
    received = b""
    with socket.create_connection(address(), timeout=timeout) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # refused before all was sent: the answer is there to read
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionError:
            pass
    return received


def status_of(answer):
    parts = answer.split(b" ", 2)
    return int(parts[1]) if len(parts) > 2 and parts[1].isdigit() else 0


def send(method, path, body=b"", content_type="", **headers):
    """(status, body). The path and the body go out as they are."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        content_type = content_type or JSON
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
    head += f"X-Customer-Id: {CUSTOMER}\r\n" if "X_Customer_Id" not in headers else ""
    head += f"Content-Type: {content_type}\r\n" if content_type else ""
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head += f"Content-Length: {len(body)}\r\n\r\n" if body or method != "GET" else "\r\n"
    answer = exchange(head.encode("latin-1") + body)
    return status_of(answer), answer.partition(b"\r\n\r\n")[2]


def quoted(value):
    return urllib.parse.quote(json.dumps(value) if not isinstance(value, str) else value)


class BadInput(unittest.TestCase):
    def setUp(self):
        self.endpoint = os.environ["SECUREBASE_ENDPOINT"]
        # Whatever a test sent: the server is there, and healthy.
        self.addCleanup(self.check_alive)

    def check_alive(self):
        for path in ("/healthz", "/readyz", "/v1/analytics"):
            self.assertEqual(send("GET", path)[0], 200, path)

    def refused(self, status, field, method, path, body=b"", content_type="", **headers):
        """The answer has the status, the shape of every error, and names the field."""
        label = f"{method} {path[:80]} {str(body)[:80]}"
        with self.subTest(label):
            got, answer = send(method, path, body, content_type, **headers)
            self.assertEqual(got, status, answer[:400])
            error = json.loads(answer)
            self.assertLessEqual({"error", "code", "details", "timestamp"}, set(error))
            if field is not None:
                self.assertIn(field, error["details"], answer[:400])

    def rows(self, **filters):
        path = f"/v1/analytics?dateRange=12m&filters={quoted(filters)}"
        return json.loads(send("GET", path)[1])["data"]
