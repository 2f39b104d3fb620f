"""The compact form of clamscan's answers, which is compared without clamscan."""

import json
import re


def pack(data):
    """Bytes as readable text: `t:...` for plain text, or `h:...` hex in which `(xx*n)` is a byte n times."""
    if data and all(0x20 <= b < 0x7F or b in b"\n\r\t" for b in data):
        return "t:" + data.decode("ascii")
    text = ""
    for run in re.finditer(rb"(?s)(.)\1*", data):
        size = run.end() - run.start()
        text += f"({run.group(1).hex()}*{size})" if size > 4 else run.group(0).hex()
    return "h:" + text


def unpack(text):
    if text.startswith("t:"):
        return text[2:].encode("ascii")
    out = b""
    for byte, count, plain in re.findall(r"\((..)\*(\d+)\)|([0-9a-f]{2})", text[2:]):
        out += bytes.fromhex(byte) * int(count) if byte else bytes.fromhex(plain)
    return out


def read_golden(path):
    """Yields name, options, files {name: text}, objects {name: bytes}, expected {name: names}."""
    with open(path, encoding="ascii") as file:
        for line in file:
            row = json.loads(line)
            files = {name: "".join(text + "\n" for text in lines) for name, lines in row["files"].items()}
            objects = {o["name"]: unpack(o["data"]) for o in row["objects"]}
            yield row["group"], row["options"], files, objects, {o["name"]: o["expect"] for o in row["objects"]}
