"""Containers around one file, made by the real tools wherever there is one.

    maker = MAKERS["zip-deflate"]
    container = maker("program.exe", b"...")     # None where the tool is missing

Kinds no tool of Debian makes (rar, SZDD, KWAJ, CHM, OneNote) are written byte by byte, stored or
with literals only.
"""

import base64
import gzip
import io
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from archives import make_tar  # noqa: E402

MAKERS = {}
TIME = (2020, 2, 2, 2, 2, 2)


def kind(name):
    def register(function):
        MAKERS[name] = function
        return function
    return register


def tool(name, output, *commands):
    """A kind made by commands in a folder of its own: {name} is the file, {out} the container."""

    def make(file_name, data):
        if not all(shutil.which(command[0]) for command in commands):
            return None
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / file_name).write_bytes(data)
            for command in commands:
                words = [word.format(name=file_name, out=output) for word in command]
                done = subprocess.run(words, cwd=folder, capture_output=True, input=file_name.encode() + b"\n", check=False)
                if done.returncode != 0:
                    raise RuntimeError(f"{words}: {done.stderr.decode(errors='replace')}")
                if words[-1] == "-c" or words[0] in ("cpio", "compress"):
                    (pathlib.Path(folder) / output).write_bytes(done.stdout)
            return (pathlib.Path(folder) / output).read_bytes()

    MAKERS[name] = make


tool("zip-store", "o.zip", ("zip", "-q", "-0", "{out}", "{name}"))
tool("zip-deflate", "o.zip", ("zip", "-q", "-9", "{out}", "{name}"))
tool("zip-bzip2", "o.zip", ("zip", "-q", "-Z", "bzip2", "{out}", "{name}"))
tool("zip-crypt", "o.zip", ("zip", "-q", "-P", "infected", "{out}", "{name}"))
tool("zip-crypt-unknown", "o.zip", ("zip", "-q", "-P", "u8-ckQ4-known-to-nobody", "{out}", "{name}"))
for method in ("LZMA", "Deflate64", "PPMd", "XZ"):
    tool(f"zip-{method.lower()}", "o.zip", ("7z", "a", "-tzip", f"-mm={method}", "{out}", "{name}"))
tool("zip-aes", "o.zip", ("7z", "a", "-tzip", "-mem=AES256", "-pinfected", "{out}", "{name}"))
tool("zip-aes-unknown", "o.zip", ("7z", "a", "-tzip", "-mem=AES256", "-pu8-ckQ4", "{out}", "{name}"))
for method in ("LZMA2", "LZMA", "PPMd", "BZip2", "Deflate", "Copy"):
    tool(f"7z-{method.lower()}", "o.7z", ("7z", "a", f"-m0={method}", "{out}", "{name}"))
tool("7z-bcj", "o.7z", ("7z", "a", "-m0=BCJ", "-m1=LZMA2", "{out}", "{name}"))
tool("7z-bcj2", "o.7z", ("7z", "a", "-m0=BCJ2", "-m1=LZMA", "-m2=LZMA", "-m3=LZMA", "-mb0:1", "-mb0s1:2", "-mb0s2:3",
                         "{out}", "{name}"))
tool("7z-delta", "o.7z", ("7z", "a", "-m0=Delta:4", "-m1=LZMA2", "{out}", "{name}"))
tool("7z-arm64", "o.7z", ("7z", "a", "-m0=ARM64", "-m1=LZMA2", "{out}", "{name}"))
tool("7z-aes", "o.7z", ("7z", "a", "-pinfected", "{out}", "{name}"))
tool("7z-aes-names", "o.7z", ("7z", "a", "-pinfected", "-mhe=on", "{out}", "{name}"))
tool("7z-multivolume", "o.7z.001", ("7z", "a", "-m0=Copy", "-v300b", "o.7z", "{name}"))
tool("wim", "o.wim", ("7z", "a", "-twim", "{out}", "{name}"))
for form in ("ustar", "gnu", "posix", "v7"):
    tool(f"tar-{form}", "o.tar", ("tar", f"--format={form}", "-cf", "{out}", "{name}"))
tool("tar-sparse", "o.tar", ("tar", "-S", "-cf", "{out}", "{name}"))
tool("tar.gz", "o.tgz", ("tar", "-czf", "{out}", "{name}"))
for form in ("newc", "odc", "bin", "crc", "hpbin"):
    tool(f"cpio-{form}", "o.cpio", ("cpio", "-o", "-H", form))
tool("ar", "o.a", ("ar", "qcS", "{out}", "{name}"))
for form, more in (("", ()), ("-joliet-rr", ("-J", "-R")), ("-udf", ("-udf", "-R"))):
    tool(f"iso{form}", "o.iso", ("genisoimage", "-quiet", *more, "-o", "{out}", "{name}"))
tool("cab-mszip", "o.cab", ("gcab", "-c", "-z", "{out}", "{name}"))
tool("cab-stored", "o.cab", ("gcab", "-c", "{out}", "{name}"))
tool("xar", "o.xar", ("bsdtar", "--format=xar", "-cf", "{out}", "{name}"))
for method in range(5):
    tool(f"arj-{method}", "o.arj", ("arj", "a", f"-m{method}", "-i", "-y", "{out}", "{name}"))
tool("arj-garbled", "o.arj", ("arj", "a", "-ginfected", "-i", "-y", "{out}", "{name}"))
for method in (5, 6, 7):
    tool(f"lha-lh{method}", "o.lzh", ("jlha", f"ao{method}", "{out}", "{name}"))
tool("lha-lh0", "o.lzh", ("jlha", "az", "{out}", "{name}"))
for level in range(3):
    tool(f"lha-level{level}", "o.lzh", ("jlha", "a" + str(level), "{out}", "{name}"))
tool("xz", "{name}.xz", ("xz", "-k", "{name}", "-c"))
tool("lzma", "o", ("lzma", "-k", "{name}", "-c"))
tool("gzip", "o", ("gzip", "{name}", "-c"))
tool("bzip2", "o", ("bzip2", "{name}", "-c"))
tool("lzip", "o", ("lzip", "{name}", "-c"))
tool("zstd", "o", ("zstd", "-q", "{name}", "-c"))
tool("lz4", "o", ("lz4", "-q", "{name}", "-c"))
tool("lz4-legacy", "o", ("lz4", "-q", "-l", "{name}", "-c"))
tool("compress", "o", ("compress", "-f", "-c", "{name}"))


@kind("zip64")
def zip64(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo(name, TIME), "w", force_zip64=True) as entry:
            entry.write(data)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """What cannot be gone back in: sizes follow the data then."""

    def __init__(self):
        super().__init__()
        self.content = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.content += data
        return len(data)


@kind("zip-streamed")
def zip_streamed(name, data):
    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, TIME), data, zipfile.ZIP_DEFLATED)
    return bytes(out.content)


@kind("zip-behind-script")
def zip_behind_script(name, data):
    return b"#!/bin/sh\nexit 0\n" + zip64(name, data)


@kind("zip-before-text")
def zip_before_text(name, data):
    return zip64(name, data) + b"appended text " * 20


@kind("zip-then-zip")
def zip_then_zip(name, data):
    return zip64(name, data) + zip64("other.txt", b"nothing in particular")


@kind("zip-no-directory")
def zip_no_directory(name, data):
    whole = zip64(name, data)
    return whole[: whole.rfind(b"PK\x01\x02")]


def png():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))


for behind in ("zip-deflate", "7z-lzma2", "rar4", "rar5", "cab-mszip"):
    def make_behind(name, data, inner=behind):
        container = MAKERS[inner](name, data)
        return None if container is None else png() + container
    MAKERS[f"png+{behind}"] = make_behind


@kind("deb")
def deb(name, data):
    if not shutil.which("dpkg-deb"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text("Package: p\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.org>\n"
                                             "Description: none\n")
        (tree / "opt").mkdir()
        (tree / "opt" / name).write_bytes(data)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, pathlib.Path(folder) / "o.deb"], check=True,
                       capture_output=True)
        return (pathlib.Path(folder) / "o.deb").read_bytes()


@kind("rpm")
def rpm(name, data):
    if not shutil.which("rpmbuild"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / name).write_bytes(data)
        spec = pathlib.Path(folder) / "p.spec"
        spec.write_text("Name: p\nVersion: 1\nRelease: 1\nSummary: none\nLicense: none\nBuildArch: noarch\n"
                        "%define __strip /bin/true\n%define __os_install_post %{nil}\n"
                        f"%description\nnone\n%install\ninstall -D {folder}/{name} %{{buildroot}}/opt/{name}\n"
                        f"%files\n/opt/{name}\n")
        subprocess.run(["rpmbuild", "-bb", "--define", f"_topdir {folder}/top", spec], check=True, capture_output=True)
        return next(pathlib.Path(folder).rglob("*.rpm")).read_bytes()


@kind("gzip-members")
def gzip_members(_, data):
    return gzip.compress(data[:10]) + gzip.compress(data[10:])


@kind("rar4")
def rar4(name, data):
    """Stored; the format as libarchive's and 7-Zip's readers take it."""
    def block(body):
        return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body
    file_name = name.encode()
    head = struct.pack("<BHHIIBIIBBHI", 0x74, 0x8000, 32 + len(file_name), len(data), len(data), 3, zlib.crc32(data), 0x50421041,
                       20, 0x30, len(file_name), 0x81A4) + file_name
    return (b"Rar!\x1a\x07\x00" + block(struct.pack("<BHHHI", 0x73, 0, 13, 0, 0)) + block(head) + data +
            block(struct.pack("<BHH", 0x7B, 0x4000, 7)))


def rar5_number(n):
    out = bytearray()
    while True:
        out.append(n & 0x7F | (0x80 if n > 0x7F else 0))
        n >>= 7
        if n == 0:
            return bytes(out)


def rar5_block(*fields):
    body = b"".join(f if isinstance(f, bytes) else rar5_number(f) for f in fields)
    body = rar5_number(len(body)) + body
    return struct.pack("<I", zlib.crc32(body)) + body


@kind("rar5")
def rar5(name, data, flags=2, archive_flags=0, file_flags=4, encrypted=False):
    """Stored; after RAR 5.0's technical note."""
    file_name = name.encode()
    extra = b""
    if encrypted:
        record = b"\x01" + b"\x00" + b"\x00" + b"\x0f" + b"s" * 16 + b"i" * 16
        extra = rar5_number(len(record)) + record
    more = ([len(extra)] if extra else [])
    file = rar5_block(2, flags | (1 if extra else 0), *more, len(data), file_flags, len(data), 0o100644,
                      struct.pack("<I", zlib.crc32(data)), 0, 1, len(file_name), file_name, extra)
    number = [1] if archive_flags & 2 else []
    return b"Rar!\x1a\x07\x01\x00" + rar5_block(1, 0, archive_flags, *number) + file + data + rar5_block(5, 0, 0)


@kind("rar5-encrypted")
def rar5_encrypted(name, data):
    return rar5(name, bytes(b ^ 0x55 for b in data), encrypted=True)


@kind("rar5-volume")
def rar5_volume(name, data):
    return rar5(name, data[: len(data) // 2], flags=2 | 8 | 16, archive_flags=1 | 2)


@kind("szdd")
def szdd(_, data):
    """LZSS with literals only."""
    out = bytearray(b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", len(data)))
    for at in range(0, len(data), 8):
        out += b"\xff" + data[at : at + 8]
    return bytes(out)


def kwaj(method, data, packed):
    return b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHHI", method, 18, 1, len(data)) + packed


@kind("kwaj-stored")
def kwaj_stored(_, data):
    return kwaj(0, data, data)


@kind("kwaj-xor")
def kwaj_xor(_, data):
    return kwaj(1, data, bytes(b ^ 0xFF for b in data))


@kind("kwaj-lzss")
def kwaj_lzss(_, data):
    return kwaj(2, data, szdd(_, data)[14:])


@kind("kwaj-mszip")
def kwaj_mszip(_, data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"CK" + packer.compress(data) + packer.flush()
    return kwaj(4, data, struct.pack("<H", len(packed)) + packed)


def chm_number(n):
    out = bytes([n & 0x7f])
    while n := n >> 7:
        out = bytes([0x80 | n & 0x7f]) + out
    return out


def chm(name, data, section):
    """Compiled help of one file: as it is, or by LZX in a block that is not compressed."""
    frame = data.ljust(32768, b"\0")
    # No translation of calls; a block of kind 3 and its size, in words of 16 bits; the last distances.
    bits = f"0{3:03b}{len(frame):024b}".ljust(32, "0")
    words = b"".join(struct.pack("<H", int(bits[at:at + 16], 2)) for at in (0, 16))
    packed = words + struct.pack("<3I", 1, 1, 1) + frame
    folder = "::DataSpace/Storage/MSCompressed/"
    names = b"".join(struct.pack("<H", len(text)) + (text + "\0").encode("utf-16-le")
                     for text in ("Uncompressed", "MSCompressed"))
    guid = "{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}"
    parts = {"::DataSpace/NameList": struct.pack("<2H", len(names) // 2 + 2, 2) + names,
             folder + "ControlData": struct.pack("<I4s5I", 6, b"LZXC", 2, 2, 2, 1, 0),
             folder + "SpanInfo": struct.pack("<Q", len(data)),
             folder + "Transform/List": guid.encode("utf-16-le")[:38],
             folder + f"Transform/{guid}/InstanceData/ResetTable":
                 struct.pack("<4I4Q", 2, 1, 8, 0x28, len(data), len(packed), 32768, 0),
             folder + "Content": packed}
    content = b""
    entries = {"/" + name: (section, 0, len(data))}
    if section == 0:
        content = data
    for part, value in parts.items():
        entries[part] = (0, len(content), len(value))
        content += value
    chunk = b"".join(chm_number(len(key)) + key.encode() + b"".join(map(chm_number, value))
                     for key, value in sorted(entries.items()))
    chunk = (b"PMGL" + struct.pack("<IIii", 4096 - 20 - len(chunk), 0, -1, -1) + chunk).ljust(4094, b"\0")
    chunk += struct.pack("<H", len(entries))
    guid = bytes.fromhex("10fd017caa7bd0119e0c00a0c922e6ec")
    directory = b"ITSP" + struct.pack("<5I3iiII", 1, 0x54, 10, 4096, 2, 1, -1, 0, 0, 0xffffffff, 1)
    directory = (directory + struct.pack("<I", 0x409) + bytes.fromhex("6a92025d2e21d0119df900a0c922e6ec") +
                 struct.pack("<I", 0x54)).ljust(0x54, b"\xff") + chunk
    begin = 0x78 + len(directory)
    header = b"ITSF" + struct.pack("<5I", 3, 0x60, 1, 0, 0x409) + guid + b"\x11" + guid[1:]
    header += struct.pack("<5Q", 0x60, 0x18, 0x78, len(directory), begin)
    return header + struct.pack("<3Q", 0x1fe, begin + len(content), 0) + directory + content


@kind("chm-store")
def chm_store(name, data):
    return chm(name, data, 0)


@kind("chm-lzx")
def chm_lzx(name, data):
    return chm(name, data, 1)


@kind("eml-utf16")
def eml_utf16(name, data):
    text = base64.encodebytes(data).decode()
    return (f"From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name={name}\n"
            f"Content-Transfer-Encoding: base64\n\n{text}").encode("utf-16")


@kind("onenote-packaged")
def onenote_packaged(_, data):
    """A section as servers package it: one element with a BLOB."""
    def begin(what, content, compound):
        return struct.pack("<I", 2 | compound << 2 | what << 3 | len(content) << 17) + content
    guid = b"\x0c" + bytes(16)
    blob = begin(2, struct.pack("<I", len(data) << 4 | 8) + data, 0)
    element = begin(1, guid + b"\0\x15", 1) + blob + bytes([1 | 1 << 2])
    package = begin(0x15, b"\0", 1) + element + bytes([1 | 0x15 << 2])
    whole = begin(0x7a, guid + bytes(16), 1) + package + struct.pack("<H", 3 | 0x7a << 2)
    return bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(32) + bytes.fromhex(
        "2fe98d63d4a6c14b9a36b3fc2511a5b7") + bytes(4) + whole


@kind("sfx-7z")
def sfx_7z(name, data):
    archive = MAKERS["7z-lzma2"](name, data)
    stub = pathlib.Path("/usr/bin/true")
    return None if archive is None or not stub.exists() else stub.read_bytes() + archive


@kind("udf")
def udf(name, data):
    """The same disc, with its ISO 9660 side made unreadable."""
    both = MAKERS["iso-udf"](name, data)
    return None if both is None else both.replace(b"\x01CD001", b"\x01BEA01", 1).replace(b"\xffCD001", b"\xffBEA01", 1)


@kind("docker-layers")
def docker_layers(name, data):
    """As `docker save` writes it: the file is in the first layer, and deleted by the second."""
    first = make_tar([("opt/" + name, data)])
    second = make_tar([("opt/.wh." + name, b"")])
    manifest = b'[{"Config":"c.json","RepoTags":null,"Layers":["1/layer.tar","2/layer.tar"]}]'
    return make_tar([("1/layer.tar", first), ("2/layer.tar", gzip.compress(second)), ("c.json", b"{}"), ("manifest.json", manifest)])
