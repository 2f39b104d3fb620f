"""Cases of body patterns, offsets and targets."""

import random

import clamav_objects as make
from clamav_groups import Group, unique


def body_cases():
    """Yields (name, pattern, [(label, object)]): every wildcard at its bounds, and one byte off."""
    for name, parts, gaps in _gap_cases():
        stones = [unique(name + str(i), 4) for i in range(len(parts) + 1)]
        pattern = stones[0].hex() + "".join(p + s.hex() for p, s in zip(parts, stones[1:]))
        objects = []
        for row in gaps:
            row = row if isinstance(row, tuple) else (row,)
            data = stones[0] + b"".join(b"\x11" * gap + stone for gap, stone in zip(row, stones[1:]))
            objects.append(("-".join(map(str, row)), data))
        yield name, pattern, objects
    yield from _byte_cases()
    yield from _class_cases()
    for size in (2, 3, 4, 5, 8, 16, 64, 300):
        name, word = f"Plain{size}", unique(f"Plain{size}", size)
        off = [(f"off{i}", make.one_off(word, i)) for i in sorted({0, 1, size // 2, size - 1})]
        yield name, word.hex(), [("match", word), ("start", word + b"\x11" * 9), *off, ("cut", word[:-1]),
                                 ("twice", word + word[:1] + word)]


def _gap_cases():
    yield "Any1", ["??"], [0, 1, 2]
    yield "Any3", ["??????"], [2, 3, 4]
    yield "Star", ["*"], [0, 1, 2, 300, 5000]
    yield "Exact", ["{5}"], [4, 5, 6]
    yield "Exact0", ["{0}"], [0, 1]
    yield "Exact1", ["{1}"], [0, 1, 2]
    yield "Exact200", ["{200}"], [199, 200, 201]
    yield "UpTo", ["{-7}"], [0, 1, 6, 7, 8]
    yield "UpTo0", ["{-0}"], [0, 1]
    yield "From", ["{3-}"], [2, 3, 4, 900]
    yield "From0", ["{0-}"], [0, 1, 900]
    yield "Between", ["{3-6}"], [2, 3, 4, 5, 6, 7]
    yield "BetweenSame", ["{4-4}"], [3, 4, 5]
    yield "Between0", ["{0-2}"], [0, 1, 2, 3]
    yield "BetweenFar", ["{10-300}"], [9, 10, 300, 301]
    yield "BetweenBack", ["{6-3}"], [2, 3, 6, 7]
    yield "GapGap", ["{2-4}", "{1-3}"], [(2, 1), (4, 3), (1, 1), (2, 0), (5, 3), (4, 4), (5, 2)]
    yield "StarStar", ["*", "*"], [(0, 0), (5, 70), (700, 3)]
    yield "StarGap", ["*", "{2-3}"], [(0, 2), (9, 3), (9, 1), (9, 4)]
    yield "AnyStar", ["??*"], [0, 1, 2, 50]
    yield "StarAny", ["*??"], [0, 1, 2, 50]
    yield "AnyGap", ["??{2-3}"], [2, 3, 4, 5]
    yield "GapAny", ["{2-3}??"], [2, 3, 4, 5]
    yield "DoubleStar", ["**"], [0, 1]
    yield "StarThenGap", ["*{2-3}"], [0, 2, 3, 4, 9]
    yield "GapThenGap", ["{1-2}{3-4}"], [3, 4, 5, 6, 7]
    yield "Four", ["{-9}", "{1-2}", "??"], [(0, 1, 1), (9, 2, 1), (10, 1, 1), (0, 0, 1), (0, 3, 1), (0, 1, 2)]
    yield "GapWord", ["{2-3}aabb{1-}"], [2, 9]


def _class_cases():
    """`[x-y]`: a single byte at a distance from the front or back of the rest."""
    spans = ((3, 6), (0, 4), (0, 32), (32, 32), (0, 33), (33, 33), (5, 5), (1, 1), (0, 1), (6, 3))
    for low, high in spans:
        gaps = sorted({max(low - 1, 0), low, high, high + 1})
        name = f"Class{low}to{high}"
        one, word, last = unique(name + "1", 1), unique(name, 5), unique(name + "2", 1)
        yield name + "Front", f"{one.hex()}[{low}-{high}]{word.hex()}", [(str(g), one + b"\x11" * g + word) for g in gaps]
        yield name + "Back", f"{word.hex()}[{low}-{high}]{last.hex()}", [(str(g), word + b"\x11" * g + last) for g in gaps]
        yield (name + "Both", f"{one.hex()}[{low}-{high}]{word.hex()}[{low}-{high}]{last.hex()}",
               [(f"{g}-{h}", one + b"\x11" * g + word + b"\x11" * h + last) for g in gaps for h in gaps])
    for name, pattern in (("Single", "{0}[5]{1}"), ("To", "{0}[-5]{1}"), ("From", "{0}[5-]{1}"), ("Two", "{0}{0}[1-5]{1}"),
                          ("Middle", "{1}[1-5]{1}"), ("Wild", "?4[1-5]{1}"), ("Any", "??[1-5]{1}"), ("WithStar", "{1}*{0}[1-5]{1}"),
                          ("WithGap", "{1}{{2}}{0}[1-5]{1}"), ("BackStar", "{1}[1-5]{0}*{1}"), ("Alt", "{0}[1-5](61|62){1}"),
                          ("FrontTwice", "{0}[1-2]{0}[1-2]{1}"), ("Line", "{0}[1-5]{1}(L)"), ("Same", "{0}[0-5]{0}{1}")):
        word = unique("Class" + name, 5)
        one = word[:1]
        rows = [(str(g), one + b"\x11" * g + word) for g in (0, 1, 4, 5, 6)] + [(f"w{g}", word + b"\x11" * g + word) for g in (0, 1, 2, 5, 6)]
        rows += [(f"s{g}", word + b"\x11" * 2 + one + b"\x11" * g + word) for g in (1, 5, 6)]
        rows += [(f"b{g}", word + b"\x11" * g + one + b"\x11\x11" + word + b"\n") for g in (1, 5, 6)]
        yield "Class" + name, pattern.format(one.hex(), word.hex()), rows


def _byte_cases():
    """Cases in which the bytes in the middle count."""
    def case(name, middle, texts, front=4, back=4):
        head, tail = unique(name + "h", front), unique(name + "t", back)
        rows = [(t.hex() or "none", head + t + tail) for t in texts]
        if rows:
            rows.append(("off-head", make.one_off(rows[0][1], 0)))
            rows.append(("off-tail", make.one_off(rows[0][1], len(rows[0][1]) - 1)))
        return name, head.hex() + middle + tail.hex(), rows

    h = bytes.fromhex
    yield case("HighNibble", "4?", [h(x) for x in ("40", "45", "4f", "50", "3f", "04")])
    yield case("LowNibble", "?4", [h(x) for x in ("04", "f4", "43", "45", "40")])
    yield case("NibblePair", "4??4", [h(x) for x in ("4004", "4ff4", "4400", "5004")])
    yield case("NibbleOfAny", "4???", [h(x) for x in ("4004", "50ff")])
    yield case("AltBytes", "(61|62|63)", [b"a", b"b", b"c", b"d", b"", b"ab"])
    yield case("AltOne", "(61)", [b"a", b"b"])
    yield case("AltWords", "(6162|6364)", [b"ab", b"cd", b"ad", b"cb", b"a", b""])
    yield case("AltLong", "(616263646566|676869706f6d|313233343536)", [b"abcdef", b"ghipom", b"123456", b"abcxef", b"ghi"])
    yield case("AltUneven", "(61|6263|646566)", [b"a", b"bc", b"def", b"b", b"de", b"", b"abc"])
    yield case("AltUnevenLong", "(61|62636465666768696a)", [b"a", b"bcdefghij", b"bcdefghi"])
    yield case("AltPrefix", "(6162|616263)", [b"ab", b"abc", b"abcc"])
    yield case("AltAny", "(61??63|626364)", [b"axc", b"bcd", b"axd"])
    yield case("AltNibble", "(6?|7a)", [b"a", b"z", b"p"])
    yield case("AltNibbleWords", "(6?62|7a7a)", [b"ab", b"ob", b"zz", b"pb"])
    yield case("AltNested", "(61|(62|63))", [b"a", b"b", b"c", b"d"])
    yield case("AltNestedWords", "(6162(63|64)|7a7a7a)", [b"abc", b"abd", b"zzz", b"abz"])
    yield case("AltNestedUneven", "(61(62|6364)|7a)", [b"ab", b"acd", b"z", b"a"])
    yield case("AltGap", "(61{2-3}62|7a)", [b"axxb", b"axxxb", b"axb", b"z"])
    yield case("AltEmpty", "(61|)", [b"a", b""])
    yield case("AltStar", "(61*62|7a)", [b"axxb", b"z", b"ab"])
    yield case("AltTwice", "(61|62)(63|64)", [b"ac", b"bd", b"ad", b"ab"])
    yield case("AltTwiceWords", "(6162|6364)(7878|797a)", [b"abxx", b"cdyz", b"abyz", b"abxz"])
    yield case("AltUnevenTwice", "(61|6263)(78|797a)", [b"ax", b"bcyz", b"ayz", b"bcx", b"bx"])
    yield case("AltMany", "(" + "|".join(f"{i:02x}" for i in range(0x20, 0x60)) + ")", [b"!", b"_", b"`", b"\x1f"])
    yield case("Not", "!(61|62)", [b"c", b"a", b"b", b"", b"cc"])
    yield case("NotOne", "!(61)", [b"a", b"b"])
    yield case("NotWords", "!(6162|6364)", [b"ab", b"cd", b"ad", b"xx", b"x"])
    yield case("NotUneven", "!(61|6263)", [b"a", b"bc", b"x", b"xy"])
    yield case("NotAny", "!(61??|6263)", [b"ax", b"bc", b"xy"])
    yield case("AltThenGap", "(61|62){1-2}", [b"ax", b"bxx", b"a", b"cx", b"axxx"])
    yield case("GapThenAlt", "{1-2}(61|62)", [b"xa", b"xxb", b"a", b"xc", b"xxxa"])
    yield case("AltThenStar", "(61|62)*", [b"a", b"bxxxxxxx", b"c", b"cxxx"])
    yield case("StarThenAlt", "*(61|62)", [b"a", b"xxxxxxxb", b"c"])
    for mark, name in (("B", "Boundary"), ("L", "Line"), ("W", "Word")):
        texts = [b"", b" ", b"\n", b"\r\n", b"\r", b"\0", b"a", b"-", b".", b"_", b"0", b"/", b"\xff", b"\t", b"  ", b"=", b">"]
        for negated in ("", "!"):
            yield case(f"{name}{'Not' if negated else ''}", f"{negated}({mark})", texts)
            word = unique(name + negated, 6)
            for side, pattern in (("Front", f"{negated}({mark}){word.hex()}"), ("Back", f"{word.hex()}{negated}({mark})")):
                rows = [(t.hex() or "none", t + word + b"xx" if side == "Front" else b"xx" + word + t) for t in texts]
                rows.append(("inner", b"xx" + word + b"xx"))
                yield f"{name}{side}{'Not' if negated else ''}", pattern, rows
            both = unique(name + "both" + negated, 6)
            yield (f"{name}Both{'Not' if negated else ''}", f"{negated}({mark}){both.hex()}{negated}({mark})",
                   [(t.hex() or "none", t + both + t) for t in texts] + [("left", b"\n" + both + b"x"), ("right", b"x" + both + b"\n")])
    for name, pattern in (("StartAny", "??{}"), ("StartAny2", "????{}"), ("EndAny", "{}??"), ("EndAny2", "{}????")):
        word = unique(name, 6)
        yield name, pattern.format(word.hex()), [(f"{a}-{b}", b"\x11" * a + word + b"\x11" * b)
                                                 for a, b in ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (3, 3))]
    for name, pattern in (("StartNibble", "4?{}"), ("EndNibble", "{}?4"), ("StartAlt", "(61|62){}"), ("EndAlt", "{}(61|62)"),
                          ("StartAltWords", "(6161|6262){}"), ("EndAltUneven", "{}(61|6262)"), ("StartAltUneven", "(61|6262){}"),
                          ("StartNot", "!(61|62){}"), ("EndNot", "{}!(61|62)")):
        word = unique(name, 6)
        yield name, pattern.format(word.hex()), [(f"{f.hex()}-{b.hex()}", f + word + b) for f in (b"", b"a", b"bb", b"D", b"z")
                                                 for b in (b"", b"a", b"bb", b"D", b"z")]
    for name, pattern in (("StartStar", "*{}"), ("EndStar", "{}*"), ("StartGap", "{{2-3}}{}"), ("EndGap", "{}{{2-3}}"),
                          ("StartClass", "[2-3]{}"), ("EndClass", "{}[2-3]")):
        word = unique(name, 6)
        yield name, pattern.format(word.hex()), [("alone", word), ("room", b"\x11" * 9 + word + b"\x11" * 9)]
    for size in (1, 2, 3, 4):  # How short a piece between wildcards may be.
        for kind, gap in (("Star", "*"), ("Gap", "{1-2}"), ("Any", "??"), ("Class", "[1-2]")):
            name = f"Short{size}{kind}"
            left, middle, right = unique(name, size), unique(name + "m", 1), unique(name + "r", 5)
            yield name, left.hex() + gap + right.hex(), [("match", left + b"\x11" + right), ("off", left + b"\x11" + right[:-1])]
            yield (name + "Last", right.hex() + gap + left.hex(), [("match", right + b"\x11" + left)])
            yield (name + "Mid", right.hex() + gap + middle.hex() * size + gap + right[::-1].hex(),
                   [("match", right + b"\x11" + middle * size + b"\x11" + right[::-1])])
    yield "UpperHex", unique("UpperHex", 4).hex().upper(), [("match", unique("UpperHex", 4))]
    yield "Digits", "(3?|4?)" + unique("Digits", 4).hex(), [("match", b"5" + unique("Digits", 4)), ("other", b"x" + unique("Digits", 4))]
    yield "Backtrack", "8081*8283{2}8485", [("first", h("80818283111184858283")), ("second", h("808182838283111184858283")),
                                              ("late", h("8081828382831111848582838283")), ("no", h("80818283118485"))]
    yield "BacktrackGap", "8088{0-4}8288{2}8488", [("second", h("80888288828811118488")), ("far", h("80881111111182881111848811")),
                                                     ("edge", h("8088111111118288111184881111")), ("past", h("808811111111118288111184881111"))]
    yield "Selfsame", "8a8a*8a8a", [("two", h("8a8a111111")), ("three", h("8a8a8a111111")), ("four", h("8a8a8a8a1111")), ("apart", h("8a8a118a8a11"))]
    yield "SelfsameGap", "8b8b{0-1}8b8b", [("three", h("8b8b8b111111")), ("four", h("8b8b8b8b1111")), ("five", h("8b8b8b8b8b11")), ("gap", h("8b8b118b8b11"))]


def _random_pattern(rng, number):
    """A random pattern as a list of (text, instance maker(rng, good) -> bytes)."""
    stone = lambda i: unique(f"random{number}-{i}", rng.choice((2, 3, 4, 6)))
    parts = []
    for index in range(rng.randrange(1, 5)):
        word = stone(index)
        parts.append((word.hex(), lambda r, good, w=word: w if good else make.one_off(w, r.randrange(len(w)))))
        kind = rng.choice(("any", "high", "low", "star", "exact", "upto", "from", "between", "class", "alt", "altwords", "altuneven",
                           "not", "notwords"))
        lo = rng.randrange(0, 6)
        hi = lo + rng.randrange(0, 6)
        gap = lambda text, lo, hi: (text, lambda r, good: b"\x11" * (r.choice((lo, hi, (lo + hi) // 2)) if good else
                                                                      r.choice((max(lo - 1, 0), hi + 1))))
        words = {"alt": [b"\x21", b"\x22", b"\x23"], "altwords": [b"\x21\x31", b"\x22\x32"], "altuneven": [b"\x21", b"\x22\x32", b"\x23\x33\x43"],
                 "not": [b"\x21", b"\x22"], "notwords": [b"\x21\x31", b"\x22\x32"]}.get(kind, [])
        text = "(" + "|".join(w.hex() for w in words) + ")"
        if kind == "any":
            parts.append(gap("??" * (lo + 1), lo + 1, lo + 1))
        elif kind == "high":
            parts.append(("4?", lambda r, good: bytes([0x40 + r.randrange(16)]) if good else b"\x51"))
        elif kind == "low":
            parts.append(("?4", lambda r, good: bytes([16 * r.randrange(16) + 4]) if good else b"\x45"))
        elif kind == "star":
            parts.append(gap("*", 0, 40))
        elif kind == "exact":
            parts.append(gap(f"{{{lo}}}", lo, lo))
        elif kind == "upto":
            parts.append(gap(f"{{-{hi}}}", 0, hi))
        elif kind == "from":
            parts.append(gap(f"{{{lo}-}}", lo, lo + 30))
        elif kind == "between":
            parts.append(gap(f"{{{lo}-{hi}}}", lo, hi))
        elif kind == "class":
            parts.append(gap(f"[{lo}-{hi}]", lo, hi))
            parts.append(("9a", lambda r, good: b"\x9a" if good else b"\x9b"))
            break  # Only a byte may stand beyond it.
        elif kind.startswith("alt"):
            parts.append((text, lambda r, good, ws=words: r.choice(ws) if good else b"\x29" * len(ws[0])))
        else:
            parts.append(("!" + text, lambda r, good, ws=words: b"\x29" * len(ws[0]) if good else r.choice(ws)))
    if kind != "class":
        word = stone(99)
        parts.append((word.hex(), lambda r, good: word))
    return parts


def random_body_cases(count, seed=11):
    rng = random.Random(seed)
    for number in range(count):
        parts = _random_pattern(rng, number)
        pattern = "".join(text for text, _ in parts)
        objects = []
        for trial in range(6):
            wrong = rng.randrange(len(parts)) if trial >= 3 else -1
            data = b"".join(grow(rng, index != wrong) for index, (_, grow) in enumerate(parts))
            if trial % 2:  # A false start, so that matchers must go back.
                data = data[: rng.randrange(1, len(data))] + data
            objects.append((str(trial), b"\x12\x13" * (trial % 3) + data + b"\x14" * (trial % 4)))
        yield f"Random{number}", pattern, objects


def body_groups():
    for name, cases, offset in (("body", body_cases(), "*"), ("body-random", random_body_cases(250), "*")):
        plain, logical, hazard = Group(name), Group(name + "-ldb"), Group(name + "-hazard")
        for case, pattern, objects in cases:
            if pattern.startswith("!("):
                # clamscan dies of some of these, so they stand apart: their objects are few.
                hazard.sig(f"T.{case}:0:{offset}:{pattern}")
                for label, data in objects:
                    hazard.obj(f"{case}.{label}", data + b"\x12" * 8)
                continue
            plain.sig(f"T.{case}:0:{offset}:{pattern}")
            logical.sig(f"T.{case};Engine:51-255,Target:0;0;{pattern}", "ldb")
            for label, data in objects:
                # Files of up to five bytes are not scanned.
                data = data if len(data) > 6 else data + b"\x12" * 8
                plain.obj(f"{case}.{label}", data)
                logical.obj(f"{case}.{label}", data)
        yield from (g for g in (plain, logical, hazard) if g.files)
    yield _tiny()
    yield _windows()


def _tiny():
    group = Group("tiny")
    word = unique("tiny", 12)
    for size in range(1, 10):
        group.sig(f"T.Tiny{size}:0:*:{word[:size].hex()}")
        group.sig(f"T.TinyAt{size}:0:0:{word[:size].hex()}")
        group.obj(f"size{size}", word[:size])
    group.obj("size0", b"")
    return group


def _windows():
    """clamscan reads 128 KiB at a time with an overlap; what lies across the edge must be found."""
    group = Group("windows")
    edge = 131072
    word = unique("windows", 16)
    group.sig(f"T.Plain:0:*:{word.hex()}")
    group.sig(f"T.Star:0:*:{word[:4].hex()}*{word[12:].hex()}")
    group.sig(f"T.Gap:0:*:{word[:4].hex()}{{8-300}}{word[12:].hex()}")
    group.sig(f"T.Eof:0:EOF-16:{word.hex()}")
    group.sig(f"T.At:0:{edge}:{word.hex()}")
    group.sig(f"T.AtShift:0:{edge - 20},20:{word.hex()}")
    group.sig(f"T.Count;Engine:51-255,Target:0;0=1;{word.hex()}", "ldb")
    for at in (edge - 17, edge - 16, edge - 15, edge - 8, edge - 1, edge, edge + 1, 2 * edge - 8, 2 * edge - 40):
        group.obj(f"at{at}", b"\x11" * at + word + b"\x11" * 50)
        group.obj(f"end{at}", b"\x11" * at + word)
        group.obj(f"far{at}", b"\x11" * at + word[:4] + b"\x11" * 200 + word[12:] + b"\x11" * 50)
    return group


# ------------------------------------------------------------------------------------------------------ offsets

MARK = unique("offset mark", 6)
BODIES = {"Bm": MARK.hex(), "Ac": MARK[:3].hex() + "??" + MARK[4:].hex()}


def _specs(size, entry, sections):
    """(offset text, first place, last place) for a file; places are None where the file has no such thing."""
    yield from ((str(n), n, n) for n in (0, 1, 600, 4000000000))
    yield from ((f"{n},{s}", n, n + s) for n, s in ((0, 3), (600, 1), (600, 9), (598, 0)))
    yield from ((f"EOF-{n}", size - n, size - n) for n in (0, 6, 5, 40, 400))
    yield from ((f"EOF-{n},{s}", size - n, size - n + s) for n, s in ((40, 5), (40, 34), (60, 0)))
    for n in (0, 3, 40):
        yield f"EP+{n}", entry + n, entry + n
        yield f"EP-{n}", entry - n, entry - n
    yield from ((f"EP+{n},{s}", entry + n, entry + n + s) for n, s in ((0, 4), (8, 2)))
    yield from ((f"EP-{n},{s}", entry - n, entry - n + s) for n, s in ((4, 4), (8, 2)))
    for index, (at, length) in enumerate(sections):
        yield f"S{index}+0", at, at
        yield f"S{index}+9", at + 9, at + 9
        yield f"S{index}+9,3", at + 9, at + 12
        yield f"SE{index}", at, at + length
        yield f"SE{index},2", at, at + length
    yield f"S{len(sections)}+0", 0, 0
    yield f"SE{len(sections)}", 0, 0
    if sections:
        at = sections[-1][0]
        yield "SL+0", at, at
        yield "SL+7", at + 7, at + 7
        yield "SL+7,4", at + 7, at + 11
    yield "VI", 0, 0


ODD_OFFSETS = ("VI,3", "EP", "EOF", "S0", "SL", "SEx", "-1", "x", "", "EOF+4", "EP*3", "5,", "5,x", "EOF-", "EP+", "S+4", "5,-2", " 5",
               "ep+3", "eof-6", "*,5", "0x10", "S0+x", "S0-4", "SL-4", "5 ", "S200+0", "SE0,", "4294967296", "EOF-4294967296", "5,4294967295",
               "EOF-0,0", "EP+0,0", "S0+1,2,3", "EP-0", "SE0+3", "SL+0,", "**", "any")


def offset_groups():
    def pe_sections(pe, raw):
        return [(at, size) for at, size in zip(pe.sections, raw)]

    code, data = b"\x90" * 700, b"\x41" * 300
    for bits in (32, 64):
        pe = make.pe([(".text", code), (".data", data), (".tail", b"\x42" * 100)], (0, 0x60), bits, overlay=b"\x43" * 120)
        yield from _offset_group(f"pe{bits}", 1, pe.data, pe.entry, pe_sections(pe, (0x400, 0x200, 0x200)))
    pe = make.pe([(".text", code), (".data", data)], (1, 0x20))
    yield from _offset_group("pe-entry2", 1, pe.data, pe.entry, pe_sections(pe, (0x400, 0x200)))
    for bits in (32, 64):
        for big in (False, True):
            tail = "be" if big else ""
            blob, at, entry = make.elf(b"\x90" * 900, bits, big, 0x60, 3)
            yield from _offset_group(f"elf{bits}{tail}", 6, blob, entry, [(at, 300), (at + 300, 300), (at + 600, 300)])
            blob, at, entry = make.macho(b"\x90" * 900, bits, 0x60, big)
            yield from _offset_group(f"macho{bits}{tail}", 9, blob, entry, [(at, 900)])
    yield from _offset_group("data", 0, bytes(range(0x10, 0x60)) * 20, 0, [])
    yield _odd_offsets()


def _odd_offsets():
    """Offsets that are malformed, at a bound, or of a type that the target does not have."""
    group = Group("offset-odd")
    for number, spec in enumerate(ODD_OFFSETS + ("EP+0", "S0+0", "SL+0", "SE0", "VI")):
        for target in (0, 1, 2, 6, 9, 12) if spec in ("EP+0", "S0+0", "SL+0", "SE0", "VI") else (1,):
            group.sig(f"T.Odd{number}.{target}:{target}:{spec}:{MARK.hex()}")
            group.sig(f"T.OddAc{number}.{target}:{target}:{spec}:{BODIES['Ac']}")
            group.sig(f"T.OddLdb{number}.{target};Engine:51-255,Target:{target};0;{spec}:{MARK.hex()}", "ldb")
    pe = make.pe([(".text", b"\x90" * 700), (".data", b"\x41" * 300)], (0, 0x60), overlay=b"\x43" * 120)
    for place in (0x180, pe.entry - 3, pe.entry, pe.entry + 3, pe.sections[0], pe.sections[0] + 4, pe.sections[1], pe.sections[1] + 3,
                  len(pe.data) - 6, len(pe.data) - 4):
        group.obj(f"at{place}", pe.data[:place] + MARK + pe.data[place + 6:] if place + 6 <= len(pe.data) else pe.data[:place] + MARK[:4])
    return group


def _offset_group(name, target, blob, entry, sections):
    group = Group(f"offset-{name}")
    places = set()
    for spec, first, last in _specs(len(blob), entry, sections):
        for kind, body in BODIES.items():
            group.sig(f"T.{kind}.{spec}:{target}:{spec}:{body}")
            if target and spec[0] in "0123456789" or spec.startswith("EOF"):
                group.sig(f"T.Any{kind}.{spec}:0:{spec}:{body}")
        group.sig(f"T.Ldb.{spec};Engine:51-255,Target:{target};0;{spec}:{MARK.hex()}", "ldb")
        for place in (first, last):
            places.update((place - 1, place, place + 1))
    for place in sorted(places):
        # The header must stay what it is, so only plain data is written to at its start.
        if (place >= 8 if target == 0 else place >= 0x180) and place <= len(blob):
            group.obj(f"at{place}", blob[:place] + MARK + blob[place + len(MARK):] if place + len(MARK) <= len(blob)
                      else blob[:place] + MARK[: len(blob) - place])
    if target == 0:
        for place in range(3):
            group.obj(f"at{place}", blob[:place] + MARK + blob[place + len(MARK):])
    yield group


def version_groups():
    """VI: the places where the strings of a PE file's version information start."""
    group = Group("version")
    strings = {"CompanyName": "Acme Ltd", "ProductName": "Thing", "Odd": "", "OriginalFilename": "thing.exe"}
    wide = lambda text: text.encode("utf-16-le").hex()
    for name, value in strings.items():
        for label, pattern in (("Pair", wide(name) + "0000*" + wide(value or "x")), ("Key", wide(name)), ("Value", wide(value or "zz"))):
            group.sig(f"T.{label}.{name}:1:VI:{pattern}")
            group.sig(f"T.Any{label}.{name}:1:*:{pattern}")
            group.sig(f"T.Ldb{label}.{name};Engine:51-255,Target:1;0;VI:{pattern}", "ldb")
    group.sig("T.Exact:1:VI:" + wide("CompanyName") + "000000000000"[:8] + wide("Acme Ltd"))
    group.sig("T.Late:1:VI:" + wide("ompanyName"))
    group.sig("T.Plain;Engine:51-255,Target:1;0;VI:" + wide("CompanyName") + "00000000" + wide("Acme"), "ldb")
    for bits in (32, 64):
        group.obj(f"version{bits}", make.pe([(".text", b"\xc3" * 50)], bits=bits, version=strings).data)
        outside = b"".join(f"{k}\0{v}\0".encode("utf-16-le") for k, v in strings.items())
        group.obj(f"outside{bits}", make.pe([(".text", outside)], bits=bits).data)
        group.obj(f"both{bits}", make.pe([(".text", outside)], bits=bits, version={"ProductName": "Other"}).data)
    yield group


# ------------------------------------------------------------------------------------------------------ targets

def typed_objects(body):
    """{name: object} of every file type, each holding the body."""
    objects = {
        "pe32": make.pe([(".text", body)]).data, "pe64": make.pe([(".text", body)], bits=64).data,
        "pe-dll": make.pe([(".text", body)], dll=True).data, "mz": b"MZ" + b"\0" * 62 + body,
        "ole2": make.ole2({"WordDocument": body}), "html": make.html(body), "html-compact": b"<html>" + body + b"</html>",
        "mail": make.mail(body), "mbox": b"From a@b Mon Jan  1 00:00:00 2024\n" + make.mail(body), "gif": make.gif(body), "png": make.png(body), "jpeg": make.jpeg(body), "tiff": make.tiff(body),
        "bmp": make.bmp(body), "pdf": make.pdf(body), "swf": make.swf(body), "class": make.java_class(body),
        "text": body + b"\n", "text-padded": b"some words in front\n" + body + b"\nand some behind\n", "zip": make.archive({"a.txt": body}), "rtf": make.rtf(body),
        "script": b"#!/bin/sh\necho " + body + b"\n", "binary": b"\x01\x02\x03\x04\x05\x06" + body + b"\0" * 30,
        "utf16": b"\xff\xfe" + body.decode("latin-1").encode("utf-16-le"), "json": b'{"a": "' + body + b'"}', "xml": b'<?xml version="1.0"?><a>' + body + b"</a>",
        "utf8": "\u00e4\u00f6\u00fc\u20ac ".encode() * 6 + body + b"\n", "php": b"<?php echo '" + body + b"'; ?>",
    }
    for bits in (32, 64):
        for big in (False, True):
            tail = "be" if big else ""
            objects[f"elf{bits}{tail}"] = make.elf(body * 3, bits, big)[0]
            objects[f"macho{bits}{tail}"] = make.macho(body * 3, bits, 0, big)[0]
    return objects


def target_groups():
    """Every target on every type, on raw, mixed-case and normalised forms of the body."""
    group = Group("targets")
    bodies = {"upper": b"MARKER  ONE  SPACED", "lower": b"marker one lower", "high": b"\x90\x91\x92\x93marker\x94\x95"}
    patterns = {"Upper": b"MARKER  ONE  SPACED", "UpperFolded": b"marker  one  spaced", "Squeezed": b"marker one spaced", "UpperSqueezed": b"MARKER ONE SPACED",
                "Lower": b"marker one lower", "High": b"\x90\x91\x92\x93marker\x94\x95", "Part": b"arker"}
    for target in range(16):
        for name, word in patterns.items():
            group.sig(f"T.{name}.{target}:{target}:*:{word.hex()}")
            group.sig(f"T.At.{name}.{target}:{target}:0:{word.hex()}")
            group.sig(f"T.Eof.{name}.{target}:{target}:EOF-{len(word) + 1}:{word.hex()}")
            group.sig(f"T.Ldb.{name}.{target};Engine:51-255,Target:{target};0;{word.hex()}", "ldb")
    for label, body in bodies.items():
        for name, data in typed_objects(body).items():
            group.obj(f"{name}.{label}", data)
    yield group
