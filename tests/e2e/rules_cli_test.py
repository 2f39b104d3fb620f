"""`daylight rules` against the stand-in for the worker: what the trusted side
itself does with rule files, includes and answers."""

import json
import os
import unittest

import harness


class Rules(harness.Case):
    def check(self, *arguments, **more):
        return self.run_daylight("rules", "check", *arguments, **more)

    def test_check(self):
        self.write("d/a.yar", "x")
        self.write("d/sub/b.yara", "ERROR")
        self.write("d/c.txt", "ERROR")
        result = self.check("d")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, b"error[E100]: told to\n  --> d/sub/b.yara:1:1\n2 files, 1 rule, 1 error, 0 warnings\n")
        result = self.check("d/a.yar")
        self.assertEqual((result.returncode, result.stdout), (0, b"1 file, 1 rule, 0 errors, 0 warnings\n"))
        document = json.loads(self.check("--format", "json", "d").stdout)
        self.assertEqual((document["errors"], document["diagnostics"][0]["code"]), (1, "E100"))
        self.assertEqual(self.check("gone").returncode, 2)
        self.assertEqual(self.check("d", "gone").returncode, 2)

    def test_includes_stay_beneath(self):
        self.write("rules/sub/in.yar", "inside")
        self.write("secret.yar", "SECRET")
        self.write("shared/s.yar", "shared")
        os.symlink("../secret.yar", self.folder / "rules/link.yar")
        for path, outcome in (("sub/in.yar", b"include outcome 0 rules/sub/in.yar inside"), ("../secret.yar", b"outcome 2"),
                              ("link.yar", b"outcome 2"), ("/etc/passwd", b"outcome 2"), ("/proc/self/environ", b"outcome 2"),
                              ("none.yar", b"outcome 1"), ("s.yar", b"outcome 1")):
            self.write("rules/main.yar", f'include "{path}"')
            result = self.check("rules/main.yar")
            self.assertIn(outcome, result.stdout, path)
            self.assertNotIn(b"SECRET", result.stdout)
        result = self.check("rules/main.yar", "--include-dir", "shared")
        self.assertIn(b"outcome 0 shared/s.yar shared", result.stdout)

    def test_compile_joins_sources(self):
        for name in ("a.yar", "b.yar"):
            self.write(name, "x")
        result = self.run_daylight("rules", "compile", "--rules", "a.yar", "--rules", "b.yar", "-o", "out.dldb")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"2 rules from 2 sources", result.stdout)
        self.write("t", "EVIL")
        self.assertEqual(self.run_daylight("scan", "--db", "out.dldb", "t").stdout, b"Evil t\n")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.yar", "b.yar", "out.dldb", "r.yar", "t"])

    def test_compile_leaves_the_old_database_when_it_fails(self):
        self.write("out.dldb", "old")
        self.write("bad.yar", "ERROR")
        self.assertEqual(self.run_daylight("rules", "compile", "--rules", "bad.yar", "-o", "out.dldb").returncode, 2)
        self.assertEqual((self.folder / "out.dldb").read_text(), "old")
        self.assertEqual(self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "no/out.dldb").returncode, 2)
        self.assertEqual(self.run_daylight("rules", "compile", "--rules", "r.yar").returncode, 2)

    def test_list_explain_verify(self):
        self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "x.dldb")
        result = self.run_daylight("rules", "list", "x.dldb")
        self.assertEqual(result.returncode, 0)
        self.assert_printable(result.stdout)
        self.assertIn(b"source te\\x1bst: 1 rule, licence: MIT", result.stdout)
        self.assertIn(b"  default:Evil [t] global  by me", result.stdout)
        self.assertEqual(json.loads(self.run_daylight("rules", "list", "--format", "json", "x.dldb").stdout)["rules"][0]["rule"], "Evil")
        result = self.run_daylight("rules", "explain", "--db", "x.dldb", "Evil", "r.yar")
        self.assertEqual(result.returncode, 0)
        self.assert_printable(result.stdout)
        self.assertLess(len(result.stdout), 1000)
        self.assertEqual(self.run_daylight("rules", "explain", "--db", "x.dldb", "Other", "r.yar").returncode, 2)
        self.assertEqual(self.run_daylight("rules", "explain", "--db", "x.dldb", "Evil", "gone").returncode, 2)
        self.assertEqual(self.run_daylight("rules", "explain", "--db", "x.dldb", "Evil").returncode, 2)
        self.assertEqual(self.run_daylight("rules", "verify", "x.dldb").stdout, b"x.dldb: good\n")

    def test_damaged_databases(self):
        self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "x.dldb")
        good = (self.folder / "x.dldb").read_bytes()
        for size in (0, 10, 63, 64, 100, len(good) - 1):
            (self.folder / "cut.dldb").write_bytes(good[:size])
            for command in (["rules", "list", "cut.dldb"], ["rules", "verify", "cut.dldb"], ["scan", "--db", "cut.dldb", "r.yar"]):
                self.assertEqual(self.run_daylight(*command).returncode, 2, (size, command))
        for at in range(64):
            changed = bytearray(good)
            changed[at] ^= 0x5a
            (self.folder / "odd.dldb").write_bytes(changed)
            result = self.run_daylight("rules", "list", "odd.dldb")
            # Bytes behind the checksum are reserved.
            self.assertIn(result.returncode, (0, 2) if at >= 56 else (2,), at)


if __name__ == "__main__":
    unittest.main()
