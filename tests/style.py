#!/usr/bin/python3
"""Rules of the tree that no compiler checks: who may include whom, where the outside world may be
touched, how long a file may be, what a text may not contain. Prints "N passed, N failed"."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# "About 500": a few lines over are no reason to split a noun in two.
LINES_MAX = 550
# Grown around one state, with the reason; a new entry wants one too.
LONG_FILES = {}


def tracked(*patterns):
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).exists()]


def allowed_includes():
    """Folder -> folders it may include, from the LINK lists of CMakeLists.txt, transitively."""
    text = re.sub(r"\n\s+", " ", (ROOT / "CMakeLists.txt").read_text())
    direct = {
        name: [w for w in links.split() if (ROOT / "src" / w).is_dir()]
        for name, links in re.findall(r"sb_folder\((\w+) LINK ([^)]*)\)", text)
    }

    def closure(name):
        found = {name}
        for below in direct.get(name, []):
            found |= closure(below)
        return found

    return {name: closure(name) for name in direct}


def include_arrows():
    allowed = allowed_includes()
    for path in tracked("src/*.cc", "src/*.h"):
        parts = path.relative_to(ROOT / "src").parts
        if len(parts) < 2:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "([\w]+)/', line)
            if match and match[1] not in allowed.get(parts[0], set()):
                yield f"{path.relative_to(ROOT)}:{number}: {parts[0]}/ may not include {match[1]}/"


def private_headers():
    for path in tracked("src/*.cc", "src/*.h"):
        folder = path.relative_to(ROOT / "src").parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "(\w+)/internal/', line)
            if match and match[1] != folder:
                yield f"{path.relative_to(ROOT)}:{number}: internal/ is private to {match[1]}/"


def the_outside_world():
    banned = re.compile(
        r"system_clock::now|steady_clock::now|high_resolution_clock|std::random_device|\bstd::regex\b"
        r"|[^_\w](?:rand|srand|gettimeofday)\("
    )
    for path in tracked("src/*.cc", "src/*.h"):
        relative = path.relative_to(ROOT / "src")
        if relative.parts[0] == "base" or path.name.endswith("_test.cc") or "testing" in relative.parts:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if banned.search(line.split("//")[0]):
                yield f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def asio_stays_in_the_server():
    for path in tracked("src/*.cc", "src/*.h"):
        folder = path.relative_to(ROOT / "src").parts[0]
        if folder != "server" and re.search(r"#include <boost/(asio|beast)", path.read_text()):
            yield f"{path.relative_to(ROOT)}: Asio and Beast are for server/"


def file_lengths():
    for path in tracked("src/*.cc", "src/*.h", "web/src/*", "tests/*.py", "bench/*"):
        relative = str(path.relative_to(ROOT))
        lines = path.read_text(errors="replace").count("\n")
        if lines > LINES_MAX and relative not in LONG_FILES:
            yield f"{relative}: {lines} lines; split it by noun"


def headers_begin_alike():
    for path in tracked("src/*.h"):
        if not path.read_text().startswith("#pragma once\n"):
            yield f"{path.relative_to(ROOT)}: does not begin with #pragma once"


def no_lock_addresses():
    for path in tracked("*package-lock.json"):
        if '"resolved"' in path.read_text():
            yield f"{path.relative_to(ROOT)}: carries download addresses"


def doc_links():
    for path in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT)}: links to {target}, which is not there"


CHECKS = [include_arrows, private_headers, the_outside_world, asio_stays_in_the_server,
          file_lengths, headers_begin_alike, no_lock_addresses, doc_links]


def main():
    failed = 0
    for check in CHECKS:
        faults = list(check())
        if faults:
            failed += 1
            print(f"{check.__name__}:")
            for fault in faults[:40]:
                print(f"  {fault}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
