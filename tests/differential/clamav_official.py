"""Which names clamscan prints with .UNOFFICIAL, and which we say are not from a signed file: one folder with signed and
unsigned containers and loose files, all with signatures of every kind. The signed ones are signed with keys of this
test, which clamscan gets in a copy of its library (see clamav_containers.py).

    clamav_official.py --names PROGRAM --read PROGRAM

Exit status 77 where that cannot be done; 1 with a difference.
"""
import argparse
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import clamav_containers as containers
import clamav_objects as make
from clamav_groups import unique

# In the order of their names: signed ones are first, apart and side by side.
ORIGINS = {"a.cvd": "signed", "b.cld": "signed", "c": "loose", "d.cud": "unsigned", "e.cvd": "signed"}
DIGESTS = {"md5": ("hdb", "mdb"), "sha256": ("hsb", "msb")}


def digest(kind, data):
    return hashlib.new(kind, data).hexdigest()


def signatures(origin):
    """({member: text}, {object: bytes}) of one origin: each object is found by one signature, which has its name."""
    lines, objects = {}, {}

    def add(suffix, object_name, line, data):
        lines.setdefault(suffix, []).append(line.replace("NAME", f"{origin}.{object_name}"))
        objects[f"{origin}.{object_name}"] = data

    def marker(kind):
        return unique(f"{origin}-{kind}", 12)

    add("db", "db", "NAME=" + marker("db").hex(), b"\x11" * 9 + marker("db"))
    for suffix in ("ndb", "ndu", "sdb"):
        name = "PUA-ndu" if suffix == "ndu" else suffix
        add(suffix, name, "NAME:0:*:" + marker(suffix).hex(), b"\x11" * 9 + marker(suffix))
    for suffix in ("ldb", "ldu"):
        name = "PUA-ldu" if suffix == "ldu" else suffix
        add(suffix, name, "NAME;Engine:51-255,Target:0;0;" + marker(suffix).hex(), b"\x11" * 9 + marker(suffix))
    # Without a trigger: decided by the size alone.
    size = 900 + 10 * list(ORIGINS).index(origin)
    add("ldb", "always", f"NAME;Engine:51-255,Target:0,FileSize:{size}-{size};0=0;" + marker("never").hex(), b"\x12" * size)
    for kind, (file_suffix, section_suffix) in DIGESTS.items():
        data = unique(f"{origin}-{kind}", 77)
        add(file_suffix, file_suffix, f"{digest(kind, data)}:{len(data)}:NAME", data)
        data = unique(f"{origin}-{kind}-any", 78)
        add(file_suffix, file_suffix + "-any", f"{digest(kind, data)}:*:NAME:73", data)
        program = make.pe([(".text", unique(f"{origin}-{kind}-section", 600))])
        section = program.data[program.sections[0]:program.sections[0] + 1024]
        add(section_suffix, section_suffix, f"1024:{digest(kind, section)}:NAME", program.data)
    function = "Function" + origin.replace(".", "")
    text = f"user32.{function}".lower().encode()
    add("imp", "imp", f"{digest('md5', text)}:{len(text)}:NAME",
        make.pe([(".text", unique(f"{origin}-imports", 40))], imports={"user32.dll": [function]}).data)
    # One name in all files; its object has only this origin's bytes.
    lines["ndb"].append("Same.Name:0:*:" + marker("same").hex())
    objects[f"{origin}.same"] = b"\x11" * 9 + marker("same")
    # What an ignore list in the folder names is found nowhere.
    lines["ndb"].append(f"Ignored.{origin}:0:*:" + marker("ignored").hex())
    objects[f"{origin}.ignored"] = b"\x11" * 9 + marker("ignored")
    # Links: told as heuristics, whatever file has their list.
    host = f"bank-{origin.replace('.', '-')}.example.com"
    lines["pdb"] = [f"H:{host}"]
    link = f'<html><body><a href="http://evil.example.org/x">http://{host}/</a></body></html>\n'.encode()
    objects[f"{origin}.link"] = b"Received: from a by b\nFrom: a@b.c\nContent-Type: text/html\n\n" + link
    return {f"{origin[0]}.{suffix}": ("\n".join(rows) + "\n").encode() for suffix, rows in lines.items()}, objects


def write_folder(folder, header_key, info_key):
    folder.mkdir()
    objects = {}
    for origin in ORIGINS:
        files, found = signatures(origin)
        objects.update(found)
        members = list(files.items())
        info = ("x.info", containers.info(members, info_key if ORIGINS[origin] == "signed" else None))
        members = [("COPYING", b"free"), info, *members]
        if origin.endswith(".cvd"):
            payload = gzip.compress(containers.tar(members), mtime=0)
            md5 = hashlib.md5(payload).hexdigest()
            signature = containers.encode(pow(int(md5, 16), header_key[1], header_key[0]))
            (folder / origin).write_bytes(containers.header(md5, signature) + payload)
        elif "." in origin:
            (folder / origin).write_bytes(containers.header() + containers.tar(members))
        else:
            for name, text in files.items():
                (folder / name).write_bytes(text)
    (folder / "z.ign2").write_text("".join(f"Ignored.{origin}\n" for origin in ORIGINS))
    # Loose only: clamscan passes over rules in containers.
    (folder / "z.yar").write_text('rule Rule { strings: $a = "words for YARA" condition: $a }\n')
    objects["yara"] = b"these are words for YARA"
    objects["nothing"] = b"nothing that anyone looks for"
    return objects


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", required=True)
    parser.add_argument("--read", required=True)
    options = parser.parse_args()
    if not shutil.which("clamscan"):
        print("no clamscan")
        return 77
    header_key = containers.make_key(1024, containers.HEADER_EXPONENT, containers.HEADER_DIGITS)
    info_key = containers.make_key(2048, containers.INFO_EXPONENT, containers.INFO_DIGITS)
    published = subprocess.run([options.read, "--published-keys"], capture_output=True, check=True).stdout.decode().split()
    with tempfile.TemporaryDirectory() as temporary:
        base = pathlib.Path(temporary)
        if not containers.patched_library(temporary, header_key, info_key, published):
            print("no library whose keys can be overwritten")
            return 77
        objects = write_folder(base / "db", header_key, info_key)
        (base / "objects").mkdir()
        paths = []
        for number, data in enumerate(objects.values()):
            paths.append(base / "objects" / str(number))
            paths[-1].write_bytes(data)
        done = subprocess.run(["clamscan", "--no-summary", "--infected", "--allmatch", "--detect-pua=yes", "-d", base / "db",
                               *paths], capture_output=True, env={**os.environ, "LD_LIBRARY_PATH": temporary})
        if done.returncode not in (0, 1):
            print(done.stderr.decode())
            return 1
        theirs, ours = {}, {}
        for line in done.stdout.decode().splitlines():
            if match := re.fullmatch(r".*/(\d+): (\S+) FOUND", line):
                theirs.setdefault(int(match[1]), set()).add(match[2])
        done = subprocess.run([options.names, str(header_key[0]), str(containers.HEADER_EXPONENT), str(info_key[0]),
                               str(containers.INFO_EXPONENT), base / "db", *paths], capture_output=True, check=False)
        if done.returncode != 0:
            print(done.stderr.decode())
            return 1
        for line in done.stdout.decode().splitlines():
            number, name = line.split(" ", 1)
            ours.setdefault(int(number), set()).add(name)
    differences = official = unofficial = 0
    for number, name in enumerate(objects):
        expected, got = theirs.get(number, set()), ours.get(number, set())
        unofficial += any(n.endswith(".UNOFFICIAL") for n in expected)
        official += any(not n.endswith(".UNOFFICIAL") for n in expected)
        if expected != got:
            differences += 1
            print(f"{name}: clamscan {sorted(expected)}, ours {sorted(got)}")
        # What the test itself holds for right, so that two silent programs do not agree.
        origin = name.rsplit(".", 1)[0]
        quiet = name == "nothing" or name.endswith(".ignored")
        if not quiet and not expected:
            differences += 1
            print(f"{name}: clamscan finds nothing")
        if origin in ORIGINS and not name.endswith(".link") and not quiet:
            if any(n.endswith(".UNOFFICIAL") == (ORIGINS[origin] == "signed") for n in expected):
                differences += 1
                print(f"{name} of a file that is {ORIGINS[origin]}: clamscan {sorted(expected)}")
    print(f"{len(objects)} objects, {official} with official names, {unofficial} with others, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
