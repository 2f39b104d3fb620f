#!/usr/bin/env python3
"""Holds the #include lines against the layers of docs/architecture.md.

The link side of the same table is checked by cmake/daylight.cmake when it
configures. A file in room A may include headers of A and of the rooms listed
for A; the trusted programs include no contained room.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

COMMON = {"base", "bytes", "os", "crypto", "report", "database"}
MAY_INCLUDE = {
    "base": {"base"},
    "bytes": {"base", "bytes"},
    "os": {"base", "bytes", "os"},
    "crypto": {"base", "bytes", "crypto"},
    "report": {"base", "bytes", "os", "report"},
    "database": {"base", "bytes", "database"},
    "match": {"base", "bytes", "database", "match"},
    "formats": {"base", "bytes", "crypto", "formats"},
    "unpack": {"base", "bytes", "crypto", "unpack"},
    "rules": COMMON | {"match", "formats", "unpack", "rules"},
    "contain": {"base", "os", "report", "contain"},
    "scan": COMMON | {"match", "formats", "unpack", "rules", "scan"},
    "extract": COMMON | {"formats", "unpack", "extract"},
    "sandbox": COMMON | {"sandbox"},
    "survey": COMMON | {"sandbox", "survey"},
    "policy": COMMON | {"config", "policy"},
    "inventory": COMMON | {"inventory"},
    "migrate": COMMON | {"migrate"},
    "config": COMMON | {"config"},
    "events": COMMON | {"events"},
    "quarantine": COMMON | {"quarantine"},
    "opener": COMMON | {"config", "quarantine", "opener"},
    "daemon": COMMON | {"sandbox", "policy", "config", "events", "quarantine", "opener", "daemon"},
}
APPS = {
    "cli": COMMON | {"sandbox", "config", "survey", "policy", "inventory", "migrate", "update", "exchange", "events", "quarantine"},
    "daemon": COMMON | {"sandbox", "policy", "update", "exchange", "config", "events", "quarantine", "opener", "daemon"},
    "opener": COMMON | {"quarantine", "opener"},
    "worker": COMMON | {"contain", "match", "formats", "unpack", "rules", "scan", "extract"},
}
# The wire format names jobs; the worker's side of it is in report.
INCLUDE = re.compile(r'^\s*#\s*include\s+"daylight/([a-z_]+)/', re.M)


def check(path, text, allowed):
    return [
        f"{path.relative_to(ROOT)}: includes {room}, which its room may not"
        for room in INCLUDE.findall(text)
        if room not in allowed
    ]


def main():
    problems = []
    files = 0
    for room, allowed in MAY_INCLUDE.items():
        for path in sorted((ROOT / "src/daylight" / room).rglob("*")):
            if path.suffix in {".h", ".cc"}:
                files += 1
                problems += check(path, path.read_text(errors="replace"), allowed)
    for app, allowed in APPS.items():
        for path in sorted((ROOT / "apps" / app).rglob("*")):
            if path.suffix in {".h", ".cc"}:
                files += 1
                problems += check(path, path.read_text(errors="replace"), allowed)
    # A canary that must fail proves that the alarm works.
    canary = check(ROOT / "canary.h", '#include "daylight/scan/scanner.h"\n', MAY_INCLUDE["base"])
    if len(canary) != 1:
        problems.append("the check itself is broken: it let an upward include pass")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{files} files checked, {len(problems)} problems")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
