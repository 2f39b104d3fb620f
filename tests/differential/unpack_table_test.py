#!/usr/bin/env python3
"""Every kind of container around an inert marker program and around EICAR: who finds them?

    unpack_table_test.py --daylight build/release/bin/daylight [--no-nesting] [--keep FOLDER]

Prints a table of Daylight, clamscan, 7z and bsdtar, then nests kinds three deep in
every pairing. Fails where Daylight has a silent miss: neither found nor incomplete.
Exits 77 where there are no peers.
"""

import argparse
import collections
import hashlib
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from containers import MAKERS

# Both are recognised as wholes only: at their beginning, and by their size. So a container that merely stores them is
# no match itself. Nothing here does any harm; EICAR is put together so that this file is no match either.
MARKER = b"MZ\x90\0inert, no program: " + b"some filling to be compressed " * 30 + b"daylight" + b"-marker"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
INSIDE = {"program.exe": MARKER, "eicar.com": EICAR}
# For the nesting: each in each in each.
NESTED = ("zip-deflate", "7z-lzma2", "tar-ustar", "gzip", "bzip2", "xz", "zstd", "cab-mszip", "ar", "cpio-newc", "arj-1",
          "lha-lh5", "rar5", "iso")

# What a peer need not open is no column of its own to judge by: Daylight alone can fail this test.
COLUMNS = ("daylight", "clamscan", "7z", "bsdtar")


def write_rules(folder):
    def hexed(data):
        return " ".join(f"{byte:02x}" for byte in data)
    rules = "".join(f"rule {name} {{ strings: $a = {{ {hexed(data[:4])} }} $b = {{ {hexed(data[-20:])} }} condition: "
                    f"filesize == {len(data)} and $a at 0 and $b at {len(data) - 20} }}\n"
                    for name, data in (("Marker", MARKER), ("Eicar", EICAR)))
    (folder / "r.yar").write_text(rules)
    (folder / "db.hdb").write_text("".join(f"{hashlib.md5(data).hexdigest()}:{len(data)}:Test.{name}\n"
                                           for name, data in (("Marker", MARKER), ("Eicar", EICAR))))


def daylight(program, folder, objects):
    """{object: (answer, reasons)}"""
    done = subprocess.run([program, "scan", "--no-default-content", "--rules", folder / "r.yar", "--format", "jsonl", objects],
                          capture_output=True, check=False)
    answers = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        why = "; ".join(sorted({f"{i['reason']}: {i['detail']}" for i in record.get("incomplete", ())}))
        answer = {"detected": "found", "clean": "not found"}.get(record["verdict"], record["verdict"])
        answers[pathlib.Path(record["path"]).name] = (answer, why)
    if done.returncode not in (0, 1, 2) or not answers:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return answers


def clamscan(folder, objects):
    done = subprocess.run(["clamscan", "-d", folder / "db.hdb", "--no-summary", "--infected", "--alert-encrypted=yes",
                           "--alert-exceeds-max=yes", "-r", objects], capture_output=True, check=False)
    answers = collections.defaultdict(lambda: "not found")
    for line in done.stdout.decode(errors="replace").splitlines():
        path, _, name = line.rpartition(": ")
        answers[pathlib.Path(path).name] = "found" if name.startswith("Test.") else "incomplete"
    return answers


def extracts(command, expected):
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    if expected in done.stdout:
        return "found"
    return "not found" if done.returncode == 0 else "error"


def table(options, folder):
    objects = folder / "table"
    objects.mkdir()
    missing = []
    for kind, make in MAKERS.items():
        for name, data in INSIDE.items():
            container = make(name, data)
            if container is None:
                missing.append(kind)
            else:
                (objects / f"{kind}~{name}").write_bytes(container)
    ours = daylight(options.daylight, folder, objects)
    clam = clamscan(folder, objects)
    print(f"{'kind':22} {'inside':12} " + " ".join(f"{column:10}" for column in COLUMNS))
    silent = []
    for path in sorted(objects.iterdir()):
        kind, name = path.name.split("~")
        answer, why = ours.get(path.name, ("error", "no record"))
        row = [answer, clam[path.name],
               extracts(["7z", "x", "-so", "-pinfected", path], INSIDE[name]),
               extracts(["bsdtar", "-xOf", path, "--passphrase", "infected"], INSIDE[name])]
        if answer not in ("found", "incomplete"):
            silent.append(path.name)
        print(f"{kind:22} {name:12} " + " ".join(f"{cell:10}" for cell in row) + (f" {why}" if answer != "found" else ""))
    for kind in sorted(set(missing)):
        print(f"{kind:22} not made: its tool is not installed")
    return silent


def nest(options, folder):
    objects = folder / "nested"
    objects.mkdir()
    cache = {}

    def build(kinds):  # The outermost first.
        if not kinds:
            return MARKER
        if kinds not in cache:
            inner = "program.exe" if len(kinds) == 1 else "inner." + kinds[1].split("-")[0]
            cache[kinds] = MAKERS[kinds[0]](inner, build(kinds[1:]))
        return cache[kinds]
    usable = [kind for kind in NESTED if build((kind,)) is not None]
    for kinds in itertools.product(usable, repeat=3):
        (objects / "~".join(kinds)).write_bytes(build(kinds))
    ours = daylight(options.daylight, folder, objects)
    clam = clamscan(folder, objects)
    silent = []
    for answers, who in ((ours, "daylight"), (clam, "clamscan")):
        counts = collections.Counter()
        for path in objects.iterdir():
            answer = answers[path.name] if who == "clamscan" else answers.get(path.name, ("error", ""))[0]
            counts[answer] += 1
            if who == "daylight" and answer != "found":
                print(f"nested {path.name}: {answer} {ours.get(path.name)}")
                if answer != "incomplete":
                    silent.append(path.name)
        print(f"three deep, {who}: " + ", ".join(f"{answer} {count}" for answer, count in sorted(counts.items())))
    return silent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daylight", required=True)
    parser.add_argument("--no-nesting", action="store_true")
    parser.add_argument("--keep", help="a new folder to leave the containers in")
    options = parser.parse_args()
    if not all(shutil.which(tool) for tool in ("clamscan", "7z", "bsdtar")):
        print("there are no peers to compare with", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if options.keep:
            folder = pathlib.Path(options.keep)
            folder.mkdir()
        write_rules(folder)
        silent = table(options, folder)
        if not options.no_nesting:
            silent += nest(options, folder)
    for name in silent:
        print(f"SILENT MISS: {name}")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
