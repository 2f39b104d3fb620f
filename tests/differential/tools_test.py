#!/usr/bin/env python3
"""Tests of what the comparisons rest on: the reading of rules, the corpus and the set of differences."""

import io
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import comparison
import make_corpus
import yara_source

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = r"""
import "pe" // rule not_one { condition: true }
/* rule nor_this { strings: $a = "x" condition: $a } */
private rule First : tag { meta: text = "condition: } rule no {" strings:
  $a="q\"\x41\\" nocase wide /* odd */ ascii
  $h = { 4D ?A [2-4] ( 01 | 02 03 ) ~00 // comment }
  }
  $r = /a[\/\]]{2,3}\/\*b|c+?/is fullword
  $x = "key" xor(0x10-0x1f)
  $b = "base" base64("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu")
  condition: uint16(0) == 0x5A4D and 4 / 2 == 2 and $a and pe.imports(/x}/, /y/) }
rule Second { condition: filesize < 10KB and filesize > 100 }
"""


class ParserTest(unittest.TestCase):
    def test_reads_what_is_there_and_nothing_else(self):
        first, second = yara_source.parse(SOURCE)
        self.assertEqual((first.name, second.name, first.skipped), ("First", "Second", 0))
        self.assertEqual([s.identifier for s in first.strings], ["$a", "$h", "$r", "$x", "$b"])
        self.assertEqual([s.kind for s in first.strings], ["text", "hex", "regex", "text", "text"])
        self.assertEqual(first.strings[0].value, b'q"A\\')
        self.assertEqual(set(first.strings[0].modifiers), {"nocase", "wide", "ascii"})
        self.assertEqual(first.strings[3].modifiers["xor"], (0x10, 0x1F))
        self.assertEqual(len(first.strings[4].modifiers["base64"]), 64)
        self.assertTrue(first.condition.strip().endswith("/y/)"))
        self.assertEqual(SOURCE[slice(*first.span)], first.condition)

    def test_hex_lengths(self):
        node, rng = yara_source.parse_hex("4D [2-4] 5A"), random.Random(1)
        for lengths, size in (("min", 4), ("max", 6), ("past", 7)):
            data = yara_source.instantiate(node, rng, lengths)
            self.assertEqual((len(data), data[0], data[-1]), (size, 0x4D, 0x5A))

    def test_expressions_match_themselves(self):
        import re

        rng = random.Random(2)
        for pattern in (r"a[\/\]]{2,3}", r"x(y|zz)*[^a-c]\d{3}", r"\x41.+?\w"):
            node = yara_source.parse_regex(f"/{pattern}/")
            for lengths in ("min", "max", "random"):
                data = yara_source.instantiate(node, rng, lengths)
                self.assertTrue(re.fullmatch(pattern.encode(), data), (pattern, data))


class CorpusTest(unittest.TestCase):
    def test_header_and_size_of_the_condition(self):
        rules = yara_source.parse(SOURCE)
        files = dict(make_corpus.rule_files(rules[0], make_corpus.Maker(random.Random(3))))
        self.assertEqual(files["all0"][:2], b"MZ")
        self.assertEqual(make_corpus.size_bounds(rules[1].condition), (101, 10 * 1024 - 1))

    def test_same_seed_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "a.yar").write_text(SOURCE)
            trees = []
            for name in ("one", "two"):
                subprocess.run([sys.executable, str(HERE / "make_corpus.py"), str(folder / "a.yar"), str(folder / name),
                                "--max-mb", "0.25"], check=True, stdout=subprocess.DEVNULL)
                tree = {p.relative_to(folder / name): p.read_bytes() for p in (folder / name).rglob("*") if p.is_file()}
                trees.append(tree)
            self.assertEqual(trees[0], trees[1])
            self.assertGreater(len(trees[0]), 3)
            self.assertLessEqual(sum(map(len, trees[0].values())), 0.25 * (1 << 20))


class ComparisonTest(unittest.TestCase):
    RULE = ("ns", "r")

    def report(self, theirs, ours, exceptions=""):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(exceptions)
            file.flush()
            result = comparison.Comparison("peer", comparison.Exceptions(file.name))
            result.add("/f", theirs, ours)
            out = io.StringIO()
            return result.report(out=out), out.getvalue()

    def test_equal_is_zero(self):
        same = {self.RULE: {("$a", 1, 2), ("$a", 5, 2)}}
        self.assertEqual(self.report(same, same)[0], 0)

    def test_each_kind_of_difference_is_seen(self):
        base = {self.RULE: {("$a", 1, 2)}}
        for ours in ({}, {self.RULE: set()}, {self.RULE: {("$a", 1, 3)}}, {self.RULE: {("$a", 2, 2)}},
                     {self.RULE: {("$a", 1, 2), ("$b", 9, 1)}}, {**base, ("ns", "other"): set()}):
            self.assertEqual(self.report(base, ours)[0], 1, ours)

    def test_unknown_length_still_needs_the_place(self):
        theirs = {self.RULE: {("$a", 1, comparison.ANY_LENGTH)}}
        self.assertEqual(self.report(theirs, {self.RULE: {("$a", 1, 700)}})[0], 0)
        self.assertEqual(self.report(theirs, {self.RULE: {("$a", 2, 700)}})[0], 1)

    def test_exceptions_cover_what_they_name(self):
        theirs, ours = {self.RULE: {("$a", 1, 2)}}, {self.RULE: {("$a", 1, 3)}}
        self.assertEqual(self.report(theirs, ours, "ns r $a  # known")[0], 0)
        status, text = self.report(theirs, ours, "ns r $b  # known")
        self.assertEqual(status, 1)
        self.assertIn("exception not needed: ns r $b", text)


if __name__ == "__main__":
    unittest.main()
