#!/usr/bin/env python3
"""Compares the check of links in mails with clamscan's, as sets of names.

Each group of lines is a database; each mail or HTML file below is scanned with
each of them. The mails are made here and harmless. A database that clamscan
does not load must have a line that we refuse, and the other way round. Of mails
changed at random a few may differ: what clamscan makes of broken headers is not
followed into every corner.
Exits 77 when there is no clamscan to compare with.
"""
import argparse
import base64
import hashlib
import itertools
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HEAD = "From: a@b.c\nTo: d@e.f\nSubject: x\nMIME-Version: 1.0\n"
LINK = '<a href="http://evil.example.org/x">https://www.paypal.com</a>'


def mail(html, kind="text/html", more=""):
    return f"{HEAD}Content-Type: {kind}\n{more}\n<html><body>{html}</body></html>\n"


def multipart(kind, *parts, more=""):
    return (f'{HEAD}Content-Type: multipart/{kind}; boundary="BB"{more}\n\nbefore\n'
            + "".join(f"--BB\n{part}\n" for part in parts) + "--BB--\nafter\n")


def part(header, html=LINK):
    return f"{header}\n\n<html>{html}</html>\n"


def bodies():
    """Name and HTML: what a link can look like."""
    target = "http://evil.example.org/x"
    shown = "http://www.paypal.com"
    for name, (a, b) in {
        "plain": (target, shown), "ssl": (target, "https://www.paypal.com"), "same": (target, target),
        "bare": (target, "paypal.com"), "subdomain": ("http://a.paypal.com/", shown),
        "numeric": ("http://1.2.3.4/x", shown), "user": ("http://www.paypal.com@evil.example.org/", shown),
        "null": ("http://evil%00.example.org/", shown), "hex": ("http://%65vil.example.org/", shown),
        "hex2": ("http://evil%252eexample.org/", shown), "port": ("http://evil.example.org:8080/", shown),
        "spaces": (target, "w w w . p a y p a l . c o m"), "space_host": (target, "www paypal.com"),
        "text": (target, "go to www.paypal.com now"), "garbage": (target, "(http://www.paypal.com)!"),
        "upper": ("HTTP://EVIL.EXAMPLE.ORG/", "HTTP://WWW.PAYPAL.COM"), "path": (target, shown + "/login?x=1"),
        "mailto": ("mailto:x@evil.example.org", shown), "shown_mail": (target, "someone@paypal.com"),
        "shown_mail2": (target, "some.com@paypal.com"), "relative": ("/x/y", shown), "ftp": ("ftp://evil.example.org", shown),
        "noscheme": ("www.evil.example.org/x", shown), "dots": ("http://evil..example.org/", shown),
        "backslash": ("http:\\\\evil.example.org\\x", shown), "uk": ("http://evil.co.uk/", "http://www.paypal.co.uk"),
        "uk2": ("http://evil.co.uk/", "http://www.paypal.uk"), "tail": (target, "http://www.paypal.com.nothing"),
        "other": (target, "http://www.ebay.com"), "digit8": (target, "http://www.pay8.com"),
        "digit9": (target, "http://www.pay9.com"), "scheme": (target, "odd://www.paypal.com"),
        "entity": ("http://evil.example.org/?a=1&amp;b=2", shown), "reference": ("http:&#47;/evil.example.org", shown),
        "entity_shown": (target, "https&#58;//www.paypal.com"), "lt": (target, "&lt;http://www.paypal.com&gt;"),
        "quote": (target, '"http://www.paypal.com"'), "newline": (target, "http://www.\npaypal.com"),
        "high": (target, "http://www.pay\u00f0al.com"), "cjk": (target, "http://www\u3002paypal\u3002com"),
        "short": (target, "x"), "empty": (target, ""), "end_dot": (target, "http://www.paypal.com."),
        "tiny": ("http://e.uk/", "b.uk"), "tiny2": ("http://e-and-some-more-bytes.uk/", "b.uk"),
        "allowed": ("http://mail.good.com/", shown), "allowed2": ("http://www.good.net/", shown),
    }.items():
        yield "a_" + name, f'<a href="{a}">{b}</a>'
        yield "t_" + name, f'<a href="{a}" title="{b}">x</a>'.replace('""', '"') if '"' not in b else LINK
    yield "img", f'<a href="{target}"><img src="{shown}/a.gif"></a>'
    yield "iframe", f'<a href="{target}"><iframe src="{shown}/a"></iframe></a>'
    yield "area", f'<a href="{target}"><area href="{shown}/a"></a>'
    yield "img_alone", f'<img src="{shown}/a.gif">'
    yield "form", f'<form action="{target}"><a href="{shown}">x</a></form>'
    yield "form_img", f'<form action="{target}"><img src="{shown}"></form>'
    yield "form_over", f'<form action="{target}"></form><a href="{shown}">x</a>'
    yield "two", LINK + f'<a href="{target}">{shown}</a>' + LINK
    yield "nested", f'<a href="{target}"><b>http://www</b>.paypal.com</a>'
    yield "nested_a", f'<a href="http://www.good.net"><a href="{target}">{shown}</a></a>'
    yield "unclosed", f'<a href="{target}">{shown}'
    yield "unquoted", f"<a href={target}>{shown}</a>"
    yield "single", f"<a href='{target}'>{shown}</a>"
    yield "broken_quote", f'<a href="{target}>{shown}</a> "x">'
    yield "spaced_tag", f'< a  href = "{target}" >{shown}< / a >'
    yield "case", f'<A HREF="{target}">{shown}</A>'
    yield "second", f'<a class=x id="y" href="{target}">{shown}</a>'
    yield "data", f'<img src="data:image/gif;base64,AAAA"><a href="{target}">{shown}</a>'
    yield "script", f"<script>{LINK}</script>"
    yield "style", f"<style>{LINK}</style>"
    yield "after_script", f"<script>if (a<b) x</script>{LINK}"
    yield "comment", f"<!-- {LINK} -->"
    yield "comment2", f"<!-- > {LINK} -->"
    yield "conditional", f"<!--[if mso]>{LINK}<![endif]-->"
    yield "encoded_script", f'<script language="JScript.Encode">#@~^AAAAAA==AAAAAA==^#~@</script>{LINK}'
    for count in (900, 940, 960, 990, 2000, 8000):
        yield f"long_{count}", "y" * count + LINK + "y" * 200
    for count in (8100, 8150):
        yield f"chunk_{count}", "y z" * (count // 3) + LINK
    yield "wide", f'<a href="{target}{"y" * 3000}">{shown}</a>'
    yield "wide_shown", f'<a href="{target}">{shown}/{"y" * 3000}</a>'
    yield "big", LINK + "x y\n" * 24000
    yield "too_big", LINK + "x y\n" * 26000
    for url in ("http://evil.example.org/x", "http://EVIL.example.org/x?y=1", "http://a.b.c.d.e.evil.example.org/x",
                "http://evil.example.org", "http://evil.example.org/", "http://evil.example.org/a/b/c/d/e/f/g",
                "http://user@evil.example.org/x", "http://evil.example.org:80/x", "http://evil.example.org/./x",
                "http://evil.example.org/y/../x", "http://evil.example.org/%78", "http://evil.example.org/%2578",
                "http://.evil.example.org/x", "http:///evil.example.org/x", "http://evil.example.org/x#y",
                "http://evil.example.org/../../x", "http://evil.example.org/x y", "evil.example.org/x",
                "http://evil.example.org?x", "http://allowed.example.org/x", "http://evil.example.org/a//b",
                "http://evil.example.org/a/./../b", "http://%65vil.example.org/x"):
        yield "u_" + hashlib.md5(url.encode()).hexdigest()[:6], f'<a href="{url}">click</a>'


def mails():
    for name, html in bodies():
        yield name + ".eml", mail(html)
    for name, text in texts():
        yield name + ".eml", f"{HEAD}Content-Type: text/plain\n\n{text}\n"
        yield name + "_part.eml", multipart("mixed", part("Content-Type: text/plain", text))
    yield "html_alone.html", f"<html><body>{LINK}</body></html>"
    html = "Content-Type: text/html"
    cte = "\nContent-Transfer-Encoding: "
    disposition = "\nContent-Disposition: "
    for kind in ("mixed", "alternative", "related", "signed", "parallel", "report", "digest", "encrypted", "unknown",
                 "appledouble", "form-data"):
        yield f"m_{kind}.eml", multipart(kind, part(html))
        yield f"m_{kind}_second.eml", multipart(kind, part("Content-Type: text/plain", "x"), part(html))
        yield f"m_{kind}_plain.eml", multipart(kind, part("Content-Type: text/plain"))
    yield "m_pgp.eml", multipart("encrypted", part(html), more='; protocol="application/pgp-encrypted"')
    for name, header in {
        "plain": "Content-Type: text/plain", "plain8": "Content-Type: text/plain" + cte + "8bit",
        "plain7": "Content-Type: text/plain" + cte + "7bit", "none": "X-A: b", "blank": "",
        "attached": html + disposition + "attachment", "inline": html + disposition + "inline",
        "inline_name": html + disposition + "inline; filename=a.html", "odd": html + disposition + "odd",
        "name": html + "; name=x.html", "name7": html + "; name=x.html" + cte + "7bit",
        "charset": html + "; charset=utf-8" + cte + "8bit", "attached_name7": html + cte + "7bit" + disposition + "inline; filename=a.html",
        "both_names": html + "; name=x.html" + disposition + "inline; filename=x.html",
        "name8": html + "; name=x.html" + cte + "8bit", "inline7": html + cte + "7bit" + disposition + "inline",
        "name_qp": html + "; name=x.html" + cte + "quoted-printable", "folded": html + ";\n charset=utf-8",
        "folded_badly": html + ";\ncharset=utf-8", "application": "Content-Type: application/octet-stream",
        "image": "Content-Type: image/gif", "enriched": "Content-Type: text/enriched", "unknown": "Content-Type: foo/bar",
        "comment": "Content-Type: text/html (a comment)", "gap": "Content-Type: text/html\n\nContent-Disposition: inline",
    }.items():
        yield f"p_{name}.eml", multipart("mixed", part(header))
        if header:
            yield f"top_{name}.eml", f"{HEAD}{header}\n\n{LINK}\n"
    quoted = LINK.replace("=", "=3D").replace("pay", "p=\nay")
    encoded = base64.encodebytes(LINK.encode()).decode()
    for name, (encoding, text) in {"qp": ("quoted-printable", quoted), "b64": ("base64", encoded),
                                   "B64": ("BASE64", encoded)}.items():
        yield f"top_{name}.eml", f"{HEAD}{html}{cte}{encoding}\n\n{text}"
        yield f"part_{name}.eml", multipart("mixed", f"{html}{cte}{encoding}\n\n{text}")
        yield f"plain_{name}.eml", multipart("mixed", f"Content-Type: text/plain{cte}{encoding}\n\n{text}")
    inner = f"{HEAD}{html}\n\n{LINK}\n"
    inner8 = f"{HEAD}{html}{cte}8bit\n\n{LINK}\n"
    yield "rfc822.eml", multipart("mixed", f"Content-Type: message/rfc822\n\n{inner}")
    yield "rfc822_8.eml", multipart("mixed", f"Content-Type: message/rfc822\n\n{inner8}")
    yield "rfc822_top.eml", f"{HEAD}Content-Type: message/rfc822\n\n{inner}"
    yield "no_boundary.eml", f"{HEAD}Content-Type: multipart/mixed\n\n{LINK}"
    yield "no_part.eml", f"{HEAD}Content-Type: multipart/mixed; boundary=xx\n\n{LINK}"
    yield "mbox.eml", f"From x Mon\n{HEAD}Content-Type: text/plain\n\nhi\n\nFrom y Tue\n{HEAD}{html}\n\n{LINK}\n"
    yield "crlf.eml", mail(LINK).replace("\n", "\r\n")
    yield "crlf_parts.eml", multipart("mixed", part(html)).replace("\n", "\r\n")
    yield "no_mail.eml", f"Subject: a\nTo: b\n\n{LINK}\n"
    yield "received.eml", f"Received: by x\n{html}\n\n{LINK}\n"
    yield "epilogue.eml", multipart("mixed", part("Content-Type: text/plain", "x")) + part(html)
    deep = part(html)
    for i in range(12):
        deep = f"Content-Type: multipart/mixed; boundary=B{i}\n\n--B{i}\n{deep}\n--B{i}--\n"
        yield f"deep_{i}.eml", HEAD + deep


def texts():
    """Name and text: where URLs are found without links."""
    for name, text in {
        "http": "see http://evil.example.org/x now", "https": "see https://evil.example.org/x now",
        "upper": "see HTTP://evil.example.org/x now", "odd": "see http?s:evil.example.org/x now",
        "ftp": "see ftp://evil.example.org/x now", "glued": "xhttp://evil.example.org/x now",
        "two": "http://a.org/http://evil.example.org/ http://b.org/ http://evil.example.org/x.",
        "tab": "http://b.org\thttp://evil.example.org/x y", "image": '<img src="x.gif"> http://evil.example.org/x y',
        "link": '<a href="x.gif">y</a> http://evil.example.org/x y', "form": '<form action="x"> http://evil.example.org/x y',
        "end": "http://evil.example.org/", "short": "http://e.uk", "wide": "http://evil.example.org/" + "y" * 3000,
        "cut": "y" * 985 + "http://evil.example.org/ x",
    }.items():
        yield "x_" + name, text


INSERTS = ["\n", "\n\n", "--BB\n", "--BB--\n", " ", "<", ">", '"', "'", "&", "=", "/", ".", "%", "%25", "%00", "@", "\t", "\\",
           "<a href=", "</a>", "<script>", "<!--", "Content-Type: text/html\n", "Content-Disposition: inline\n",
           "boundary=BB", ";", "(", "\r", "http://", "title=", "&amp;", "<form action=x>", "x" * 1000, "\0", "#", "?", "://"]


def mutations(originals, count, seed):
    """The mails above with a few pieces inserted, removed, doubled or moved."""
    pick = random.Random(seed)
    small = [text for _, text in originals if len(text) < 4000]
    for i in range(count):
        text = pick.choice(small)
        for _ in range(pick.randint(1, 4)):
            at = pick.randrange(len(text))
            length = pick.choice([1, 1, 2, 5, 20])
            way = pick.randrange(4)
            if way == 0:
                text = text[:at] + pick.choice(INSERTS) + text[at:]
            elif way == 1:
                text = text[:at] + text[at + length:]
            elif way == 2:
                text = text[:at] + text[at:at + length] + text[at:]
            else:
                other = pick.choice(small)
                there = pick.randrange(len(other))
                text = text[:at] + other[there:there + 40] + text[at + length:]
        yield f"mutant_{i}.eml", text


MAX_MUTANTS_DIFFERENT = 0.02


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


DATABASES = {
    "hosts": {"pdb": ["H:paypal.com", "H:ebay.com:300-", "H:paypal.uk", "H:paypal.co.uk"]},
    "expressions": {"pdb": [r"R:.+:.+\.paypal\.com([/?].*)?"]},
    "choices": {"pdb": [r"R:.+\.example\.org([/?].*)?:.+\.(paypal|ebay)\.(com|co\.uk)"]},
    "anchored": {"pdb": [r"R:^http://evil\.example\.org:https://www\.paypal\.com"]},
    "anchored_short": {"pdb": [r"R:^http://e\.uk:b\.uk", r"R:^http://e-and-some-more-bytes\.uk:b\.uk"]},
    "literal": {"pdb": [r"R:http://evil\.example\.org:https?://www\.paypal\.com"]},
    "digits": {"pdb": [r"R:.+:.+\.pay[0-9]\.com"]},
    "braces": {"pdb": [r"R:.+:.+\.pay[0-9]{1,2}\.com", "H:ebay.com"]},
    "classes": {"pdb": [r"R:.+:.+\.pa[xyz]pal\.co[kmn]"]},
    "named_class": {"pdb": [r"R:.+:.+\.pa[[:alpha:]]pal\.com"]},
    "case": {"pdb": [r"R:.+:.+\.PayPal\.com"]},
    "on_hosts": {"pdb": [r"R:www\.paypal\.com"]},
    "levels": {"pdb": [r"R:.+:.+\.paypal\.com:1-", "R0af:.+:.+\\.ebay\\.com:1-500", r"H:pay9.com:1-100"]},
    "allowed_pair": {"pdb": ["H:paypal.com"], "wdb": [r"X:.+\.good\.com([/?].*)?:.+\.paypal\.com([/?].*)?:17-"]},
    "allowed_hosts": {"pdb": ["H:paypal.com"], "wdb": ["M:www.good.net:www.paypal.com", "M:good.com:www.paypal.com"]},
    "allowed_y": {"pdb": ["H:paypal.com"], "wdb": [r"Y:mail\.good\.com:www\.paypal\.com"]},
    "allowed_only": {"wdb": ["M:www.good.net:www.paypal.com"]},
    "digests": {"gdb": [f"S1:F:{digest('evil.example.org/x')}", f"S2:F:{digest('evil.example.org/')}",
                        f"S:F:{digest('evil.example.org/a/b/')}", f"S1:P:{digest('example.org/')[:8]}"]},
    "digests_hosts": {"gdb": [f"S1:F:{digest('example.org/')}"], "pdb": ["H:paypal.com"]},
    "digests_allowed": {"gdb": [f"S1:W:{digest('evil.example.org/x')}", f"S1:F:{digest('example.org/')}"]},
    "refused_empty": {"pdb": ["R:a||b:.+"]},
    "refused_ending": {"pdb": ["H:x.com", "R:.+:.+paypal(\\.com)?"]},
    "refused_star": {"pdb": ["R:*a:b.com"]},
    "refused_flag": {"pdb": ["X:a.com:b.com"]},
    "refused_wdb": {"wdb": ["H:a.com"]},
    "refused_nothing": {"pdb": ["nothing"]},
    "comment": {"pdb": ["# a comment", "H:paypal.com"]},
}


def random_databases(count, seed):
    """Expressions of pieces that matter for the endings."""
    pick = random.Random(seed)
    pieces = [".+", "www", r"\.", "paypal", "pay", "(pal|pa)", "(paypal|ebay)", "[a-p]", "[pP]", "(x)?", "(pay)+", "l*", "al",
              "p{1}", "[^x]", "(w+|http://w+)"]
    for i in range(count):
        shown = "".join(pick.choice(pieces) for _ in range(pick.randint(1, 5)))
        end = pick.choice([r"\.com", r"\.(com|co)", r"\.co[mn]", ".com", r"(\.com)+", r"\.c.m", r"\.com([/?].*)?", "m"])
        yield f"random_{i}", {"pdb": [f"R:.+:{shown}{end}"]}


def clamscan(peer, paths, files):
    """Names by file, or None when the databases do not load; nothing of a file that ends clamscan."""
    databases = list(itertools.chain.from_iterable(("-d", str(path)) for path in paths))
    run = subprocess.run([peer, *databases, "--allmatch", "--no-summary", *map(str, files)], capture_output=True,
                         text=True, errors="replace", check=False)
    if run.returncode == 2:
        return None
    if run.returncode < 0:
        if len(files) == 1:
            print(f"clamscan is ended by signal {-run.returncode}: {files[0].name}")
            return {}
        half = len(files) // 2
        return clamscan(peer, paths, files[:half]) | clamscan(peer, paths, files[half:])
    found = {str(file): set() for file in files}
    for line in run.stdout.splitlines():
        path, _, rest = line.rpartition(": ")
        if rest.endswith(" FOUND"):
            found[path].add(rest.removesuffix(" FOUND"))
    return found


def ours(program, paths, files):
    run = subprocess.run([program, *map(str, paths), "--", *map(str, files)], capture_output=True, text=True,
                         errors="replace", check=True)
    found, refused = {}, []
    for line in run.stdout.splitlines():
        path, _, names = line.partition("\t")
        if path == "refused":
            refused.append(names)
        else:
            found[path] = set(filter(None, names.split(",")))
    return found, refused


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--clamscan", default="clamscan")
    parser.add_argument("--random", type=int, default=40, help="databases made at random")
    parser.add_argument("--mutants", type=int, default=400, help="mails changed at random")
    parser.add_argument("--keep", help="a folder for mails with different answers")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not shutil.which(options.clamscan):
        print("no clamscan to compare with")
        return 77
    different = compared = told = 0
    different_mutants = set()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files = []
        originals = list(mails())
        for file, text in itertools.chain(originals, mutations(originals, options.mutants, options.seed)):
            path = folder / file
            path.write_bytes(text.encode())
            files.append(path)
        for label, kinds in itertools.chain(DATABASES.items(), random_databases(options.random, options.seed)):
            paths = []
            for kind, lines in kinds.items():
                paths.append(folder / f"{label}.{kind}")
                paths[-1].write_text("\n".join(lines) + "\n")
            theirs = clamscan(options.clamscan, paths, files)
            mine, refused = ours(options.program, paths, files)
            compared += 1
            if (theirs is None) != bool(refused):
                different += 1
                print(f"{label}: {kinds}: clamscan {'refuses' if theirs is None else 'loads'} it, we refuse {refused}")
            if theirs is None or refused:
                continue
            for path in theirs:
                compared += 1
                told += bool(theirs[path])
                if theirs[path] != mine[path]:
                    if pathlib.Path(path).name.startswith("mutant_"):
                        different_mutants.add(path)
                    else:
                        different += 1
                    if options.keep:
                        shutil.copy(path, options.keep)
                    print(f"{label}: {pathlib.Path(path).name}: clamscan {sorted(theirs[path])}, ours {sorted(mine[path])}")
    print(f"{compared} comparisons, {told} with something told, {different} different, and of {options.mutants} mails "
          f"changed at random {len(different_mutants)}")
    too_many = len(different_mutants) > MAX_MUTANTS_DIFFERENT * options.mutants
    return 1 if different or too_many or not told else 0


if __name__ == "__main__":
    sys.exit(main())
