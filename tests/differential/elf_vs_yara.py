#!/usr/bin/env python3
"""Compares our facts about ELF files with those of the installed `yara`.

    tests/differential/elf_vs_yara.py [--facts PROGRAM] [--limit N] [PATH...]

Takes every ELF file in the given folders (default /usr/bin and /usr/lib),
dumps its facts with `daylight_facts elf FILE` and with `yara -D`, and prints
each field that differs. Exits 1 when any does or when nothing was compared,
and 77 (skipped) where there is no yara.
Fields that the installed yara does not know are not compared: the peer is
Debian's 4.2.3.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The peer prints YR_UNDEFINED for these where we print nothing, and constants,
# which tests compare once and for all.
CONSTANT = re.compile(r"elf\.[A-Z][A-Z0-9_]*$")
# What a rule of YARA 4.2 cannot ask for.
OURS_ALONE = re.compile(r"elf\.(symtab|dynsym)\[\d+\]\.visibility$")


def elf_files(paths):
    for path in paths:
        names = [path] if os.path.isfile(path) else (
            os.path.join(folder, name) for folder, _, files in sorted(os.walk(path)) for name in sorted(files))
        for name in names:
            if os.path.islink(name) or not os.path.isfile(name):
                continue
            try:
                with open(name, "rb") as file:
                    if file.read(4) == b"\x7fELF":
                        yield name
            except OSError:
                continue


def unescape(text):
    """The bytes of a printed string, whichever of the two printed it."""
    def one(match):
        escape = match.group(1)
        if escape.startswith("x"):
            return chr(int(escape[1:], 16))
        return {"n": "\n", "r": "\r", "t": "\t"}.get(escape, escape)
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", one, text)


def value(text):
    return "str:" + unescape(text[1:-1]) if text.startswith('"') else text


def peer_facts(rule_file, path):
    """`yara -D` prints a tree, one tab a level; flattens it to our dump's paths."""
    output = subprocess.run(["yara", "-D", rule_file, path], capture_output=True, check=False).stdout
    facts, stack = {}, []
    for line in output.decode("latin-1").split("\n"):
        depth = len(line) - len(line.lstrip("\t"))
        text = line.strip("\t")
        if depth == 0 and text != "elf":
            continue
        name, equals, printed = text.partition(" = ")
        del stack[depth:]
        stack.append(name if name.startswith("[") or depth == 0 else "." + name)
        if equals and printed != "YR_UNDEFINED":
            facts["".join(stack)] = value(printed)
    return facts


def our_facts(program, path):
    output = subprocess.run([program, "elf", path], capture_output=True, check=False).stdout
    facts = {}
    for line in output.decode("latin-1").split("\n"):
        name, equals, printed = line.partition(" = ")
        if equals and not name.endswith("()"):
            facts[name] = value(printed)
    return facts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", default=os.path.join(ROOT, "build", "dev", "bin", "daylight_facts"))
    parser.add_argument("--limit", type=int, default=1 << 30, help="compare at most so many files")
    parser.add_argument("paths", nargs="*", default=["/usr/bin", "/usr/lib"])
    args = parser.parse_args()
    if shutil.which("yara") is None:
        print("skipped: no yara to compare with")
        return 77

    compared = fields = different = 0
    with tempfile.NamedTemporaryFile("w", suffix=".yar") as rule:
        rule.write('import "elf" rule facts { condition: elf.type >= 0 }\n')
        rule.flush()
        for path in elf_files(args.paths):
            if compared == args.limit:
                break
            peer, ours = peer_facts(rule.name, path), our_facts(args.facts, path)
            names = {n for n in peer.keys() | ours.keys() if not CONSTANT.match(n) and not OURS_ALONE.match(n)}
            for name in sorted(names):
                if peer.get(name) != ours.get(name):
                    different += 1
                    if different <= 50:
                        print(f"{path}: {name}: yara {peer.get(name)!r}, daylight {ours.get(name)!r}")
            compared += 1
            fields += len(names)
    print(f"{compared} files, {fields} fields, {different} different")
    return 0 if compared and not different else 1


if __name__ == "__main__":
    sys.exit(main())
