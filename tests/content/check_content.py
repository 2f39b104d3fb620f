#!/usr/bin/env python3
"""Checks the built-in rules against their samples.

    check_content.py --command 'yara -w {rules} {target}' --output yara
    check_content.py --command 'daylight scan --rules {rules} --format jsonl {target}' --output jsonl

Samples are described in content/tests/*.txt (content/README.md has the format),
assembled into a temporary folder at run time, and scanned in one go. Each `hit`
must be hit by exactly its rule (and those listed after `also`), each `miss` by
none. Every rule needs one of both and complete meta data. The tree itself
(--tree, default: content and tests/content) must not be detected.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
META = ("description", "severity", "reference", "author")
SEVERITIES = ("low", "medium", "high", "critical")
ELF_TYPES = {"rel": 1, "exec": 2, "dyn": 3}


class SampleError(Exception):
    pass


class Elf:
    """A header and program headers, patched once the rest is known."""

    def __init__(self, words):
        options = {"bits": "64", "type": "exec", "machine": "62", "entry": "0"}
        self.loads = []
        for word in words:
            key, _, value = word.partition("=")
            if key == "load":
                self.loads.append(value.split(":"))
            elif key != "sections":
                options[key] = value
        self.bits = int(options["bits"])
        self.type = ELF_TYPES[options["type"]]
        self.machine = int(options["machine"], 0)
        self.entry = int(options["entry"], 0)
        self.section_offset = 0
        self.section_count = 0
        self.header_size = 64 if self.bits == 64 else 52
        self.program_size = 56 if self.bits == 64 else 32

    def size(self):
        return self.header_size + self.program_size * len(self.loads)

    def sections(self, data, words):
        """Appends a null section, .text and .shstrtab to `data`."""
        address, offset, size = (int(n, 0) for n in words[0].partition("=")[2].split(":"))
        names = b"\0.text\0.shstrtab\0"
        names_at = len(data)
        data += names
        data += b"\0" * (-len(data) % 8)
        self.section_offset, self.section_count = len(data), 3
        rows = [
            (0, 0, 0, 0, 0, 0),
            (1, 1, 6, address, offset, size),
            (7, 3, 0, 0, names_at, len(names)),
        ]
        for name, kind, flags, at, where, length in rows:
            if self.bits == 64:
                data += struct.pack("<IIQQQQIIQQ", name, kind, flags, at, where, length, 0, 0, 1, 0)
            else:
                data += struct.pack("<10I", name, kind, flags, at, where, length, 0, 0, 1, 0)

    def finish(self, data):
        ident = b"\x7fELF" + bytes([2 if self.bits == 64 else 1, 1, 1]) + b"\0" * 9
        names = self.section_count - 1 if self.section_count else 0
        tail = (0, self.header_size, self.program_size if self.loads else 0, len(self.loads),
                64 if self.bits == 64 else 40, self.section_count, names)
        shape = "<HHIQQQIHHHHHH" if self.bits == 64 else "<HHIIIIIHHHHHH"
        head = ident + struct.pack(shape, self.type, self.machine, 1, self.entry,
                                   self.header_size if self.loads else 0, self.section_offset, *tail)
        for mode, offset, address, size in self.loads:
            flags = sum(bit for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if letter in mode)
            offset, address = int(offset, 0), int(address, 0)
            length = len(data) - offset if size == "end" else int(size, 0)
            if self.bits == 64:
                head += struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, length, length, 4096)
            else:
                head += struct.pack("<8I", 1, offset, address, address, length, length, flags, 4096)
        data[: len(head)] = head


def fill_bytes(text):
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1].encode()
    return bytes.fromhex(text)


def assemble(lines):
    """The bytes that the body lines of one sample describe."""
    data, elf = bytearray(), None
    for line in lines:
        word, _, rest = line.partition(" ")
        plain = rest.replace("@@", "").encode()
        if word == "|":
            data += plain + b"\n"
        elif word == "+":
            data += plain
        elif word == "cstr":
            data += plain + b"\0"
        elif word == "wide":
            data += plain.decode().encode("utf-16-le")
        elif word == "hex":
            data += bytes.fromhex(rest)
        elif word == "zero":
            data += b"\0" * int(rest, 0)
        elif word == "pad":
            data += b"\0" * (int(rest, 0) - len(data))
        elif word == "fill":
            count, _, unit = rest.partition(" ")
            unit = fill_bytes(unit)
            data += (unit * (int(count, 0) // len(unit) + 1))[: int(count, 0)]
        elif word == "xor":
            key, _, text = rest.partition(" ")
            data += bytes(b ^ int(key, 0) for b in text.encode())
        elif word == "elf":
            elf = Elf(rest.split())
            data += b"\0" * elf.size()
        elif word == "sections" and elf:
            elf.sections(data, rest.split())
        else:
            raise SampleError(f"unknown directive: {line}")
    if elf:
        elf.finish(data)
    return bytes(data)


class Sample:
    def __init__(self, source, number, kind, words):
        self.source, self.number, self.kind = source, number, kind
        self.rule = words[0]
        self.also = set(words[2:]) if words[1:2] == ["also"] else set()
        self.name = "sample"
        self.lines = []

    def where(self):
        return f"{self.source.name}:{self.number} ({self.kind} {self.rule})"


def read_samples(folder):
    samples = []
    for source in sorted(folder.glob("*.txt")):
        for number, line in enumerate(source.read_text(encoding="ascii").split("\n"), 1):
            if line.startswith("== "):
                kind, *words = line[3:].split()
                if kind not in ("hit", "miss") or not words:
                    raise SampleError(f"{source.name}:{number}: expected '== hit RULE' or '== miss RULE'")
                samples.append(Sample(source, number, kind, words))
            elif line.startswith("#") or not line:
                continue
            elif not samples or samples[-1].source != source:
                raise SampleError(f"{source.name}:{number}: text before the first sample")
            elif line.startswith("file: "):
                samples[-1].name = line[6:].strip()
            else:
                samples[-1].lines.append(line)
    return samples


def read_rules(folder):
    """{rule: {meta: value}} by a plain reading of our own well-formed files."""
    rules = {}
    for source in sorted(folder.glob("*.yar")):
        text = source.read_text(encoding="ascii")
        for match in re.finditer(r"^rule (\w+)[^{]*\{(.*?)^\}", text, re.M | re.S):
            meta = dict(re.findall(r'^    (\w+) = "((?:[^"\\]|\\.)*)"$', match[2].split("strings:")[0].split("condition:")[0], re.M))
            if match[1] in rules:
                raise SampleError(f"{source.name}: {match[1]} is there twice")
            rules[match[1]] = meta
    return rules


def run(command, rules_folder, target, output):
    """{path: {rule}} of what the scanner found under `target`."""
    rules = " ".join(shlex.quote(str(p)) for p in sorted(rules_folder.glob("*.yar")))
    line = command.replace("{rules}", rules).replace("{rules_folder}", shlex.quote(str(rules_folder)))
    line = line.replace("{target}", shlex.quote(str(target)))
    done = subprocess.run(line, shell=True, capture_output=True, check=False)
    found = {}
    if output == "yara":
        if done.returncode != 0:
            raise SampleError(f"{line}\n{done.stderr.decode(errors='replace')}")
        for row in done.stdout.decode(errors="surrogateescape").splitlines():
            rule, _, path = row.partition(" ")
            found.setdefault(path, set()).add(rule)
        return found
    if done.returncode not in (0, 1):
        raise SampleError(f"{line}\nexit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    for row in done.stdout.splitlines():
        record = json.loads(row)
        path = os.fsdecode(base64.b64decode(record["path_b64"])) if "path_b64" in record else record["path"]
        for detection in record.get("detections", []):
            found.setdefault(path, set()).add(detection["rule"])
    return found


def check_meta(rules, samples):
    problems = []
    for rule, meta in rules.items():
        problems += [f"{rule}: no meta '{key}'" for key in META if not meta.get(key)]
        if meta.get("severity") not in SEVERITIES:
            problems.append(f"{rule}: severity is {meta.get('severity')!r}")
        if meta.get("author") != "Daylight":
            problems.append(f"{rule}: author is {meta.get('author')!r}")
        if not meta.get("reference", "").startswith("https://"):
            problems.append(f"{rule}: reference is not an https address")
        for kind in ("hit", "miss"):
            if not any(s.rule == rule and s.kind == kind for s in samples):
                problems.append(f"{rule}: no '{kind}' sample")
    problems += [f"{s.where()}: no such rule" for s in samples if s.rule not in rules]
    return problems


def check_samples(samples, args, folder):
    paths = {}
    for index, sample in enumerate(samples):
        path = folder / f"{index:04}" / sample.name
        path.parent.mkdir()
        path.write_bytes(assemble(sample.lines))
        paths[str(path)] = sample
    found = {}
    command = args.command
    if args.output == "yara" and " -r" not in command:
        command = command.replace("{target}", "-r {target}")
    found = run(command, args.rules, folder, args.output)
    problems = [f"{path}: not a sample" for path in found if path not in paths]
    for path, sample in paths.items():
        hits = found.get(path, set())
        expected = {sample.rule} | sample.also if sample.kind == "hit" else set()
        if hits != expected:
            problems.append(f"{sample.where()}: expected {sorted(expected)}, found {sorted(hits)}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", required=True, help="with {rules} or {rules_folder}, and {target}")
    parser.add_argument("--output", choices=("yara", "jsonl"), default="jsonl", help="how the command answers")
    parser.add_argument("--rules", type=pathlib.Path, default=ROOT / "content" / "daylight")
    parser.add_argument("--tests", type=pathlib.Path, default=ROOT / "content" / "tests")
    parser.add_argument("--tree", type=pathlib.Path, action="append", help="folders that must not be detected")
    parser.add_argument("--assemble", type=pathlib.Path, help="only write the samples into this folder")
    args = parser.parse_args()

    samples, rules = read_samples(args.tests), read_rules(args.rules)
    if args.assemble:
        for index, sample in enumerate(samples):
            args.assemble.mkdir(parents=True, exist_ok=True)
            (args.assemble / f"{index:04}-{sample.kind}-{sample.rule}").write_bytes(assemble(sample.lines))
        return 0
    problems = check_meta(rules, samples)
    with tempfile.TemporaryDirectory(prefix="daylight-content-") as folder:
        problems += check_samples(samples, args, pathlib.Path(folder))
    for tree in args.tree or (ROOT / "content", ROOT / "tests" / "content"):
        command = args.command
        if args.output == "yara" and " -r" not in command:
            command = command.replace("{target}", "-r {target}")
        for path, hits in run(command, args.rules, tree, args.output).items():
            problems.append(f"{path} in the tree is detected: {sorted(hits)}")
    for problem in problems:
        print(problem)
    hits = sum(s.kind == "hit" for s in samples)
    print(f"{len(rules)} rules, {hits} hits, {len(samples) - hits} misses, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SampleError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
