"""Where the time went: `scan --profile` and `rules check --corpus`."""

import gzip
import json
import random
import re
import unittest

import harness

RULES = """
import "elf"
rule Costly { strings: $slow = /ab[a-z]{2}cd[0-9]+x/ $plain = "needle" condition: any of them }
rule Twin { strings: $twin = "needle" condition: $twin }
rule Facts { condition: elf.number_of_sections > 200 }
rule Size { condition: filesize > 100MB or for any i in (0..9) : (uint8(i) == 0xfe) }
"""
STAGES = ["open", "wait", "read", "unpack", "hash", "prefilter", "verify", "conditions", "facts", "clamav", "rest", "report"]
TITLES = ["walk and open", "wait for workers", "open databases", "wait for work", "read", "unpack", "hash", "prefilter",
          "verify", "conditions", "facts", "ClamAV signatures", "report"]


class Files(harness.Case):
    worker = None  # The one beside the program.

    def setUp(self):
        super().setUp()
        self.write("r.yar", RULES)
        for i in range(40):
            self.write(f"t/{i}", b"abxxcd77y needle " * 500 if i % 4 == 0 else b"nothing " * 1000)

    def profile(self, *arguments):
        result = self.scan("--profile", "--format", "json", *arguments, "t")
        self.assertEqual(result.returncode, 1, result.stderr)
        return json.loads(result.stdout)["profile"]


class Profile(Files):
    def test_text_is_on_standard_error(self):
        plain = self.scan("t")
        result = self.scan("--profile", "t")
        self.assertEqual((result.returncode, result.stdout), (plain.returncode, plain.stdout))
        text = result.stderr.decode()
        for title in TITLES:
            self.assertRegex(text, rf"(?m)^  {title} +[0-9.]+ s +[0-9.]+ %$")
        self.assertRegex(text, r"(?m) [0-9.]+ s +[0-9.]+ % +[0-9]+ verified  default:Costly:\$slow$")
        self.assertRegex(text, r"(?m) verified  default:Costly:\$plain \(and 1 more\)$")
        self.assertRegex(text, r"(?m) 40 evaluated  default:Size$")
        self.assert_printable(result.stderr)
        self.assertEqual(plain.stderr, b"")

    def test_every_format_has_the_same_answers(self):
        for form in ("jsonl", "csv", "sarif", "json"):
            with self.subTest(form=form):
                plain = self.scan("--format", form, "--matches", "t")
                result = self.scan("--format", form, "--matches", "--profile", "t")
                self.assertEqual(result.returncode, plain.returncode)
                self.assertIn(b"where the time went", result.stderr)
                if form == "json":
                    self.assertEqual(json.loads(result.stdout)["files"], json.loads(plain.stdout)["files"])
                    self.assertNotIn("profile", json.loads(plain.stdout))
                elif form != "sarif":  # Which says how long it took.
                    self.assertEqual(result.stdout, plain.stdout)

    def test_all_workers_and_all_isolations_count_the_same(self):
        for arguments in (["--threads", "1"], ["--threads", "3"], ["--isolation", "object"]):
            with self.subTest(arguments=arguments):
                profile = self.profile(*arguments)
                self.assertEqual(list(profile["worker_stages"]), STAGES)
                conditions = {line["rule"]: line["evaluated"] for line in profile["conditions"]}
                self.assertEqual(conditions["Size"], 40)
                self.assertEqual(conditions["Twin"], 10)
                strings = {line["string"]: line for line in profile["strings"]}
                self.assertEqual(strings["$plain"]["same_strings"], 1)
                self.assertGreater(strings["$slow"]["verified"], 0)
                self.assertGreater(profile["worker_stages"]["open"], 0)
                self.assertAlmostEqual(sum(profile["worker_stages"].values()), profile["worker_seconds"], delta=0.01)
                self.assertAlmostEqual(sum(profile["stages"].values()), profile["seconds"], delta=0.01)

    def test_unpacking_is_counted(self):
        """Half a second, and hardly anything to scan. As a whole, and as it passes."""
        plain = self.profile()
        text = random.Random(1).randbytes(4 << 20).hex().encode()
        for name, members in (("a.gz", 4), ("large.gz", 17)):
            with self.subTest(name=name):
                self.write(f"u/{name}", gzip.compress(text, 1) * members)
                result = self.scan("--profile", "--format", "json", f"u/{name}")
                profile = json.loads(result.stdout)["profile"]
                stages = profile["worker_stages"]
                self.assertGreater(stages["unpack"], 0.05)
                self.assertGreater(stages["unpack"], 5 * plain["worker_stages"]["unpack"])
                self.assertLess(stages["read"], stages["unpack"] / 2)
                self.assertGreater(stages["prefilter"], 0)
                self.assertAlmostEqual(sum(stages.values()), profile["worker_seconds"], delta=0.01)

    def test_hashing_is_counted(self):
        self.assertGreater(self.profile("--hash")["worker_stages"]["hash"], 0)

    def test_a_list_has_twenty_lines(self):
        self.write("r.yar", "".join(f"rule R{i} {{ condition: filesize > {i} }}\n" for i in range(50)))
        self.assertEqual(len(self.profile()["conditions"]), 20)

    def test_nothing_to_scan(self):
        self.write("empty/.keep")
        result = self.scan("--profile", "--exclude", ".keep", "empty")
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"where the time went", result.stderr)


class Lies(harness.Case):
    """Against the stand-in for the worker."""

    def test_a_profile_decides_nothing(self):
        self.write("t/a", "TIMES")
        self.write("t/b", "TIMES EVIL")
        result = self.scan("--profile", "--format", "json", "t")
        self.assertEqual(result.returncode, 1, result.stderr)
        document = json.loads(result.stdout)
        self.assertEqual([file["verdict"] for file in document["files"]], ["clean", "detected"])
        self.assertEqual(document["profile"]["strings"][0]["verified"], 2**64 - 1)
        self.assert_printable(result.stderr)
        self.assertRegex(result.stderr, rb"verified  n:R\\+x1b\\+n:\$a \(and 4000000000 more\)")

    def test_what_was_not_asked_for_is_a_lie(self):
        self.write("t/a", "TIMES")
        self.write("t/b", "TIMESTWICE")
        self.write("t/c", "EVIL")
        records = self.records("t", code=1)
        self.assertEqual([records[f"t/{name}"]["verdict"] for name in "abc"], ["failed", "failed", "detected"])
        self.assertIn("broke the protocol", records["t/a"]["error"])
        records = self.records("--profile", "t", code=1)
        self.assertEqual([records[f"t/{name}"]["verdict"] for name in "abc"], ["clean", "failed", "detected"])


class Corpus(Files):
    def check(self, *arguments):
        return self.run_daylight("rules", "check", *arguments)

    def test_names_what_costs_most(self):
        result = self.check("--corpus", "t", "r.yar")
        self.assertEqual(result.returncode, 0, result.stderr)
        text = result.stdout.decode()
        self.assertIn("corpus: 40 files, ", text)
        self.assertRegex(text, r"(?m)^strings that cost most, of the search \([0-9.]+ s\)$")
        self.assertRegex(text, r"(?m) [0-9.]+ % +[0-9]+ verified  default:Costly:\$slow$")
        self.assertRegex(text, r"(?m) 40 evaluated  default:Size$")
        self.assertRegex(text, r"(?m)^1 file, 4 rules, 0 errors, [0-9]+ warnings?\n\Z")

    def test_json(self):
        result = self.check("--corpus", "t", "--format", "json", "r.yar")
        self.assertEqual(result.returncode, 0, result.stderr)
        corpus = json.loads(result.stdout)["corpus"]
        self.assertEqual((corpus["files"], corpus["failed"]), (40, 0))
        self.assertEqual(corpus["bytes"], sum(file.stat().st_size for file in (self.folder / "t").iterdir()))
        strings = {line["string"] for line in corpus["strings"]}
        self.assertEqual(strings, {"$slow", "$plain"})
        for line in corpus["strings"]:
            self.assertAlmostEqual(line["percent"], 100 * line["seconds"] / corpus["search_seconds"], places=3)
        self.assertNotIn("corpus", json.loads(self.check("--format", "json", "r.yar").stdout))

    def test_the_slow_ones_are_warned_of(self):
        self.write("slow.yar", "rule Loop { condition: for any i in (0..filesize) : (uint8(i) == 0xfe and i > 0) }")
        result = self.check("--corpus", "t", "slow.yar")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout.decode(),
                         r"(?m)^warning: slow: default:Loop takes [0-9.]+ % of the time for conditions, [0-9.]+ s a GB; ")
        document = json.loads(self.check("--corpus", "t", "--format", "json", "slow.yar").stdout)
        self.assertTrue(document["corpus"]["conditions"][0]["slow"])

    def test_several_sources_are_several_namespaces(self):
        self.write("set/one.yar", 'rule A { strings: $a = "needle" condition: $a }')
        self.write("set/two.yar", 'rule A { strings: $b = "nothing" condition: $b }')
        result = self.check("--corpus", "t/0", "--corpus", "t/1", "set")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, rb"verified  one:A:\$a")
        self.assertRegex(result.stdout, rb"verified  two:A:\$b")

    def test_what_cannot_be_measured(self):
        self.write("bad.yar", "rule A { condition: nonsense }")
        self.write("nothing/.keep")
        for arguments, words in ((["--corpus", "t", "bad.yar"], b"while there are errors"),
                                 (["--corpus", "missing", "r.yar"], b"missing: No such file"),
                                 (["--corpus", "t"], b"name"),
                                 (["--corpus", "t", "--clamav", "t"], b"measures rules")):
            with self.subTest(arguments=arguments):
                result = self.check(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(words, result.stderr)
                self.assertFalse(re.search(rb"cost most", result.stdout))


if __name__ == "__main__":
    unittest.main()
