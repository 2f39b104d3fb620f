#!/usr/bin/env python3
"""Holds the names that `daylight scan` finds against those of `clamscan --allmatch`.

    compare_clamscan.py --daylight build/release/bin/daylight CORPUS
    compare_clamscan.py --daylight ... --db SIGNATURES FILE...

CORPUS is what clamav_corpus.py wrote, with clamscan's answers; the second form
asks clamscan itself. Nothing is unpacked on both sides. Differences that
docs/rules/clamav.md explains are counted by their reason; any other is an
error. Also told is how often the first name is the one that clamscan names
first when it ends at the first.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from clamav_groups import clamscan  # noqa: E402

# By group of cases: why its answers may differ.
KNOWN = (
    ("containers", "archives are not opened yet"),
    ("loaded-only", "archives are not opened yet"),
    ("testfiles", "packed programs are not unpacked yet"),
    ("yara", "YARA rules mean what they mean in YARA, and are searched for in the bytes as they are"),
    ("cfg-", ".cfg files do not switch parts of Daylight off"),
)
# These only by names that clamscan leaves out.
SAME_DIGEST = ("hash-", "sections-", "imports", "pua-", "order-")
SAME_DIGEST_REASON = "of several signatures with one digest and size clamscan names one, Daylight all"


def scan(daylight, databases, options, paths):
    """By path: the names found, in order."""
    command = [daylight, "scan", "--no-unpack", "--no-default-content", "--format", "jsonl", "--on-incomplete", "pass"]
    for database in databases:
        command += ["--clamav", database]
    if "--detect-pua=yes" in options:
        command.append("--pua")
    with tempfile.NamedTemporaryFile("w") as listing:
        listing.write("".join(path + "\n" for path in paths))
        listing.flush()
        process = subprocess.run([*command, "--allow-unsigned-clamav", "--files-from", listing.name],
                                 capture_output=True, check=False)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{process.stderr.decode(errors='replace')[-2000:]}")
    found = {}
    for line in process.stdout.splitlines():
        record = json.loads(line)
        found[record["path"]] = [d["name"] if d["engine"] == "clamav" else "YARA." + d["rule"]
                                 for d in record.get("detections", ())]
    return found


def reason_for(case, missing, extra):
    group = case.split("/")[0]
    if case in ("sections-mdb/data", "sections-msb/data"):
        return "programs within other data are not looked for yet"
    for start, reason in KNOWN:
        if group.startswith(start):
            return reason
    names = missing | extra
    if all(name.startswith("YARA.") for name in names):
        return "YARA rules mean what they mean in YARA, and are searched for in the bytes as they are"
    if group.startswith(SAME_DIGEST) and not missing:
        return SAME_DIGEST_REASON
    return None


class Tally:
    def __init__(self):
        self.cases = self.equal = self.detected = self.first = 0
        self.explained = collections.Counter()
        self.differences = []

    def add(self, case, expected, first, got):
        self.cases += 1
        missing, extra = set(expected) - set(got), set(got) - set(expected)
        if first is not None and got:
            self.detected += 1
            self.first += got[0] == first
        if not missing and not extra:
            self.equal += 1
            return
        reason = reason_for(case, missing, extra)
        if reason:
            self.explained[reason] += 1
        else:
            self.differences.append((case, sorted(missing), sorted(extra)))

    def tell(self):
        print(f"{self.cases} objects: {self.equal} with equal names, {sum(self.explained.values())} explained, "
              f"{len(self.differences)} different")
        for reason, count in self.explained.most_common():
            print(f"  {count:5} {reason}")
        if self.detected:
            print(f"the first name is clamscan's first for {self.first} of {self.detected} objects")
        for case, missing, extra in self.differences[:50]:
            print(f"DIFFERENT {case}: not found {missing}, found besides {extra}")
        if not self.cases:
            print("nothing was compared")
        return 0 if self.cases and not self.differences else 1


def corpus(daylight, folder):
    groups = collections.defaultdict(list)
    root = pathlib.Path(folder)
    for line in (root / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        if "expect" in case:
            groups[tuple(case["db"]), tuple(case["options"])].append(case)
    tally = Tally()
    for (databases, options), cases in groups.items():
        found = scan(daylight, databases, options, [case["object"] for case in cases])
        for case in cases:
            tally.add(case["case"], case["expect"], case["first"], found.get(case["object"], []))
    return tally


def live(daylight, database, files):
    tally = Tally()
    expected = clamscan([database], files, [], True, False)
    first = clamscan([database], files, [], False, False)
    found = scan(daylight, [database], [], files)
    for path in files:
        tally.add(path, expected.get(path, []), next(iter(first.get(path, ())), None), found.get(path, []))
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daylight", required=True)
    parser.add_argument("--db")
    parser.add_argument("paths", nargs="+", metavar="CORPUS|FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        tally = live(arguments.daylight, arguments.db, arguments.paths) if arguments.db else corpus(
            arguments.daylight, arguments.paths[0])
    return tally.tell()


if __name__ == "__main__":
    sys.exit(main())
