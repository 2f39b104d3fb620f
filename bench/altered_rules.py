"""Makes rule sets larger than there are: copies of rules under other names and with other strings.

    write_copies(pairs, 10, folder)   # [(namespace, file)] of the rules as they are and nine altered copies

A third of the bytes of each string become other bytes of the same string, so the copies look for what is as rare
as what the originals look for. The same bytes come out each time.
"""

import pathlib
import random
import re

import engines  # noqa: F401 (finds yara_source)
import yara_source

HEX_PARTS = re.compile(r"\[[^\]]*\]|//[^\n]*|/\*.*?\*/|~?[0-9A-Fa-f?]{2}", re.S)
HEX_BYTE = re.compile(r"[0-9A-Fa-f]{2}")
SHARE = 3  # One in so many bytes is altered.


def exchange(parts, places, rng):
    """Puts at a third of `places` what stands at others of them; at least at one."""
    originals = [parts[p] for p in places]
    others = set(originals)
    if len(others) < 2:
        return
    for place in rng.sample(places, max(1, len(places) // SHARE)):
        parts[place] = rng.choice(sorted(others - {parts[place]}))


def alter_text(literal, rng):
    """A text in quotes; what follows a backslash stays."""
    parts, places, at = list(literal), [], 1
    while at < len(parts) - 1:
        if parts[at] == "\\":
            at += 4 if parts[at + 1] == "x" else 2
            continue
        if parts[at].isalnum():
            places.append(at)
        at += 1
    exchange(parts, places, rng)
    return "".join(parts)


def alter_regex(literal, rng):
    """Letters outside classes, escapes and bounds."""
    parts, places, at, end = list(literal), [], 1, literal.rindex("/")
    while at < end:
        if parts[at] == "\\":
            at += 4 if parts[at + 1] == "x" else 2
        elif parts[at] == "[":
            at += 2 if parts[at + 1] != "^" else 3
            while at < end and parts[at] != "]":
                at += 2 if parts[at] == "\\" else 1
        elif parts[at] == "{":
            at = literal.index("}", at)
        else:
            if parts[at].isalpha():
                places.append(at)
            at += 1
    exchange(parts, places, rng)
    return "".join(parts)


def alter_hex(body, rng):
    """What stands between the braces; whole bytes only."""
    parts, at = [], 0
    for match in HEX_PARTS.finditer(body):
        parts += [body[at : match.start()], match[0]]
        at = match.end()
    parts.append(body[at:])
    exchange(parts, [i for i in range(1, len(parts), 2) if HEX_BYTE.fullmatch(parts[i])], rng)
    return "".join(parts)


class Source:
    """One rule file, read once, of which altered copies are made."""

    def __init__(self, path):
        self.text = yara_source.read_source(path)
        names = {rule.name for rule in yara_source.parse(self.text)}
        row = [token for token in yara_source.tokens(self.text) if token[0] != "space"]
        self.places, at = [], 0  # (start, end, what is there), ascending
        for index, (kind, word, start, end) in enumerate(row):
            if start < at:
                continue
            is_value = index >= 2 and row[index - 1][1] == "=" and row[index - 2][1].startswith("$")
            if is_value and kind in ("text", "regex"):
                self.places.append((start, end, kind))
            elif is_value and word == "{":
                at = next(t[2] for t in row[index:] if t[1] == "}")
                self.places.append((end, at, "hex"))
            elif kind == "word" and word in names:
                self.places.append((start, end, "name"))

    def altered(self, suffix, rng):
        """The rules with `suffix` behind their names and with other strings."""
        change = {"text": alter_text, "regex": alter_regex, "hex": alter_hex, "name": lambda word, _: word + suffix}
        out, at = [], 0
        for start, end, kind in self.places:
            out += [self.text[at:start], change[kind](self.text[start:end], rng)]
            at = end
        return "".join(out) + self.text[at:]


def write_copies(pairs, times, folder):
    """[(namespace, file)]: `pairs` and `times` - 1 copies of them below `folder`, written unless they are there."""
    found = list(pairs)
    for number, (namespace, path) in enumerate(pairs):
        places = [pathlib.Path(folder) / str(number) / f"{namespace}_copy{copy}.yar" for copy in range(1, times)]
        found += [(place.stem, place) for place in places]
        if all(place.exists() for place in places):
            continue
        places[0].parent.mkdir(parents=True, exist_ok=True)
        source = Source(path)
        for copy, place in enumerate(places, 1):
            text = source.altered(f"_copy{copy}", random.Random(f"{number} {copy}"))
            place.write_bytes(text.encode("utf-8", "surrogateescape"))
    return found
