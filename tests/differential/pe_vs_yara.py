#!/usr/bin/env python3
"""Compares the pe module's facts with those of the `yara` command, field by field.

    pe_vs_yara.py --facts build/dev/bin/daylight_facts [--assemble PROGRAM] [FOLDER_OR_FILE...]

--assemble names the daylight_assemble program, with which the signed samples of
tests/golden/pe are compared too. Without folders, the PE files that Debian's libwine and mingw-w64 packages
install are used, and the run is skipped (exit 77) when there are none, or when
there is no `yara`. Debian's yara is older (4.2) than what the module follows
(4.5); the differences between those two versions are listed in KNOWN below,
each with its reason, and nothing else is forgiven.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

DEFAULT_FOLDERS = [
    "/usr/lib/x86_64-linux-gnu/wine",
    "/usr/x86_64-w64-mingw32",
    "/usr/i686-w64-mingw32",
    "/usr/lib/gcc/x86_64-w64-mingw32",
    "/usr/lib/gcc/i686-w64-mingw32",
]

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "golden" / "pe"

# Where 4.2 and 4.5 differ: (field, our value, yara's value, why); None is undefined.
ANY = re.compile(r"(?s).*")
KNOWN = [
    (r"delayed_import_details\b.*", ANY, None, "4.2 calls it delay_import_details"),
    (r"(import|delay_import|export)_details\[\d+\](\.functions\[\d+\])?\.rva", ANY, None, "new in 4.3 and 4.5"),
    (r"rich_signature\.version_data", ANY, None, "new in 4.3"),
    (r"is_signed", ANY, None, "new in 4.3"),
    (r"signatures\[\d+\]\.(verified|digest|digest_alg|file_digest|number_of_certificates|certificates|signer_info"
     r"|number_of_countersignatures|countersignatures)\b.*", ANY, None, "new in 4.3"),
    (r"export_details\[(819[2-9]|8[2-9]\d\d|9\d{3}|1\d{4})\].*", ANY, None, "4.2 stops at 8192 exports, 4.5 at 16384"),
    (r"pdb_path", re.compile('""'), None, "4.2 leaves an empty path out"),
    (r"number_of_signatures", re.compile("0"), None, "4.2 has none where the headers are short"),
    (r"number_of_exports", ANY, re.compile("8192"), "the same"),
    (r"export_details\[\d+\]\.offset", None, re.compile("-1"), "4.2 has -1 for what is not in the file"),
]


def known(path, ours, theirs):
    def fits(pattern, value):
        return value is None if pattern is None else value is not None and pattern.fullmatch(value)

    # OpenSSL 3 escapes a slash inside a name; 4.5 takes that back.
    if re.fullmatch(r"signatures\[\d+\]\.(issuer|subject)", path) and theirs and theirs.replace("\\/", "/") == ours:
        return True
    return any(re.fullmatch(field, path) and fits(a, ours) and fits(b, theirs) for field, a, b, _ in KNOWN)


def parse_yara(text):
    """The tree that `yara -D` prints, as {path: value}; undefined fields are left out."""
    facts = {}
    stack = []
    functions_base = {}
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip("\t"))
        content = line.strip("\t")
        if depth == 0 or not content:
            continue
        name, separator, value = content.partition(" = ")
        # 4.2 numbers the imported functions of all libraries in one row, and
        # its number_of_functions is the running total.
        match = re.fullmatch(r"\[(\d+)\]", name)
        stack = stack[: depth - 1]
        if match and stack and stack[-1].endswith("functions"):
            path = "".join(stack)
            base = functions_base.setdefault(path, int(match.group(1)))
            name = "[%d]" % (int(match.group(1)) - base)
        if depth > 1 and not name.startswith("["):
            name = "." + name
        stack.append(name)
        if separator and value != "YR_UNDEFINED":
            facts["".join(stack)] = value
    for path in [p for p in facts if re.fullmatch(r"(import|delay_import)_details\[\d+\]\.number_of_functions", p)]:
        stem = path[: -len("number_of_functions")]
        count = sum(1 for p in facts if re.fullmatch(re.escape(stem) + r"functions\[\d+\]\.name", p))
        facts[path] = str(count)
    return {p: v for p, v in facts.items() if not p[:1].isupper()}


def as_yara_prints(value):
    """Our strings escape quotes and backslashes too; yara only what is not printable."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\x(22|5c)", lambda match: chr(int(match.group(1), 16)), value)


def parse_ours(text):
    facts, calls = {}, {}
    for line in text.split("\n"):
        path, separator, value = line.partition(" = ")
        if separator:
            if path.endswith("()"):
                calls[path] = value
                continue
            path = re.sub(r'^version_info\["(.*)"\]$', r'version_info.\1', path.partition(".")[2])
            facts[path] = as_yara_prints(value)
    return facts, calls


def compare(ours, theirs):
    differences = []
    for path in sorted(set(ours) | set(theirs)):
        a, b = ours.get(path), theirs.get(path)
        if a is not None and b is not None and a == b:
            continue
        if not known(path, a, b):
            differences.append((path, a, b))
    return differences


def pe_files(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
            continue
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                full = os.path.join(folder, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    continue
                with open(full, "rb") as file:
                    if file.read(2) == b"MZ":
                        yield full


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", required=True, help="the daylight_facts program")
    parser.add_argument("--assemble", help="the daylight_assemble program")
    parser.add_argument("--limit", type=int, default=0, help="stop after this many files")
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    if shutil.which("yara") is None:
        print("skipped: no yara command")
        return 77
    paths = arguments.paths or [p for p in DEFAULT_FOLDERS if os.path.isdir(p)]
    with tempfile.TemporaryDirectory() as folder:
        if arguments.assemble:
            for sample in sorted(SAMPLES.glob("*.hex")):
                subprocess.run([arguments.assemble, sample, os.path.join(folder, sample.stem)], check=True)
            paths.append(folder)
        return compare_all(arguments, paths)


def compare_all(arguments, paths):
    files = differing = 0
    for path in pe_files(paths):
        files += 1
        facts = subprocess.run([arguments.facts, "--calls", "pe", path], capture_output=True, check=True)
        ours, calls = parse_ours(facts.stdout.decode("latin-1"))
        with tempfile.NamedTemporaryFile("w", suffix=".yar") as rule:
            rule.write('import "pe"\n')
            for i, (call, value) in enumerate(sorted(calls.items())):
                rule.write("rule call_%d { condition: %s == %s }\n" % (i, call, value))
            rule.write("rule facts { condition: false and pe.is_pe == 1 }\n")
            rule.flush()
            yara = subprocess.run(["yara", "-D", rule.name, path], capture_output=True)
        output = yara.stdout.decode("latin-1")
        differences = compare(ours, parse_yara(output))
        matched = set(re.findall(r"(?m)^call_(\d+) ", output))
        for i, (call, value) in enumerate(sorted(calls.items())):
            if str(i) not in matched:
                differences.append((call, value, "another value"))
        if differences:
            differing += 1
            print(f"{path}: {len(differences)} fields differ")
            for field, ours, theirs in differences[:20]:
                print(f"  {field}: ours {ours}, yara {theirs}")
        if arguments.limit and files >= arguments.limit:
            break
    print(f"{files} files, {differing} differ")
    if files == 0:
        return 77
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
