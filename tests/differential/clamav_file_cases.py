"""Cases of the other kinds of signature files: digests, allow and ignore lists, containers, types, order of answers."""

import hashlib
import itertools
import pathlib
import subprocess
import tempfile

import clamav_objects as make
from clamav_groups import PUA, Group, unique

LEVELS = ("1", "51", "214", "215", "216", "217", "218", "219", "220", "221", "230", "255", "300", "x", "-1", "")
DIGESTS = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}


def digest(kind, data):
    return DIGESTS[kind](data).hexdigest()


def hash_groups():
    for extension in ("hdb", "hsb"):
        group = Group(f"hash-{extension}")
        for kind in DIGESTS:
            row = 0

            def case(form, size_change=0):
                nonlocal row
                row += 1
                name = f"{kind}{row}"
                data = unique(f"hash-{extension}-{name}", 20 + row)
                value = form.replace("HASH", digest(kind, data)).replace("UPPER", digest(kind, data).upper())
                group.sig(value.replace("SIZE", str(len(data) + size_change)).replace("NAME", f"T.{name}"), extension)
                group.obj(name, data)
                group.obj(name + "-off", make.one_off(data, 3))

            case("HASH:SIZE:NAME")
            case("HASH:SIZE:NAME", 1)
            case("HASH:SIZE:NAME", -1)
            case("UPPER:SIZE:NAME")
            for level in ("", ":72", ":73", ":74", ":215", ":300", ":73:255", ":73:100", ":73:80"):
                case(f"HASH:*:NAME{level}")
            for form in ("HASH:0:NAME", "HASH:-1:NAME", "HASH::NAME", "HASH:x:NAME", "HASH:SIZE", "HASH:SIZE:NAME:73:255:9", "HASH:4294967295:NAME", "HASH:SIZE:", "HASH:SIZE:NAME with space",
                         "HASH:SIZE:NAME\r", " HASH:SIZE:NAME", "HASH :SIZE:NAME", "HASH:SIZE :NAME", "HASH: SIZE:NAME", "HASH:SIZE:NAME:", "HASH:SIZE:NAME::", "HASHaa:SIZE:NAME", "#HASH:SIZE:NAME", "HASH:*:NAME:"):
                case(form)
            for level in LEVELS:
                case(f"HASH:SIZE:NAME:{level}")
                case(f"HASH:SIZE:NAME:1:{level}")
        data = unique(extension + "double", 44)
        for name in ("T.Zeta", "T.Alpha", "T.Zeta", "T.Mid"):
            group.sig(f"{digest('md5', data)}:44:{name}", extension)
        group.sig(f"{digest('sha256', data)}:44:T.Sha256", extension)
        group.sig(f"{digest('sha1', data)}:44:T.Sha1", extension)
        group.sig(f"{digest('md5', data)}:*:T.AnySize:73", extension)
        group.obj("double", data)
        group.sig("d41d8cd98f00b204e9800998ecf8427e:0:T.Empty", extension)
        group.sig("d41d8cd98f00b204e9800998ecf8427e:*:T.EmptyAny:73", extension)
        group.obj("empty", b"")
        for size in range(1, 8):
            tiny = unique(extension + "tiny", size)
            group.sig(f"{digest('md5', tiny)}:{size}:T.Tiny{size}", extension)
            group.obj(f"tiny{size}", tiny)
        yield group


def section_groups():
    for extension in ("mdb", "msb"):
        group = Group(f"sections-{extension}")
        one = make.pe([(".text", unique("mdb1", 600)), (".data", unique("mdb2", 100)), (".bss", b"", 0xC0000080, 0x1000), (".tail", unique("mdb3", 512))])
        wide = make.pe([(".text", unique("mdb4", 600)), (".data", unique("mdb2", 100))], bits=64)
        cut = lambda pe, index, size: pe.data[pe.sections[index]:pe.sections[index] + size]
        for kind in DIGESTS:
            for name, content in (("First", cut(one, 0, 0x400)), ("Second", cut(one, 1, 0x200)), ("Last", cut(one, 3, 0x200)), ("Unpadded", cut(one, 1, 100)), ("Wide", cut(wide, 0, 0x400)), ("Virtual", b""), ("Whole", one.data)):
                value = digest(kind, content)
                group.sig(f"{len(content)}:{value}:T.{kind}.{name}", extension)
                group.sig(f"{len(content) + 1}:{value}:T.{kind}.{name}.Off", extension)
                group.sig(f"*:{value}:T.{kind}.{name}.Any:73", extension)
                group.sig(f"*:{value}:T.{kind}.{name}.AnyNoLevel", extension)
                group.sig(f"{len(content)}:{value.upper()}:T.{kind}.{name}.Upper", extension)
                group.sig(f"{len(content)}:{make_off(value)}:T.{kind}.{name}.Other", extension)
        value = digest("md5", cut(one, 0, 0x400))
        for level in LEVELS:
            group.sig(f"1024:{value}:T.Level{level or 'none'}:{level}", extension)
            group.sig(f"1024:{value}:T.Max{level or 'none'}:1:{level}", extension)
        for line in (f"{value}:1024:T.Swapped", "1024:zz:T.Short", f"1024:{value}", f"0:{value}:T.Zero", f"1024:{value}:"):
            group.sig(line, extension)
        group.obj("pe32", one.data)
        group.obj("pe64", wide.data)
        group.obj("pe32-off", one.put(one.sections[0], b"\x55"))
        group.obj("padding-off", one.put(one.sections[1] + 300, b"\x55"))
        group.obj("overlay", one.data + b"more")
        group.obj("cut", one.data[:-100])
        group.obj("data", b"\x11" * 7 + one.data)
        group.obj("dll", make.pe([(".text", unique("mdb1", 600))], dll=True).data)
        yield group
    yield _imports()
    yield _import_digests()


def make_off(text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _imports():
    group = Group("imports")
    sets = {"two": {"kernel32.dll": ["ExitProcess", "CreateFileA"], "ws2_32.dll": [3, "send"]}, "one": {"user32.dll": ["MessageBoxA"]}, "mixed": {"KERNEL32.DLL": ["ExitProcess"], "driver.sys": ["A"], "x.ocx": ["B"], "noext": ["C"]},
            "ordinals": {"oleaut32.dll": [2, 6, 7], "other.dll": [2, 6]}, "exe": {"host.exe": ["Entry"]}}
    for name, imports in sets.items():
        for bits in (32, 64):
            data = make.pe([(".text", unique(name, 40))], bits=bits, imports=imports).data
            group.obj(f"{name}{bits}", data)
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                said = subprocess.run(["sigtool", "--imp", file.name], capture_output=True, check=False)
            rows = [l.split("Imphash: ")[1] for l in (said.stdout + said.stderr).decode().splitlines() if "Imphash: " in l]
            if not rows:
                continue
            value, size = rows[0].split(":")[:2]
            group.sig(f"{value}:{size}:T.{name}{bits}", "imp")
            group.sig(f"{value}:{int(size) + 1}:T.{name}{bits}.Size", "imp")
            group.sig(f"{value}:*:T.{name}{bits}.Any:73", "imp")
            group.sig(f"{value}:*:T.{name}{bits}.AnyNoLevel", "imp")
            group.sig(f"{make_off(value)}:{size}:T.{name}{bits}.Other", "imp")
            group.sig(f"{value.upper()}:{size}:T.{name}{bits}.Upper", "imp")
    group.obj("none", make.pe([(".text", b"x")]).data)
    return group


def _import_digests():
    """Digests of all kinds; sigtool tells MD5 only. What has no text has no size either."""
    group = Group("import-digests")
    for name, imports, text, size in (("sized", {"user32.dll": ["MessageBoxA"]}, b"user32.messageboxa", "18"),
                                      ("any", {"kernel32.dll": ["ExitProcess"]}, b"kernel32.exitprocess", "*"),
                                      ("other", {"kernel32.dll": ["Sleep"]}, b"kernel32.sleep", "15"),
                                      ("empty", {"": []}, b"", "*")):
        group.obj(name, make.pe([(".text", unique(f"imports-{name}", 40))], imports=imports).data)
        for kind in DIGESTS:
            group.sig(f"{digest(kind, text)}:{size}:T.{name}.{kind}:73", "imp")
    return group


def allow_groups():
    word = unique("allowed", 6)
    for extension in ("fp", "sfp"):
        group = Group(f"allow-{extension}")
        group.sig(f"T.Body:0:*:{word.hex()}")
        group.sig(f"T.Logic;Engine:51-255,Target:0;0;{word.hex()}", "ldb")
        forms = ["HASH:SIZE:NAME", "HASH:WRONG:NAME", "HASH:*:NAME:73", "HASH:*:NAME", "HASH:SIZE:NAME:300", "HASH:SIZE:NAME:1:100", "UPPER:SIZE:NAME", "OTHER:SIZE:NAME"]
        for kind in DIGESTS:
            for number, form in enumerate(forms):
                data = word + unique(f"{extension}{kind}{number}", 30 + number)
                value = digest(kind, data)
                line = form.replace("HASH", value).replace("UPPER", value.upper()).replace("OTHER", make_off(value))
                group.sig(line.replace("SIZE", str(len(data))).replace("WRONG", str(len(data) + 1)).replace("NAME", f"Allow.{kind}{number}"), extension)
                group.sig(f"{digest('md5', data)}:{len(data)}:T.Hash", "hdb")
                group.sig(f"{digest('sha256', data)}:{len(data)}:T.HashSha", "hsb")
                group.obj(f"{kind}{number}", data)
        pe = make.pe([(".text", word + unique(extension, 300))])
        section = pe.data[pe.sections[0]:pe.sections[0] + 0x200]
        group.sig(f"512:{digest('md5', section)}:T.Section", "mdb")
        group.sig(f"{digest('md5', section)}:512:Allow.SectionOnly", extension)
        group.obj("section", pe.data)
        whole = make.pe([(".text", word + unique(extension + "w", 300))])
        section = whole.data[whole.sections[0]:whole.sections[0] + 0x200]
        group.sig(f"512:{digest('md5', section)}:T.Section2", "mdb")
        group.sig(f"{digest('md5', whole.data)}:{len(whole.data)}:Allow.Whole", extension)
        group.obj("whole", whole.data)
        clean = unique(extension + "clean", 50)
        group.sig(f"{digest('md5', clean)}:50:Allow.Clean", extension)
        group.obj("clean", clean)
        yield group


def ignore_groups():
    for extension in ("ign", "ign2"):
        group = Group(f"ignore-{extension}")
        lines = {}
        for number in range(16):
            word = unique(f"{extension}-{number}", 8)
            lines[number] = f"T.N{number}:0:*:{word.hex()}"
            group.sig(lines[number])
            group.sig(f"T.L{number};Engine:51-255,Target:0;0;{word.hex()}", "ldb")
            group.sig(f"{digest('md5', word)}:8:T.H{number}", "hdb")
            group.sig(f"{digest('sha1', word)}:8:T.S{number}", "hsb")
            group.sig(f"T.D{number}={word.hex()}", "db")
            group.obj(f"o{number}", word)
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        rows = ["T.N0", f"T.N1:{md5(lines[1])}", f"T.N2:{md5(lines[1])}", "sigs.ndb:4:T.N3", "sigs.ndb:9:T.N4", "other.ndb:6:T.N5", "T.L6", "T.H7", "T.S8", "T.D9", "T.N", "T.N1", "t.n11", "T.N12.UNOFFICIAL", " T.N13", "T.N14 ", "# T.N15",
                "sigs.ndb:x:T.N6", f"T.N7:{md5(lines[7] + chr(10))}", "T.N8:zz", "*:*:T.N9", "T.L10", ":", "a:b:c:d"]
        for row in rows:
            group.sig(row, extension)
        yield group


def level_groups():
    group = Group("levels")
    word = unique("levels", 8)
    for low, high in itertools.product(("", "0", "51", "218", "219", "220", "230", "300"), ("", "0", "100", "213", "214", "215", "216", "217", "218", "219", "255")):
        tail = f":{low}:{high}" if high else f":{low}" if low else ""
        group.sig(f"T.{low or 'none'}.{high or 'none'}:0:*:{word.hex()}{tail}")
    for level in LEVELS:
        group.sig(f"T.Bare{level or 'none'}:0:*:{word.hex()}:{level}")
    for line in (f"T.Five:0:*:{word.hex()}:1:255:3", f"T.Short:0:*", f"T.Short2:0:{word.hex()}", f":0:*:{word.hex()}", f"T.Empty:0:*:", f"T.NoTarget::*:{word.hex()}", f"T.BadTarget:x:*:{word.hex()}", f"T.HighTarget:99:*:{word.hex()}",
                 f"T.NegTarget:-1:*:{word.hex()}", f"T.Cr:0:*:{word.hex()}\r", f"T.Trail:0:*:{word.hex()} ", f"T.Lead:0:*: {word.hex()}", "# comment", "", f"T.Odd:0:*:{word.hex()}8", "T.NotHex:0:*:xyzw1234", f"T.Nocase:0:*:{word.hex()}::i",
                 f"T.Paren:0:*:({word.hex()}", f"T.Brace:0:*:{word.hex()}{{3", f"T.Brace2:0:*:{word.hex()}3}}{word.hex()}", f"T.Bracket:0:*:81[3{word.hex()}", f"T.Quest:0:*:{word.hex()}?", f"T.Bang:0:*:{word.hex()}!", f"T.Bang2:0:*:!{word.hex()}",
                 f"T.Pipe:0:*:{word.hex()}|{word.hex()}", f"T.EmptyAlt:0:*:{word.hex()}()", f"T.NegGap:0:*:{word.hex()}{{-}}{word.hex()}", f"T.BigGap:0:*:{word.hex()}{{99999999999}}{word.hex()}", f"T.TextGap:0:*:{word.hex()}{{a}}{word.hex()}",
                 f"T.OnlyAny:0:*:????????", f"T.OnlyStar:0:*:*", f"T.OnlyNibble:0:*:4?4?4?4?", f"T.HalfStatic:0:*:4?{word[:1].hex()}4?", f"T.TwoStatic:0:*:4?{word[:2].hex()}4?"):
        group.sig(line)
    group.obj("word", word + word)
    group.obj("gap", word + b"\x11" * 3 + word)
    yield group


def old_and_pua_groups():
    group = Group("db")
    for number, (name, pattern) in enumerate((("Old.Plain", ""), ("Old (Clam)", ""), ("Old.Wild", "??"), ("Old.Gap", "{2-3}"), ("Old.Star", "*"), ("Old=Equal", ""), ("", ""), ("Old.Alt", "(61|62)"))):
        left, right = unique(f"db{number}l", 5), unique(f"db{number}r", 5)
        group.sig(f"{name}={left.hex()}{pattern}{right.hex()}", "db")
        for label, middle in (("none", b""), ("one", b"a"), ("two", b"bb"), ("four", b"bbbb")):
            group.obj(f"{number}{label}", b"\x11" + left + middle + right)
    group.sig("NoEquals", "db")
    group.sig("Old.Level=" + unique("level", 6).hex() + ":300", "db")
    yield group
    for enabled in (False, True):
        group = Group("pua-on" if enabled else "pua-off", [PUA] if enabled else [])
        word = unique("pua", 30)
        pe = make.pe([(".text", word)])
        section = pe.data[pe.sections[0]:pe.sections[0] + 0x200]
        for plain, unwanted, line in (("ndb", "ndu", f"NAME:0:*:{word.hex()}"), ("ldb", "ldu", f"NAME;Engine:51-255,Target:0;0;{word.hex()}"), ("hdb", "hdu", f"{digest('md5', pe.data)}:{len(pe.data)}:NAME"),
                                      ("hsb", "hsu", f"{digest('sha256', pe.data)}:{len(pe.data)}:NAME"), ("mdb", "mdu", f"512:{digest('md5', section)}:NAME"), ("msb", "msu", f"512:{digest('sha256', section)}:NAME"),
                                      ("sdb", "sdb", f"NAME:0:*:{word.hex()}")):
            group.sig(line.replace("NAME", f"T.Plain.{plain}"), plain)
            group.sig(line.replace("NAME", f"PUA.Win.In{plain}"), plain)
            group.sig(line.replace("NAME", f"PUA.Win.Unwanted{unwanted}"), unwanted)
            group.sig(line.replace("NAME", f"T.Unwanted{unwanted}"), unwanted)
        group.obj("pe", pe.data)
        yield group


def container_groups():
    for unpacked in (True, False):
        group = Group("containers-cdb" if unpacked else "containers-cdb-packed")
        group.unpack = unpacked
        plain, packed = b"member one, forty bytes long, not shorter", unique("cdb", 60)
        data = make.archive({"one.txt": plain, "dir/two.bin": packed})
        size = len(data)
        fields = ["CL_TYPE_ZIP:*:*:*:*:*:*:*:*", "*:*:*:*:*:*:*:*:*", f"CL_TYPE_ZIP:{size}:*:*:*:*:*:*:*", f"CL_TYPE_ZIP:{size + 1}:*:*:*:*:*:*:*", f"CL_TYPE_ZIP:{size - 1}-{size + 1}:*:*:*:*:*:*:*", "CL_TYPE_ZIP:*:one:*:*:*:*:*:*",
                  r"CL_TYPE_ZIP:*:^one\.txt$:*:*:*:*:*:*", "CL_TYPE_ZIP:*:two:*:*:*:*:*:*", "CL_TYPE_ZIP:*:^two:*:*:*:*:*:*", "CL_TYPE_ZIP:*:ONE:*:*:*:*:*:*", f"CL_TYPE_ZIP:*:*:{len(plain)}:*:*:*:*:*", f"CL_TYPE_ZIP:*:*:*:{len(plain)}:*:*:*:*", f"CL_TYPE_ZIP:*:*:*:{len(plain) + 1}:*:*:*:*",
                  "CL_TYPE_ZIP:*:*:*:*:0:*:*:*", "CL_TYPE_ZIP:*:*:*:*:1:*:*:*", "CL_TYPE_ZIP:*:*:*:*:*:1:*:*", "CL_TYPE_ZIP:*:*:*:*:*:2:*:*", "CL_TYPE_ZIP:*:*:*:*:*:3:*:*", "CL_TYPE_ZIP:*:one:*:*:*:2:*:*", "CL_TYPE_TAR:*:*:*:*:*:*:*:*", "CL_TYPE_NONSENSE:*:*:*:*:*:*:*:*",
                  "CL_TYPE_ZIP:*:*:*:*:*:*:*", "CL_TYPE_ZIP:x:*:*:*:*:*:*:*", "CL_TYPE_ZIP:*:(:*:*:*:*:*:*", "CL_TYPE_ZIP:*:*:*:*:*:*:*:*:300", "CL_TYPE_ZIP:*:*:*:*:*:*:*:*:1:100", "CL_TYPE_ZIP:*:*:*:*:*:*:*:*:1:255"]
        for number, row in enumerate(fields):
            group.sig(f"T.Cdb{number}:{row}", "cdb")
        import zlib
        for number, row in enumerate(("0:one.txt:*:*:*:*:*:*", "*:one.txt:*:*:*:*:*:*", "0:one:*:*:*:*:*:*", f"0:*:{len(plain)}:*:*:*:*:*", f"0:*:*:{len(plain)}:*:*:*:*", f"0:*:*:*:{zlib.crc32(plain):08x}:*:*:*", f"0:*:*:*:{zlib.crc32(plain)}:*:*:*", "0:*:*:*:*:0:*:*", "0:*:*:*:*:8:*:*",
                                      "0:*:*:*:*:*:1:*", "0:*:*:*:*:*:2:*", "0:*:*:*:*:*:*:1", "0:*:*:*:*:*:*:0", "1:*:*:*:*:*:*:*")):
            group.sig(f"T.Zmd{number}:{row}", "zmd")
            group.sig(f"T.Rmd{number}:{row}", "rmd")
        group.sig(f"T.Inner:0:*:{packed[:20].hex()}")
        group.obj("zip", data)
        group.obj("deflated", make.archive({"one.txt": plain, "dir/two.bin": packed}, 8))
        group.obj("zip2", make.archive({"other": plain}))
        group.obj("nested", make.archive({"in.zip": data}))
        group.obj("text", plain)
        yield group


IOC = """<?xml version="1.0" encoding="us-ascii"?>
<ioc xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.mandiant.com/2010/ioc" id="{name}" last-modified="2020-01-01T00:00:00">
<short_description>{name}</short_description><definition><Indicator operator="OR" id="x">
{items}
</Indicator></definition></ioc>"""


def other_file_groups():
    word = unique("types", 8)
    group = Group("ftm")
    for line in ("0:0:8e8f9091:Custom:CL_TYPE_ANY:CL_TYPE_PDF", "0:3:7e7e7e:Custom at 3:CL_TYPE_ANY:CL_TYPE_SWF", "1:*:8e8e8e8e:Custom body:CL_TYPE_ANY:CL_TYPE_MSOLE2", "0:0:8e8f9292:Level:CL_TYPE_ANY:CL_TYPE_PDF:300", "0:0:8e8f9393:Level:CL_TYPE_ANY:CL_TYPE_PDF:1:100",
                 "0:0:8e8f9494:Level:CL_TYPE_ANY:CL_TYPE_JAVA:1:255", "0:0:8e8f9595:Graphics:CL_TYPE_ANY:CL_TYPE_GRAPHICS", "0:0:8e8f9696:Ignored:CL_TYPE_ANY:CL_TYPE_IGNORED", "0:0:8e8f9797:Bad:CL_TYPE_ANY:CL_TYPE_NONSENSE", "0:0:8e8f9898:Elf:CL_TYPE_ANY:CL_TYPE_ELF", "x:0:8e8f:A:CL_TYPE_ANY:CL_TYPE_PDF", "0:0:zz:A:CL_TYPE_ANY:CL_TYPE_PDF",
                 "0:0:8e:A:CL_TYPE_ANY", "7:0:8e8f9999:Mode:CL_TYPE_ANY:CL_TYPE_PDF", "1:0:8e8f9a??9a:Wild:CL_TYPE_ANY:CL_TYPE_PDF", "1:4:8e8f9b9b:At:CL_TYPE_ANY:CL_TYPE_PDF"):
        group.sig(line, "ftm")
    for target in range(15):
        group.sig(f"T.Target{target}:{target}:*:{word.hex()}")
    for head in ("8e8f9091", "1111117e7e7e", "11118e8e8e8e", "8e8f9292", "8e8f9393", "8e8f9494", "8e8f9595", "8e8f9696", "8e8f9898", "8e8f9999", "8e8f9a119a", "111111118e8f9b9b", "255044462d312e34", "4d5a", "7f454c46", "11"):
        group.obj("h" + head, bytes.fromhex(head) + b"\x01" * 8 + word + b"\x02" * 8)
    group.obj("pe", make.pe([(".text", word)]).data)
    group.obj("html", make.html(word))
    group.obj("text", b"plain text " * 4)
    yield group

    group = Group("openioc")
    objects = {kind: unique("ioc" + kind, 40) for kind in DIGESTS}
    item = '<IndicatorItem id="{i}" condition="{c}"><Context document="FileItem" search="FileItem/{s}" type="mir"/><Content type="{t}">{v}</Content></IndicatorItem>'
    items = [item.format(i=kind, c="is", s={"md5": "Md5sum", "sha1": "Sha1sum", "sha256": "Sha256sum"}[kind], t=kind.replace("md5", "md5"), v=digest(kind, data)) for kind, data in objects.items()]
    group.files["feed.ioc"] = [IOC.format(name="T-Ioc", items="\n".join(items))]
    group.files["upper.ioc"] = [IOC.format(name="T-Upper", items=item.format(i="u", c="contains", s="Md5sum", t="md5", v=digest("md5", b"upper case digest").upper()))]
    for kind, data in objects.items():
        group.obj(kind, data)
        group.obj(kind + "-off", make.one_off(data, 1))
    group.obj("upper", b"upper case digest")
    yield group

    group = Group("yara")
    group.files["rules.yar"] = ['rule Plain { strings: $a = "yara marker" condition: $a }', 'rule Hex : tag { meta: x = "y" strings: $a = { 8a 8b ?? 8d [1-3] 8f } condition: $a }', 'rule Never { strings: $a = "not there" condition: $a }',
                                'rule Two { strings: $a = "yara" $b = "second" condition: all of them }', 'rule Size { strings: $a = "yara" condition: $a and filesize < 20 }', 'rule NoCase { strings: $a = "YARA MARKER" nocase condition: $a }',
                                'rule Re { strings: $a = /yara m[a-z]+r/ condition: $a }', 'private rule Priv { strings: $a = "yara marker" condition: $a }', 'rule Count { strings: $a = "yara" condition: #a > 1 }', 'rule At { strings: $a = "yara" condition: $a at 0 }']
    group.files["more.yara"] = ['rule Other { strings: $a = "yara marker" condition: $a }']
    for name, data in (("marker", b"yara marker"), ("upper", b"YARA Marker"), ("hex", bytes.fromhex("8a8b118d11118f1111")), ("hex-off", bytes.fromhex("8a8b118d111111118f")), ("two", b"some yara and a second yara marker"), ("none", b"nothing at all")):
        group.obj(name, data)
    yield group

    for name, line in (("cfg-pe-off", "PE:0x0:0:255"), ("cfg-pe-on", "PE:0xffff:0:255"), ("cfg-future", "PE:0x0:300:400"), ("cfg-odd", "NONSENSE:0x0:0:255")):
        group = Group(name)
        group.sig(line, "cfg")
        pe = make.pe([(".text", word * 20)])
        group.sig(f"512:{digest('md5', pe.data[pe.sections[0]:pe.sections[0] + 512])}:T.Section", "mdb")
        group.sig(f"T.Entry:1:EP+0:{word.hex()}")
        group.sig(f"T.Body:1:*:{word.hex()}")
        group.obj("pe", pe.data)
        yield group

    group = Group("loaded-only")
    group.sig("T.Pw;Engine:81-255;0;secret", "pwdb")
    group.sig("T.PwHex;Engine:81-255;1;736563726574", "pwdb")
    group.sig("bad line", "pwdb")
    key = "ab" * 128
    group.sig(f"T.Cert;1;0;{'0' * 40};{'1' * 40};{key};010001;1;0;1;0;comment", "crb")
    group.sig("bad line", "crb")
    group.sig("bad", "cat")
    group.sig("ClamAV-VDB:x", "info")
    group.sig("bad", "cbc")
    group.sig("bad", "txt")
    group.sig("bad", "pdb")
    group.sig("bad", "wdb")
    group.sig("bad", "gdb")
    group.sig("bad", "idb")
    group.obj("text", b"words that nothing finds")
    yield group

    group = Group("lines")
    word = unique("lines", 8)
    group.files["crlf.ndb"] = [f"T.Crlf:0:*:{word.hex()}\r", "\r", f"T.Crlf2:0:*:{word.hex()}:51\r"]
    group.files["comment.ndb"] = ["# comment", f"#T.Hidden:0:*:{word.hex()}", f"T.Long{'x' * 3000}:0:*:{word.hex()}", f"T.Pattern:0:*:{word.hex()}" + "11" * 4500]
    group.files["more.name.ndb"] = [f"T.Dots:0:*:{word.hex()}"]
    group.files["UPPER.NDB"] = [f"T.Upper:0:*:{word.hex()}"]
    group.files["empty-lines.ldb"] = [f"T.Ldb;Engine:51-255,Target:0;0;{word.hex()}", "", "#x", f"T.Ldb2;Engine:51-255,Target:0;0;{word.hex()}"]
    group.files["sigs.unknown"] = ["this is not a signature"]
    group.obj("word", word + b"\x11" * 4500)
    yield group


def order_groups():
    """What comes first when several kinds of signatures match."""
    word = unique("order", 12)
    pe = make.pe([(".text", word + b" order " + word)], imports={"kernel32.dll": ["ExitProcess"]})
    section = pe.data[pe.sections[0]:pe.sections[0] + 0x200]
    kinds = {
        "bm": ("a.ndb", f"T.Bm:0:*:{word.hex()}"), "ac": ("b.ndb", f"T.Ac:0:*:{word[:5].hex()}??{word[6:].hex()}"), "pebm": ("c.ndb", f"T.PeBm:1:*:{word.hex()}"),
        "peac": ("d.ndb", f"T.PeAc:1:*:{word[:5].hex()}??{word[6:].hex()}"), "ldb": ("a.ldb", f"T.Ldb;Engine:51-255,Target:0;0;{word.hex()}"), "peldb": ("b.ldb", f"T.PeLdb;Engine:51-255,Target:1;0;{word.hex()}"),
        "pcre": ("c.ldb", f"T.Pcre;Engine:81-255,Target:0;0&1;{word.hex()};0/order/"), "md5": ("a.hdb", f"{digest('md5', pe.data)}:{len(pe.data)}:T.Md5"), "sha1": ("a.hsb", f"{digest('sha1', pe.data)}:{len(pe.data)}:T.Sha1"),
        "sha256": ("b.hsb", f"{digest('sha256', pe.data)}:{len(pe.data)}:T.Sha256"), "mdb": ("a.mdb", f"512:{digest('md5', section)}:T.Mdb"), "msb": ("a.msb", f"512:{digest('sha256', section)}:T.Msb"),
        "ep": ("e.ndb", f"T.Ep:1:EP+0:{word.hex()}"), "yara": ("a.yar", 'rule T_Yara { strings: $a = " order " condition: $a }'), "size": ("d.ldb", f"T.Late;Engine:51-255,Target:0,FileSize:1-99999;0>1;{word.hex()}"),
    }
    for one, two in itertools.combinations(kinds, 2):
        group = Group(f"order-{one}-{two}")
        for kind in (one, two):
            group.files.setdefault(kinds[kind][0], []).append(kinds[kind][1])
        group.obj("pe", pe.data)
        yield group
    group = Group("order-all")
    for file, line in kinds.values():
        group.files.setdefault(file, []).append(line)
    group.obj("pe", pe.data)
    yield group
    # The same kind: by place in the file, by place in the object, by name.
    for label, lines in (("file", [(b"b", "T.B"), (b"a", "T.A"), (b"c", "T.C")]), ("name", [(b"c", "T.Z"), (b"b", "T.M"), (b"a", "T.A")])):
        for kind in ("ndb", "ac", "ldb", "hdb", "mixed"):
            group = Group(f"order-{label}-{kind}")
            texts = {c: unique("order" + c.decode(), 6) for c in (b"a", b"b", b"c")}
            data = b"\x11".join(texts[c] for c in (b"a", b"b", b"c"))
            for number, (c, name) in enumerate(lines):
                body = texts[c].hex()
                if kind == "ldb" or kind == "mixed" and number == 0:
                    group.sig(f"{name};Engine:51-255,Target:0;0;{body}", "ldb")
                elif kind == "hdb":
                    group.sig(f"{digest('md5', data)}:{len(data)}:{name}", "hdb")
                else:
                    group.sig(f"{name}:0:*:{body if kind == 'ndb' else body[:4] + '??' + body[6:]}")
            group.obj("abc", data)
            group.obj("cba", b"\x11".join(texts[c] for c in (b"c", b"b", b"a")))
            group.obj("long", b"\x11" * 140000 + texts[b"b"] + b"\x11" * 140000 + texts[b"a"])
            yield group


def testfile_groups(folder="/usr/share/clamav-testfiles"):
    """The 44 harmless files that hold one known program, with a digest and a body signature of it."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        return
    program = (folder / "clam.exe").read_bytes()
    group = Group("testfiles")
    group.large = True
    group.sig(f"{digest('md5', program)}:{len(program)}:T.ClamMd5", "hdb")
    group.sig(f"{digest('sha256', program)}:{len(program)}:T.ClamSha256", "hsb")
    group.sig(f"T.ClamBody:0:*:{program[0x180:0x1c0].hex()}")
    group.sig(f"T.ClamPe:1:*:{program[0x180:0x1c0].hex()}")
    group.sig(f"T.ClamText:0:*:{b'This program cannot'.hex()}")
    group.sig(f"T.ClamTail:0:EOF-40:{program[-40:-20].hex()}")
    group.sig(f"T.ClamLdb;Engine:51-255,Target:0;0&1;{program[0x180:0x190].hex()};{program[0x1a0:0x1b0].hex()}", "ldb")
    for path in sorted(folder.iterdir()):
        group.obj(path.name, path.read_bytes())
    yield group


def groups():
    yield from hash_groups()
    yield from section_groups()
    yield from allow_groups()
    yield from ignore_groups()
    yield from level_groups()
    yield from old_and_pua_groups()
    yield from container_groups()
    yield from other_file_groups()
    yield from order_groups()
    yield from testfile_groups()
