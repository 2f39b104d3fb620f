#!/usr/bin/env python3
"""Compares what our parsers take from executables with what the installed `clamscan` does.

    tests/differential/clamav_exe.py [--exe PROGRAM] [--limit N] [--mutants N] [--only pe|elf|macho] [PATH...]

Takes the PE and ELF files in the given folders, adds damaged ones and made-up
ones (Mach-O, ELF of all four kinds), and asks for each file

- `clamscan --debug` for the sections, the entry point, the version information,
  the section hashes and the import hash that it prints, and
- `clamscan --allmatch` with signatures made from our facts (EntryPoint,
  NumberOfSections, EP+n, EP-n, Sx+n, SL+n, SEx, VI, .mdb, .msb, .imp), each of
  which must match or must not, by a search of the file's bytes.

Prints every difference. Exits 1 when there is one or when nothing was compared,
77 (skipped) where there is no clamscan.
"""

import argparse
import concurrent.futures
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = {"pe": 1, "elf": 6, "macho": 9}
MAX_BYTES = 8 << 20
U32 = 0xFFFFFFFF


class Facts:
    def __init__(self):
        self.error, self.entry, self.sections, self.versions = None, None, [], []
        self.hashes, self.imports, self.icons = [], None, None


def parse_facts(text):
    facts = Facts()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "error":
            facts.error = rest
        elif word == "import":
            digest, size = rest.split()
            facts.imports = (digest, int(size))
        elif word == "entry":
            facts.entry = int(rest)
        elif word == "section":
            facts.sections.append(tuple(int(n) for n in rest.split()))
        elif word == "version":
            facts.versions.append(int(rest))
        elif word == "hash":
            facts.hashes.append(tuple(int(n) for n in rest.split()))
    return facts


def our_facts(program, kind, paths):
    run = subprocess.run([program, kind], input="\n".join(paths) + "\n", capture_output=True, text=True, check=True)
    parts = run.stdout.split("== ")[1:]
    return {part.partition("\n")[0]: parse_facts(part.partition("\n")[2]) for part in parts}


# --- Signatures that must or must not match.

class Signatures:
    def __init__(self, kind, data, facts):
        self.kind, self.data, self.facts = kind, data, facts
        self.ldb, self.ndb, self.mdb, self.msb, self.imp = [], [], [], [], []
        self.expected = {}
        self.make()

    def found_in(self, pattern, low, high):
        """Whether the pattern begins at an offset from low to high, which are 32-bit numbers there."""
        if low > high:
            return False
        return self.data.find(pattern, low, high + len(pattern)) >= 0

    def add(self, name, offset, pattern, low, high, simple=False):
        if len(pattern) < 4 or (offset.startswith("VI") and not pattern.strip(b"\0")):
            return
        matches = self.facts.error is None and self.found_in(pattern, low, high)
        self.put(name, offset, pattern, matches)
        if simple:
            name += "-ndb"
            self.ndb.append(f"{name}:{TARGET[self.kind]}:{offset}:{pattern.hex()}")
            self.expected[name] = matches

    def put(self, name, offset, pattern, matches):
        self.ldb.append(f"{name};Engine:81-255,Target:{TARGET[self.kind]};0;{offset}:{pattern.hex()}")
        self.expected[name] = matches

    def condition(self, name, conditions, matches):
        magic = self.data[:4]
        self.ldb.append(f"{name};Engine:81-255,Target:{TARGET[self.kind]},{conditions};0;0:{magic.hex()}")
        self.expected[name] = matches

    def at(self, offset, size=12):
        return self.data[offset:offset + size] if offset < len(self.data) else self.data[:8]

    def make(self):
        facts, data = self.facts, self.data
        good = facts.error is None
        self.condition("any", "EntryPoint:0-4294967295", good)
        self.put("eof", "EOF-8", data[-8:], good)
        if good:
            count, entry = len(facts.sections), facts.entry
            self.condition("exact", f"EntryPoint:{entry}-{entry},NumberOfSections:{count}-{count}", True)
            self.condition("other", f"EntryPoint:{(entry + 1) & U32}-{(entry + 1) & U32}", False)
            for delta in (0, 5):
                self.add(f"ep+{delta}", f"EP+{delta}", self.at(entry + delta), (entry + delta) & U32,
                         (entry + delta) & U32, simple=True)
            for delta in (1, 64):
                low = (entry - delta) & U32
                self.add(f"ep-{delta}", f"EP-{delta}", self.at(low), low, low, simple=True)
            self.add("epshift", "EP+0,16", self.at(entry + 16), entry, entry + 16)
            self.add("epshift-off", "EP+0,16", self.at(entry + 17), entry, entry + 16)
            self.section_signatures(facts.sections)
            for number, offset in enumerate(facts.versions[:8]):
                self.version(f"vi{number}", self.at(offset, 16))
                self.version(f"vi{number}-off", self.at(offset + 2, 16))
        self.hash_signatures()

    def version(self, name, pattern):
        if len(pattern) == 16 and pattern.strip(b"\0"):
            self.put(name, "VI", pattern, any(self.data.startswith(pattern, o) for o in self.facts.versions))

    def section_signatures(self, sections):
        numbers = sorted(set(range(min(len(sections), 10))) | set(range(max(0, len(sections) - 2), len(sections))))
        for number in numbers:
            raw, size = sections[number][:2]
            for delta in (0, 3):
                low = (raw + delta) & U32
                self.add(f"s{number}+{delta}", f"S{number}+{delta}", self.at(low), low, low, simple=delta == 0)
            high = (raw + size) & U32
            for name, at in (("start", raw), ("before", raw - 1), ("end", high), ("beyond", high + 1)):
                if 0 <= at < len(self.data):
                    self.add(f"se{number}-{name}", f"SE{number}", self.at(at, 16), raw, high)
        if sections:
            low = sections[-1][0]
            self.add("sl+0", "SL+0", self.at(low), low, low, simple=True)
            self.add("sl+9", "SL+9", self.at(low + 9), (low + 9) & U32, (low + 9) & U32)
            self.put("none", f"S{len(sections)}+0", self.data[:8], False)

    def hash_signatures(self):
        if self.kind != "pe":
            return
        facts, data = self.facts, self.data
        # Something must be loaded for clamscan to look.
        self.mdb.append("1:00000000000000000000000000000001:dummy")
        self.imp.append("00000000000000000000000000000001:1:dummy-imp")
        # Equal sections are one signature: of several names one is reported.
        parts = list(dict.fromkeys((size, data[offset:offset + size]) for offset, size in facts.hashes))
        for number, (size, part) in enumerate(parts):
            self.mdb.append(f"{size}:{hashlib.md5(part).hexdigest()}:mdb{number}")
            self.mdb.append(f"{size + 1}:{hashlib.md5(part).hexdigest()}:mdb{number}-size")
            self.msb.append(f"{size}:{hashlib.sha256(part).hexdigest()}:msb{number}")
            self.msb.append(f"*:{hashlib.sha1(part).hexdigest()}:msb{number}-any:73")
            self.expected.update({f"mdb{number}": True, f"mdb{number}-size": False, f"msb{number}": True,
                                  f"msb{number}-any": True})
        if facts.imports and facts.imports[1]:
            self.imp.append(f"{facts.imports[0]}:{facts.imports[1]}:imp")
            self.imp.append(f"{facts.imports[0]}:{facts.imports[1] + 1}:imp-size")
            self.expected["imp"] = True
            self.expected["imp-size"] = False

    def write(self, folder):
        for ending in ("ldb", "ndb", "mdb", "msb", "imp"):
            lines = getattr(self, ending)
            if lines:
                with open(os.path.join(folder, f"x.{ending}"), "w", encoding="ascii") as file:
                    file.write("\n".join(lines) + "\n")


# --- What clamscan prints.

def numbers(pattern, text):
    return [tuple(int(n, 0) for n in (m if isinstance(m, tuple) else (m,))) for m in re.findall(pattern, text)]


def check_debug(kind, facts, debug, data):
    """Differences between our facts and the parser's own words. Those about sections come from the
    parser that scans the file's structure, which goes on where the other gives up, so only good files
    have them compared."""
    problems = []
    # What follows is about the program that it unpacked.
    debug = re.split(r"Unpacked and rebuilt|Successfully decompressed", debug)[0]

    def same(what, theirs, ours):
        if theirs != ours:
            problems.append(f"{what}: clamscan {theirs}, daylight {ours}")

    if kind == "pe":
        versions = sorted({int(n, 16) for n in re.findall(r"VersionInfo \(([0-9a-f]+)\)", debug)})
        if facts.error is None:
            same("version information", versions, facts.versions)
        printed = re.findall(r"MDB(?: hashset)?: (\d+):(\w+)", debug)
        hashes = [(int(size), digest) for size, digest in printed if digest != "notgenerated"]
        hashes += [(int(size), digest) for size, digest in printed if digest == "notgenerated"]
        ours = [(size, hashlib.md5(data[offset:offset + size]).hexdigest()) for offset, size in facts.hashes]
        same("hashes", hashes, ours)
        # Where an installer's members may not be scanned it gives up before the imports.
        facts.imports = None if "found file" in debug else facts.imports
        imports = [(digest, int(size)) for digest, size in re.findall(r"IMP: (\w+):(\d+)", debug) if size != "0"]
        same("imports", imports, [facts.imports] if facts.imports and facts.imports[1] else [])
        if facts.error is None and facts.hashes:
            raws = [(raw, size, rva, virtual) for (virtual, rva, size, raw) in zip(
                [n[1] for n in numbers(r"VirtualSize: (0x\w+) (0x\w+)", debug)],
                [n[1] for n in numbers(r"VirtualAddress: (0x\w+) (0x\w+)", debug)],
                [n[1] for n in numbers(r"SizeOfRawData: (0x\w+) (0x\w+)", debug)],
                [n[1] for n in numbers(r"PointerToRawData: (0x\w+) (0x\w+)", debug)])]
            # It has already dropped those that begin past the file's end.
            dropped = "beyond the end of file" in debug
            same("sections", [s for s in raws if s[1] or not dropped],
                 [s for s in facts.sections if s[1] or not dropped])
            same("entry point", numbers(r"EntryPoint offset: (0x\w+)", debug), [(facts.entry,)])
    elif kind == "elf" and facts.error is None:
        same("entry point", [(n[0] & U32,) for n in numbers(r"Entry point offset: (0x\w+)", debug)],
             [(facts.entry,)] if facts.entry or "Entry point offset" in debug else [])
        sections = list(zip([n[0] & U32 for n in numbers(r"Section offset: (\d+)", debug)],
                            [n[0] & U32 for n in numbers(r"Section size: (\d+)", debug)]))
        same("sections", sections, [s[:2] for s in facts.sections])
    elif kind == "macho" and facts.error is None:
        sizes = list(zip([n[0] for n in numbers(r"Virtual address: (0x\w+)", debug)],
                         [n[0] for n in numbers(r"Virtual size: (\d+)", debug)],
                         [n[0] for n in numbers(r"Raw size: (\d+)", debug)]))
        same("sections", sizes, [(rva, virtual, size) for raw, size, rva, virtual in facts.sections])
        offsets = [n[0] for n in numbers(r"MACHO?: File offset: (\d+)", debug)]
        same("offsets", offsets, [s[0] for s in facts.sections if s[0]])
        same("entry point", numbers(r"Entry Point file offset: (\d+)", debug),
             [(facts.entry,)] if "Entry Point file offset" in debug else [])
    return problems


def compare(job):
    kind, path, facts, keep = job
    with open(path, "rb") as file:
        data = file.read()
    with tempfile.TemporaryDirectory() as folder:
        signatures = Signatures(kind, data, facts)
        signatures.write(folder)
        run = subprocess.run(
            ["clamscan", "--debug", "--allmatch", "--no-summary", "--scan-archive=no", "--max-recursion=1",
             "-d", folder, path],
            capture_output=True, check=False)
    debug = run.stderr.decode("latin-1")
    output = run.stdout.decode("latin-1")
    found = set(re.findall(r": (\S+)\.UNOFFICIAL FOUND", output))
    problems = []
    if run.returncode not in (0, 1) or (not output and not debug):
        problems.append(f"clamscan failed with {run.returncode}: {output[-200:]}")
    # Without its type it is not this kind of file for clamscan.
    problems += check_debug(kind, facts, debug, data)
    if "found file" in debug:
        signatures.expected.pop("imp", None)
    for name, matches in signatures.expected.items():
        if (name in found) != matches:
            problems.append(f"{name}: clamscan {name in found}, daylight {matches}")
    problems += [f"{name}: clamscan True, daylight says nothing" for name in found if name not in signatures.expected]
    if problems and keep:
        os.makedirs(keep, exist_ok=True)
        shutil.copy(path, os.path.join(keep, os.path.basename(path)))
    return path, len(signatures.expected), problems


# --- Files.

def real_files(paths, magic):
    seen = set()
    for path in paths:
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                full = os.path.join(folder, name)
                try:
                    if os.path.islink(full) or not os.path.isfile(full) or os.path.getsize(full) > MAX_BYTES:
                        continue
                    with open(full, "rb") as file:
                        if file.read(len(magic)) != magic:
                            continue
                        file.seek(0)
                        digest = hashlib.sha256(file.read()).digest()
                except OSError:
                    continue
                if digest not in seen:
                    seen.add(digest)
                    yield full


INTERESTING = [0, 1, 2, 3, 0x10, 0x1F, 0x20, 0x40, 0x1FF, 0x200, 0x201, 0x400, 0xFFF, 0x1000, 0x1001, 0x2000, 0x10000,
               0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFF000, 0xFFFFFFFE, 0xFFFFFFFF]


class Mutator:
    def __init__(self, rng):
        self.rng = rng

    def value(self, old, size):
        rng, top = self.rng, (1 << (8 * size)) - 1
        pick = rng.random()
        if pick < 0.4:
            return rng.choice(INTERESTING) & top
        if pick < 0.7:
            return (old + rng.choice([-0x1000, -0x200, -40, -8, -4, -2, -1, 1, 2, 4, 8, 40, 0x100, 0x200, 0x1000])) & top
        if pick < 0.85:
            return old ^ (1 << rng.randrange(8 * size))
        return rng.randrange(top + 1)

    def put(self, data, at, size):
        if 0 <= at and at + size <= len(data):
            old = int.from_bytes(data[at:at + size], "little")
            data[at:at + size] = self.value(old, size).to_bytes(size, "little")

    def pe(self, data):
        rng = self.rng
        pe = struct.unpack_from("<I", data, 60)[0]
        count, optional = struct.unpack_from("<H", data, pe + 6)[0], struct.unpack_from("<H", data, pe + 20)[0]
        table = pe + 24 + optional
        wide = struct.unpack_from("<H", data, pe + 24)[0] == 0x20B
        directories = pe + 24 + (112 if wide else 96)

        def raw(rva):
            for i in range(count):
                size, address, raw_size, raw_at = struct.unpack_from("<IIII", data, table + i * 40 + 8)
                if address <= rva < address + raw_size:
                    return rva - address + raw_at
            return None

        imports = raw(struct.unpack_from("<I", data, directories + 8)[0])
        resources = raw(struct.unpack_from("<I", data, directories + 16)[0])
        version = data.find("VS_VERSION_INFO".encode("utf-16-le"))
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            where = rng.choice(["file", "optional", "alignment", "section", "section", "directory", "import", "import",
                                "resource", "resource", "version", "version", "cut", "byte", "thunk", "name"])
            if where == "file":
                at, size = rng.choice([(60, 4), (pe + 6, 2), (pe + 20, 2), (pe + 22, 2), (pe + 24, 2)])
                self.put(data, at, size)
            elif where == "optional":
                self.put(data, pe + 24 + rng.choice([16, 60, 32, 36, 68, 92 if not wide else 108]), 4)
            elif where == "alignment":
                struct.pack_into("<I", data, pe + 24 + rng.choice([32, 36]),
                                 rng.choice([0, 1, 2, 3, 0x10, 0x200, 0x201, 0x400, 0x1000, 0x10000, 0x80000001, U32]))
            elif where == "section":
                self.put(data, table + rng.randrange(count) * 40 + rng.choice([8, 12, 16, 16, 20, 20]), 4)
            elif where == "directory":
                self.put(data, directories + rng.choice([8, 12, 16, 20]), 4)
            elif where == "import" and imports:
                self.put(data, imports + 20 * rng.randrange(4) + rng.choice([0, 12, 16]), 4)
            elif where == "thunk" and imports:
                thunk = raw(struct.unpack_from("<I", data, imports)[0])
                if thunk:
                    self.put(data, thunk + rng.randrange(8) * (8 if wide else 4), 4)
            elif where == "name" and imports:
                name = raw(struct.unpack_from("<I", data, imports + 12)[0])
                if name and name + 16 < len(data):
                    data[name + rng.randrange(14)] = rng.choice(b"\0.-?aZ\xff@_ ")
            elif where == "resource" and resources:
                self.put(data, resources + 4 * rng.randrange(40), rng.choice([2, 4, 4]))
            elif where == "version" and version > 0:
                if rng.random() < 0.5:
                    self.put(data, version - 6 + 2 * rng.randrange(48), 2)
                else:
                    self.put(data, version - 6 + 92 + 2 * rng.randrange(120), 2)
            elif where == "cut":
                del data[rng.choice([rng.randrange(1, len(data)), rng.randrange(1, min(len(data), 4096))]):]
                return
            elif where == "byte":
                data[rng.randrange(min(len(data), 2048))] = rng.randrange(256)
        if data[:2] != b"MZ":
            data[:2] = b"MZ"

    def elf(self, data):
        rng = self.rng
        wide = data[4] == 2
        for _ in range(rng.choice([1, 1, 2, 3])):
            where = rng.choice(["header", "header", "segment", "section", "cut", "class"])
            segments, sections = struct.unpack_from("<QQ" if wide else "<II", data, 32 if wide else 28)
            if where == "header":
                at, size = rng.choice([(24, 8), (32, 8), (40, 8), (54, 2), (56, 2), (58, 2), (60, 2)] if wide else
                                      [(24, 4), (28, 4), (32, 4), (42, 2), (44, 2), (46, 2), (48, 2)])
                self.put(data, at, size)
            elif where == "segment" and segments < len(data):
                self.put(data, segments + rng.randrange(8) * (56 if wide else 32) + 4 * rng.randrange(14 if wide else 8), 4)
            elif where == "section" and sections < len(data):
                self.put(data, sections + rng.randrange(40) * (64 if wide else 40) + 4 * rng.randrange(16 if wide else 10), 4)
            elif where == "cut":
                del data[rng.choice([rng.randrange(5, len(data)), rng.randrange(5, min(len(data), 1024))]):]
                return
            elif where == "class":
                data[rng.choice([4, 5])] = rng.choice([0, 1, 2, 3])
            if len(data) < 64:
                return

    def macho(self, data):
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            if self.rng.random() < 0.1:
                del data[self.rng.randrange(5, len(data)):]
                return
            if len(data) < 40:
                return
            self.put(data, 4 + 4 * self.rng.randrange(min(len(data), 1200) // 4 - 1), 4)


def random_bytes(rng, size):
    return bytes(rng.randrange(256) for _ in range(size))


def make_elf(rng):
    """An ELF file with random segments and sections, of either width and order."""
    wide, order = rng.random() < 0.5, rng.choice("<>")
    phnum, shnum = rng.choice([0, 1, 3, 8, 127, 128, 129]), rng.choice([0, 1, 5, 20, 255, 256, 257])
    word = "Q" if wide else "I"
    header = 64 if wide else 52
    phsize, shsize = (56, 64) if wide else (32, 40)
    total = header + phnum * phsize + shnum * shsize
    entry = rng.choice([0, 0x1000, 0x1234, rng.randrange(0x4000)])
    data = bytearray(struct.pack(order + "4sBB10xHHI" + word * 3 + "IHHHHHH", b"\x7fELF", 2 if wide else 1,
                                 1 if order == "<" else 2, 2, 3, 1, entry, header, header + phnum * phsize, 0, header,
                                 phsize, phnum, shsize, shnum, 0))
    for _ in range(phnum):
        offset, address, size = rng.randrange(total + 4096), rng.choice([0, 0x1000, 0x2000, (1 << 32) - 0x800]), \
            rng.choice([0, 0x100, 0x1000, 0x3000, (1 << (64 if wide else 32)) - 0x1000])
        values = (1, 5, offset, address, address, size & U32, size, 4096) if wide else \
            (1, offset, address, address, size, size, 5, 4096)
        data += struct.pack(order + ("IIQQQQQQ" if wide else "IIIIIIII"), *values)
    for _ in range(shnum):
        offset, address, size = rng.randrange(total + 4096), rng.randrange(0x4000), rng.choice([0, 16, 300, 5000, U32])
        if wide and rng.random() < 0.1:
            offset, size = offset + (1 << 32), size + (1 << 32)
        data += struct.pack(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"), 1,
                            rng.choice([0, 1, 1, 3, 8]), 2, address, offset, size, 0, 0, 1, 0)
    return data + random_bytes(rng, 4096)


def make_macho(rng):
    """A Mach-O file with random segments, sections and threads, of either width and order."""
    wide, order = rng.random() < 0.5, rng.choice("<>")
    cpu = rng.choice([7, 7 | 0x1000000, 12, 18, 18 | 0x1000000])
    word = "Q" if wide else "I"
    commands = []
    for _ in range(rng.choice([0, 1, 2, 3, 5])):
        count = rng.choice([0, 1, 2, 5])
        sections = b""
        for _ in range(count):
            align = rng.choice([0, 2, 4, 12, 12, 30, 31, 32, 33, 63, 64, U32] if rng.random() < 0.1 else [0, 2, 4, 12])
            address = rng.choice([0x1000, 0x2000, 0x3000, U32 - 0x100])
            if wide and rng.random() < 0.3:
                address += 1 << 32
            sections += struct.pack(order + "16s16s" + word * 2 + "IIIIIII" + ("I" if wide else ""), b"__text",
                                    b"__TEXT", address,
                                    rng.choice([0, 1, 0x77, 0x1000, 0x2000] * 4 + [U32 - 15, (1 << 32 * wide) - 1]),
                                    rng.choice([0, rng.randrange(6000)]), align, 0, 0,
                                    rng.choice([0, 0, 1, 2, 0xC, 0x12, 0x80000400, rng.randrange(256)]), 0, 0,
                                    *([0] if wide else []))
        body = struct.pack(order + "16s" + word * 4 + "IIII", b"__TEXT", 0x1000, 0x2000, 0, 0x2000, 7, 7, count, 0)
        commands.append(struct.pack(order + "II", 0x19 if wide else 1, 8 + len(body) + len(sections)) + body + sections)
    if rng.random() < 0.7:
        size = {7: 64, 18: 160, 18 | 0x1000000: 312}.get(cpu, 80)
        entry = rng.choice([0, 0x1010, 0x2222, 0x3100])
        state = struct.pack(order + ("Q" if cpu == 18 | 0x1000000 else "I"), entry).ljust(size, b"\1")
        commands.append(struct.pack(order + "IIII", rng.choice([4, 5]), 16 + size, 1, size // 4) + state)
    if rng.random() < 0.5:
        commands.append(struct.pack(order + "II", 0x1B, 24) + random_bytes(rng, 16))
    rng.shuffle(commands)
    number = rng.choice([len(commands)] * 8 + [0, len(commands) + 1, 1024, 1025])
    data = bytearray(struct.pack(order + "IIIIIII", 0xFEEDFACF if wide else 0xFEEDFACE, cpu, 0, 2, number,
                                 sum(map(len, commands)), 0) + (b"\0\0\0\0" if wide else b""))
    return data + b"".join(commands) + random_bytes(rng, 4096)


def write_mutants(kind, bases, count, rng, folder):
    mutator, paths = Mutator(rng), []
    os.makedirs(folder, exist_ok=True)
    for number in range(count):
        path = os.path.join(folder, f"{kind}-{number:05}.bin")
        if kind == "macho" or (kind == "elf" and number % 4 == 0):
            data = make_macho(rng) if kind == "macho" else make_elf(rng)
            if rng.random() < 0.5:
                getattr(mutator, kind)(data)
        else:
            with open(rng.choice(bases), "rb") as file:
                data = bytearray(file.read())
            getattr(mutator, kind)(data)
        with open(path, "wb") as file:
            file.write(data)
        paths.append(path)
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exe", default=os.path.join(ROOT, "build", "dev", "bin", "daylight_exe"))
    parser.add_argument("--limit", type=int, default=1000, help="real files of each kind")
    parser.add_argument("--mutants", type=int, default=1000, help="damaged files of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(TARGET))
    parser.add_argument("--keep", help="copy files that differ there")
    parser.add_argument("paths", nargs="*", default=["/usr"])
    args = parser.parse_args()
    if shutil.which("clamscan") is None:
        print("skipped: no clamscan to compare with")
        return 77

    different = compared = asked = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in [args.only] if args.only else sorted(TARGET):
            rng = random.Random(f"{args.seed} {kind}")
            real = [] if kind == "macho" else list(real_files(args.paths, b"MZ" if kind == "pe" else b"\x7fELF"))
            rng.shuffle(real)
            bases = [p for p in real if os.path.getsize(p) < 300000 and not (kind == "pe" and not is_pe(p))]
            if kind == "pe":
                # Import hashes are of 32-bit programs, of which there are few.
                narrow = [p for p in bases if is_32_bit_pe(p)]
                bases = (narrow[:100] * 100)[:100] + bases[:100]
            mutants = write_mutants(kind, bases[:200], args.mutants if bases or kind == "macho" else 0, rng,
                                    os.path.join(folder, kind))
            paths = sorted(real[:args.limit]) + mutants
            facts = our_facts(args.exe, kind, paths)
            bad = 0
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for path, count, problems in pool.map(compare, ((kind, p, facts[p], args.keep) for p in paths)):
                    compared, asked = compared + 1, asked + count
                    bad += bool(problems)
                    if problems and bad <= 40:
                        print(f"{path} ({facts[path].error or 'good'}): " + "; ".join(problems[:4]))
            good = sum(f.error is None for f in facts.values())
            print(f"{kind}: {len(paths) - len(mutants)} real files and {len(mutants)} others, {good} of them good, "
                  f"{bad} differ")
            different += bad
    print(f"{compared} files, {asked} signatures, {different} files differ")
    return 0 if compared and not different else 1


def is_pe(path):
    with open(path, "rb") as file:
        data = file.read(4096)
    at = struct.unpack_from("<I", data, 60)[0] if len(data) > 64 else 0
    return data[at:at + 4] == b"PE\0\0" and len(data) > at + 400


def is_32_bit_pe(path):
    with open(path, "rb") as file:
        data = file.read(4096)
    at = struct.unpack_from("<I", data, 60)[0]
    return data[at + 24:at + 26] == b"\x0b\x01"


if __name__ == "__main__":
    sys.exit(main())
