"""ClamAV databases from outside: what is found, the cache of what was compiled, and the commands that know them."""

import gzip
import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile
import unittest

import harness

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GOLDEN = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "tests/content/clamav/golden.jsonl"


class Clamav(harness.Case):
    worker = None

    def setUp(self):
        super().setUp()
        os.mkdir(self.folder / "cache", 0o700)
        self.write("eicar", EICAR)
        self.write("clean", b"nothing in particular")
        self.write("db/a.hdb", f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Test.Eicar\n")

    def environment(self):
        return {**super().environment(), "XDG_CACHE_HOME": str(self.folder / "cache")}

    def clamav(self, *arguments, **more):
        return self.run_daylight("scan", "--no-default-content", "--clamav", "db", *arguments, **more)

    def entries(self):
        return sorted(p for p in (self.folder / "cache").rglob("*.dldb"))

    def age_all(self):
        """So that a second look is not taken for the first."""
        for entry in self.entries():
            os.utime(entry, (1_000_000_000, 1_000_000_000))

    def entry_stamp(self):
        return [(p.name, p.stat().st_ino) for p in self.entries()]


class Scanning(Clamav):
    def test_names_and_exit_codes(self):
        result = self.clamav("eicar", "clean")
        self.assertEqual((result.returncode, result.stdout), (1, b"Test.Eicar eicar\n"), result.stderr)
        self.assertEqual(self.clamav("clean").returncode, 0)
        record = json.loads(self.clamav("--format", "jsonl", "eicar").stdout)
        detection = record["detections"][0]
        self.assertEqual((detection["engine"], detection["name"]), ("clamav", "Test.Eicar"))
        self.assertNotIn("rule", detection)
        self.assertEqual(record["sha256"], hashlib.sha256(EICAR).hexdigest())

    def test_one_file_and_an_unknown_one(self):
        result = self.run_daylight("scan", "--no-default-content", "--clamav", "db/a.hdb", "eicar")
        self.assertEqual(result.stdout, b"Test.Eicar eicar\n", result.stderr)
        self.write("notes.txt", "hello")
        for path in ("notes.txt", "gone"):
            result = self.run_daylight("scan", "--no-default-content", "--clamav", path, "eicar")
            self.assertEqual((result.returncode, result.stdout), (2, b""), path)

    def test_malformed_lines_are_warnings_and_many_an_error(self):
        good = "".join(f"{i:032x}:10:Good{i}\n" for i in range(200))
        self.write("db/b.hdb", good + "this is no signature\n")
        result = self.clamav("eicar")
        self.assertEqual((result.returncode, result.stdout), (1, b"Test.Eicar eicar\n"))
        self.assertIn(b"b.hdb:201", result.stderr)
        self.write("db/c.hdb", "nonsense\n" * 20)
        result = self.clamav("eicar")
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"c.hdb", result.stderr)
        result = self.clamav("--skip-invalid", "eicar")
        self.assertEqual((result.returncode, result.stdout), (1, b"Test.Eicar eicar\n"), result.stderr)

    def test_unwanted_applications_only_when_asked_for(self):
        self.write("db/p.ndu", "PUA.Test.One:0:*:" + b"particular".hex() + "\n")
        self.assertEqual(self.clamav("clean").returncode, 0)
        result = self.clamav("--pua", "clean")
        self.assertEqual((result.returncode, result.stdout), (1, b"PUA.Test.One clean\n"), result.stderr)

    def test_what_takes_too_long_is_told(self):
        self.write("db/slow.ldb", "Test.Slow;Engine:81-255,Target:0;0&1;" + b"aaaa".hex() + ";0/(a+a+)+[bc]/\n")
        self.write("many", b"a" * 30_000)
        result = self.clamav("--format", "jsonl", "many", timeout=100)
        record = json.loads(result.stdout)
        self.assertEqual((result.returncode, record["verdict"]), (2, "incomplete"), record)
        self.assertEqual(record["incomplete"][0]["reason"], "match-limit")
        self.assertIn("Test.Slow", record["incomplete"][0]["detail"])

    def container(self, members):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        payload = gzip.compress(tar.getvalue())
        header = f"ClamAV-VDB:01 Jan 2026 00-00 +0000:1:1:90:{hashlib.md5(payload).hexdigest()}:x:builder:1"
        return header.ljust(512).encode() + payload

    def test_containers_must_be_signed(self):
        self.write("cvd/test.cvd", self.container({"test.ndb": b"Test.Inside:0:*:" + b"particular".hex().encode() + b"\n"}))
        for more in ((), ("--allow-unsigned-clamav",)):
            # A wrong signature is an error whatever is allowed.
            result = self.run_daylight("scan", "--no-default-content", "--clamav", "cvd", *more, "clean")
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(b"test.cvd", result.stderr)
        self.write("cud/test.cud", self.container({"test.ndb": b"Test.Inside:0:*:" + b"particular".hex().encode() + b"\n"}))
        result = self.run_daylight("scan", "--no-default-content", "--clamav", "cud", "clean")
        self.assertEqual((result.returncode, result.stdout), (2, b""), result.stderr)

    def test_golden_answers_of_clamscan(self):
        """Every case that clamscan 1.4.6 has answered and docs/rules/clamav.md does not explain away."""
        sys.path.insert(0, str(GOLDEN.parents[2] / "differential"))
        from clamav_golden import read_golden
        cases = 0
        for name, options, files, objects, expected in read_golden(GOLDEN):
            for file, text in files.items():
                self.write(f"golden/{name}/db/{file}", text)
            for key, data in objects.items():
                self.write(f"golden/{name}/objects/{key}", data)
            arguments = ["--pua"] if "--detect-pua=yes" in options else []
            result = self.run_daylight("scan", "--no-default-content", "--no-unpack", "--format", "jsonl",
                                       "--on-incomplete", "pass", *arguments, "--clamav", f"golden/{name}/db",
                                       f"golden/{name}/objects")
            self.assertIn(result.returncode, (0, 1), result.stderr)
            found = {}
            for line in result.stdout.splitlines():
                record = json.loads(line)
                found[record["path"].split("/")[-1]] = sorted({d["name"] for d in record.get("detections", ())})
            for key in objects:
                self.assertEqual(found.get(key, []), expected[key], f"{name}/{key}")
                cases += 1
        self.assertGreater(cases, 1000)


class Cache(Clamav):
    def test_compiled_once(self):
        self.clamav("eicar")
        self.assertEqual(len(self.entries()), 1)
        before = self.entry_stamp()
        self.assertEqual(self.clamav("eicar").stdout, b"Test.Eicar eicar\n")
        self.assertEqual(self.entry_stamp(), before)
        entry = self.entries()[0]
        self.assertEqual(entry.stat().st_mode & 0o777, 0o600)
        self.assertEqual(entry.parent.stat().st_mode & 0o077, 0)

    def test_a_changed_file_is_read_again(self):
        self.clamav("eicar")
        self.write("db/a.hdb", f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Other.Name\n")
        self.assertEqual(self.clamav("eicar").stdout, b"Other.Name eicar\n")
        self.write("db/b.ndb", "New.One:0:*:" + b"EICAR-STANDARD".hex() + "\n")
        self.assertEqual(set(self.clamav("eicar").stdout.split()), {b"Other.Name", b"New.One", b"eicar"})

    def test_a_damaged_entry_costs_time_only(self):
        self.clamav("eicar")
        for damage in (b"", b"nonsense" * 100):
            self.entries()[0].write_bytes(damage)
            self.assertEqual(self.clamav("eicar").stdout, b"Test.Eicar eicar\n", damage)
        whole = self.entries()[0].read_bytes()
        self.entries()[0].write_bytes(whole[: len(whole) // 2])
        self.assertEqual(self.clamav("eicar").stdout, b"Test.Eicar eicar\n")

    def test_damage_that_a_scan_meets_is_mended_the_next_time(self):
        words = [f"word {i} and more, so that there are many pages".encode() for i in range(5000)]
        self.write("db/b.ndb", "".join(f"Test.W{i}:0:*:{word.hex()}\n" for i, word in enumerate(words)))
        self.write("words", b"\n".join(words))
        expected = self.clamav("words")
        self.assertEqual(expected.returncode, 1, expected.stderr)
        entry = self.entries()[0]
        whole = bytearray(entry.read_bytes())
        for at in range(len(whole) // 8, len(whole), len(whole) // 8):
            whole[at] ^= 1
        entry.write_bytes(whole)
        result = self.clamav("words")
        self.assertNotEqual((result.returncode, result.stdout), (0, b""), result.stderr)
        self.assertIn(b"damaged and removed", result.stderr)
        self.assertEqual(self.entries(), [])
        self.assertEqual(self.clamav("words").stdout, expected.stdout)

    def test_entries_of_others_are_not_used(self):
        self.clamav("eicar")
        entry = self.entries()[0]
        evil = self.write("evil.dldb", entry.read_bytes())
        entry.unlink()
        os.symlink(evil, entry)
        result = self.clamav("eicar")
        self.assertEqual(result.stdout, b"Test.Eicar eicar\n")
        self.assertFalse(self.entries()[0].is_symlink() and b"not used" not in result.stderr, result.stderr)
        if self.entries()[0].is_symlink():
            self.entries()[0].unlink()
            self.clamav("eicar")
        os.chmod(self.entries()[0], 0o666)
        result = self.clamav("eicar")
        self.assertEqual(result.stdout, b"Test.Eicar eicar\n")
        self.assertIn(b"not used", result.stderr)

    def test_without_a_place_for_it(self):
        os.rmdir(self.folder / "cache")
        self.write("cache", "a file, no folder")
        result = self.clamav("eicar")
        self.assertEqual((result.returncode, result.stdout), (1, b"Test.Eicar eicar\n"), result.stderr)
        self.assertIn(b"not kept", result.stderr)


class Databases(Clamav):
    def test_with_yara_rules_in_one_file(self):
        self.write("r.yar", 'rule Marker { strings: $a = "particular" condition: $a }')
        self.write("db/cbc.cbc", "ClamBCafha\n")
        result = self.run_daylight("rules", "compile", "--rules", "r.yar", "--clamav", "db", "-o", "all.dldb")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = self.run_daylight("scan", "--db", "all.dldb", "eicar", "clean")
        self.assertEqual((result.returncode, result.stdout), (1, b"Test.Eicar eicar\nMarker clean\n"), result.stderr)
        listed = self.run_daylight("rules", "list", "all.dldb")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for words in (b"hdb", b"cbc", b"never executed", b"Marker"):
            self.assertIn(words, listed.stdout)
        json.loads(self.run_daylight("rules", "list", "--format", "json", "all.dldb").stdout)

    def test_verify_knows_the_sources(self):
        self.run_daylight("rules", "compile", "--clamav", "db", "-o", "c.dldb")
        result = self.run_daylight("rules", "verify", "c.dldb")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"unchanged", result.stdout + result.stderr)
        self.write("db/a.hdb", f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Test.Eicaz\n")
        result = self.run_daylight("rules", "verify", "c.dldb")
        self.assertIn(b"changed", result.stdout + result.stderr)
        self.assertNotIn(b"unchanged", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
