#!/usr/bin/env python3
"""Compares Daylight's matches with YARA's, string by string.

    compare_yara.py --daylight build/release/bin/daylight --rules RULES TARGET...

Both scan the same files with the same rules, each rule file in its own
namespace, and with the same constants as external variables. Every (file,
namespace, rule, string, offset, length) must be the same; anything else is
shown and makes exit 1, unless --exceptions lists it. Rule files that this
version of yara does not compile are left out, with a note.

`yara -L` prints lengths up to 512 only; longer matches are asked for again
through !a[i], file by file (--no-long-lengths leaves that out).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import comparison
import yara_source

LENGTH_CAP = 512
STRING_LINE = re.compile(rb"0x([0-9a-f]+):(\d+):(\$\w*): ")


class Yara:
    def __init__(self, program, compiler, pairs, folder, timeout, long_lengths):
        self.program, self.folder, self.timeout, self.long_lengths = program, folder, timeout, long_lengths
        self.defines = [word for k, v in comparison.EXTERNALS.items() for word in ("-d", f"{k}={v}")]
        self.compiled = os.path.join(folder, "rules.yarc")
        self.notes, self.sources = [], None
        self.pairs = pairs
        if self.compile(compiler, pairs).returncode != 0:
            # Some file needs a newer yara: find it, and any that clashes with others.
            good = []
            for pair in pairs:
                done = self.compile(compiler, [pair])
                if done.returncode == 0:
                    good.append(pair)
                else:
                    reason = done.stderr.decode(errors="replace").strip().splitlines()
                    self.notes.append(f"left out, yara does not compile it: {pair[1]}: {reason[-1] if reason else done.returncode}")
            self.pairs = good
            done = self.compile(compiler, good) if good else None
            if done is not None and done.returncode != 0:
                raise comparison.EngineError("yarac: " + done.stderr.decode(errors="replace")[:4000])

    def compile(self, compiler, pairs):
        return subprocess.run([compiler, "-w", *self.defines, *(f"{n}:{p}" for n, p in pairs), self.compiled],
                              capture_output=True, check=False)

    def scan(self, files):
        listing = os.path.join(self.folder, "yara-files")
        with open(listing, "wb") as out:
            out.writelines(os.fsencode(f) + b"\n" for f in files)
        command = [self.program, "-C", "-s", "-L", "-w", "-e", "-p", "1", "-a", str(self.timeout), "--scan-list",
                   *self.defines, self.compiled, listing]
        done = subprocess.run(command, capture_output=True, check=False)
        notes = [f"yara: {line}" for line in done.stderr.decode(errors="replace").splitlines()]
        answer, known, current = {}, {os.fsencode(f): f for f in files}, None
        for line in done.stdout.split(b"\n"):
            match = STRING_LINE.match(line)
            if match and current is not None:
                length = int(match[2])
                current.add((match[3].decode(), int(match[1], 16), length if length < LENGTH_CAP else comparison.ANY_LENGTH))
                continue
            name, _, path = line.partition(b" ")
            if path in known and b":" in name:
                namespace, _, rule = name.decode(errors="replace").rpartition(":")
                current = answer.setdefault(known[path], {}).setdefault((namespace, rule), set())
        if self.long_lengths:
            for path, rules in answer.items():
                self.ask_lengths(path, rules, notes)
        return answer, notes

    def ask_lengths(self, path, rules, notes):
        """Replaces unknown lengths in `rules` by what !a[i] says, with one probe for the whole file."""
        wanted = [(rule, string) for rule, rows in rules.items()
                  for string in {s for s, _, n in rows if n is comparison.ANY_LENGTH}]
        if not wanted:
            return
        if self.sources is None:
            self.sources = {(namespace, rule.name): rule for namespace, file in self.pairs
                            for rule in yara_source.parse(yara_source.read_source(file))}
        probe, asked = ['import "console"'], {}
        for number, (rule, string) in enumerate(wanted):
            source = self.sources.get(rule)
            found = [s for s in source.strings if s.identifier == string] if source else []
            if len(found) != 1:  # Anonymous strings share a name.
                notes.append(f"{path}: {rule[1]} {string}: long matches compared without their length")
                continue
            asked[number] = (rule, string)
            probe.append(f"rule p{number} {{ strings: $a = {found[0].source} condition: for all i in (1..#a) : "
                         f'(console.log("{number} offset ", @a[i]) and console.log("{number} length ", !a[i])) }}')
        if not asked:
            return
        file = os.path.join(self.folder, "probe.yar")
        with open(file, "wb") as out:
            out.write("\n".join(probe).encode("utf-8", "surrogateescape"))
        done = subprocess.run([self.program, "-w", file, path], capture_output=True, check=False)
        lengths, offset = {}, {}
        for number, what, value in re.findall(rb"^(\d+) (offset|length) (\d+)$", done.stdout, re.M):
            if what == b"offset":
                offset[number] = int(value)
            else:
                lengths[(int(number), offset[number])] = int(value)
        for number, (rule, string) in asked.items():
            rows = rules[rule]
            for row in [r for r in rows if r[0] == string and r[2] is comparison.ANY_LENGTH]:
                if (number, row[1]) in lengths:
                    rows.discard(row)
                    rows.add((string, row[1], lengths[(number, row[1])]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    comparison.add_common_arguments(parser)
    parser.add_argument("--yara", default="yara")
    parser.add_argument("--yarac", default="yarac")
    parser.add_argument("--timeout", type=int, default=600, help="seconds that yara may take for a batch")
    parser.add_argument("--no-long-lengths", action="store_true", help="compare matches of 512 bytes and more by offset only")
    args = parser.parse_args()
    for program in (args.yara, args.yarac):
        if shutil.which(program) is None:
            print(f"{program} is not installed", file=sys.stderr)
            return 77  # Skipped: no peer to compare with.

    def make(pairs, folder):
        peer = Yara(args.yara, args.yarac, pairs, folder, args.timeout, not args.no_long_lengths)
        return peer.pairs, peer.scan, peer.notes

    return comparison.compare(args, make, "yara", "yara")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (comparison.EngineError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
