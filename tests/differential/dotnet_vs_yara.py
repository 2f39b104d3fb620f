#!/usr/bin/env python3
"""Compares the dotnet module's facts with those of the installed `yara -D`.

    dotnet_vs_yara.py --facts DAYLIGHT_FACTS [FILE_OR_FOLDER...]

Without files it looks at what Debian's mono packages install. Exits 77
(skipped) without yara or files.

Debian 12 has yara 4.2.3. Its dotnet module is older than 4.5's, whose facts are
ours; these differences are expected and allowed for:
- classes and everything below them came with 4.3;
- is_dotnet came with 4.2, but a file without usable CLI header is undefined
  there rather than 0;
- a table may have 10,000 rows there, 15,000 in 4.5: past that facts are absent;
- resources that lie in another file, or whose length goes past the end, were
  left out; now each row counts and such a one has only its name;
- constants and public keys lacked their last byte there, as if they were user
  strings; yara-x agrees with 4.5 that they have it;
- uncompressed metadata (#-) and the four bytes that heap flag 0x40 announces
  were not known, so for such files only the streams are compared.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

DEFAULT_ROOTS = ["/usr/lib/mono", "/usr/lib/cli"]
NEW_FIELDS = re.compile(r"^(number_of_)?classes")


def yara_escape(raw):
    return "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in raw)


def ours(dump, path):
    text = subprocess.run([dump, "dotnet", path], capture_output=True, check=True).stdout.decode()
    facts = {}
    for line in text.splitlines():
        key, value = line.split(" = ", 1)
        if value.startswith('"'):
            raw = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), value[1:-1].encode())
            if key.startswith("dotnet.constants") or key.endswith("public_key_or_token"):
                raw = raw[:-1]
            value = '"' + yara_escape(raw) + '"'
        facts[key.removeprefix("dotnet.")] = value
    return facts


def theirs(path):
    with tempfile.NamedTemporaryFile("w", suffix=".yar") as rule:
        rule.write('import "dotnet"\nrule facts { condition: true }\n')
        rule.flush()
        text = subprocess.run(["yara", "-D", rule.name, path], capture_output=True, check=True).stdout.decode("latin-1")
    facts, stack = {}, []
    for line in text.split("\n"):
        stripped = line.lstrip("\t")
        depth = len(line) - len(stripped)
        if depth == 0 or not stripped:
            continue
        name, _, value = stripped.partition(" = ")
        stack[depth - 1 :] = [name]
        if value and value != "YR_UNDEFINED":
            facts[".".join(stack).replace(".[", "[")] = value
    return facts


def comparable(facts):
    """Without what is new since 4.2.3, and with resources as a list of those that have contents."""
    kept = {k: v for k, v in facts.items() if not NEW_FIELDS.match(k) and not k.startswith(("resources", "number_of_resources"))}
    rows = {}
    for key, value in facts.items():
        match = re.match(r"resources\[(\d+)\]\.(\w+)$", key)
        if match:
            rows.setdefault(int(match.group(1)), {})[match.group(2)] = value
    present = [row for _, row in sorted(rows.items()) if "offset" in row]
    for index, row in enumerate(present):
        kept.update({f"resources[{index}].{name}": value for name, value in row.items()})
    return kept


def differences(mine, other):
    mine, other = comparable(mine), comparable(other)
    if '"#-"' in (v for k, v in mine.items() if k.startswith("streams")):
        mine = {k: v for k, v in mine.items() if "stream" in k}
        other = {k: v for k, v in other.items() if "stream" in k}
    if "is_dotnet" not in other and mine.get("is_dotnet") == "0":
        mine.pop("is_dotnet")
    found = []
    for key in sorted(mine.keys() | other.keys()):
        if mine.get(key) == other.get(key):
            continue
        # Past 10,000 rows only we go on.
        if key in mine and key not in other and "number_of_classes" not in other and not key.startswith("resources"):
            continue
        found.append(f"{key}: ours {mine.get(key)}, yara {other.get(key)}")
    return found


def files(arguments):
    for root in arguments or DEFAULT_ROOTS:
        if os.path.isfile(root):
            yield root
        for folder, _, names in sorted(os.walk(root)):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.endswith((".dll", ".exe")) and not os.path.islink(path):
                    yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", required=True, help="the program daylight_facts")
    parser.add_argument("path", nargs="*", help=f"default: {' '.join(DEFAULT_ROOTS)}")
    arguments = parser.parse_args()
    try:
        subprocess.run(["yara", "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: yara is not installed")
        return 77
    compared = bad = facts = 0
    for path in files(arguments.path):
        mine = ours(arguments.facts, path)
        other = theirs(path)
        compared += 1
        facts += len(comparable(other))
        problems = differences(mine, other)
        bad += bool(problems)
        for problem in problems[:20]:
            print(f"{path}: {problem}")
    print(f"{compared} files, {facts} facts of yara compared, {bad} files differ")
    if compared == 0:
        print("skipped: no .NET files here")
        return 77
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
