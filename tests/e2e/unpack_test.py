"""What is inside of containers, from outside: passwords, limits, names, damage, small bombs."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import time
import unittest
import zipfile
import zlib

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from archives import make_tar, make_zip  # noqa: E402

RULE = 'rule Marker { strings: $a = "inert marker" condition: $a at 0 and filesize < 100 }\n'
MARKER = b"inert marker of no harm"


def encrypt_zip(name, data, password):
    """The traditional encryption (APPNOTE.TXT 6.1), which Python only reads."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value, byte):
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte):
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    sum_ = zlib.crc32(data)
    packed = bytearray()
    for byte in b"eleven byte" + bytes([sum_ >> 24]) + data:
        mask = keys[2] | 2
        packed.append(byte ^ (mask * (mask ^ 1) >> 8 & 0xFF))
        update(byte)
    fields = struct.pack("<HHHHHIII", 20, 1, 0, 0, 0x21, sum_, len(packed), len(data)) + struct.pack("<H", len(name))
    local = b"PK\x03\x04" + fields + b"\0\0" + name + bytes(packed)
    central = b"PK\x01\x02\x14\0" + fields + struct.pack("<HHHHII", 0, 0, 0, 0, 0, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


class Unpack(harness.Case):
    worker = None

    def setUp(self):
        super().setUp()
        self.write("r.yar", RULE)

    def scan(self, *arguments, **more):
        return self.run_daylight("scan", "--no-default-content", "--rules", "r.yar", *arguments, **more)

    def one(self, path, *arguments, code=None):
        return self.records(*arguments, path, code=code)[path]

    def reasons(self, record):
        return {entry["reason"] for entry in record["incomplete"]}


class Contents(Unpack):
    def test_children_are_named_by_where_they_are(self):
        self.write("a.zip", make_zip([("in/b.tar", make_tar([("c.txt.gz", gzip.compress(MARKER))]))]))
        record = self.one("a.zip", code=1)
        self.assertEqual([d["object"] for d in record["detections"]], ["a.zip//in/b.tar//c.txt.gz//c.txt"])
        result = self.scan("a.zip")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"Marker", result.stdout)

    def test_not_unpacked_when_so_asked(self):
        self.write("a.zip", make_zip([("b", MARKER)]))
        self.assertEqual(self.one("a.zip", "--no-unpack", code=0)["verdict"], "clean")

    def test_depth(self):
        data = MARKER
        for _ in range(5):
            data = gzip.compress(data)
        self.write("a.gz", data)
        self.assertEqual(self.one("a.gz", "--max-depth", "5", code=1)["verdict"], "detected")
        record = self.one("a.gz", "--max-depth", "4", code=2)
        self.assertEqual((record["verdict"], self.reasons(record)), ("incomplete", {"max-depth"}))

    def test_children(self):
        self.write("a.tar", make_tar([(str(i), b"text") for i in range(20)]))
        self.assertEqual(self.one("a.tar", "--max-children", "20", code=0)["verdict"], "clean")
        record = self.one("a.tar", "--max-children", "19", code=2)
        self.assertEqual(self.reasons(record), {"max-children"})

    def test_total(self):
        self.write("a.zip", make_zip([("b", bytes(3_000_000)), ("c", MARKER)]))
        record = self.one("a.zip", "--max-total", "1M", code=2)
        self.assertEqual(self.reasons(record), {"max-total"})

    def test_deleted_files_of_images_are_found(self):
        """As `docker save` has them: the second layer deletes what the first one brings."""
        first = make_tar([("opt/x", MARKER)])
        second = gzip.compress(make_tar([("opt/.wh.x", b"")]))
        self.write("image.tar", make_tar([("1/layer.tar", first), ("2/layer.tar", second), ("manifest.json", b"[]")]))
        record = self.one("image.tar", code=1)
        self.assertEqual([d["object"] for d in record["detections"]], ["image.tar//1/layer.tar//opt/x"])
        digest = "0" * 64
        self.write("oci.tar", make_tar([("oci-layout", b"{}"), (f"blobs/sha256/{digest}", gzip.compress(first))]))
        self.assertEqual(self.one("oci.tar", code=1)["verdict"], "detected")


class Time(Unpack):
    """What goes on for longer than `--timeout`: detections before that are reported, and the worker lives."""

    @classmethod
    def setUpClass(cls):
        cls.slow = bz2.compress(os.urandom(2 << 20).hex().encode())

    def late(self, name, seconds, *arguments):
        for isolation in ("batch", "object"):
            begin = time.monotonic()
            result = self.scan("--format", "json", "--timeout", f"{seconds}s", "--isolation", isolation, *arguments, name)
            passed = time.monotonic() - begin
            document = json.loads(result.stdout)
            record = document["files"][0]
            self.assertEqual((result.returncode, record["verdict"]), (1, "detected"), (name, isolation, record))
            self.assertEqual(self.reasons(record), {"timeout"}, (name, isolation))
            self.assertEqual(document["summary"].get("workers_lost", 0), 0, (name, isolation))
            if not harness.SANITIZED:
                self.assertLess(passed, seconds + 1, (name, isolation))
        return [d["object"] for d in record["detections"]]

    def test_the_first_entry_of_many(self):
        slow = [(f"{i}.bz2", self.slow) for i in range(60)]
        self.write("a.zip", make_zip([("first", MARKER)] + slow, zipfile.ZIP_STORED))
        self.assertEqual(self.late("a.zip", 1), ["a.zip//first"])
        self.assertEqual(self.late("a.zip", 2), ["a.zip//first"])
        self.write("a.tar", make_tar([("first", MARKER)] + slow))
        self.assertEqual(self.late("a.tar", 1, "--hash"), ["a.tar//first"])

    def test_which_file_it_was(self):
        data = make_zip([("first", MARKER)] + [(f"{i}.bz2", self.slow) for i in range(7)], zipfile.ZIP_STORED)
        self.write("a.zip", data)
        record = self.one("a.zip", "--timeout", "400ms", code=1)
        self.assertEqual(record["sha256"], hashlib.sha256(data).hexdigest())

    def test_of_an_archive_that_must_be_unpacked_first(self):
        tar = make_tar([("first", MARKER), ("x", os.urandom(2 << 20).hex().encode())])[:-10240]
        self.write("a.tar.bz2", bz2.compress(tar) + self.slow * 60)
        self.assertEqual(self.late("a.tar.bz2", 1), ["a.tar.bz2//a.tar//first"])

    def test_of_a_file_that_is_too_long_to_be_read(self):
        info = tarfile.TarInfo("hole")
        info.size = 60 << 30
        with open(self.write("a.tar", make_tar([("first", MARKER)])[:1024]), "ab") as file:
            file.write(info.tobuf(tarfile.GNU_FORMAT))
            file.truncate(file.tell() + info.size)
        self.assertEqual(self.late("a.tar", 1), ["a.tar//first"])

    def test_others_are_scanned(self):
        self.write("t/a.zip", make_zip([(f"{i}.bz2", self.slow) for i in range(60)], zipfile.ZIP_STORED))
        for i in range(20):
            self.write(f"t/{i}.gz", gzip.compress(MARKER))
        records = self.records("--timeout", "1s", "--threads", "1", "t", code=1)
        self.assertEqual({path for path, record in records.items() if record["verdict"] == "detected"},
                         {f"t/{i}.gz" for i in range(20)})
        self.assertEqual(self.reasons(records["t/a.zip"]), {"timeout"})


class Closed(Unpack):
    def test_passwords(self):
        self.write("known.zip", encrypt_zip(b"b", MARKER, b"infected"))
        self.assertEqual(self.one("known.zip", code=1)["verdict"], "detected")
        self.write("other.zip", encrypt_zip(b"b", MARKER, b"known to one"))
        record = self.one("other.zip", code=2)
        self.assertEqual(record["verdict"], "incomplete")
        self.assertEqual([(e["object"], e["reason"]) for e in record["incomplete"]], [("other.zip//b", "encrypted")])
        self.assertEqual(self.one("other.zip", "--password", "known to one", code=1)["verdict"], "detected")
        self.assertEqual(self.one("other.zip", "--password", "wrong", "--password", "known to one", code=1)["verdict"],
                         "detected")
        result = self.scan("other.zip")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"encrypted", result.stdout + result.stderr)

    def test_a_password_within(self):
        self.write("a.gz", gzip.compress(encrypt_zip(b"b", MARKER, b"secret")))
        self.assertEqual(self.one("a.gz", "--password", "secret", code=1)["verdict"], "detected")
        self.assertEqual(self.reasons(self.one("a.gz", code=2)), {"encrypted"})

    def test_damage(self):
        noise = os.urandom(50_000)
        whole = {"a.zip": make_zip([("b", noise)]), "a.gz": gzip.compress(noise), "a.bz2": bz2.compress(noise),
                 "a.xz": lzma.compress(noise), "a.tar": make_tar([("b", noise)])}
        for name, data in whole.items():
            self.write(name, data[:30_000])
            record = self.one(name, code=2)
            self.assertEqual((record["verdict"], self.reasons(record)), ("incomplete", {"damaged"}), name)

    def test_what_is_found_stays_found(self):
        data = make_tar([("b", MARKER), ("c", os.urandom(5000))])
        self.write("a.tar", data[:3000])
        record = self.one("a.tar", code=1)
        self.assertEqual((record["verdict"], self.reasons(record)), ("detected", {"damaged"}))


class Names(Unpack):
    def test_no_name_controls_the_terminal(self):
        names = ["\x1b[2J\x1b[31mred", "a\nb: clean", "\r\x08\x7f", "\u202egpj.exe", "\x9b31m", "../../etc/passwd", "/etc/passwd"]
        self.write("a.tar", make_tar([(name, MARKER) for name in names]))
        result = self.scan("--matches", "a.tar")
        self.assertEqual(result.returncode, 1)
        self.assert_printable(result.stdout)
        self.assertNotIn("\x9b".encode(), result.stdout)
        self.assertNotIn("\u202e".encode(), result.stdout)
        record = self.one("a.tar", code=1)
        self.assertEqual(len(record["detections"]), len(names))
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.tar", "r.yar"])

    def test_names_that_are_no_text(self):
        self.write("a.zip", make_zip([("xxxx", MARKER)]).replace(b"xxxx", b"\xff\xfe\x80\x01"))
        record = self.one("a.zip", code=1)
        self.assertEqual(record["verdict"], "detected")

    def test_long_names(self):
        self.write("a.tar", make_tar([("n" * 60_000, MARKER)]))
        self.assertEqual(self.one("a.tar", code=1)["verdict"], "detected")
        self.assertLess(len(self.scan("a.tar").stdout), 10_000)


class Bombs(Unpack):
    """The small ones; unpack_bombs_test.py has those that take minutes."""

    def bomb(self, name, seconds=60):
        """Its record; bounded in time and in memory."""
        begin = time.monotonic()
        # From a small process: whatever is started inherits its parent's peak. Then of all that were waited for.
        measure = ("import json, resource, subprocess, sys; r = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE); "
                   "json.dump([r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10, "
                   "r.stdout.decode()], sys.stdout)")
        done = subprocess.run([sys.executable, "-c", measure, harness.DAYLIGHT, "scan", "--no-default-content", "--rules",
                               "r.yar", "--format", "jsonl", name], cwd=self.folder, env=self.environment(),
                              stdout=subprocess.PIPE, check=True)
        code, megabytes, output = json.loads(done.stdout)
        passed = time.monotonic() - begin
        print(f"{name}: {passed:.1f} s, {megabytes} MB", flush=True)
        if not harness.SANITIZED:
            self.assertLess(megabytes, 512, name)
            self.assertLess(passed, seconds, name)
        record = json.loads(output)
        self.assertEqual(code, 1 if record["detections"] else 2, name)
        return record

    def test_recursion(self):
        data = make_zip([("0", bytes(16 << 20))])
        for level in range(5):
            data = make_zip([(f"{level}-{i}.zip", data) for i in range(16)])
        self.write("42.zip", make_zip([("first", MARKER), ("bomb.zip", data)]))
        record = self.bomb("42.zip")
        self.assertEqual(len(record["detections"]), 1)
        self.assertTrue(self.reasons(record) & {"max-ratio", "max-total", "max-children"}, record["incomplete"][:5])

    def test_deep(self):
        data = MARKER
        for _ in range(200):
            data = gzip.compress(data)
        self.write("deep.gz", data)
        self.assertEqual(self.reasons(self.bomb("deep.gz")), {"max-depth"})

    def test_overlapping_entries(self):
        """In the manner of Fifield's: each entry's data are the header and the data of the next one, the headers quoted
        in stored blocks."""
        zeros = bytes(16 << 20)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(zeros) + packer.flush()
        headers, tail, central = b"", packed, []
        for i in range(40):
            sum_ = zlib.crc32(zeros, zlib.crc32(headers))
            name = f"{i:02}".encode()
            fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, sum_, len(tail), len(headers) + len(zeros), len(name), 0)
            local = b"PK\x03\x04" + fields + name
            central.append((fields, name, len(local) + len(tail)))
            headers = local + headers
            whole = local + tail
            tail = struct.pack("<BHH", 0, len(local), len(local) ^ 0xFFFF) + whole
        records = b"".join(b"PK\x01\x02\x14\0" + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(whole) - size) + name
                           for fields, name, size in central)
        end = struct.pack("<HHHHIIH", 0, 0, len(central), len(central), len(records), len(whole), 0)
        self.write("overlap.zip", whole + records + b"PK\x05\x06" + end)
        with zipfile.ZipFile(self.folder / "overlap.zip") as archive:
            self.assertEqual(len(archive.read("00")), len(zeros))
        record = self.bomb("overlap.zip")
        # What is in them begins as zips do, and is cut off.
        self.assertEqual(self.reasons(record), {"max-ratio", "damaged"})

    def test_many_empty_entries(self):
        header = make_tar([("e", b"")])[:512]
        self.write("many.tar", header * 200_000 + bytes(1024))
        self.assertEqual(self.reasons(self.bomb("many.tar")), {"max-children"})

    def test_names_without_end(self):
        """Headers that say that a name of 8 GB follows."""
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
        self.write("names.tar", info.tobuf(tarfile.GNU_FORMAT) + b"n" * 100_000)
        self.assertEqual(self.bomb("names.tar")["verdict"], "incomplete")


if __name__ == "__main__":
    unittest.main()
