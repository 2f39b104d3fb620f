#!/usr/bin/env python3
"""Writes a corpus of ClamAV signatures, objects and clamscan's answers.

usage: clamav_corpus.py OUT             folders and OUT/cases.jsonl, one line an object
       clamav_corpus.py --golden FILE   one line a group with signatures and objects inside, for tests without clamscan

Line of cases.jsonl: {"case", "db": [folder], "options": [...], "object": path, "expect": [names, sorted], "first": the
name that clamscan gives without --allmatch, or null}. A signature line that clamscan refuses is kept apart:
{"case", "refused": line, "file": name, "message"}.
"""

import argparse
import json
import pathlib
import tempfile

import clamav_body_cases as body
import clamav_file_cases as files
import clamav_logical_cases as logical
from clamav_golden import pack
from clamav_groups import solve_all


def groups():
    yield from body.body_groups()
    yield from body.offset_groups()
    yield from body.version_groups()
    yield from body.target_groups()
    yield from logical.groups()
    yield from files.groups()


def write_cases(solved, out):
    with open(pathlib.Path(out) / "cases.jsonl", "w", encoding="ascii") as file:
        for group in solved:
            base = pathlib.Path(out) / group.name
            for name in group.objects:
                row = {"case": f"{group.name}/{name}", "db": [str(base / "db")], "options": group.options, "unpack": group.unpack,
                       "object": str(base / "objects" / name), "expect": group.expect[name], "first": group.first[name]}
                file.write(json.dumps(row) + "\n")
            for name, line, message in group.refused:
                row = {"case": f"{group.name}/refused", "refused": line, "file": name, "message": message}
                file.write(json.dumps(row) + "\n")


# Of these docs/rules/clamav.md explains differences, or they are much like others.
NOT_GOLDEN = ("containers", "loaded-only", "testfiles", "yara", "cfg-", "order-", "imports", "sections-",
              "pua-", "body-random-ldb", "body-ldb", "offset-elf32be", "offset-elf64be", "offset-macho32be",
              "offset-macho64be", "offset-pe64")


def write_golden(solved, path):
    solved = [group for group in solved if not group.name.startswith(NOT_GOLDEN)]
    with open(path, "w", encoding="ascii") as file:
        for group in solved:
            row = {"group": group.name, "options": group.options, "files": group.files,
                   "objects": [{"name": n, "data": pack(d), "expect": group.expect[n]}
                               for n, d in group.objects.items() if n != "double"]}
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", help="a folder for the corpus")
    parser.add_argument("--golden", metavar="FILE", help="write the compact form")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only these groups (repeatable)")
    parser.add_argument("--jobs", type=int, default=1, help="clamscan runs at a time")
    args = parser.parse_args()
    if bool(args.out) == bool(args.golden):
        parser.error("give either OUT or --golden FILE")
    wanted = [g for g in groups() if not args.only or any(pathlib.PurePath(g.name).match(glob) for glob in args.only)]
    with tempfile.TemporaryDirectory(prefix="clamav-corpus-") as scratch:
        out = args.out or scratch
        pathlib.Path(out).mkdir(parents=True, exist_ok=True)
        solve_all(wanted, out, args.jobs)
        if args.golden:
            write_golden([g for g in wanted if not g.large], args.golden)
        else:
            write_cases(wanted, out)
    signatures = sum(len(lines) for g in wanted for lines in g.files.values())
    print(f"{len(wanted)} groups, {signatures} signatures, {sum(len(g.objects) for g in wanted)} objects, "
          f"{sum(1 for g in wanted for e in g.expect.values() if e)} with a detection, "
          f"{sum(len(g.refused) for g in wanted)} lines refused")


if __name__ == "__main__":
    main()
