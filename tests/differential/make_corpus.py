#!/usr/bin/env python3
"""Makes files out of the strings of YARA rules, to compare two engines on.

    make_corpus.py RULES OUT [--max-mb 64] [--seed 1]

For every rule: one file in which everything it asks for is there (the header
magic and size of its condition, every string in a right form), and files with
what engines get wrong: case, wide, xor keys at and beyond the ends of the
range, the three base64 alignments, copies that overlap, one byte off, what
`fullword` looks at, jumps at both bounds and one past, a match cut off by the
end. Strings also come at a file's first and last byte and across 4 KiB and
64 KiB boundaries. The same seed gives the same bytes. When the budget of
--max-mb does not suffice, a random sample of the rules is taken.
"""

import argparse
import base64
import pathlib
import random
import re
import sys

import yara_source

LARGEST_FILE = 1 << 20
MAGIC = re.compile(r"\b(u?int)(8|16|32)(be)?\s*\(\s*(0x[0-9a-fA-F]+|\d+)\s*\)\s*==\s*(0x[0-9a-fA-F]+|\d+)")
SIZE = re.compile(r"\bfilesize\s*(<=|>=|<|>|==)\s*(0x[0-9a-fA-F]+|\d+)\s*(KB|MB)?")
PLACE = re.compile(r"(\$\w*)\s+at\s+(0x[0-9a-fA-F]+|\d+)\b")


def widen(data):
    return b"".join(bytes([b, 0]) for b in data)


def swap_case(data):
    return bytes(b ^ 0x20 if chr(b).isalpha() and b < 128 else b for b in data)


def base64_forms(data, alphabet):
    """The characters of an encoding that `data` alone decides, at each alignment."""
    standard = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table = bytes.maketrans(standard, alphabet if alphabet and len(alphabet) == 64 else standard)
    for lead in range(3):
        for tail in range(3):
            yield base64.b64encode(b"\x55" * lead + data + b"\xaa" * tail).translate(table)


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def body(self, string, lengths="random"):
        """The characters of one instance, before wide, xor or base64."""
        if string.kind == "text":
            return string.value
        return yara_source.instantiate(string.value, self.rng, lengths)

    def encode(self, string, data):
        """One form that the string's modifiers ask for."""
        modifiers = string.modifiers
        if "base64" in modifiers or "base64wide" in modifiers:
            name = "base64wide" if "base64" not in modifiers or ("base64wide" in modifiers and self.rng.random() < 0.5) else "base64"
            form = self.rng.choice(list(base64_forms(widen(data) if "wide" in modifiers and "ascii" not in modifiers else data, modifiers[name])))
            return widen(form) if name == "base64wide" else form
        if "wide" in modifiers and ("ascii" not in modifiers or self.rng.random() < 0.5):
            data = widen(data)
        if "xor" in modifiers:
            low, high = modifiers["xor"]
            key = self.rng.randint(low, max(low, high)) & 255
            data = bytes(b ^ key for b in data)
        return data

    def right(self, string, lengths="random"):
        return self.encode(string, self.body(string, lengths))

    def variants(self, string):
        """Right and wrong forms of one string; which is which is for the engines to say."""
        body = self.body(string)
        plain = self.encode(string, body)
        yield plain
        yield swap_case(plain)
        yield bytes(self.rng.choice((b, b ^ 0x20)) if chr(b).isalpha() and b < 128 else b for b in plain)
        yield widen(body)
        yield widen(body)[:-1]
        yield b"\0" + widen(body)
        wide = bytearray(widen(body))
        if len(wide) > 3:
            wide[3] = 1
            yield bytes(wide)
        yield from self.off_by_one(plain)
        yield from self.neighbours(string, plain, body)
        if string.kind != "text":
            for lengths in ("min", "max", "past", "random"):
                yield self.right(string, lengths)
        if "xor" in string.modifiers:
            low, high = string.modifiers["xor"]
            for key in {low, high, (low - 1) & 255, (high + 1) & 255, (low + high) // 2}:
                yield bytes(b ^ key for b in body)
                yield bytes(b ^ key for b in widen(body))
                # Both neighbours, which fullword may look at through the key.
                yield bytes(b ^ key for b in b"x" + body + b"x")
        if "base64" in string.modifiers or "base64wide" in string.modifiers:
            for name in ("base64", "base64wide"):
                if name in string.modifiers:
                    for form in base64_forms(body, string.modifiers[name]):
                        yield form
                        yield widen(form)
                        yield swap_case(form)
        for period in self.periods(plain):
            yield plain + plain[-period:] * 3 if period else plain * 2
        yield plain * 3

    def off_by_one(self, data):
        if len(data) < 2:
            return
        at = self.rng.randrange(len(data))
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        yield data[:at] + data[at + 1 :]
        yield data[:at] + b"\x01" + data[at:]
        yield data[:-1]
        yield data[1:]

    def neighbours(self, string, plain, body):
        for before, after in ((b"a", b""), (b"", b"9"), (b"_", b"_"), (b".", b"."), (b"\xe9", b"\xe9"), (b"\n", b"\n")):
            yield before + plain + after
            if "wide" in string.modifiers:
                yield widen(before) + widen(body) + widen(after)
                yield before + widen(body) + after

    @staticmethod
    def periods(data):
        """How far a copy may be shifted so that it overlaps itself (the smallest few), and 0 for none."""
        found = [n for n in range(1, min(len(data), 64)) if data[n:] == data[:-n]]
        return found[:3] or [0]


def filler(rng, count):
    """Bytes between strings that neither extend a word nor make one."""
    return bytes(rng.choice(b"\x00\x01\x7f\x80\xff .;\n") for _ in range(count))


def magic_writes(condition):
    """[[(offset, bytes)]]: writes for the comparisons, split where they contradict each other."""
    plans = [{}]
    for sign, bits, order, offset, value in MAGIC.findall(condition):
        offset, value, size = int(offset, 0), int(value, 0), int(bits) // 8
        if offset + size > 4096 or value >= 1 << (8 * size):
            continue
        data = value.to_bytes(size, "big" if order else "little")
        for plan in plans:
            if all(plan.get(offset + i, data[i]) == data[i] for i in range(size)):
                plan.update({offset + i: data[i] for i in range(size)})
                break
        else:
            plans.append({offset + i: data[i] for i in range(size)})
    # What the offset at 0x3C of an MZ header points to.
    for match in re.finditer(r"uint(16|32)\s*\(\s*uint32\s*\(\s*0x3[cC]\s*\)\s*\)\s*==\s*(0x[0-9a-fA-F]+)", condition):
        data = int(match[2], 0).to_bytes(int(match[1]) // 8, "little")
        for plan in plans:
            plan.update({0x3C: 0x80, 0x3D: 0, 0x3E: 0, 0x3F: 0})
            plan.update({0x80 + i: b for i, b in enumerate(data)})
    return plans[:6]


def size_bounds(condition):
    low, high = 0, LARGEST_FILE
    for relation, number, unit in SIZE.findall(condition):
        bytes_ = int(number, 0) * {"KB": 1024, "MB": 1 << 20}.get(unit, 1)
        if relation.startswith(">"):
            low = max(low, bytes_ + 1)
        elif relation.startswith("<"):
            high = min(high, bytes_ - (relation == "<"))
        else:
            low = high = bytes_
    return (low, high) if low <= high else (0, LARGEST_FILE)


def fit(data, condition, writes, places):
    """`data` with the magic and placed strings written into it, padded to the least size asked for."""
    low, high = size_bounds(condition)
    out = bytearray(data)
    if len(out) < low <= LARGEST_FILE:
        out += b"\0" * (low - len(out))
    for at, piece in places:
        if at + len(piece) <= 1 << 16:
            out += b"\0" * max(0, at + len(piece) - len(out))
            out[at : at + len(piece)] = piece
    for at, byte in writes.items():
        out += b"\0" * max(0, at + 1 - len(out))
        out[at] = byte
    return bytes(out)


def rule_files(rule, maker):
    """(suffix, bytes) for one rule."""
    rng, strings, condition = maker.rng, rule.strings, rule.condition
    by_name = {s.identifier: s for s in strings if s.identifier != "$"}
    places = [(int(at, 0), maker.right(by_name[name])) for name, at in PLACE.findall(condition) if name in by_name]
    plans = magic_writes(condition)
    lead = max([64] + [at + 1 for plan in plans for at in plan])

    def assemble(pieces):
        out = bytearray(filler(rng, lead))
        for piece in pieces:
            out += piece + filler(rng, rng.choice((1, 2, 3, 16)))
        return bytes(out)

    everything = [maker.right(s) for s in strings]
    for number, plan in enumerate(plans):
        yield f"all{number}", fit(assemble(everything), condition, plan, places)
        low, high = size_bounds(condition)
        if number == 0 and high < LARGEST_FILE and len(everything) and high < 65536:
            full = fit(assemble(everything), condition, plan, places)
            for suffix, size in (("limit", high), ("beyond", high + 1)):
                if len(full) <= size:
                    yield suffix, full + b"\0" * (size - len(full))
    for start in range(0, len(strings), 12):
        pieces = list(everything)
        for string in strings[start : start + 12]:
            pieces += maker.variants(string)
        yield f"forms{start // 12}", fit(assemble(pieces), condition, rng.choice(plans), places)
    if strings:
        # A string alone is a file's first and last bytes at once; then cut short, and with one byte more.
        alone = maker.right(rng.choice(strings))
        yield "alone", alone
        yield "cut", alone[:-1]
        yield "first", alone + b"\0"
        yield "last", b"\0" + alone


def boundary_files(rules, maker):
    """Files in which strings of many rules lie across multiples of 4 KiB and of 64 KiB."""
    pieces = [maker.right(s) for rule in rules for s in rule.strings[:2]]
    pieces = [p for p in pieces if 2 <= len(p) < 2048]
    maker.rng.shuffle(pieces)
    for step, group in ((4096, 15), (65536, 7)):
        for start in range(0, len(pieces), group):
            out = bytearray(filler(maker.rng, 64) * (step * (group + 1) // 64))
            for index, piece in enumerate(pieces[start : start + group], 1):
                at = index * step - maker.rng.choice((1, len(piece) // 2, len(piece) - 1, len(piece)))
                out[at : at + len(piece)] = piece
            yield f"{step}-{start:06}", bytes(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", help="a rule file, or a folder of *.yar and *.yara")
    parser.add_argument("out", type=pathlib.Path, help="the folder to write; must not exist or be empty")
    parser.add_argument("--max-mb", type=float, default=64, help="how much to write at most (default 64)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.out.exists() and any(args.out.iterdir()):
        parser.error(f"{args.out} is not empty")

    rules, skipped = [], 0
    for path in yara_source.rule_files(args.rules):
        for rule in yara_source.parse(yara_source.read_source(path)):
            rules.append((path.stem, rule))
            skipped += rule.skipped
    if not rules:
        parser.error("no rules there")

    limit, written, count = int(args.max_mb * (1 << 20)), 0, 0
    # Rules in a random but repeatable order: a small budget still sees all kinds of them.
    order = list(range(len(rules)))
    random.Random(args.seed).shuffle(order)
    boundary_share = limit // 4
    args.out.mkdir(parents=True, exist_ok=True)

    def put(name, data, most):
        nonlocal written, count
        if written + len(data) > most:
            return False
        path = args.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written, count = written + len(data), count + 1
        return True

    maker = Maker(random.Random(f"{args.seed} boundaries"))
    for name, data in boundary_files([rules[i][1] for i in order], maker):
        if not put(f"boundaries/{name}", data, boundary_share):
            break
    taken = 0
    for index in order:
        stem, rule = rules[index]
        # Seeded by the rule's own name, so that a rule's files do not change with the others.
        maker = Maker(random.Random(f"{args.seed} {stem} {rule.name}"))
        fitted = [put(f"{stem}/{rule.name[:100]}.{suffix}", data, limit) for suffix, data in rule_files(rule, maker)]
        if not any(fitted) and written > limit * 0.95:
            break
        taken += 1
    note = f", {skipped} strings not understood" if skipped else ""
    print(f"{count} files, {written / (1 << 20):.1f} MB, from {taken} of {len(rules)} rules{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
