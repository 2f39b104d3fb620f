#!/usr/bin/env python3
"""Runs the side-by-side tables on a handful of files, so that they do not rot. What they take is not looked at.

    speed_test.py --daylight PROGRAM
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import altered_rules
import datasets
import documents
import engines
from engines import ROOT, Run

RULES = r"""
import "pe"
rule First { strings: $a = "first-marker" $h = { 66 69 72 [2-4] 2D 6D } $r = /first-[a-z]{2,9}\d?/ condition: any of them }
rule Second { strings: $a = "second\x2Dmarker" nocase wide ascii condition: First or $a }
"""
ARGUMENTS = None


class SpeedTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.rules = self.folder / "rules"
        self.rules.mkdir()
        (self.rules / "one.yar").write_text(RULES)
        (self.rules / "two.yar").write_text('rule Third { strings: $a = "third-marker" condition: $a }')
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        for number, text in enumerate((b"first-marker", b"SECOND-marker", b"third", b"")):
            (self.programs / str(number)).write_bytes(b"\x7fELF" + bytes(5000) + text)

    def tables(self, *words):
        report = self.folder / "report.json"
        run = Run([sys.executable, str(ROOT / "bench" / "speed.py"), *words, "--daylight", ARGUMENTS.daylight, "--data",
                   str(self.folder / "data"), "--repetitions", "2", "--programs", str(self.programs), "--signature-base",
                   str(self.rules), "--reversinglabs", "/nonexistent", "--clamav-maker", "/nonexistent", "--json", str(report)],
                  good=(0,))
        return json.loads(report.read_text())["tables"], run.output.decode()

    def test_sides_find_the_same_and_each_is_measured(self):
        tables, text = self.tables("yara-bin-signature-base", "--sides", "yara,cat")
        table = tables["yara-bin-signature-base"]
        rows = {row["side"]: row for row in table["corpora"][0]["rows"]}
        self.assertEqual(rows["daylight"]["detections"], 3)  # First alone, Second in two files.
        self.assertEqual(rows["daylight"]["runs"], 2)
        self.assertGreater(rows["daylight"]["open_cpu_s"], 0)
        self.assertIn("cat", rows)
        if shutil.which("yara"):
            self.assertEqual(rows["yara"]["detections"], 3)
            self.assertEqual([asked["what"] for asked in table["asked"]], ["times as fast as yara"])
            self.assertIn("times as fast as yara", text)
        self.assertEqual((table["corpora"][0]["files"], table["corpora"][0]["bytes"]), (4, 4 * 5004 + 12 + 13 + 5))

    def test_what_cannot_be_measured_is_skipped_and_says_so(self):
        tables, text = self.tables("yara-bin-reversinglabs", "clamav", "--sides", "daylight")
        self.assertIn("--reversinglabs", tables["yara-bin-reversinglabs"]["skipped"])
        self.assertIn("--clamav", tables["clamav"]["skipped"])
        self.assertEqual(text.count("skipped:"), 2)

    def test_growth_compiles_ten_times_the_rules(self):
        tables, _ = self.tables("growth", "--sides", "daylight")
        ten, one = tables["growth"]["corpora"][0]["rows"]
        self.assertEqual((ten["side"], ten["detections"]), ("ten times", 3))
        self.assertEqual(one["detections"], 3)
        database = self.folder / "ten.dldb"
        Run([ARGUMENTS.daylight, "rules", "compile", "--rules", str(self.folder / "data"), "-o", str(database)], good=(0,))
        listed = Run([ARGUMENTS.daylight, "rules", "list", str(database)], good=(0,)).output.decode()
        self.assertIn("27 rules", listed)  # The nine copies.

    @unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("bsdtar") and shutil.which("7z") and shutil.which("zip"), "tools")
    def test_packages_are_unpacked_in_every_form(self):
        packages = self.folder / "packages"
        for name in ("one", "two"):
            whole = self.folder / name
            (whole / "DEBIAN").mkdir(parents=True)
            (whole / "DEBIAN" / "control").write_text(f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\n"
                                                      "Description: a test\n")
            (whole / "text").write_bytes(b"text " * 5000)
            packages.mkdir(exist_ok=True)
            subprocess.run(["dpkg-deb", "--root-owner-group", "-b", whole, packages / f"{name}.deb"], check=True, capture_output=True)
        tables, text = self.tables("unpack-packages", "--packages", str(packages), "--sides", "daylight")
        self.assertEqual([c["files"] for c in tables["unpack-packages"]["corpora"]], 7 * [2])
        self.assertEqual(text.count("not read whole by daylight: 0"), 7)
        self.assertEqual([row["side"] for row in tables["unpack-packages"]["corpora"][0]["rows"]],
                         ["daylight", "daylight, all", "bsdtar"])
        self.assertEqual(len(tables["unpack-packages"]["asked"]), 7)
        for form in datasets.REPACKED:
            archive = self.folder / "data" / f"packages-{form}" / f"one.{form}"
            inner = f"bsdtar -xOf {archive}" + (" 'data.tar*' | bsdtar -xOf -" if form.endswith("deb") else "")
            written = subprocess.run(["sh", "-c", inner], check=True, capture_output=True).stdout
            self.assertEqual(written, b"text " * 5000, form)

    def test_marks_are_found_in_documents(self):
        signatures = self.folder / "signatures"
        signatures.mkdir()
        (signatures / "some.hdb").write_text(f"{'0' * 32}:68:Test.Nothing\n")
        tables, text = self.tables("unpack-documents", "--sides", "clamscan", "--scale", "0.01", "--clamav", str(signatures))
        corpora = tables["unpack-documents"]["corpora"]
        self.assertEqual([c["files"] for c in corpora], [1, 80, 80])
        # A tenth of the documents; of mails, a tenth of the quarter that carries something.
        for corpus, marks in zip(corpora, (3, 8, 8)):
            for row in corpus["rows"]:
                self.assertEqual(row["detections"], marks, (corpus["label"], row["side"]))
        self.assertEqual(text.count("not read whole by daylight: 0"), 3)

    def test_an_unknown_name_is_refused(self):
        done = subprocess.run([sys.executable, str(ROOT / "bench" / "speed.py"), "nonsense"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no table 'nonsense'", done.stderr)


class AlteredRulesTest(unittest.TestCase):
    def test_letters_change_and_syntax_stays(self):
        rng = random.Random(1)
        self.assertRegex(altered_rules.alter_text(r'"ab\x41c\n\"d"', rng), r'^"..\\x41.\\n\\".+"$')
        self.assertNotEqual(altered_rules.alter_text('"abcdef"', rng), '"abcdef"')
        altered = altered_rules.alter_regex(r"/abc[x-z\]]{2,3}\d\x41q+/is", rng)
        self.assertRegex(altered, r"^/[abcq]{3}\[x-z\\\]\]\{2,3\}\\d\\x41[abcq]\+/is$")
        self.assertNotEqual(altered_rules.alter_regex("/abc/", rng), "/abc/")
        hexadecimal = altered_rules.alter_hex(" 01 02 ?3 [4-5] ( 06 | ~07 ) // 08", rng)
        self.assertRegex(hexadecimal, r"^ 0\d 0\d \?3 \[4-5\] \( 0\d \| ~07 \) // 08$")
        self.assertNotEqual(hexadecimal, " 01 02 ?3 [4-5] ( 06 | ~07 ) // 08")


class DatasetsTest(unittest.TestCase):
    def test_the_same_bytes_each_time_and_nothing_half_made(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            first, second = (datasets.log(pathlib.Path(f), 20000).read_bytes() for f in (one, two))
            self.assertEqual(first, second)
            self.assertGreaterEqual(len(first), 20000)

            def fail(_):
                raise OSError

            with self.assertRaises(OSError):
                datasets.made(pathlib.Path(one) / "x", fail)
            self.assertFalse((pathlib.Path(one) / "x").exists())


class DocumentsTest(unittest.TestCase):
    def test_the_same_bytes_each_time(self):
        one, two = documents.Author(1), documents.Author(1)
        for kind in ("docx", "xlsx", "odt", "doc", "xls", "zip", "png", "pdf"):
            self.assertEqual(getattr(one, kind)(b"mark"), getattr(two, kind)(b"mark"), kind)

    def test_a_mark_is_not_in_plain_sight(self):
        author = documents.Author(2)
        for kind in ("docx", "xlsx", "odt", "zip", "pdf"):
            self.assertNotIn(b"plain-mark", getattr(author, kind)(b"plain-mark"), kind)
        for kind in ("doc", "xls", "png"):
            self.assertIn(b"plain-mark", getattr(author, kind)(b"plain-mark"), kind)


class RunTest(unittest.TestCase):
    def test_cpu_seconds_are_those_of_children_too(self):
        run = Run(["sh", "-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; :"])
        alone = Run(["true"])
        self.assertGreater(run.cpu_seconds, 2 * alone.cpu_seconds)
        self.assertRaises(engines.EngineError, Run, ["false"], good=(0,))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--daylight", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
