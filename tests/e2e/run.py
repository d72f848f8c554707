#!/usr/bin/python3
"""Runs the end-to-end tests against a real server process with real clients.

    tests/e2e/run.py --binary build/coverage/securebase [NAME...]

Starts one server with sample data (`securebase demo`, no authentication) for all tests that only
ask; tests that need another (keys, TLS, crashes, a full disk) start their own, see harness.py.
The last line is "N passed, N failed".
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402


def suites(names):
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for path in sorted(HERE.glob("test_*.py")):
        # "bad_input" is test_bad_input.py, test_bad_input_aws.py and so on.
        if names and not any(f"{path.stem}_".startswith(f"test_{name}_") for name in names):
            continue
        suite.addTests(loader.loadTestsFromName(path.stem))
    return suite


def node_tests(script, endpoint):
    """A script for Node.js: one test a line of its output, "ok NAME" or "not ok NAME"."""
    node = ROOT / "build/node/node_modules/node/bin/node"
    command = [str(node) if node.exists() else "node", str(script)]
    result = subprocess.run(
        command,
        env={**os.environ, "SECUREBASE_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=300,
    )
    print(result.stdout, end="")
    ok = sum(line.startswith("ok ") for line in result.stdout.splitlines())
    bad = sum(line.startswith("not ok ") for line in result.stdout.splitlines())
    if bad == 0 and (result.returncode != 0 or ok == 0):
        print(f"{script.name} ended with {result.returncode}\n{result.stderr}")
        bad = 1
    return ok, bad


def node_scripts(names):
    """The page in Chromium ("page"), and clients from npm ("js" for all, "js_cloudwatch" for one)."""
    if not names or "page" in names:
        yield ROOT / "web/test/page.test.mjs"
    for path in sorted((HERE / "js").glob("*.test.mjs")):
        if not names or "js" in names or f"js_{path.name.split('.')[0]}" in names:
            yield path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("names", nargs="*", help="suites to run: aws, page, js, js_cloudwatch, ..; all without")
    args = parser.parse_args()
    os.environ["SECUREBASE_BINARY"] = str(pathlib.Path(args.binary).resolve())

    ok = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        with harness.Server(folder, command="demo") as server:
            os.environ["SECUREBASE_ENDPOINT"] = server.endpoint
            result = unittest.TextTestRunner(verbosity=1).run(suites(args.names))
            bad += len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
            ok += result.testsRun - bad
            for script in node_scripts(args.names):
                script_ok, script_bad = node_tests(script, server.endpoint)
                ok += script_ok
                bad += script_bad
            code = server.stop()
            if code != 0:
                print(f"the server ended with {code}\n{server.log_tail()}")
                bad += 1
    print(f"{ok} passed, {bad} failed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
