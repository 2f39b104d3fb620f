#!/usr/bin/env python3
"""Compares types and normalised forms with those of the installed `clamscan`.

    tests/differential/clamav_normalise.py --tool PROGRAM [--count N] [--seed N] [--keep DIR] [PATH...]

Makes N inputs: HTML, scripts and text from the given folders (default
/usr/share/doc and /usr/share), as they are and mutated, and ones put together
from pieces that the normalisers treat in special ways; heads with magic bytes.
clamscan scans them with --leave-temps --gen-json, and for each one its type,
its embedded objects, and the files nocomment.html, notags.html, javascript,
rfc2397/* and the normalised text that it left are compared with ours. Prints
each difference and exits 1 when there is any or when nothing was compared, 77
(skipped) where there is no clamscan. --keep saves the inputs that differ.
"""

import argparse
import collections
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

BATCH = 100
HTML_TYPES = ("CL_TYPE_HTML",)
TEXT_TYPES = ("CL_TYPE_TEXT_ASCII", "CL_TYPE_TEXT_UTF8", "CL_TYPE_TEXT_UTF16LE", "CL_TYPE_TEXT_UTF16BE")

HTML_PIECES = [
    b"<html>", b"</html>", b"<HEAD>", b"<body onload='x()'>", b"<a href=http://A.b/c?d=E>", b"<A HREF=\"x\" title='y z'>",
    b"</a>", b"<img src=foo.GIF>", b"<IMG SRC='a b' alt=\"x>y\">", b"<iframe src=x>", b"<form action=http://f/>", b"</form>",
    b"<!-- comment > -->", b"<!", b"<! x", b"<", b">", b"< b >", b"</ b>", b"<p", b"=", b" = ", b"'", b'"', b"\\'", b'\\"',
    b"&amp;", b"&lt;", b"&eacute;", b"&Euro;", b"&euro;", b"&nosuch;", b"&amp", b"&", b"&#65;", b"&#x41;", b"&#8364;", b"&#x3002;",
    b"&#0;", b"&#;", b"&#x;", b"&#99999999999999999999;", b"&#xfF;", b"&#255", b"&a-b_c:d;", b"\xe3\x80\x82", b"\xef\xbc\x8e",
    b"\xa1C", b"\xa1\x44", b"\xa1", b"\xc3\xa4", b"\xf0\x9f\x98\x80", b"\xff", b" ", b"\n", b"\r\n", b"\t", b"  \n  ", b"\x0b", b"\x01",
    b"\0", b"\0\0", b"x", b"Hello World", b"ABC123", b"<style>.a{b:c}</style>", b"<style>", b"</style>", b"<script>", b"</script>",
    b"<SCRIPT LANGUAGE='JavaScript'>", b"<script language=\"JScript.Encode\">", b"<script language=vbscript.encode src=x>",
    b"#@~^EQAAAA==", b"#@~^DgAAAA==\\ko$K6,J_+V^GJqAQAAA==^#~@", b"<%@ language=jscript.encode %>", b"^#~@",
    b"<img src=\"data:text/html;base64,SGVsbG8gd29ybGQ=\">", b"<a href='data:,a%20b%4xc&amp;d'>", b"<a href=data:;x,y>",
    b"<td\nclass=a\nid='b'>", b"<input disabled value>", b"<br/>", b"x" * 600, b"<a href=" + b"y" * 1100 + b">", b"<area href=q>",
]
JS_PIECES = [
    b"var ", b"function ", b"foo", b"Bar", b"a", b"b1", b"$x", b"_y", b"(", b")", b"{", b"}", b"[", b"]", b",", b";", b".", b"=", b"+",
    b"==", b"===", b">>>=", b"!", b"<", b">", b"&&", b"'str'", b"\"Str\"", b"'a\\'b'", b"\"\\x41\\u0042\\n\\0\\q\"", b"'\\\\'", b"'", b'"',
    b"'A'+'b'", b"+", b" + ", b"0", b"12", b"3.5", b"1.e5", b"2.5e+3", b"99999999999", b"1.2.3", b"0x1F", b"// c\n", b"/* c */",
    b"/*", b"*/", b"/", b"return ", b"if", b"else ", b"new ", b"this", b"typeof ", b"null", b"true", b"int ", b"class ", b"\n", b" ", b"\\u0041",
    b"\\", b"eval('alert(1)')", b"eval(\"var q=2;\");", b"unescape('%41%u0042%zz%')", b"unescape(", b"dF('%2A8Dtdsjqu%2A8D1')", b"document.write(",
    b"function f(x,y){return x+y}", b"var z=1,w=[2,3],v={q:1};", b"@", b"#", b"`", b"\xc3\xa4", b"</scr", b"<!--", b"-->", b"'%u3c3c'",
    b"eval(function(p,a,c,k,e,d){e=function(c){return c};}('0 1=2;3(\\'4\\')',5,5,'var|q|7|alert|hi'.split('|'),0,{}))",
    b"function unp(p,a,c,k,e,r){return p} unp('1 0',2,2,'b|a'.split('|'),0,0);",
]
TEXT_PIECES = [b"Hello", b"WORLD ", b" ", b"\n", b"\t\t", b"\r\n", b"\x0c", b"\x07", b"\x1b", b"\xe4", b"\xc3\xa4", b"x" * 3000, b"Foo Bar\n" * 40]
MAGICS = [
    b"MZ", b"\x7fELF", b"PK\3\4", b"PK00PK\3\4", b"Rar!", b"Rar!\x1a\7\0", b"%PDF-1.4", b"%PDF-", b"\x1f\x8b", b"BZh", b"\xca\xfe\xba\xbe\0\0\0\x2e",
    b"\xca\xfe\xba\xbe\0\0\0\2", b"\xcf\xfa\xed\xfe", b"From: ", b"Subject: ", b"\nFrom: a\nMIME-Version: 1\n", b"\nContent-Type: x", b"GIF89a",
    b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"FWS", b"CWS", b"{\\rtf", b"<html>", b"<IFRAME", b"<a ", b" hREF", b" href", b"7z\xbc\xaf\x27\x1c",
    b"MSCF\0\0\0\0", b"ustar", b"\x19\x04\0\x10", b"\x01CD001", b"CD001", b"\0BEA01", b"koly", b"xar!", b"\xfd7zXZ\0", b"U\xaa", b"ER", b"PM\0\0", b"EFI PART",
    b"<?xml version=\"1.0\"", b"<w:wordDocument", b"<Workbook", b"<xdp:xdp", b"\xef\xbb\xbf<?xml version=\"1.0\"", b"<HWPML", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", b"EGGA", b"ALZ\1", b"xx-lh5-", b"xx-pm0-", b"\x0d\x0d\x0d\x0a", b"\x60\xea", b"\x60\xea1234567\0\2",
    b"PE\0\0", b"x" * 60, b"x" * 292, b"\0" * 50, b"\xff\xfe", b"\xfe\xff", b"\0\1\2", b"\xc3\xa4", b"hello ", b"\n", b"word/", b"xl/", b"[Content_Types].xml",
    b"\0" * 26, b"_.rels/.rels", b"docProps/app.xml", b"/RGB\nID\n" + b"\xff" * 23, b"Delivered-To:", b"Received:", b"InstallShield\0", b"\xef\xbe\xad\xdeNullsoftInst",
]


def utf16(rng, data):
    text = data.decode("latin1")
    return rng.choice([b"", b"\xff\xfe"]) + text.encode("utf-16-le") if rng.random() < 0.6 else rng.choice([b"", b"\xfe\xff"]) + text.encode("utf-16-be")


def mutate(rng, data, pieces):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(data) + 1)
        choice = rng.random()
        if choice < 0.3 and data:
            data[min(at, len(data) - 1)] = rng.randrange(256)
        elif choice < 0.5:
            del data[at:at + rng.choice([1, 2, 10, 1000])]
        else:
            data[at:at] = rng.choice(pieces)
    return bytes(data)


def from_pieces(rng, pieces, most):
    return b"".join(rng.choice(pieces) for _ in range(rng.randrange(1, most)))


def make_input(rng, real):
    """(kind, bytes)"""
    choice = rng.random()
    if choice < 0.22:
        data = b"<html>" + from_pieces(rng, HTML_PIECES, rng.choice([6, 30, 200]))
        return ("html", utf16(rng, data.replace(b"\0", b"")) if rng.random() < 0.05 else data)
    if choice < 0.45:
        return ("script", b"<html><script>" + from_pieces(rng, JS_PIECES, rng.choice([8, 40, 400])) + rng.choice([b"</script>", b""]) + from_pieces(rng, HTML_PIECES + JS_PIECES, 20))
    if choice < 0.65:
        data = b"".join(rng.choice([b"", b"", b"\n", b"\0\1"]) + rng.choice(MAGICS) + rng.choice([b"", b" ", b"x" * rng.randrange(600)]) for _ in range(rng.randrange(1, 8)))
        if rng.random() < 0.2:
            data = b"%-510s" % data[:510] + b"U\xaa" + data
        return ("magic", data)
    if choice < 0.75:
        return ("text", from_pieces(rng, TEXT_PIECES, rng.choice([10, 300])))
    kind = rng.choice([k for k in real if real[k]])
    with open(rng.choice(real[kind]), "rb") as file:
        data = file.read(400000)
    if kind == "js":
        data = b"<html><script>" + data + b"</script>"
    if rng.random() < 0.5:
        data = mutate(rng, data, {"html": HTML_PIECES + JS_PIECES, "js": JS_PIECES, "text": TEXT_PIECES}[kind])
    return ("real " + kind, data)


def find_real(paths):
    real = {"html": [], "js": [], "text": []}
    for path in paths:
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                full = os.path.join(folder, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    continue
                lower = name.lower()
                if lower.endswith((".html", ".htm", ".xhtml")):
                    real["html"].append(full)
                elif lower.endswith(".js"):
                    real["js"].append(full)
                elif lower.endswith(".txt") or lower in ("copyright", "readme"):
                    real["text"].append(full)
    return real


def read(path):
    with open(path, "rb") as file:
        return file.read()


def peer_answers(folder, temp, database):
    subprocess.run(["clamscan", "-d", database, "--gen-json=yes", "--leave-temps", "--tempdir=" + temp, "--no-summary", "-r", folder],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    answers = {}
    for scan in glob.glob(temp + "/*"):
        try:
            document = json.loads(read(scan + "/metadata.json"))
        except (OSError, ValueError):
            continue
        name = document["FileName"]
        answer = {"type": document["FileType"], "embedded": [(e["FileType"], e["Offset"]) for e in document.get("EmbeddedObjects", [])]}
        for top in glob.glob(f"{scan}/{name}.*"):
            for html in glob.glob(top + "/html-tmp.*"):
                forms = {}
                for form in ("nocomment.html", "notags.html", "javascript"):
                    forms[form] = read(f"{html}/{form}") if os.path.exists(f"{html}/{form}") else None
                forms["data"] = sorted(read(f) for f in glob.glob(html + "/rfc2397/*") if os.path.isfile(f))
                answer["forms"] = forms
            texts = [f for f in glob.glob(top + "/clamav-*.tmp") if os.path.isfile(f)]
            if answer["type"] in TEXT_TYPES and len(texts) == 1:
                answer["text"] = read(texts[0])
        answers[name] = answer
    return answers


def our_types(tool, files):
    lines = subprocess.run([tool, "type", *files], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    types = {}
    for line in lines:
        path, kind, found, embedded = line.split("\t")
        objects = [(e.rsplit("@", 1)[0], int(e.rsplit("@", 1)[1])) for e in embedded.split()]
        types[os.path.basename(path)] = (kind, found, objects)
    return types


def our_forms(tool, path, out):
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([tool, "forms", out, path], check=True)
    forms = {f: read(f"{out}/{f}") if os.path.exists(f"{out}/{f}") else None for f in ("nocomment.html", "notags.html", "javascript")}
    forms["data"] = sorted(read(f) for f in glob.glob(out + "/data*"))
    return forms


def show(a, b):
    if not isinstance(a, bytes) or not isinstance(b, bytes):
        return f"{str(a)[:300]}\n    ours {str(b)[:300]}"
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"at {at} of {len(a)}/{len(b)}: {a[max(0, at - 60):at + 60]!r}\n    ours {b[max(0, at - 60):at + 60]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("paths", nargs="*", default=["/usr/share/doc", "/usr/share"])
    args = parser.parse_args()
    if not shutil.which("clamscan"):
        print("no clamscan here")
        return 77
    rng = random.Random(args.seed)
    real = find_real(args.paths)
    compared = collections.Counter()
    different = collections.Counter()

    with tempfile.TemporaryDirectory() as work:
        database = work + "/none.ndb"
        with open(database, "w", encoding="ascii") as file:
            file.write("Nothing:0:*:" + "deadbeefcafef00d" * 4 + "\n")
        for begin in range(0, args.count, BATCH):
            folder, temp = work + "/in", work + "/temp"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(temp, ignore_errors=True)
            os.mkdir(folder)
            os.mkdir(temp)
            kinds = {}
            for i in range(begin, min(begin + BATCH, args.count)):
                kind, data = make_input(rng, real)
                kinds[f"f{i:06}"] = kind
                with open(f"{folder}/f{i:06}", "wb") as file:
                    file.write(data)
            peers = peer_answers(folder, temp, database)
            types = our_types(args.tool, [f"{folder}/{name}" for name in kinds])

            def differ(name, what, theirs, ours):
                different[what] += 1
                print(f"{name} ({kinds[name]}) {what}: {show(theirs, ours)}")
                if args.keep:
                    os.makedirs(args.keep, exist_ok=True)
                    shutil.copy(f"{folder}/{name}", f"{args.keep}/{name}-{what}")

            for name in sorted(kinds):
                peer = peers.get(name)
                if peer is None:
                    continue  # Too short for clamscan.
                kind, found, embedded = types[name]
                compared["type"] += 1
                if kind != peer["type"]:
                    differ(name, "type", peer["type"], kind)
                    continue
                compared["embedded"] += 1
                if sorted(set(embedded)) != sorted(set(peer["embedded"])) and kind not in HTML_TYPES:
                    differ(name, "embedded", peer["embedded"], embedded)
                if "forms" in peer and kind != "CL_TYPE_HTML_UTF16":
                    ours = our_forms(args.tool, f"{folder}/{name}", work + "/out")
                    for form, theirs in peer["forms"].items():
                        compared[form] += 1
                        if theirs != ours[form]:
                            differ(name, form, theirs, ours[form])
                if kind == "CL_TYPE_TEXT_ASCII":
                    compared["detected"] += 1
                    if ("forms" in peer) != (found == "CL_TYPE_HTML"):
                        differ(name, "detected", "forms" in peer, found)
                if "text" in peer:
                    compared["text"] += 1
                    ours = subprocess.run([args.tool, "text", f"{folder}/{name}"], stdout=subprocess.PIPE, check=True).stdout
                    if ours != peer["text"]:
                        differ(name, "text", peer["text"], ours)
    for what in sorted(compared):
        print(f"{what}: {compared[what]} compared, {different[what]} differ")
    return 1 if different or not compared["nocomment.html"] or not compared["text"] else 0


if __name__ == "__main__":
    sys.exit(main())
