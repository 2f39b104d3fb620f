"""The whole, with the real worker: rules in, detections out."""

import base64
import hashlib
import json
import pathlib
import unittest

import harness

RULES = """
import "math"
rule Hello : greet first {
  meta:
    author = "somebody"
    score = 70
    sure = true
  strings:
    $a = "hello" nocase
    $b = { 77 6f ?? 6c 64 }
  condition:
    any of them
}
private rule Hidden { condition: true }
rule Names { condition: filename == "x.txt" and extension == ".txt" and filetype == "PDF" and filepath endswith "/t/x.txt" }
"""


class Engine(harness.Case):
    worker = None  # The one beside the program.

    def setUp(self):
        super().setUp()
        self.write("r.yar", RULES)
        self.write("t/x.txt", "%PDF say HELLO world")
        self.write("t/y", "nothing")

    def test_text(self):
        result = self.scan("--matches", "t")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stdout, b"Hello t/x.txt\n  0x9:$a: HELLO\n  0xf:$b: world\nNames t/x.txt\n")

    def test_json_lines_as_promised(self):
        record = self.records("--matches", "t")["t/x.txt"]
        content = (self.folder / "t/x.txt").read_bytes()
        self.assertEqual(record["size"], len(content))
        self.assertEqual(record["sha256"], hashlib.sha256(content).hexdigest())
        detection = record["detections"][0]
        self.assertEqual((detection["engine"], detection["rule"], detection["namespace"]), ("yara", "Hello", "default"))
        self.assertEqual(detection["tags"], ["greet", "first"])
        self.assertEqual(detection["meta"], {"author": "somebody", "score": 70, "sure": True})
        self.assertEqual(detection["object"], "x.txt")
        self.assertEqual(detection["strings"][0], {"id": "$a", "offset": 9, "length": 5, "data": base64.b64encode(b"HELLO").decode()})
        clean = self.records("t")["t/y"]
        self.assertNotIn("sha256", clean)
        self.assertIn("sha256", self.records("--hash", "t")["t/y"])

    def test_lists_of_strings_are_cut_and_say_so(self):
        self.write("r.yar", 'rule Many { strings: $a = "ab" $b = /c+d/ condition: any of them }')
        self.write("t/many", b"ab" * 1500 + b"c" * 400 + b"d")
        detection = self.records("--matches", "t/many")["t/many"]["detections"][0]
        strings = detection["strings"]
        self.assertEqual(len([s for s in strings if s["id"] == "$a"]), 1000)
        self.assertTrue(detection["truncated"])
        longest = max((s for s in strings if s["id"] == "$b"), key=lambda s: s["length"])
        self.assertEqual((longest["length"], longest["truncated"], len(base64.b64decode(longest["data"]))), (401, True, 256))
        detection = self.records("--matches=all", "t/many")["t/many"]["detections"][0]
        self.assertEqual(len([s for s in detection["strings"] if s["id"] == "$a"]), 1500)
        self.assertFalse(any(s.get("truncated") for s in detection["strings"]))

    def test_defines(self):
        self.write("r.yar", "rule D { condition: level == 3 and name == \"x\" and ratio > 1.0 and on and filename == \"other\" }")
        defines = ["--define", "level=3", "--define", "name=x", "--define", "ratio=1.5", "--define", "on=true"]
        self.assertEqual(self.scan("t/y").returncode, 2)  # Not defined: an error in the rules.
        self.assertEqual(self.scan(*defines, "t/y").returncode, 0)
        self.assertEqual(self.scan(*defines, "--define", "filename=other", "t/y").stdout, b"D t/y\n")
        self.run_daylight("rules", "compile", "--rules", "r.yar", *defines, "-o", "x.dldb")
        result = self.run_daylight("scan", "--db", "x.dldb", "--define", "filename=other", "t/y")
        self.assertEqual(result.stdout, b"D t/y\n", result.stderr)
        result = self.run_daylight("scan", "--db", "x.dldb", "--define", "filename=other", "--define", "level=4", "t/y")
        self.assertEqual(result.stdout, b"")

    def test_includes(self):
        self.write("rules/main.yar", 'include "sub/a.yar"')
        self.write("rules/sub/a.yar", 'include "b.yar"')
        self.write("rules/sub/b.yar", "rule Deep { condition: filesize > 0 }")
        self.write("secret.yar", "rule Secret { condition: true }")
        self.assertEqual(self.run_daylight("scan", "--rules", "rules/main.yar", "t/y").stdout, b"Deep t/y\n")
        self.write("rules/main.yar", 'include "../secret.yar"')
        self.assertEqual(self.run_daylight("scan", "--rules", "rules/main.yar", "t/y").returncode, 2)
        self.write("rules/sub/b.yar", 'include "a.yar"')
        self.write("rules/main.yar", 'include "sub/a.yar"')
        self.assertEqual(self.run_daylight("rules", "check", "rules/main.yar").returncode, 2)

    def test_namespaces_and_sources(self):
        self.write("a/one.yar", "rule R { condition: true }")
        self.write("a/two.yar", "rule R { condition: true }")
        self.write("a/LICENSE", "Some Licence 1.0\nmore")
        self.write("b/three.yar", "rule R { condition: true }")
        result = self.run_daylight("scan", "--rules", "a", "--rules", "b/three.yar", "t/y")
        self.assertEqual(result.stdout, b"one:R t/y\ntwo:R t/y\nthree:R t/y\n")
        self.run_daylight("rules", "compile", "--rules", "a", "--rules", "b", "-o", "x.dldb")
        document = json.loads(self.run_daylight("rules", "list", "--format", "json", "x.dldb").stdout)
        self.assertEqual([(s["name"], s["licence"], s["rules"]) for s in document["sources"]], [("a", "Some Licence 1.0", 2), ("b", "", 1)])
        self.assertEqual(self.run_daylight("scan", "--db", "x.dldb", "t/y").stdout, b"one:R t/y\ntwo:R t/y\nthree:R t/y\n")

    def test_skip_invalid_keeps_the_good(self):
        self.write("r.yar", "rule Good { condition: true }\nrule Bad { condition: $nope }")
        self.assertEqual(self.scan("t/y").returncode, 2)
        result = self.scan("--skip-invalid", "t/y")
        self.assertEqual((result.returncode, result.stdout), (1, b"Good t/y\n"))
        self.assertIn(b"daylight: warning: skipped: r.yar:2:", result.stderr)

    def test_check_shows_the_place(self):
        self.write("r.yar", "rule Bad { condition: $nope }")
        result = self.run_daylight("rules", "check", "r.yar")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stdout, rb"error\[E\d+\]: .*\n +--> r.yar:1:23\n")
        self.assertIn(b"^^^^^", result.stdout)

    def test_explain(self):
        result = self.run_daylight("rules", "explain", "--rules", "r.yar", "Hello", "t/x.txt")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"default:Hello matches t/x.txt\n", result.stdout)
        result = self.run_daylight("rules", "explain", "--rules", "r.yar", "default:Hello", "t/y")
        self.assertIn(b"does not match", result.stdout)

    def test_verify_finds_damage_anywhere(self):
        self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "x.dldb")
        self.assertEqual(self.run_daylight("rules", "verify", "x.dldb").returncode, 0)
        good = (self.folder / "x.dldb").read_bytes()
        start = int.from_bytes(good[24:32], "little")
        for at in range(start, len(good), 397):
            changed = bytearray(good)
            changed[at] ^= 1
            (self.folder / "odd.dldb").write_bytes(changed)
            self.assertEqual(self.run_daylight("rules", "verify", "odd.dldb").returncode, 2, at)

    def test_standard_input(self):
        self.assertEqual(self.scan("-", input=b"hello").stdout, b"Hello -\n")


if __name__ == "__main__":
    unittest.main()
