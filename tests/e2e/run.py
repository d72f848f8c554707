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


def page_tests(endpoint):
    """The page in Chromium: one test a line of the script's output, "ok NAME" or "not ok NAME"."""
    web = HERE.parent.parent / "web"
    node = HERE.parent.parent / "build/node/node_modules/node/bin/node"
    command = [str(node) if node.exists() else "node", str(web / "test/page.test.mjs")]
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
    if result.returncode != 0 and bad == 0:
        print(result.stderr)
        bad = 1
    return ok, bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("names", nargs="*", help="suites to run: aws, page, ..; all without")
    args = parser.parse_args()
    os.environ["SECUREBASE_BINARY"] = str(pathlib.Path(args.binary).resolve())

    ok = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        with harness.Server(folder, command="demo") as server:
            os.environ["SECUREBASE_ENDPOINT"] = server.endpoint
            result = unittest.TextTestRunner(verbosity=1).run(suites(args.names))
            bad += len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
            ok += result.testsRun - bad
            if not args.names or "page" in args.names:
                page_ok, page_bad = page_tests(server.endpoint)
                ok += page_ok
                bad += page_bad
            code = server.stop()
            if code != 0:
                print(f"the server ended with {code}\n{server.log_tail()}")
                bad += 1
    print(f"{ok} passed, {bad} failed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
