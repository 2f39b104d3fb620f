"""Cases of logical signatures: expressions, counts, modifiers, macros, byte comparison, PCRE and attributes."""

import itertools
import re

import clamav_objects as make
from clamav_groups import Group, unique

HEAD = "Engine:51-255,Target:0"
A, B, C, D = (unique("logical" + letter, 6) for letter in "ABCD")

EXPRESSIONS = (
    "0", "1", "0&1", "0|1", "0&1&2", "0|1|2", "0&1|2", "0|1&2", "(0&1)|2", "0&(1|2)", "(0|1)&2", "((0|1)&2)", "(((0)))", "(0)&(1)",
    "0=0", "0=1", "0=2", "0=3", "0>0", "0>1", "0>2", "0<1", "0<2", "0<3", "0=0&1", "0=0&1=0", "0>1&1<2", "0=2|1=2",
    "(0|1)=0", "(0|1)=1", "(0|1)=2", "(0|1)=3", "(0|1)>1", "(0|1)>2", "(0|1)>3", "(0|1)<2", "(0|1)<3",
    "(0&1)=0", "(0&1)=1", "(0&1)=2", "(0&1)>1", "(0&1)>2", "(0&1)<3", "(0&1)=4",
    "0=2,2", "0=2,1", "0>1,1", "0>2,1", "0<3,1", "0=0,1", "0>0,1", "(0|1|2)=2,2", "(0|1|2)=3,3", "(0|1|2)>1,2", "(0|1|2)>2,2", "(0|1|2)>1,3",
    "(0|1|2)>0,1", "(0|1|2)<4,2", "(0&1&2)>3,3", "(0|1|2)=0", "(0&1&2)=0", "(0|1)=0&2", "(0|(1&2))>1", "(0|(1&2))=2", "((0|1)&2)>2",
    "((0|1)>1&2)", "((0|1)>1,2&2)", "((0|1)=2&2>1)", "(0>1|1>1)&2", "(0>1|1>1)=2", "(0=1|1=1)>1", "(0&1)=0|2", "0&1=0", "(0&1=0)|2=0",
    "(0|1|2)>1&0", "(0)>1", "(0)=2", "((0))<2", "(0&1)&(1|2)", "(0|1)&(1|2)&(0|2)", "0&0", "0|0", "(0|0)>1", "(0|0)=2", "0&1&0",
)
MALFORMED = (
    "", "0&", "&0", "0&&1", "0||1", "(0", "0)", "()", "0=", "0>", "0=a", "0=1,", "0=1,a", "0==1", "0!1", "!0", "~0", "0+1", "9", "0&9", "-1",
    "0 & 1", " 0", "0&1 ", "00", "01", "0&01", "0=-1", "0=1=1", "(0=1)=1", "0=1,2,3", "0>1<3", "a", "0,1", "0;1", "(0&1)(2)", "0(1)", "0=1&", "(0&1))",
    "((0&1)", "0=99999999999", "0=4294967296", "0=2,0", "0>1,0", "0=2,9", "(0|1)>1,", "0 =1", "0= 1", "0<0", "0>4294967295", "0&1|", "0,", "0=,1",
)


def expression_groups():
    for name, rows in (("logical", EXPRESSIONS), ("logical-odd", MALFORMED)):
        group = Group(name)
        for number, text in enumerate(rows):
            # There must be exactly as many subsignatures as the highest id asks for.
            used = max((int(i) for i in re.findall(r"\d+", re.sub(r"[=<>][0-9,]*", "", text))), default=0) + 1
            body = ";".join(w.hex() for w in (A, B, C)[:used])
            group.sig(f"T.E{number}.{text.replace(';', '_')};{HEAD};{text};{body}", "ldb")
            if number % 9 == 0:
                group.sig(f"T.More{number};{HEAD};{text};{body};{D.hex()}", "ldb")
        for counts in itertools.product(range(4), repeat=3) if name == "logical" else ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 2, 0), (3, 0, 1)):
            words = [w for w, n in zip((A, B, C), counts) for _ in range(n)]
            group.obj("n" + "".join(map(str, counts)), b"\x11" * 8 + b"\x11".join(words) + b"\x11")
            if sum(counts) > 2:
                group.obj("r" + "".join(map(str, counts)), b"\x11" * 8 + b"\x11".join(reversed(words)) + b"\x11")
        yield group
    yield _many()
    yield _names()


def _many():
    """Ids of several digits, up to the 64 that a signature may have, and past it."""
    group = Group("logical-many")
    words = [unique(f"many{i}", 5) for i in range(66)]
    for count in (10, 11, 12, 63, 64, 65, 66):
        body = ";".join(w.hex() for w in words[:count])
        group.sig(f"T.All{count};{HEAD};{'&'.join(map(str, range(count)))};{body}", "ldb")
        group.sig(f"T.Last{count};{HEAD};{count - 1};{body}", "ldb")
        group.sig(f"T.Any{count};{HEAD};({'|'.join(map(str, range(count)))})>9,10;{body}", "ldb")
    group.sig(f"T.Unused;{HEAD};0;{words[0].hex()};{words[1].hex()}", "ldb")
    group.sig(f"T.Deep;{HEAD};{'(' * 40}0{')' * 40};{words[0].hex()}", "ldb")
    group.sig(f"T.Deeper;{HEAD};{'(' * 400}0{')' * 400};{words[0].hex()}", "ldb")
    for count in (0, 1, 2, 9, 10, 11, 12, 63, 64, 65, 66):
        group.obj(f"first{count}", b"\x11" * 8 + b"\x11".join(words[:count]))
    for index in (9, 10, 11, 62, 63, 64, 65):
        group.obj(f"only{index}", b"\x11" * 8 + words[index])
    return group


def _names():
    group = Group("names")
    names = ("Plain-1", "Under_score.1", "With space", "With:colon", "Dash-", "Slash/in", "Back\\slash", "Umlaut\u00e4", "Percent%s%n", "{curly}",
             "(paren)", "a" * 200, "Comma,name", "Star*", "Quote\"'", "At@home", "Equal=", "Plus+", "Hash#1", "-lead", ".dot", "1", "#hash", " lead", "trail ",
             "Semi;colon", "Win.Test.UNOFFICIAL", "Test.A.{}", "Tab\tbed", "PUA.Win.Test", "PUA.Test-1", "Heuristics.Mine", "Test&Amp", "<tag>", "pipe|d", "\u20ac")
    for number, name in enumerate(names):
        word = unique(f"names{number}", 6)
        group.sig(f"{name}:0:*:{word.hex()}")
        group.sig(f"L.{name};{HEAD};0;{word.hex()}", "ldb")
        group.obj(f"o{number}", word + b"\x11" * 5)
    return group


def count_groups():
    """How often a subsignature counts: overlaps, wildcards, several starts."""
    group = Group("counts")
    bodies = {
        "Run": "8181", "Run4": "81818181", "Star": "8282*8383", "Gap": "8282{1-3}8383", "Any": "8282??8383", "Alt": "(82|83)84", "AltWords": "(8282|8383)8484",
        "AltUneven": "(82|8383)8484", "Not": "!(82|83)8484", "Nibble": "8?8484", "Front": "82[1-3]8383", "Gap2": "8282{-2}8383{-2}8484", "At": "8:8181",
        "AtShift": "8,4:8181", "Eof": "EOF-4:8181", "Anchored": "8:8282*8383", "Nocase": "6162::i", "Wide": "6162::wa", "Macro": "8282",
    }
    for name, body in bodies.items():
        for text in ["0"] + [f"0={n}" for n in range(0, 10)] + ["0>4", "0>9", "0<3"]:
            group.sig(f"T.{name}.{text};{HEAD};{text};{body}", "ldb")
    rows = ["81" * n for n in range(2, 12)]
    rows += ["8282" * a + "11" * g + "8383" * b for a in (1, 2, 3) for g in (0, 1, 2, 3, 4) for b in (1, 2, 3)]
    rows += ["82828383" * n for n in (2, 3, 4)] + ["82821183831182828383" * n for n in (1, 2)]
    rows += ["8284" * n + "8384" * m for n in (1, 2) for m in (0, 1, 3)] + ["82828484" * n + "83838484" * m + "84848484" * k for n in (1, 2) for m in (0, 2) for k in (0, 1)]
    rows += ["8282838384841182828383848411", "828211838384848282118383", "82828383838384848484", "82838382838383"]
    rows += ["6162" * n + "4142" * m + "61006200" * k for n in (0, 1, 2) for m in (0, 1) for k in (0, 2) if n + m + k]
    rows += ["81811181811181", "818181", "8181818111818181"]
    for number, row in enumerate(rows):
        group.obj(f"o{number}", b"\x11" * 8 + bytes.fromhex(row))
        group.obj(f"p{number}", b"\x11" * 9 + bytes.fromhex(row) + b"\x11" * 3)
    yield group


def modifier_groups():
    group = Group("modifiers")
    word, mixed = b"Alpha7z", b"aLPHA7Z"
    wide = lambda text: b"".join(bytes([b, 0]) for b in text)
    marks = ["", "::", "::i", "::w", "::f", "::a", "::wa", "::aw", "::iw", "::ia", "::if", "::wf", "::af", "::iwf", "::iwa", "::waf", "::iwfa", "::ii", "::x", "::I", "::iq", "::i:"]
    for mark in marks:
        label = mark.replace(":", "") or "none"
        group.sig(f"T.M.{label}.{len(mark)};{HEAD};0;{word.hex()}{mark}", "ldb")
        group.sig(f"T.MAt.{label}.{len(mark)};{HEAD};0;10:{word.hex()}{mark}", "ldb")
        group.sig(f"T.MWild.{label}.{len(mark)};{HEAD};0;{word[:3].hex()}??{word[4:].hex()}{mark}", "ldb")
        group.sig(f"T.MGap.{label}.{len(mark)};{HEAD};0;{word[:3].hex()}{{-3}}{word[4:].hex()}{mark}", "ldb")
        group.sig(f"T.MAlt.{label}.{len(mark)};{HEAD};0;{word.hex()}(61|42){mark}", "ldb")
        group.sig(f"T.MAltWords.{label}.{len(mark)};{HEAD};0;{word.hex()}(6161|4242){mark}", "ldb")
        group.sig(f"T.MNibble.{label}.{len(mark)};{HEAD};0;{word.hex()}4?{mark}", "ldb")
        group.sig(f"T.MTwice.{label}.{len(mark)};{HEAD};0>1;{word.hex()}{mark}", "ldb")
    for name, text in (("same", word), ("mixed", mixed), ("other", b"Alpha7y"), ("wide", wide(word)), ("widemixed", wide(mixed)), ("widebe", wide(word)[1:] + b"z"),
                       ("gap", word[:3] + b"xx" + word[4:]), ("both", word + b" " + wide(word)), ("tail-a", word + b"a"), ("tail-B", word + b"B"), ("tail-A", mixed + b"A"),
                       ("tail-b", mixed + b"b"), ("tail-aa", word + b"aa"), ("tail-AA", mixed + b"AA"), ("tail-Aa", word + b"Aa"), ("wtail-a", wide(word + b"a")), ("wtail-A", wide(mixed + b"A")),
                       ("wtail-aa", wide(word + b"aa")), ("wtail-BB", wide(mixed + b"BB")), ("tail-5", word + b"E"), ("tail-6", mixed + b"e"), ("halfwide", wide(word[:4]) + word[4:])):
        for front, back in ((b" ", b" "), (b"x", b" "), (b" ", b"x"), (b"\x11", b"\x11"), (b"_", b"_"), (b"x\0", b"\0x"), (b" \0", b" \0"), (b"\n", b""), (b".", b"-"), (b"0", b"9"), (b"\0", b"\0\0")):
            data = front + text + back
            group.obj(f"{name}.{front.hex()}.{back.hex() or 'none'}", b"\x11" * (10 - len(front)) + data)
        group.obj(f"{name}.start", text + b"\x11" * 4)
    yield group
    yield _macros()


def _macros():
    """`${min-max}ID$`: a match of macro group ID after the subsignature before it."""
    group = Group("macros")
    word, near, far = unique("macro1", 4), unique("macro2", 4), unique("macro3", 4)
    for number, (low, high) in enumerate(((4, 4), (4, 6), (0, 3), (5, 20), (6, 5), (1, 1))):
        for ident in (12, 0):
            group.sig(f"T.Mac{number}.{ident};Engine:51-255,Target:0;0&1;{word.hex()};${{{low}-{high}}}{ident}$", "ldb")
    group.sig(f"T.Macro12a:0:$12:{near.hex()}")
    group.sig(f"T.Macro12b:0:$12:{far.hex()}")
    group.sig(f"T.Macro0:0:$0:{near.hex()}")
    for line in ("${4-6}$", "${4-6}32$", "${4-6}31$", "${4}12$", "${-4}12$", "${4-}12$", "${a-b}12$", "${4-6}12", "$12$"):
        group.sig(f"T.MacOdd.{line};Engine:51-255,Target:0;0&1;{word.hex()};{line}", "ldb")
    group.sig(f"T.MacAlone;Engine:51-255,Target:0;0;${{4-6}}12$", "ldb")
    group.sig(f"T.MacFirst;Engine:51-255,Target:0;0&1;${{4-6}}12$;{word.hex()}", "ldb")
    group.sig(f"T.MacTwo;Engine:51-255,Target:0;0&1&2;{word.hex()};${{4-6}}12$;${{10-16}}12$", "ldb")
    group.sig(f"T.MacCount;Engine:51-255,Target:0;0&1>1;{word.hex()};${{1-20}}12$", "ldb")
    group.sig("T.MacroOdd1:0:$32:" + near.hex())
    group.sig("T.MacroOdd2:0:$:" + near.hex())
    group.sig("T.MacroOdd3:0:$-1:" + near.hex())
    for gap in range(0, 9):
        for label, other in (("near", near), ("far", far)):
            data = b"\x11" * 8 + word + b"\x11" * gap + other + b"\x11"
            group.obj(f"{label}{gap}", data)
            # The macro is only looked at when the subsignature before it matches again.
            group.obj(f"{label}{gap}-again", data + b"\x11" * 9 + word)
            group.obj(f"{label}{gap}-twice", (data + b"\x11" * 9) * 2)
            group.obj(f"{label}{gap}-later", word + b"\x11" * 30 + data)
    group.obj("twice", word + b"\x11" * 2 + near + b"\x11" * 3 + far)
    group.obj("before", near + b"\x11" * 2 + word + b"\x11" * 5)
    group.obj("words", word + b"\x11" * 30 + word + b"\x11" + near)
    group.obj("alone", near + b"\x11" * 20)
    return group


def byte_compare_groups():
    """`id(>>off#options#comparison)`."""
    group = Group("bytecompare")
    word = unique("bytecompare", 4)
    forms = []
    for order in "lb":
        for size in (1, 2, 4, 8):
            forms += [f"i{order}{size}#{c}" for c in ("=0x31", "=0x3231", "=0x3132", ">0x3000", "<0x4000", "=49", "=0x3132333435363738", "=0x31323334", "=0x34333231")]
            forms += [f"i{order}e{size}#{c}" for c in ("=0x31", "=0x3132")]
    for base in "hda":
        for size in (1, 2, 3, 4, 6, 8):
            forms += [f"{base}b{size}#{c}" for c in ("=12", "=0x12", "=1234", "=0x1234", ">100", "<100", "=123", "=12345678", "=0", "=0x1f")]
            forms += [f"{base}be{size}#{c}" for c in ("=12", "=0x12", "=1234", "=0x1234")]
        forms += [f"{base}l{size}#{c}" for size in (2, 4) for c in ("=12", "=0x12", "=0x21", "=1234", "=0x3412")]
        forms += [f"{base}le{size}#{c}" for size in (2, 4) for c in ("=12", "=1234")]
    forms += [f"db4#{c}" for c in (">1000,<2000", ">1234,<2000", ">1233,<1235", "<2000,>1000", "=1234,>1000", ">1000,=1", "=1,=1234", ">1000,<2000,=1234", ">1000,", "1234", "!1234", ">=1000",
                                    "=-1", "=1e3", "= 1234", "=", "")]
    forms += ["4#=1234", "d4#=1234", "b4#=1234", "xb4#=1", "db#=1234", "db0#=1234", "db16#=1234", "db20#=1", "ib3#=1", "ib16#=1", "ie2#=1", "de4#=1234", "eb4#=1", "db4=1234", "db4#=1234#x", "bd4#=1234", "ib2 #=1", "hbe4#=0x1234", "ab4#=0x1234", "dl4#=1234"]
    for form in forms:
        group.sig(f"T.B.{form};{HEAD};0&1;{word.hex()};0(>>4#{form})", "ldb")
    for number, place in enumerate((">>0", ">>4", ">>5", ">>3", ">>0x4", ">>-4", "<<4", "<<0", "<<2", ">>100", "<<100", ">4", ">>", "4", ">>a", ">>4x", "<<-4", ">>+4")):
        group.sig(f"T.P{number}.{place};{HEAD};0&1;{word.hex()};0({place}#ib2#=0x3132)", "ldb")
        group.sig(f"T.Q{number}.{place};{HEAD};0&1;{word.hex()};0({place}#db2#=12)", "ldb")
    for number, text in enumerate(("0(>>4#ib2#=0x3132", "(>>4#ib2#=0x3132)", "1(>>4#ib2#=0x3132)", "2(>>4#ib2#=0x3132)", "9(>>4#ib2#=0x3132)", "-1(>>4#ib2#=0x3132)", "0(>>4#ib2#=0x3132)x",
                                   "0 (>>4#ib2#=0x3132)", "00(>>4#ib2#=0x3132)", "*:0(>>4#ib2#=0x3132)", "0(>>4#ib2#=0x3132)::i")):
        group.sig(f"T.O{number};{HEAD};0&1;{word.hex()};{text}", "ldb")
    group.sig(f"T.Alone;{HEAD};1;{word.hex()};0(>>4#ib2#=0x3132)", "ldb")
    group.sig(f"T.Neg;{HEAD};0&1=0;{word.hex()};0(>>4#ib2#=0x3132)", "ldb")
    group.sig(f"T.Count;{HEAD};1>1;{word.hex()};0(>>4#ib2#=0x3132)", "ldb")
    group.sig(f"T.Forward;{HEAD};0&1;1(>>4#ib2#=0x3132);{word.hex()}", "ldb")
    group.sig(f"T.AfterStar;{HEAD};0&1;{word[:2].hex()}*{word[2:].hex()};0(>>4#ib2#=0x3132)", "ldb")
    group.sig(f"T.AfterGap;{HEAD};0&1;{word[:2].hex()}{{-9}}{word[2:].hex()};0(>>4#ib2#=0x3132)", "ldb")
    group.sig(f"T.OfPcre;{HEAD};0&1&2;{word.hex()};0/1.3/;1(>>0#ib2#=0x3132)", "ldb")
    group.sig(f"T.OfBytes;{HEAD};0&1&2;{word.hex()};0(>>4#ib1#=0x31);1(>>1#ib1#=0x32)", "ldb")
    for text in (b"12", b"1234", b"12345678", b"\x31", b"0x12", b"0X1234", b"0012", b" 12", b"12 ", b"-12", b"+12", b"1f", b"1F2e", b"12ab", b"ab12", b"1x", b"21", b"3412", b"4321", b"\0\0\0\x01", b"\x01\0\0\0", b"1\0002\0", b"", b"9" * 20, b"077", b"12\n34"):
        group.obj(f"t{text.hex()}", b"1212" + word + text)
        group.obj(f"u{text.hex()}", b"1212" + word + text + b"\x11" * 12)
        group.obj(f"z{text.hex()}", b"1212" + word + text + b"12" * 8)
    group.obj("second", word + b"\x11" * 9 + word + b"12\x11")
    group.obj("both", word + b"12\x11\x11" + word + b"12\x11")
    group.obj("split", b"1212" + word[:2] + b"\x11" * 3 + word[2:] + b"12121212")
    group.obj("start", word + b"12")
    yield group


ODD_PCRE = ("Empty", "Unknown", "Double", "BadRe", "BadRe2", "NoEnd", "P", "Unicode", "Utf", "Recursive", "High")


def pcre_groups():
    group = Group("pcre")
    word = b"trigger"
    regs = [("Plain", "/ab+c/"), ("I", "/ABC/i"), ("NoI", "/ABC/"), ("S", "/a.c/s"), ("NoS", "/a.c/"), ("M", "/^abc$/m"), ("NoM", "/^abc$/"), ("X", "/a b c #x/x"), ("A", "/abc/A"), ("E", "/abc$/E"), ("NoE", "/abc$/"),
            ("U", "/a.+c/U"), ("G", "/abc/g"), ("GI", "/ABC/gi"), ("Group", "/(a)(b)c/"), ("Back", r"/(a)b\1/"), ("Named", "/(?<n>a)bc/"), ("Look", "/a(?=bc)/"), ("Behind", "/(?<=a)bc/"), ("Hex", r"/\x61bc/"), ("Class", r"/[a-c]{3}\d?/"),
            ("Slash", r"/a\/c/"), ("Nul", r"/a\x00c/"), ("High", r"/\xff\xfe/"), ("Word", r"/\babc\b/"), ("Empty", "//"), ("Star", "/x*/"), ("Anch", "/^trigger/"), ("End", r"/abc\z/"), ("Inline", "/(?i)ABC/"), ("Atomic", "/(?>a+)bc/"),
            ("Recursive", r"/\((?:[^()]|(?R))*\)/"), ("Alt", "/abc|xyz/"), ("Poss", "/a++bc/"), ("Semi", r"/a\x3bc/"), ("Rolling", "/abc/r"), ("GR", "/abc/gr"), ("Unknown", "/abc/q"), ("Double", "/abc/ii"), ("BadRe", "/a(bc/"), ("BadRe2", "/[a/"), ("NoEnd", "/abc"), ("P", r"/\p{Lu}/"),
            ("Dollar", "/abc$/m"), ("Unicode", r"/\x{100}/"), ("Utf", "/(*UTF)a/")]
    odd = Group("pcre-odd")
    for name, text in regs:
        place = odd if name in ODD_PCRE else group
        place.sig(f"T.{name};Engine:81-255,Target:0;0&1;{word.hex()};0{text}", "ldb")
    for offset in ("0", "7", "8", "10", "*", "0,20", "8,3", "10,2", "EOF-4", "EOF-4,2", "EOF-20,20", "EP+0", "S0+0"):
        for flag in ("", "r", "e", "g", "re", "gr", "ge"):
            group.sig(f"T.O.{offset}.{flag or 'none'};Engine:81-255,Target:0;0&1;{word.hex()};{offset}:0/abc/{flag}", "ldb")
            group.sig(f"T.C.{offset}.{flag or 'none'};Engine:81-255,Target:0;0&1>1;{word.hex()};{offset}:0/abc/{flag}", "ldb")
    for count in range(0, 5):
        for flag in ("", "g"):
            for text in ("/abc/", "/a+/", "/[ab]/", "/(?=a)/"):
                if text == "/(?=a)/" and flag:
                    continue  # An empty match with `g` keeps clamscan busy for ever.
                group.sig(f"T.N{count}.{text}{flag};Engine:81-255,Target:0;0&1={count};{word.hex()};0{text}{flag}", "ldb")
    other = b"second"
    for number, trigger in enumerate(("0&1", "0|1", "(0&1)", "0>1", "0=2", "0=0", "1", "2", "", "0&9", "(0|1)>1,2", "0&(1)", "(0", "0=0&1")):
        (odd if trigger in ("", "2", "0&9", "(0") else group).sig(f"T.Trig{number};Engine:81-255,Target:0;2;{word.hex()};{other.hex()};{trigger}/abc/", "ldb")
    group.sig(f"T.Chain;Engine:81-255,Target:0;0&1&2;{word.hex()};0/abc/;1/xyz/", "ldb")
    group.sig(f"T.First;Engine:81-255,Target:0;0&1;1/abc/;{word.hex()}", "ldb")
    group.sig(f"T.Neg;Engine:81-255,Target:0;0&1=0;{word.hex()};0/abc/", "ldb")
    group.sig(f"T.OldEngine;Engine:51-255,Target:0;0&1;{word.hex()};0/abc/", "ldb")
    group.sig(f"T.Modifier;Engine:81-255,Target:0;0&1;{word.hex()};0/ABC/::i", "ldb")
    group.sig(f"T.OnlyPcre;Engine:81-255,Target:0;0;0/abc/", "ldb")
    odd.sig(f"T.Ndb:0:*:/abc/")
    odd.obj("plain", word + b" abc a b c")
    odd.obj("last", b"... " + word + b"  a(bc [a 7 abc")
    group.sig(f"T.Explode;Engine:81-255,Target:0;0&1;{word.hex()};0/(a+)+$/", "ldb")
    group.sig(f"T.Explode2;Engine:81-255,Target:0;0&1;{word.hex()};0/(x+x+)+y/", "ldb")
    texts = {"plain": b" abc ", "upper": b" ABC ", "line": b"\nabc\n", "end": b" abc", "endnl": b" abc\n", "aXc": b" axc", "nlc": b" a\nc", "abbbc": b"abbbbc", "twice": b" abc abc", "thrice": b"abcabcabc", "overlap": b"ababa",
             "slash": b"a/c", "nul": b"a\0c", "high": b"\xff\xfe", "paren": b"((a)b)", "xyz": b"abcxyz", "second": b" second abc", "second2": b" second second abc trigger", "trig2": b" trigger abc", "aaa": b"aaaa", "semi": b"a;c", "digit": b"abc7",
             "boom": b"a" * 40 + b"!", "boomx": b"x" * 60, "far": b"." * 300 + b"abc", "none": b"zzz"}
    for name, text in texts.items():
        group.obj(name, word + text)
        group.obj(name + ".late", b"..." + word + text + b"\x01\x02")
    group.obj("before", b"abc ... trigger")
    group.obj("untriggered", b"abc ABC a c trigge")
    yield group
    yield odd


def attribute_groups():
    """The attributes of the second field."""
    group = Group("attributes")
    word = unique("attributes", 6)
    pe = make.pe([(".text", word + b"\x90" * 100), (".data", b"\x41" * 60)], (0, 0x20))
    objects = {"data": b"\x11" * 94 + word, "pe": pe.data, "pe3": make.pe([(".a", word), (".b", b"b"), (".c", b"c")], (2, 0)).data,
               "pe64": make.pe([(".text", word + b"\x90" * 100)], bits=64).data, "elf": make.elf(word + b"\x90" * 90, 64, False, 0x20, 2)[0],
               "macho": make.macho(word + b"\x90" * 90, 64, 0x20)[0], "zip": make.archive({"a.bin": word + b"\x11" * 20}),
               "pe-icons": make.pe([(".text", word)], version={"CompanyName": "Acme"}).data, "ole2": make.ole2({"WordDocument": word}), "pdf": make.pdf(word), "html": make.html(word)}
    rows = []
    for size in (0, 1, len(pe.data) - 1, len(pe.data), len(pe.data) + 1, 99, 100, 101):
        rows += [f"FileSize:{size}-{size}", f"FileSize:0-{size}", f"FileSize:{size}-999999"]
    rows += ["FileSize:100", "FileSize:-100", "FileSize:100-", "FileSize:100-99", "FileSize:a-b", "FileSize:", "FileSize:1-99999999999"]
    for entry in (pe.entry - 1, pe.entry, pe.entry + 1, 0):
        rows += [f"EntryPoint:{entry}-{entry}", f"EntryPoint:0-{entry}", f"EntryPoint:{entry}-99999"]
    for count in range(5):
        rows += [f"NumberOfSections:{count}-{count}", f"NumberOfSections:0-{count}"]
    rows += ["NumberOfSections:2", "EntryPoint:5", "EP:1-2", "Container:CL_TYPE_ZIP", "Container:CL_TYPE_ANY", "Container:CL_TYPE_MSEXE", "Container:CL_TYPE_NONSENSE", "Container:ZIP", "Intermediates:CL_TYPE_ZIP",
             "Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP", "Intermediates:CL_TYPE_ANY", "Intermediates:CL_TYPE_NONSENSE", "Intermediates:", "IconGroup1:NONE", "IconGroup2:NONE", "IconGroup1:A,IconGroup2:B", "IconGroup1:*", "HandlerType:CL_TYPE_ZIP", "HandlerType:CL_TYPE_MSEXE",
             "HandlerType:CL_TYPE_NONSENSE", "HandlerType:CL_TYPE_HTML", "Unknown:1", "Unknown", "", "filesize:0-99999", "FileSize:0-99999,FileSize:1-2", "NumberOfSections:2-2,FileSize:0-99999", "Engine:51-255"]
    for number, row in enumerate(rows):
        for target in (0, 1):
            group.sig(f"T.{number}.{target}.{row};Engine:51-255,Target:{target}{',' if row else ''}{row};0;{word.hex()}", "ldb")
    for target in range(-1, 17):
        group.sig(f"T.Target{target};Engine:51-255,Target:{target};0;{word.hex()}", "ldb")
    for row in ("Target:0", "Target:0,Engine:51-255", "Engine:51-255", "", "Engine:51-255,Target:x", "Engine:51-255,Target:", "Engine:51-255,Target:0,Target:1", "Engine:51-255,target:0", "Engine:51-255,Target:0,", ",Engine:51-255,Target:0", "Engine:51-255, Target:0",
                "FileSize:0-99999,Engine:51-255,Target:0", "Engine:51-255;Target:0", "Engine:51,Target:0", "Engine:x-255,Target:0", "Engine:-255,Target:0", "Engine:255-51,Target:0", "Engine:51-255,Target:0,FileSize:1-2-3"):
        group.sig(f"T.Head.{row.replace(';', '_')};{row};0;{word.hex()}", "ldb")
    for low, high in ((0, 255), (1, 1), (51, 100), (51, 218), (200, 255), (213, 255), (214, 255), (215, 255), (216, 255), (217, 255), (218, 255), (219, 255), (220, 255), (230, 255), (300, 400), (51, 212), (51, 213), (51, 214), (51, 215), (51, 216), (51, 217)):
        group.sig(f"T.Level.{low}-{high};Engine:{low}-{high},Target:0;0;{word.hex()}", "ldb")
    for line in ("T.Short;Engine:51-255,Target:0", "T.Short2;Engine:51-255,Target:0;0", f"T.Trail;Engine:51-255,Target:0;0;{word.hex()};", f"T.Empty;Engine:51-255,Target:0;0;;{word.hex()}", f";Engine:51-255,Target:0;0;{word.hex()}",
                 "T.BadHex;Engine:51-255,Target:0;0;zz", "T.OddHex;Engine:51-255,Target:0;0;aabbc", "T.NoBody;Engine:51-255,Target:0;0;", "# comment", "", "T.Space ;Engine:51-255,Target:0;0;" + word.hex(), f"T.Cr;Engine:51-255,Target:0;0;{word.hex()}\r", f" T.Lead;Engine:51-255,Target:0;0;{word.hex()}",
                 f"T.TrailSpace;Engine:51-255,Target:0;0;{word.hex()} ", f"T.Missing;Engine:51-255,Target:0;0&1;{word.hex()}", f"T.Same;Engine:51-255,Target:0;0;{word.hex()}", f"T.Same;Engine:51-255,Target:0;0;{word.hex()}"):
        group.sig(line, "ldb")
    for name, data in objects.items():
        group.obj(name, data)
    yield group
    # The same with unpacking, for what only a child of a container can have.
    inside = Group("containers")
    inside.unpack = True
    for row in ("Container:CL_TYPE_ZIP", "Container:CL_TYPE_ANY", "Container:CL_TYPE_MSEXE", "Intermediates:CL_TYPE_ZIP", "Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP", "Intermediates:CL_TYPE_ANY>CL_TYPE_ZIP", "Intermediates:CL_TYPE_MSEXE", "HandlerType:CL_TYPE_HTML"):
        inside.sig(f"T.{row};Engine:51-255,Target:0,{row};0;{word.hex()}", "ldb")
    data = b"\x11" * 30 + word
    inside.obj("zip", make.archive({"a.bin": data}))
    inside.obj("zipzip", make.archive({"b.zip": make.archive({"a.bin": data})}))
    inside.obj("zip3", make.archive({"c.zip": make.archive({"b.zip": make.archive({"a.bin": data})})}))
    inside.obj("plain", data)
    inside.obj("zippe", make.archive({"a.exe": objects["pe"]}))
    yield inside


def subsig_offset_groups():
    """Offsets inside subsignatures, several with different ones."""
    group = Group("subsig-offsets")
    one, two = unique("suboff1", 5), unique("suboff2", 5)
    for spec in ("0", "5", "10", "10,3", "EOF-5", "EOF-9,3", "*"):
        for other in ("*", "0", "10", "EOF-5"):
            group.sig(f"T.{spec}.{other};{HEAD};0&1;{spec}:{one.hex()};{other}:{two.hex()}", "ldb")
        group.sig(f"T.Twice.{spec};{HEAD};0>1;{spec}:{one.hex()}", "ldb")
        group.sig(f"T.Zero.{spec};{HEAD};0=0&1;{spec}:{one.hex()};{two.hex()}", "ldb")
    for place in range(0, 15):
        data = bytearray(b"\x11" * 30)
        data[place:place + 5] = one
        group.obj(f"at{place}", bytes(data) + two)
        group.obj(f"rev{place}", two + bytes(data)[:-4])
        group.obj(f"end{place}", bytes(data[place:place + 10]) + two * 2 + one)
    yield group


def groups():
    yield from expression_groups()
    yield from count_groups()
    yield from modifier_groups()
    yield from byte_compare_groups()
    yield from pcre_groups()
    yield from attribute_groups()
    yield from subsig_offset_groups()
