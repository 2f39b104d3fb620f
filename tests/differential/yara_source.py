"""Reads the strings out of YARA source, well enough to make test data of them.

    for rule in parse(text):
        for string in rule.strings: string.identifier, string.kind, string.modifiers

No compiler: it finds rules, their strings sections and conditions, robust to
comments and odd formatting, and gives up on nothing but what it cannot read
(such a string is skipped and counted in Rule.skipped).
"""

import dataclasses
import pathlib
import re

MODIFIERS = {"nocase", "ascii", "wide", "fullword", "private", "xor", "base64", "base64wide"}
# yara stops a repetition without a bound at its own limits; test data stays far below.
OPEN_REPEAT = 24


@dataclasses.dataclass
class String:
    identifier: str
    kind: str  # "text", "hex" or "regex"
    value: object  # bytes, or the parsed tree of a hex string or expression
    modifiers: dict  # name: None, (low, high) of xor, or the alphabet of base64
    source: str  # everything after "=", as it stands


@dataclasses.dataclass
class Rule:
    name: str
    strings: list
    condition: str
    skipped: int = 0
    span: tuple = (0, 0)  # Where the condition lies in the source.


TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<word>[$\#@!]?[A-Za-z_0-9.]+\*?|[$\#@!]\*?)
      | (?P<mark>.)""",
    re.X | re.S,
)
REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\\\n]|\\.)*\]|\[)+)/([is]*)", re.S)


def tokens(text):
    """Yields (kind, text, start, end); a slash after "=", "(", "," or "matches" opens an expression."""
    at, previous = 0, ""
    while at < len(text):
        if text[at] == "/" and text[at : at + 2] not in ("//", "/*") and previous in ("=", "(", ",", "matches"):
            match = REGEX.match(text, at)
            if match:
                yield "regex", match[0], at, match.end()
                at, previous = match.end(), "regex"
                continue
        match = TOKEN.match(text, at)
        if match is None:
            return
        if match.lastgroup != "space":
            previous = match[0]
            yield match.lastgroup, match[0], at, match.end()
        at = match.end()


def parse(text):
    """Every rule of one source text."""
    rules, index = [], 0
    row = list(tokens(text))
    while index < len(row):
        kind, word, _, _ = row[index]
        if kind == "word" and word == "rule" and index + 1 < len(row) and row[index + 1][0] == "word":
            rule, index = parse_rule(text, row, index + 1)
            if rule:
                rules.append(rule)
        else:
            index += 1
    return rules


def parse_rule(text, row, index):
    rule = Rule(row[index][1], [], "")
    while index < len(row) and row[index][1] != "{":
        index += 1
    index += 1
    section = ""
    while index < len(row):
        kind, word, start, end = row[index]
        following = row[index + 1][1] if index + 1 < len(row) else ""
        if kind == "word" and word in ("meta", "strings", "condition", "variables") and following == ":":
            section = word
            index += 2
            if section == "condition":
                return rule, parse_condition(text, row, index, rule)
            continue
        if section == "strings" and kind == "word" and word.startswith("$") and following == "=":
            index = parse_string(text, row, index, rule)
            continue
        index += 1
    return rule, index


def parse_condition(text, row, index, rule):
    depth, start = 1, row[index][2] if index < len(row) else len(text)
    while index < len(row):
        kind, word, at, _ = row[index]
        if kind == "mark" and word == "{":
            depth += 1
        elif kind == "mark" and word == "}":
            depth -= 1
            if depth == 0:
                rule.condition, rule.span = text[start:at], (start, at)
                return index + 1
        index += 1
    rule.condition, rule.span = text[start:], (start, len(text))
    return index


def parse_string(text, row, index, rule):
    """`row[index]` is the identifier, then "="; returns the index after the modifiers."""
    identifier = row[index][1]
    index += 2
    if index >= len(row):
        return index
    kind, word, start, end = row[index]
    try:
        if kind == "text":
            value, form = text_bytes(word[1:-1]), "text"
            index += 1
        elif kind == "regex":
            value, form = parse_regex(word), "regex"
            index += 1
        elif word == "{":
            while row[index][1] != "}":
                index += 1
            end = row[index][3]
            value, form = parse_hex(text[start + 1 : end - 1]), "hex"
            index += 1
        else:
            raise ValueError("not a string")
    except (ValueError, IndexError, RecursionError):
        rule.skipped += 1
        return index + 1
    modifiers = {}
    while index < len(row) and row[index][1] in MODIFIERS:
        name = row[index][1]
        end = row[index][3]
        modifiers[name] = (0, 255) if name == "xor" else None
        index += 1
        if name in ("xor", "base64", "base64wide") and index < len(row) and row[index][1] == "(":
            inside = []
            while index < len(row) and row[index][1] != ")":
                inside.append(row[index])
                index += 1
            end = row[index][3] if index < len(row) else end
            index += 1
            if name == "xor":
                numbers = [int(n, 0) for n in re.findall(r"0x[0-9a-fA-F]+|\d+", "".join(t[1] for t in inside))]
                modifiers[name] = (numbers[0], numbers[-1])
            else:
                modifiers[name] = text_bytes(inside[-1][1][1:-1])
    rule.strings.append(String(identifier, form, value, modifiers, text[start:end]))
    return index


ESCAPES = {"n": 10, "t": 9, "r": 13, '"': 34, "\\": 92}


def text_bytes(literal):
    out, at = bytearray(), 0
    while at < len(literal):
        if literal[at] == "\\" and at + 1 < len(literal):
            letter = literal[at + 1]
            if letter == "x":
                out.append(int(literal[at + 2 : at + 4], 16))
                at += 4
                continue
            out += bytes([ESCAPES[letter]]) if letter in ESCAPES else letter.encode("utf-8", "surrogateescape")
            at += 2
            continue
        out += literal[at].encode("utf-8", "surrogateescape")
        at += 1
    return bytes(out)


# Trees of hex strings and expressions share their nodes:
#   ("byte", value, mask, negated), ("set", frozenset), ("jump", low, high), ("cat", [...]), ("or", [...]),
#   ("repeat", node, low, high), ("anchor", text)
def parse_hex(text):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    parts = re.findall(r"~?[0-9A-Fa-f?]{2}|~\?|\[[^\]]*\]|[()|]", text)
    node, at = hex_alternatives(parts, 0)
    if at != len(parts):
        raise ValueError("hex")
    return node


def hex_alternatives(parts, at):
    branches, current = [], []
    while at < len(parts) and parts[at] != ")":
        part = parts[at]
        at += 1
        if part == "|":
            branches.append(("cat", current))
            current = []
        elif part == "(":
            node, at = hex_alternatives(parts, at)
            current.append(node)
            at += 1
        elif part.startswith("["):
            low, dash, high = (piece.strip() for piece in part[1:-1].partition("-"))
            least = int(low or "0", 0)
            most = int(high, 0) if high else (None if dash else least)
            current.append(("jump", least, most))
        else:
            negated = part.startswith("~")
            digits = part.lstrip("~")
            mask = sum(0xF << shift for digit, shift in zip(digits, (4, 0)) if digit != "?")
            current.append(("byte", int(digits.replace("?", "0"), 16), mask, negated))
    branches.append(("cat", current))
    return (branches[0] if len(branches) == 1 else ("or", branches)), at


WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
SPACE = frozenset(b" \t\n\r\v\f")
DIGIT = frozenset(b"0123456789")
ALL = frozenset(range(256))
CLASSES = {"w": WORD, "W": ALL - WORD, "s": SPACE, "S": ALL - SPACE, "d": DIGIT, "D": ALL - DIGIT}
CONTROL = {"n": 10, "t": 9, "r": 13, "f": 12, "a": 7, "v": 11}


class RegexParser:
    def __init__(self, pattern, flags):
        self.text = pattern.encode("utf-8", "surrogateescape").decode("latin-1")
        self.at = 0
        self.dot = ALL if "s" in flags else ALL - {10}

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def next(self):
        letter = self.peek()
        self.at += 1
        return letter

    def alternatives(self):
        branches = [self.sequence()]
        while self.peek() == "|":
            self.next()
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else ("or", branches)

    def sequence(self):
        items = []
        while self.peek() and self.peek() not in "|)":
            items.append(self.repeated(self.item()))
        return ("cat", items)

    def repeated(self, node):
        while self.peek() and self.peek() in "*+?{":
            bounds = re.compile(r"\{(\d*)(,?)(\d*)\}").match(self.text, self.at)
            letter = self.peek()
            if letter == "{":
                if not bounds or bounds[0] in ("{}", "{,}"):
                    break
                low = int(bounds[1] or "0")
                high = int(bounds[3]) if bounds[3] else (None if bounds[2] else low)
                self.at = bounds.end()
            else:
                low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self.next()]
            if self.peek() == "?":
                self.next()
            node = ("repeat", node, low, high)
        return node

    def item(self):
        letter = self.next()
        if letter == "(":
            if self.text[self.at : self.at + 2] == "?:":
                self.at += 2
            node = self.alternatives()
            self.next()
            return node
        if letter == "[":
            return ("set", self.set())
        if letter == ".":
            return ("set", self.dot)
        if letter in "^$":
            return ("anchor", letter)
        if letter == "\\":
            if self.peek() in "bB":
                return ("anchor", "\\" + self.next())
            if self.peek() in CLASSES:
                return ("set", CLASSES[self.next()])
            return ("byte", self.escape(), 255, False)
        return ("byte", ord(letter), 255, False)

    def escape(self):
        letter = self.next()
        if letter == "x":
            value = int(self.text[self.at : self.at + 2], 16)
            self.at += 2
            return value
        return CONTROL.get(letter, ord(letter))

    def set(self):
        members, negated = set(), False
        if self.peek() == "^":
            self.next()
            negated = True
        first = True
        while self.peek() and (self.peek() != "]" or first):
            first = False
            letter = self.next()
            if letter == "\\":
                if self.peek() in CLASSES:
                    members |= CLASSES[self.next()]
                    continue
                low = self.escape()
            else:
                low = ord(letter)
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.next()
                letter = self.next()
                high = self.escape() if letter == "\\" else ord(letter)
                members |= set(range(low, high + 1))
            else:
                members.add(low)
        self.next()
        return frozenset(ALL - members if negated else members)


def parse_regex(literal):
    match = REGEX.match(literal)
    parser = RegexParser(match[1], match[2])
    node = parser.alternatives()
    if parser.at < len(parser.text):
        raise ValueError("expression")
    return node


def instantiate(node, rng, lengths):
    """Bytes that `node` matches. `lengths`: "min", "max", "random" or, one beyond each jump's end, "past"."""
    kind = node[0]
    if kind == "byte":
        _, value, mask, negated = node
        byte = (value & mask) | (rng.randrange(256) & ~mask & 255)
        return bytes([byte ^ (mask & 0x11 or 1) if negated else byte])
    if kind == "set":
        likely = [b for b in node[1] if 32 <= b < 127]
        members = sorted(node[1]) if not likely or rng.random() < 0.2 else likely
        return bytes([rng.choice(members)]) if members else b""
    if kind == "jump":
        count = pick(node[1], node[2], rng, lengths)
        return bytes(rng.randrange(256) for _ in range(count))
    if kind == "cat":
        return b"".join(instantiate(child, rng, lengths) for child in node[1])
    if kind == "or":
        return instantiate(rng.choice(node[1]), rng, lengths)
    if kind == "repeat":
        count = pick(node[2], node[3], rng, "max" if lengths == "past" else lengths)
        return b"".join(instantiate(node[1], rng, lengths) for _ in range(min(count, 4096)))
    return b""  # An anchor: the surroundings decide.


def pick(low, high, rng, lengths):
    top = low + OPEN_REPEAT if high is None else high
    if lengths == "min":
        return low
    if lengths == "past":
        return top + 1
    return top if lengths == "max" else rng.randint(low, max(low, min(top, low + 200)))


def has_jump(node):
    if node[0] in ("jump", "repeat"):
        return True
    return node[0] in ("cat", "or") and any(has_jump(child) for child in node[1])


def rule_files(path):
    """The rule files at `path`, as `daylight --rules` finds them."""
    path = pathlib.Path(path)
    if path.is_file():
        return [path]
    return sorted(p for p in path.rglob("*") if p.suffix in (".yar", ".yara") and p.is_file())


def read_source(path):
    return pathlib.Path(path).read_bytes().decode("utf-8", "surrogateescape")
