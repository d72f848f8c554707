"""Server processes for end-to-end tests: started on a port that the system chooses, stopped by
SIGTERM, their log kept for when a test fails."""
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request

AWS = "/usr/bin/aws"


def binary():
    return os.environ["SECUREBASE_BINARY"]


def run(*arguments, check=True, **options):
    """Runs a subcommand; returns the finished process."""
    result = subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )
    if check and result.returncode != 0:
        raise AssertionError(f"{arguments} ended with {result.returncode}: {result.stderr}")
    return result


class Server:
    """`with Server(folder) as server:` runs `securebase serve` on 127.0.0.1."""

    def __init__(self, folder, *options, command="serve", auth="none", scheme="http", port=0):
        self.folder = pathlib.Path(folder)
        self.log_path = self.folder.parent / f"{self.folder.name}-{id(self)}.log"
        self.port_path = self.folder.parent / f"{self.folder.name}-{id(self)}.port"
        arguments = [binary(), command, "--data", str(self.folder / "data")]
        arguments += ["--listen", f"127.0.0.1:{port}", "--port-file", str(self.port_path)]
        if command == "serve":
            arguments += ["--auth", auth]
        self.arguments = arguments + list(map(str, options))
        self.scheme = scheme
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        for path in (self.log_path, self.port_path):
            path.unlink(missing_ok=True)

    def start(self, timeout_s=60):
        self.port_path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            self.arguments, stdout=subprocess.DEVNULL, stderr=open(self.log_path, "ab")
        )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended at start:\n{self.log_tail()}")
            if self.port_path.exists() and self.port_path.read_text().strip():
                self.endpoint = f"{self.scheme}://127.0.0.1:{self.port_path.read_text().strip()}"
                return
            time.sleep(0.02)
        raise AssertionError(f"the server did not start in {timeout_s} s:\n{self.log_tail()}")

    def stop(self, timeout_s=60):
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = -9
        self.process = None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log_tail(self, lines=40):
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])


def request(method, url, body=None, headers=None, timeout=30):
    """(status, headers, body bytes), whatever the status."""
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        headers.setdefault("Content-Type", "application/json")
    sent = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(sent, timeout=timeout) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def get_json(url, **options):
    status, _, body = request("GET", url, **options)
    return status, json.loads(body)


def wait_for(condition, timeout_s=30, what="the condition"):
    """Waits until `condition()` is true: never for a fixed time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come true in {timeout_s} s")


def aws(endpoint, *arguments, key="test", secret="test", region="us-east-1", check=True):
    """Runs Debian's AWS CLI; its JSON output, or its text."""
    env = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_PAGER": "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    result = subprocess.run(
        [AWS, "--endpoint-url", endpoint, *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if check and result.returncode != 0:
        raise AssertionError(f"aws {arguments}: {result.stderr}")
    if not check:
        return result
    try:
        return json.loads(result.stdout) if result.stdout.strip() else None
    except json.JSONDecodeError:
        return result.stdout.strip()
