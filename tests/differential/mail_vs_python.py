"""Reads made-up messages with the mail unpackers and with Python's email package,
and compares the parts: each that Python finds must be there, decoded to the same
bytes and under the same name.

    mail_vs_python.py --program MAIL_PARTS [--count N] [--seed N]

The messages are of multiparts, messages and files, nested, in all encodings, and
some of what mail programs read in broken ones: no last delimiter, lines of mixed
lengths and ends, headers folded anywhere. Exit status 1 with a difference.
"""
import argparse
import base64
import email
import email.header
import email.policy
import email.utils
import pathlib
import quopri
import random
import subprocess
import sys
import tempfile
import zlib

NAMES = ["a.txt", "with blanks.pdf", "\u00e4\u00f6.doc", "\u65e5\u672c.zip", "quote\"d.bin", "semi;colon.exe", "paren (1).js"]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.number = 0

    def name_fields(self, name):
        """A name, as some mail program writes it."""
        ascii_only = all(ord(c) < 128 for c in name)
        way = self.rng.randrange(3 if ascii_only else 2)
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        if way == 0:
            text = "utf-8''" + email.utils.quote(quote_all(name))
            if len(text) > 20 and self.rng.random() < 0.5:
                return (f"Content-Disposition: attachment;\n filename*0*={text[:20]};\n filename*1*={text[20:]}"
                        if not text[19:21].count("%") and text[18] != "%" else
                        f"Content-Disposition: attachment; filename*={text}")
            return f"Content-Disposition: attachment; filename*={text}"
        if way == 1:
            word = email.header.Header(name, self.rng.choice(["utf-8"])).encode()
            return f'Content-Disposition: attachment;\n\tfilename="{word}"'
        return f'Content-Disposition: attachment; filename="{quoted}"'

    def body(self, data, encoding):
        rng = self.rng
        if encoding == "base64":
            text = base64.b64encode(data).decode()
            out, at = [], 0
            while at < len(text):
                n = rng.choice([76, 76, 60, 4, 1, 77])
                out.append(text[at:at + n])
                at += n
            return "\n".join(out).encode() + b"\n"
        if encoding == "quoted-printable":
            return quopri.encodestring(data)
        return data

    def leaf(self):
        rng = self.rng
        encoding = rng.choice(["base64", "quoted-printable", "7bit", "8bit", None])
        if encoding in ("7bit", "8bit", None):
            data = "\n".join("line %d of text" % rng.randrange(99) for _ in range(rng.randrange(1, 9))).encode()
        else:
            data = rng.randbytes(rng.randrange(1, 400))
        fields = [f"Content-Type: {rng.choice(['text/plain', 'text/html', 'application/pdf', 'image/png'])}"]
        if encoding:
            fields.append(f"{rng.choice(['Content-Transfer-Encoding', 'content-transfer-encoding'])}: {encoding}")
        if rng.random() < 0.6:
            fields.append(self.name_fields(rng.choice(NAMES)))
        rng.shuffle(fields)
        return "\n".join(fields).encode() + b"\n\n" + self.body(data, encoding)

    def multipart(self, depth):
        rng = self.rng
        self.number += 1
        boundary = f"{rng.choice(['=_', '----=_Part_', 'b', ''])}{self.number}{rng.choice(['', ' x', '=', '.'])}z"
        kind = rng.choice(["mixed", "alternative", "related", "x-any"])
        out = f'Content-Type: multipart/{kind};{rng.choice([" ", chr(10) + " "])}boundary="{boundary}"\n\n'.encode()
        if rng.random() < 0.5:
            out += b"This is a multi-part message in MIME format.\n"
        for _ in range(rng.randrange(1, 4)):
            out += b"--" + boundary.encode() + rng.choice([b"", b" ", b"\t"]) + b"\n" + self.entity(depth + 1) + b"\n"
        if rng.random() < 0.8:
            out += b"--" + boundary.encode() + b"--\n"
        return out

    def entity(self, depth=0):
        roll = self.rng.random()
        if depth < 4 and roll < 0.3 + 0.3 * (depth == 0):
            return self.multipart(depth)
        if depth < 4 and roll < 0.7 and depth > 0 and self.rng.random() < 0.2:
            return b"Content-Type: message/rfc822\n\n" + self.message(depth + 1)
        return self.leaf()

    def message(self, depth=0):
        return b"From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n" + self.entity(depth)


def quote_all(name):
    return "".join(c if c.isalnum() and ord(c) < 128 else "".join("%%%02X" % b for b in c.encode()) for c in name)


def name_of(part):
    name = part.get_filename()
    if not name:
        return None
    try:
        return str(email.header.make_header(email.header.decode_header(name)))
    except (LookupError, UnicodeError):
        return None


def expected(data):
    parts = []
    for part in email.message_from_bytes(data, policy=email.policy.compat32).walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True) or b""
        # Where the last delimiter is missing, Python takes the message's last line end for its beginning; here it
        # is the part's.
        parts.append(([(len(p), zlib.crc32(p)) for p in (payload, payload + b"\n", payload + b"\r\n")], name_of(part)))
    return parts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    differences = parts = 0
    with tempfile.TemporaryDirectory() as folder:
        messages = {}
        for i in range(args.count):
            data = Maker(rng).message()
            if rng.random() < 0.5:
                data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            path = pathlib.Path(folder, f"{i}.eml")
            path.write_bytes(data)
            messages[str(path)] = data
        paths = list(messages)
        found = {}
        for at in range(0, len(paths), 500):
            out = subprocess.run([args.program, *paths[at:at + 500]], check=True, stdout=subprocess.PIPE).stdout
            for line in out.decode(errors="surrogateescape").split("\n"):
                if line.startswith("file "):
                    ours = found.setdefault(line[5:], [])
                elif line:
                    size, crc, name = line.split(" ", 2)
                    ours.append((int(size), int(crc, 16), name))
        for path, data in messages.items():
            for forms, name in expected(data):
                parts += 1
                if any((s, c) in forms and (name is None or n == name) for s, c, n in found.get(path, [])):
                    continue
                differences += 1
                if differences <= 10:
                    print(f"missing: {forms} {name!r} in {found.get(path)}\n{data[:3000]!r}\n")
    print(f"{args.count} messages, {parts} parts, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
