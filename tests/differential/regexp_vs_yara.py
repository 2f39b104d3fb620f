#!/usr/bin/env python3
"""Compares the reference matcher with the installed yara.

Random small expressions, hex strings and texts with modifiers are searched for
in random small objects by both; every offset and length must agree. yara's
answer depends on the atoms it chooses where an expression offers it no good one
(docs/rules/differences.md, "Matching"), so strict comparison is for patterns
with a literal that yara will choose; for the others, every match that yara
reports must be one that the expression allows, and where yara has none although
there is one, that is counted and shown in the summary. Where the two differ all
the same, Python's backtracking matcher is asked as a third: if it agrees with
ours, yara has left the order of priority it follows elsewhere; that is counted
and shown, and a difference only when it happens more than once in 1,000 patterns.

    regexp_vs_yara.py --find-all build/dev/bin/find_all [--cases N] [--seed S]

Exit 0: all agree; 1: a difference, with what is needed to reproduce it;
77: no yara here, so nothing was compared.
"""
import argparse
import base64
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MATCH = re.compile(r"0x([0-9a-f]+):(\d+):\$a: ")
BAD_RULE = re.compile(r'error: rule "(t\d+)"')


class Case:
    """One pattern: what a rule file says and what find_all is asked."""

    def __init__(self, kind, source, flags=(), strict=True):
        self.kind, self.source, self.flags, self.strict = kind, source, list(flags), strict
        self.gave_up = False

    def declaration(self):
        modifiers = [f for f in self.flags if "=" not in f and f != "s" and not (f == "nocase" and self.kind == "regexp")]
        for flag in self.flags:
            if flag.startswith("xor="):
                modifiers.append("xor(%s)" % flag[4:])
        if self.kind == "regexp":
            options = ("i" if "nocase" in self.flags else "") + ("s" if "s" in self.flags else "")
            text = "/%s/%s" % (self.source, options)
        elif self.kind == "hex":
            text = "{ %s }" % self.source
        else:
            text = '"%s"' % "".join("\\x%02x" % ord(c) for c in self.source)
        return " ".join([text] + modifiers)

    def question(self, data):
        flags = self.flags + ([] if self.strict else ["all"])
        return "%s %s %s %s\n" % (self.kind, ",".join(flags) or "-", self.source.encode("latin-1").hex(), data.hex())


class Generator:
    def __init__(self, rng):
        self.rng = rng

    # -- Expressions --------------------------------------------------------

    def atom(self, assertions):
        choices = ["a", "b", "ab", "ba", ".", "[ab]", "[^a]", r"\w", r"\W", r"\s", r"\S", r"\d", "1", "B", "[a-b1]"]
        if assertions:
            choices += [r"\b", r"\b", r"\B", "^", "$"]
        return self.rng.choice(choices)

    def quantifier(self):
        low = self.rng.randint(0, 3)
        return self.rng.choice(["*", "+", "?", "{%d}" % max(low, 1), "{%d,%d}" % (low, low + self.rng.randint(1, 2)),
                                "{%d,}" % low, "{,%d}" % (low + 1)])

    def expression(self, depth, lazy, assertions):
        parts = []
        for _ in range(self.rng.randint(1, 4)):
            if depth > 0 and self.rng.random() < 0.3:
                inner = "(%s)" % self.alternation(depth - 1, lazy, assertions)
                part = inner
            else:
                part = self.atom(assertions)
            if self.rng.random() < 0.35 and part not in (r"\b", r"\B", "^", "$"):
                # yara miscounts rounds that match nothing.
                nullable = part.startswith("(") and re.fullmatch(part.replace(r"\b", "").replace(r"\B", ""), "")
                if not nullable:
                    part += self.quantifier() + lazy
            parts.append(part)
        return "".join(parts)

    def alternation(self, depth, lazy, assertions):
        count = self.rng.choice([1, 1, 2, 2, 3])
        return "|".join(self.expression(depth, lazy, assertions) for _ in range(count))

    def regexp(self):
        assertions = self.rng.random() < 0.3
        lazy = self.rng.choice(["", "?"])
        anchor = self.rng.choice(["", "ab1a", "ab1a", "ba1b", "bb1a"])
        source = self.alternation(self.rng.choice([0, 1, 1, 2]), lazy, assertions)
        if anchor:
            other = self.alternation(1, lazy, assertions)
            source = self.rng.choice(["%s(%s)" % (anchor, source), "(%s)%s" % (source, anchor),
                                      "(%s)%s(%s)" % (source, anchor, other)])
        flags = []
        for flag, chance in (("nocase", 0.15), ("s", 0.2), ("fullword", 0.15), ("wide", 0.25)):
            if self.rng.random() < chance:
                flags.append(flag)
        if "wide" in flags and self.rng.random() < 0.4:
            flags.append("ascii")
        # Before the literal, a lazy expression has no order of priority in yara.
        sure = anchor and not (lazy and "|" in source[:source.index(anchor)])
        return Case("regexp", source, flags, strict=bool(sure))

    # -- Hex strings --------------------------------------------------------

    def hex_tokens(self, depth, jumps):
        parts = []
        count = self.rng.randint(1, 4)
        for i in range(count):
            choice = self.rng.random()
            if jumps and 0 < i < count - 1 and choice < 0.3:
                low = self.rng.randint(0, 3)
                parts.append(self.rng.choice(["[%d]" % max(low, 1), "[%d-%d]" % (low, low + 2)]))
            elif depth > 0 and choice < 0.45:
                parts.append("( %s )" % " | ".join(self.hex_tokens(depth - 1, jumps)
                                                   for _ in range(self.rng.randint(2, 3))))
            else:
                parts.append(self.rng.choice(["61", "62", "61", "62", "6?", "?1", "??", "20", "31"]))
        return " ".join(parts)

    def hex_string(self):
        anchor = self.rng.choice(["", "61 62 31 61", "62 61 31 62"])
        source = self.hex_tokens(2, True)
        if anchor:
            other = self.hex_tokens(1, True)
            source = self.rng.choice(["%s %s" % (anchor, source), "%s %s" % (source, anchor),
                                      "%s %s %s" % (source, anchor, other)])
        return Case("hex", source, strict=bool(anchor))

    # -- Chains -------------------------------------------------------------

    def chain(self):
        pieces = self.rng.randint(2, 4)
        if self.rng.random() < 0.5:
            source = "61 62"
            for _ in range(pieces - 1):
                low = self.rng.choice([0, 0, 3, 10])
                jump = self.rng.choice(["[-]", "[%d-]" % low, "[%d-%d]" % (low, 201 + low)])
                source += " %s %s" % (jump, self.rng.choice(["62 61", "61 61", "62 ( 61 | 62 61 )", "61 ?? 62"]))
            return Case("hex", source)
        source = "ab"
        for _ in range(pieces - 1):
            low = self.rng.choice([0, 0, 3, 10])
            source += ".{%d,%d}?%s" % (low, 201 + low, self.rng.choice(["ba", "aa", "b[ab]a", "ab+?a"]))
        flags = ["fullword"] if self.rng.random() < 0.2 else []
        return Case("regexp", source, flags)

    # -- Texts --------------------------------------------------------------

    def text(self):
        length = self.rng.randint(1, 8)
        source = "".join(self.rng.choice("abAB1 ") for _ in range(length))
        flags = []
        kind = self.rng.choice(["plain", "plain", "xor", "base64"])
        if kind == "base64":
            flags = self.rng.choice([["base64"], ["base64wide"], ["base64", "base64wide"], ["base64", "wide"],
                                     ["base64", "ascii", "wide"]])
            return Case("text", source if length > 1 else source + "ab", flags)
        for flag, chance in (("wide", 0.4), ("ascii", 0.3), ("fullword", 0.3)):
            if self.rng.random() < chance:
                flags.append(flag)
        if kind == "xor":
            low = self.rng.randint(0, 3)
            flags.append("xor=%d-%d" % (low, self.rng.choice([low, low + 3, 255])))
        elif self.rng.random() < 0.4:
            flags.append("nocase")
        return Case("text", source, flags)

    # -- Objects ------------------------------------------------------------

    def data(self, cases):
        """An object in which the patterns have something to find."""
        out = b""
        for _ in range(self.rng.randint(1, 8)):
            piece = "".join(self.rng.choice("aaabbbAB1 _\n") for _ in range(self.rng.randint(0, 12))).encode()
            if self.rng.random() < 0.6:
                anchor = self.rng.choice([b"ab1a", b"ab1a", b"ba1b", b"bb1a", b"AB1a"])
                at = self.rng.randint(0, len(piece))
                piece = piece[:at] + anchor + piece[at:]
            texts = [c for c in cases if c.kind == "text"]
            if texts and self.rng.random() < 0.8:
                case = self.rng.choice(texts)
                piece = case.source.encode()
                if self.rng.random() < 0.3:
                    piece = piece.swapcase()
                if self.rng.random() < 0.3:
                    piece = bytes(self.rng.choice(b"ab 1") for _ in range(1)) + piece
            style = self.rng.random()
            if style < 0.3:
                piece = b"".join(bytes([c, 0]) for c in piece)
            if texts and "base64" in "".join(sum((c.flags for c in texts), [])) and self.rng.random() < 0.5:
                piece = bytes(self.rng.randint(0, 255) for _ in range(self.rng.randint(0, 2))) + piece
                piece += bytes(self.rng.randint(0, 255) for _ in range(self.rng.randint(0, 2)))
                piece = base64.b64encode(piece)
                if self.rng.random() < 0.4:
                    piece = b"".join(bytes([c, 0]) for c in piece)
            elif texts and self.rng.random() < 0.4:
                key = self.rng.choice([0, 1, 2, 3, 4, 32, 0x61, 255])
                piece = bytes(c ^ key for c in piece)
            out += piece
        # At the edges of an object old versions of yara see a word boundary
        # whatever stands there; word characters agree with both.
        return b"aa" + out + b"aa"


def ask_yara(yara, cases, data, folder):
    """The matches of each case, or None where yara refuses the pattern."""
    rules = Path(folder, "rules.yar")
    target = Path(folder, "object")
    target.write_bytes(data)
    alive = dict(enumerate(cases))
    results = {}
    while True:
        rules.write_bytes("".join("rule t%d { strings: $a = %s condition: $a }\n" % (i, c.declaration())
                                  for i, c in alive.items()).encode("latin-1"))
        done = subprocess.run([yara, "-w", "-s", "-L", str(rules), str(target)], capture_output=True)
        bad = {int(name[1:]) for name in BAD_RULE.findall(done.stderr.decode("latin-1"))} & set(alive)
        if not bad:
            break
        for i in bad:
            results[i] = None
            del alive[i]
    too_much = re.search(r'string "\$a" in rule "t(\d+)" caused error: (46|30)', done.stderr.decode("latin-1"))
    if too_much:  # Too many fibers or matches: yara gave the object up.
        rest = [c for i, c in enumerate(cases) if i != int(too_much.group(1))]
        answers = ask_yara(yara, rest, data, folder)
        at = int(too_much.group(1))
        results = {i + (i >= at): answer for i, answer in answers.items()}
        results[at] = None
        cases[at].gave_up = True
        return results
    if done.returncode != 0 or b"error" in done.stderr:
        raise RuntimeError("yara failed: %s" % done.stderr.decode("latin-1")[:500])
    results.update({i: [] for i in alive})
    current = None
    for line in done.stdout.decode("latin-1").splitlines():
        match = MATCH.match(line)
        if match:
            results[current].append((int(match.group(1), 16), int(match.group(2))))
        elif line.startswith("t"):
            current = int(line.split(" ", 1)[0][1:])
    return results


def ask_ours(find_all, questions):
    out = subprocess.run([find_all], input="".join(questions).encode(), capture_output=True, check=True)
    answers = []
    for line in out.stdout.decode("latin-1").split("\n")[:-1]:
        if line.startswith("error "):
            answers.append(None)
        else:
            matches = []
            for match in line.split():
                offset, lengths = match.split(":")
                matches.append((int(offset), *map(int, lengths.split("/"))))
            answers.append(matches)
    return answers


def compare(case, theirs, ours):
    """(is there a difference, how many offsets yara passes over)."""
    if theirs is None or ours is None:
        return theirs != ours and not case.gave_up, 0
    if case.strict:
        return theirs != ours, 0
    possible = {offset: lengths for offset, *lengths in ours}
    wrong = any(length not in possible.get(offset, []) for offset, length in theirs)
    return wrong, len(set(possible) - {offset for offset, _ in theirs})


def is_preferred(case, data, ours):
    """Whether a backtracking matcher finds exactly what we did. Never for what
    Python's expressions cannot say."""
    if case.kind != "regexp" or any(flag not in ("nocase", "s") for flag in case.flags):
        return False
    flags = (re.IGNORECASE if "nocase" in case.flags else 0) | (re.DOTALL if "s" in case.flags else 0)
    expression = re.compile(case.source.encode(), flags)
    matches = ((offset, expression.match(data, offset)) for offset in range(len(data)))
    return ours == [(offset, m.end() - offset) for offset, m in matches if m and m.end() > offset]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--find-all", required=True)
    parser.add_argument("--yara", default=shutil.which("yara"))
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["regexp", "hex", "chain", "text"])
    parser.add_argument("--show", type=int, default=10)
    options = parser.parse_args()
    if not options.yara:
        print("no yara here: nothing compared")
        return 77
    rng = random.Random(options.seed)
    generator = Generator(rng)
    makers = {"regexp": generator.regexp, "hex": generator.hex_string, "chain": generator.chain, "text": generator.text}
    batch_size = 25
    compared = found = refused = differences = passed_over = yara_alone = 0
    with tempfile.TemporaryDirectory() as folder:
        while compared + refused < options.cases:
            name = options.only or rng.choice(["regexp", "regexp", "hex", "chain", "text"])
            cases = [makers[name]() for _ in range(batch_size)]
            data = generator.data(cases)
            theirs = ask_yara(options.yara, cases, data, folder)
            ours = ask_ours(options.find_all, [c.question(data) for c in cases])
            for i, case in enumerate(cases):
                if theirs[i] is None or ours[i] is None:
                    refused += 1
                else:
                    compared += 1
                    found += len(theirs[i])
                wrong, missing = compare(case, theirs[i], ours[i])
                passed_over += missing
                if wrong and is_preferred(case, data, ours[i]):
                    yara_alone += 1
                    print("yara differs from Python too: %s" % case.declaration(), flush=True)
                elif wrong:
                    differences += 1
                    if differences <= options.show:
                        print("DIFFERENCE %s\n  object %r\n  yara %s\n  ours %s" %
                              (case.declaration(), data, theirs[i], ours[i]), flush=True)
    print("%d patterns compared, %d matches, %d refused by either, %d offsets passed over by yara, "
          "%d in which yara is alone, %d differences" %
          (compared, found, refused, passed_over, yara_alone, differences))
    return 1 if differences or yara_alone * 1000 > compared else 0


if __name__ == "__main__":
    sys.exit(main())
