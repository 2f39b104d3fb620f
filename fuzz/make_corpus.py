#!/usr/bin/env python3
"""Writes a corpus to begin with for each fuzz target, from what every Debian machine and this tree have.

    fuzz/make_corpus.py --out build/fuzz/corpus [--programs build/dev/bin] [TARGET...]

Small programs of /usr/bin (elf), the readable samples of tests/golden turned into files (pe, dotnet, macho, dex,
lnk, document_modules, unpack), the rules of content/ and of the conformance cases (yara_parser, scan, the two pattern parsers), messages of
the protocol put together in many ways (protocol, broker, serve), small databases (database). The same tree and
machine give the same seeds; what is there already, a fuzzer's own finds too, stays.

--programs names the folder with daylight, daylight-worker and daylight_assemble; what needs one that is not there
is left out and said so.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# libFuzzer is told not to go beyond this.
MAX_SEED = 65536
SMALL_RULES = [
    'rule a { strings: $a = "abc" nocase wide $b = { 01 ?2 [1-3] 04 } condition: any of them }',
    'import "pe" rule b : t { meta: n = 1 condition: pe.number_of_sections > 3 and filesize < 1MB }',
    'rule c { strings: $r = /x[yz]+w?/i condition: #r > 2 or for any i in (1..#r) : (@r[i] == i) }',
    "global rule g { condition: filesize > 0 } private rule p { condition: g } rule q { condition: any of (g, p) }",
]


class Corpus:
    def __init__(self, folder, programs):
        self.folder = folder
        self.programs = programs
        self.left_out = []
        self.counts = {}

    def add(self, target, data):
        if not data or len(data) > MAX_SEED:
            return
        folder = self.folder / target
        folder.mkdir(parents=True, exist_ok=True)
        # Named by content, as libFuzzer does, so that a second run adds nothing.
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
        self.counts[target] = self.counts.get(target, 0) + 1

    def program(self, name):
        path = self.programs / name if self.programs else None
        if path is None or not path.exists():
            self.left_out.append(name)
            return None
        return str(path)


def system_programs():
    """The smallest programs and libraries that this machine has."""
    found = []
    for folder, pattern in (("/usr/bin", "*"), ("/usr/lib", "*/*.so*")):
        for path in pathlib.Path(folder).glob(pattern):
            try:
                if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_SEED:
                    with path.open("rb") as file:
                        if file.read(4) == b"\x7fELF":
                            found.append((path.stat().st_size, str(path)))
            except OSError:
                pass
    return [pathlib.Path(path) for _, path in sorted(found)[:60]]


def hex_sample(source):
    """A readable sample as src/daylight/formats/sample_testing.h has it: digits, N*XX, 'characters', # comments."""
    out = b""
    for times, repeated, quoted, digits in re.findall(r"#[^\n]*|(\d+)\*([0-9a-f]{2})|'([^']*)'|([0-9a-f]+)", source):
        out += bytes.fromhex(repeated) * int(times) if times else quoted.encode() + bytes.fromhex(digits)
    return out


def golden_samples(corpus):
    """The samples of tests/golden, by the name of their folder."""
    samples = {}
    for path in sorted((ROOT / "tests/golden").glob("*/*.hex")):
        samples.setdefault(path.parent.name, []).append(hex_sample(path.read_text()))
    # Descriptions of PE files are put together by a program.
    assemble = corpus.program("daylight_assemble")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        for path in sorted((ROOT / "tests/golden").glob("*/*.pe")) if assemble else []:
            subprocess.run([assemble, str(path), str(out)], check=True)
            samples.setdefault(path.parent.name, []).append(out.read_bytes())
    return samples


def rule_texts():
    texts = [path.read_text() for path in sorted((ROOT / "content").rglob("*.yar"))]
    texts += [path.read_text() for path in sorted((ROOT / "tests/golden/diagnostics").glob("*.yar"))]
    return texts + SMALL_RULES


def conformance_cases():
    for path in sorted((ROOT / "tests/conformance").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            if not line.strip():
                continue
            case = json.loads(line)
            if isinstance(case.get("rules"), str):
                yield case["rules"], base64.b64decode(case.get("input_b64", ""))


def single_rules(text):
    """Rules of a file one by one, with the imports of all: shorter seeds find more."""
    imports = "\n".join(re.findall(r'^import ".*"$', text, re.M))
    for rule in re.split(r"(?m)^(?=(?:private |global )*rule )", text)[1:]:
        yield imports + "\n" + rule


def make_formats(corpus, samples):
    for path in system_programs():
        corpus.add("elf", path.read_bytes())
        corpus.add("clam_exe", path.read_bytes())
    for name, files in samples.items():
        for data in files:
            # The golden files of formats/exe are seeds of its own target alone.
            several = {"pe": ("pe", "dotnet"), "dotnet": ("pe", "dotnet"), "exe": (), "msi": ("document_modules", "unpack")}
            targets = several.get(name, (name,))
            for target in targets + (("clam_exe",) if name in {"pe", "elf", "macho", "exe"} else ()):
                corpus.add(target, data)


def make_rules(corpus):
    for text in rule_texts():
        corpus.add("yara_parser", text.encode())
        for rule in single_rules(text):
            corpus.add("yara_parser", rule.encode())
            for hexadecimal in re.findall(r"= *(\{[^{}]*\})", rule):
                for flags in b"\0\1":
                    corpus.add("hex_parser", bytes([flags]) + hexadecimal.encode())
            for regexp in re.findall(r"= */((?:[^/\\\n]|\\.)+)/", rule):
                for flags in b"\0\4\2":
                    corpus.add("regexp_parser", bytes([flags]) + regexp.encode())
    for rules, data in conformance_cases():
        corpus.add("yara_parser", rules.encode())
        if len(rules) <= 4096 and len(data) <= 4096:
            corpus.add("scan", rules.encode() + b"\0" + data)


def make_matchers(corpus):
    # These make patterns, or changes of a matcher, out of whatever bytes there are.
    for target in ("lazy_dfa", "matcher", "matcher_open", "rule_set"):
        source = random.Random(target)
        for size in (8, 16, 32, 64, 128, 256):
            for _ in range(8):
                corpus.add(target, source.randbytes(size))
    source = random.Random("prefilter")
    for _ in range(32):
        corpus.add("prefilter", prefilter_seed(source))


def prefilter_seed(source):
    """As CompareKernelsOn() reads it: tables with some of an object's bytes, then the object."""
    words = [b"abcdefgh", b"ABCDEFGHIJ", b"\0\0\0\0\0\0\0\0", source.randbytes(8), b"MZ\x90\0\3\0\0\0"]
    data = b"".join(source.choice(words) for _ in range(source.randrange(2, 60)))

    def places(length):
        return (data[at:at + length] for at in (source.randrange(len(data) - 8) for _ in range(4)))

    times = source.choice((1, 1, 30))  # Nibble tables depend on how many windows there are.
    seed = source.randbytes(5) + b"\4"
    seed += b"".join(bytes_ + bytes([source.randrange(5)]) for bytes_ in places(8))
    seed += bytes([4 * times]) + times * b"".join(bytes_ + bytes([source.randrange(3)]) for bytes_ in places(3))
    return seed + data


def make_databases(corpus):
    daylight = corpus.program("daylight")
    if daylight is None or corpus.program("daylight-worker") is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for rule in SMALL_RULES:
            (folder / "r.yar").write_text(rule)
            done = subprocess.run([daylight, "rules", "compile", "--rules", str(folder / "r.yar"), "-o", str(folder / "r.dldb")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode != 0:
                sys.exit(f"make_corpus: cannot compile a rule: {done.stderr.decode(errors='replace')}")
            corpus.add("database", (folder / "r.dldb").read_bytes())


def make_reports(corpus):
    """Reports of a sandbox, for the module cuckoo."""
    corpus.add("cuckoo", b"{}")
    for size in (1, 3):
        names = [f"name{i}" for i in range(size)]
        report = {
            "behavior": {"summary": {key: names for key in ("mutexes", "files", "keys", "resolved_apis")}},
            "network": {
                "hosts": ["192.0.2.1"] * size, "domains": [{"domain": name, "ip": "192.0.2.1"} for name in names],
                "http": [{"uri": "http://" + name, "method": "GET", "user-agent": "x"} for name in names],
                "tcp": [{"dst": "192.0.2.1", "dport": 80}] * size, "udp": [{"dst": "192.0.2.1", "dport": 53}] * size,
                "dns": [{"request": name, "type": "A"} for name in names]},
        }
        corpus.add("cuckoo", json.dumps(report).encode())


# The protocol. Messages themselves come from the seeds in fuzz/corpus/protocol, which are streams of real ones.
HEADER = struct.Struct("<IHHIQ")
FROM_WORKER = {"ready": 101, "opened": 102, "compiled": 103, "include": 104, "report": 105, "summary": 106,
               "explained": 107, "verified": 108}


def frame(kind, payload=b"", sequence=0, descriptors=0):
    return HEADER.pack(0x31504C44, kind, descriptors, len(payload), sequence) + payload


def stored_messages():
    messages = {}
    for path in sorted((ROOT / "fuzz/corpus/protocol").iterdir()):
        data, at = path.read_bytes(), 0
        while at + HEADER.size <= len(data):
            _, kind, _, length, _ = HEADER.unpack_from(data, at)
            messages.setdefault(kind, []).append(data[at + HEADER.size:at + HEADER.size + length])
            at += HEADER.size + length
    return messages


def text(value):
    return struct.pack("<I", len(value)) + value


def make_protocol(corpus):
    messages = stored_messages()
    for kind, payloads in messages.items():
        for payload in payloads:
            corpus.add("protocol", frame(kind, payload) * 2)
    corpus.add("protocol", frame(105, bytes(30)))
    ready = frame(101, struct.pack("<III", 1, 31, 0))
    opened = frame(102, b"\1" + text(b""))
    refused = frame(102, b"\0" + text(b"no"))
    report = max(messages.get(105, [b""]), key=len)
    small = bytes(30)  # Clean, and nothing to tell.
    reports = [frame(105, small if i % 2 else report, i) for i in range(6)]

    def script(*workers):
        return b"".join(struct.pack("<H", len(words)) + words for words in workers)

    good = ready + opened
    scans = [
        script(good + b"".join(reports)),
        script(good + b"".join(reports[:3]), good + reports[3], good + reports[4], good + reports[5]),
        script(good + reports[0], good + reports[1], ready, good + b"garbage", b"", good + reports[5]),
        script(ready + refused), script(good + reports[1]), script(good + reports[0] + reports[0]),
        script(*[good + words for words in reports]), script(frame(101, struct.pack("<III", 9, 0, 0))),
    ]
    for how in range(0, 64, 3):
        for scan in scans:
            corpus.add("broker", bytes([4, how]) + scan)
    include = [frame(104, payload, 1) for payload in messages.get(104, [])]
    include += [frame(104, text(path) + text(b"1:2"), 1) for path in (b"b.yar", b"../secret", b"link", b"sub/c.yar", b"/etc/passwd")]
    compiled = [frame(103, payload, 1) for payload in messages.get(103, [])]
    compiled.append(frame(103, struct.pack("<IIIQ", 0, 1, 0, 3), 1) + b"bad")
    for answer in compiled:
        corpus.add("broker", bytes([0, 1]) + script(ready + b"".join(include) + answer))
    for what, kind in ((1, 106), (2, 108), (3, 107)):
        for payload in messages.get(kind, []):
            corpus.add("broker", bytes([what, 0]) + script(good + frame(kind, payload, 1)))
    corpus.add("broker", bytes([2, 0]) + script(good + frame(108, b"\1" + text(b""), 1)))

    # Toward the worker: kind, number (descriptors and which), length, payload.
    def order(kind, number, payload=b""):
        return struct.pack("<BBH", kind, number, len(payload)) + payload

    def names(name=b"a.exe"):
        return b"".join(text(value) for value in (name, name, b"/t/" + name, b".exe", b"", b"root"))

    # One descriptor from place 0 of the list (a sound database), from 1 (an object).
    database, thing = 1, 1 + 4
    hello = order(1, 0, struct.pack("<I", 1))
    openings = [order(2, database, payload) for payload in messages.get(2, [])]
    batch = order(5, thing, struct.pack("<IQQ", 1, 7, 36) + names())
    explain = order(7, thing, text(b"a") + struct.pack("<QQ", 1, 36) + names())
    for opening in openings:
        for rest in (batch, explain, order(6, 0), order(8, 0), batch + batch + order(9, 0)):
            corpus.add("serve", hello + opening + rest)
    rule = b"rule r { strings: $a = \"abc\" condition: $a }"
    for payload in messages.get(3, []):
        corpus.add("serve", hello + order(3, 2 + 8, payload))
    place = text(b"r.yar") + text(b"default") + text(b"1:2") + struct.pack("<QQ", 0, 36)
    corpus.add("serve", hello + order(3, 2 + 4, text(b"s") + text(b"") + struct.pack("<I", 1) + place + struct.pack("<I", 0) + b"\0\0\1"))
    corpus.add("serve", hello + order(2, 193, b"") + order(0, 3, rule))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path)
    parser.add_argument("targets", nargs="*", help="print only these (all are written)")
    arguments = parser.parse_args()
    corpus = Corpus(arguments.out, arguments.programs)
    samples = golden_samples(corpus)
    make_formats(corpus, samples)
    make_rules(corpus)
    make_matchers(corpus)
    make_databases(corpus)
    make_reports(corpus)
    make_protocol(corpus)
    for target in sorted(corpus.counts):
        if not any(arguments.targets) or target in arguments.targets:
            print(f"{target}: {corpus.counts[target]} seeds")
    for name in sorted(set(corpus.left_out)):
        print(f"make_corpus: without {name}, which --programs does not have", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
