"""Databases that are cut, damaged, foreign or no files at all."""

import os
import pathlib
import random
import unittest

from hostile import Case

RULES = """
import "pe"
rule Text { strings: $a = "hello" nocase wide ascii $b = /wor+ld[0-9]{2,5}/ $c = { 01 02 [2-4] ?3 } condition: any of them }
rule Size { condition: filesize > 3 and for any i in (1..3) : (uint8(i) == 0x65) }
rule Pe { condition: pe.is_pe and pe.number_of_sections > 2 }
"""


class Databases(Case):
    def setUp(self):
        super().setUp()
        self.write("r.yar", RULES)
        self.write("t", b"hello world123 \x01\x02\x00\x00\x03")
        self.clear("rules", "compile", "--rules", "r.yar", "-o", "good.dldb", codes=(0,))
        self.good = (self.folder / "good.dldb").read_bytes()

    def every_command(self, name, codes, within=30):
        results = [self.clear("scan", "--db", name, "t", codes=codes, within=within)]
        for command in ("list", "verify"):
            results.append(self.clear("rules", command, name, codes=codes, within=within))
        results.append(self.clear("rules", "explain", "--db", name, "Text", "t", codes=codes, within=within))
        for result in results:
            if result.returncode == 2:
                self.assertTrue(result.stderr or result.stdout, result.args)
        return results

    def refused(self, name):
        for result in self.every_command(name, codes=(2,)):
            self.assertIn(os.fsencode(name), result.stderr + result.stdout)

    def test_what_is_no_database(self):
        self.write("empty", b"")
        self.write("text", b"hello\n" * 1000)
        self.write("elf", pathlib.Path("/bin/true").read_bytes())
        self.write("random", random.Random(1).randbytes(100000))
        self.write("yarac", b"YARA" + bytes(1000))
        self.write("twice", self.good + self.good)
        self.write("longer", self.good + b"\x00")
        os.mkfifo(self.folder / "fifo")
        os.mkdir(self.folder / "folder")
        os.symlink("loop", self.folder / "loop")
        for name in ("empty", "text", "elf", "random", "yarac", "twice", "longer", "fifo", "folder", "loop", "missing", "/dev/zero",
                     "/dev/null", "/proc/self/mem", "/proc/self/environ"):
            self.refused(name)

    def test_truncated(self):
        cuts = set(range(0, 200, 7)) | {len(self.good) * k // 25 for k in range(25)} | {len(self.good) - 1}
        for cut in sorted(cuts):
            self.write("cut", self.good[:cut])
            result = self.clear("scan", "--db", "cut", "t", codes=(2,), within=30)
            self.assertIn(b"cut", result.stderr)
            self.clear("rules", "verify", "cut", codes=(2,), within=30)

    def test_a_newer_version_says_so(self):
        # The version follows the eight bytes of magic (docs/formats/database.md).
        for at in (8, 9, 10, 11):
            data = bytearray(self.good)
            data[at] ^= 0x40
            self.write("odd", bytes(data))
            result = self.clear("scan", "--db", "odd", "t", codes=(2,), within=30)
            if at == 8:
                self.assertIn(b"newer Daylight", result.stderr)

    def test_flipped_bytes(self):
        # A flip in a page is found when the page is first touched; verify finds every one.
        at_random = random.Random(2)
        for at in sorted(set(range(0, 256, 5)) | {at_random.randrange(len(self.good)) for _ in range(150)}):
            data = bytearray(self.good)
            data[at] ^= 1 << at_random.randrange(8)
            self.write("odd", bytes(data))
            self.clear("scan", "--db", "odd", "t", codes=(1, 2), within=30)
        for at in sorted({at_random.randrange(256, len(self.good)) for _ in range(30)}):
            data = bytearray(self.good)
            data[at] ^= 0x10
            self.write("odd", bytes(data))
            self.every_command("odd", codes=(0, 1, 2))

    def test_a_good_one_beside_a_bad_one(self):
        self.write("bad", b"bad")
        self.clear("scan", "--db", "good.dldb", "--db", "bad", "t", codes=(2,))
        self.assertEqual(self.clear("scan", "--db", "good.dldb", "t", codes=(1,)).stdout, b"Text t\nSize t\n")

    def test_the_output_is_no_place_to_write(self):
        os.mkdir(self.folder / "folder")
        for place in ("folder", "missing/x.dldb", "/proc/x.dldb", "/dev/full/x", ""):
            result = self.clear("rules", "compile", "--rules", "r.yar", "-o", place, codes=(2,))
            self.assertTrue(result.stderr)


if __name__ == "__main__":
    unittest.main()
