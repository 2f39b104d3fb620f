"""`daylight scan`: options, exit codes, order, odd names, signals. The stand-in
for the worker finds "EVIL"; see test_worker.cc."""

import base64
import csv
import io
import json
import os
import signal
import subprocess
import time
import unittest

import harness


class ExitCodes(harness.Case):
    def test_clean_is_0(self):
        self.write("t/a", "good")
        result = self.scan("t")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def test_detected_is_1(self):
        self.write("t/a", "EVIL")
        result = self.scan("t")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (1, b"Evil t/a\n", b""))

    def test_detected_beats_failed(self):
        self.write("t/a", "EVIL")
        self.write("t/b", "FAIL")
        self.write("t/c", "UNREAD")
        self.assertEqual(self.scan("t").returncode, 1)

    def test_failed_and_incomplete_are_2(self):
        self.write("f", "FAIL")
        self.write("u", "UNREAD")
        self.write("g", "good")
        self.assertEqual(self.scan("f", "g").returncode, 2)
        result = self.scan("u", "g")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"daylight: u: incomplete: encrypted", result.stderr)
        self.assertEqual(self.scan("u", "--on-incomplete", "pass").returncode, 0)
        self.assertEqual(self.scan("f", "--on-incomplete", "pass").returncode, 2)

    def test_missing_path_is_2_and_the_rest_is_scanned(self):
        self.write("a", "EVIL")
        result = self.scan("gone")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"daylight: gone: No such file or directory", result.stderr)
        self.assertEqual(self.scan("gone", "a").stdout, b"Evil a\n")

    def test_wrong_command_lines_are_2(self):
        for arguments in (["scan"], ["scan", "--nope", "."], ["scan", "-Z", "."], ["nope"], [], ["scan", "--format", "xml", "."],
                          ["scan", "--threads", "0", "."], ["scan", "--max-size", "big", "."], ["scan", "--timeout", "x", "."],
                          ["scan", "--define", "x", "."], ["scan", "--matches=some", "."], ["scan", "--rules"],
                          ["scan", "--on-incomplete", "maybe", "."], ["scan", "--isolation", "x", "."],
                          ["scan", "--module-data", "cuckoo=gone", "."], ["rules"], ["rules", "nope"]):
            result = self.run_daylight(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, b"", arguments)
            self.assertTrue(result.stderr, arguments)

    def test_bad_content_is_2_and_nothing_is_scanned(self):
        self.write("t/a", "EVIL")
        self.write("bad.yar", "ERROR")
        result = self.run_daylight("scan", "--rules", "bad.yar", "t")
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"error[E100]: told to\n  --> bad.yar:1:1\n", result.stderr)
        for content in (["--rules", "gone.yar"], ["--rules", "t"], ["--db", "t/a"], ["--db", "gone"], ["--db", "t"],
                        ["--no-default-content"], ["--rules", "r.yar", "--include-dir", "gone"]):
            result = self.run_daylight("scan", *content, "t")
            self.assertEqual((result.returncode, result.stdout), (2, b""), content)
            self.assertTrue(result.stderr.startswith(b"daylight: "), content)

    def test_skip_invalid_goes_on(self):
        self.write("t/a", "EVIL")
        self.write("bad.yar", "ERROR")
        result = self.run_daylight("scan", "--skip-invalid", "--rules", "bad.yar", "--rules", "r.yar", "--rules", "gone.yar", "t")
        self.assertEqual((result.returncode, result.stdout), (1, b"Evil t/a\n"))
        self.assertIn(b"daylight: warning: skipped: bad.yar:1:1: rule r: E100: told to", result.stderr)
        self.assertIn(b"daylight: warning: skipped: gone.yar: No such file", result.stderr)

    def test_version_and_help(self):
        self.assertRegex(self.run_daylight("--version").stdout, rb"^daylight \d+\.\d+\.\d+\n$")
        for command in ([], ["scan"], ["rules"], ["rules", "check"], ["rules", "compile"], ["rules", "list"],
                        ["rules", "explain"], ["rules", "verify"]):
            result = self.run_daylight(*command, "--help")
            self.assertEqual(result.returncode, 0, command)
            self.assertIn(b"Usage: daylight", result.stdout)
        self.assertIn(b"(default: 120s)", self.run_daylight("scan", "--help").stdout)


class Walking(harness.Case):
    def test_order_is_always_the_same(self):
        names = ["b", "a/z", "a/b/c", "a.txt", "B", "c/1", "c/10", "c/2"]
        for name in names:
            self.write("t/" + name, "SLEEP EVIL" if name == "B" else "EVIL")
        expected = b"".join(b"Evil t/" + n.encode() + b"\n" for n in ["B", "a/b/c", "a/z", "a.txt", "b", "c/1", "c/10", "c/2"])
        for threads in ("1", "2", "5"):
            self.assertEqual(self.scan("--threads", threads, "t").stdout, expected)

    def test_arguments_in_their_order(self):
        for name in "abc":
            self.write(name, "EVIL")
        self.assertEqual(self.scan("c", "a", "b", "a").stdout, b"Evil c\nEvil a\nEvil b\nEvil a\n")

    def test_odd_names(self):
        names = [b"new\nline", b"\x1b[31mred", b"\xff\xfe", b"-dash", b" space ", b"quote\"'", b"[a,b]", b"{x}", b"%s", b"a\\b", b"tab\t",
                 "\u202egpj.exe".encode()]
        for name in names:
            self.write(b"t/" + name, "EVIL")
        result = self.scan("t")
        self.assert_printable(result.stdout)
        self.assertEqual(len(result.stdout.splitlines()), len(names))
        self.assertIn(b"Evil t/new\\nline\n", result.stdout)
        self.assertIn(b"Evil t/a\\\\b\n", result.stdout)
        result = self.scan("--format", "jsonl", "t")
        self.assert_printable(result.stdout)
        exact = set()
        for line in result.stdout.decode().splitlines():
            record = json.loads(line)
            exact.add(base64.b64decode(record["path_b64"]) if "path_b64" in record else record["path"].encode())
        self.assertEqual(exact, {b"t/" + name for name in names})
        # The same names as arguments.
        for name in names:
            direct = self.run_daylight("scan", "--rules", "../r.yar", "--", name, cwd=os.path.join(os.fsencode(self.folder), b"t"))
            self.assertEqual(direct.returncode, 1, (name, direct.stderr))
            self.assertEqual(len(direct.stdout.splitlines()), 1)

    def test_brackets_and_command_names_are_paths(self):
        for name in ("[a,b]", "scan", "rules", "check"):
            self.write(name, "EVIL")
            self.assertEqual(self.scan(name).stdout, b"Evil " + name.encode() + b"\n")

    def test_exclude(self):
        for name in ("t/a.log", "t/sub/b.log", "t/sub/c", "t/skip/d"):
            self.write(name, "EVIL")
        self.assertEqual(self.scan("--exclude", "*.log", "--exclude", "t/skip", "t").stdout, b"Evil t/sub/c\n")

    def test_links(self):
        self.write("real/a", "EVIL")
        os.makedirs(self.folder / "t")
        os.symlink("../real", self.folder / "t/link")
        os.symlink("..", self.folder / "t/up")
        os.symlink("nowhere", self.folder / "t/dangling")
        self.assertEqual(self.scan("t").returncode, 0)
        self.assertEqual(self.scan("t/link").stdout, b"Evil t/link/a\n")
        result = self.scan("--follow", "t")
        self.assertIn(b"Evil t/link/a\n", result.stdout)
        self.assertEqual(result.returncode, 1)

    def test_special_files_never_block(self):
        self.write("t/a", "good")
        os.mkfifo(self.folder / "t/fifo")
        result = self.scan("t", timeout=20)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        for path in ("t/fifo", "/dev/zero", "/dev/stdin", "/proc/version"):
            result = self.scan(path, timeout=20)
            self.assertEqual(result.returncode, 2, path)
        summary = json.loads(self.scan("--format", "json", "t").stdout)["summary"]
        self.assertEqual((summary["files"], summary["skipped"]), (1, 1))

    def test_unreadable(self):
        self.write("t/a", "EVIL")
        self.write("t/b/c", "EVIL")
        os.chmod(self.folder / "t/a", 0)
        os.chmod(self.folder / "t/b", 0)
        self.addCleanup(os.chmod, self.folder / "t/b", 0o755)
        drop = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        # The programs may stand where nobody else may look: then there is nothing to see here.
        if drop and subprocess.run([harness.DAYLIGHT, "--version"], capture_output=True, **drop).returncode != 0:
            self.skipTest("the build folder is closed to other users")
        records = self.records("t", code=2, **drop)
        self.assertEqual({path: record["verdict"] for path, record in records.items()}, {"t/a": "failed", "t/b": "failed"})
        self.assertEqual(records["t/a"]["error"], "Permission denied")

    def test_files_from(self):
        for name in ("a", "b c", "d\ne"):
            self.write(name, "EVIL")
        self.write("list", "a\nb c\n\n")
        self.assertEqual(self.scan("--files-from", "list").stdout, b"Evil a\nEvil b c\n")
        self.write("list0", b"d\ne\0a\0")
        self.assertEqual(self.scan("--files-from", "list0").stdout, b"Evil d\\ne\nEvil a\n")
        self.assertEqual(self.scan("--files-from", "-", input=b"a").stdout, b"Evil a\n")
        self.assertEqual(self.scan("--files-from", "gone").returncode, 2)

    def test_standard_input(self):
        result = self.scan("-", input=b"some EVIL")
        self.assertEqual((result.returncode, result.stdout), (1, b"Evil -\n"))
        self.assertEqual(self.scan("-", input=b"").returncode, 0)
        records = self.records("-", "--max-size", "4", input=b"EVIL and more", code=1)
        self.assertEqual(records["-"]["incomplete"][0]["reason"], "budget")

    def test_a_large_folder(self):
        os.makedirs(self.folder / "t")
        for i in range(3000):
            (self.folder / f"t/{i:05}").write_bytes(b"SLEEP" if i == 0 else b"EVIL" if i % 2 else b"")
        lines = self.scan("--threads", "2", "t").stdout.splitlines()
        self.assertEqual(lines, [b"Evil t/%05d" % i for i in range(1, 3000, 2)])

    def test_variables(self):
        self.write("t/.x.tar.GZ", "NAMES")
        meta = self.records("t")["t/.x.tar.GZ"]["detections"][0]["meta"]
        self.assertEqual(meta["filename"], ".x.tar.GZ")
        self.assertEqual(meta["filepath"], str(self.folder / "t/.x.tar.GZ"))
        self.assertEqual(meta["extension"], ".GZ")
        self.assertEqual(meta["owner"], "root" if os.geteuid() == 0 else meta["owner"])


class Output(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("t/a", "EVIL")
        self.write("t/b", "good")
        self.write("t/c", "UNREAD")
        self.write("t/d", "TWICE")

    def test_all_and_quiet(self):
        self.assertEqual(self.scan("--all", "t").stdout,
                         b"Evil t/a\n[clean] t/b\n[incomplete] t/c\nsome:First t/d\nsome:Second t/d\n")
        result = self.scan("--quiet", "t")
        self.assertEqual((result.stdout, result.stderr), (b"Evil t/a\nsome:First t/d\nsome:Second t/d\n", b""))

    def test_matches(self):
        self.assertIn(b"some:First t/d\n  0x1:$a: WICE\n", self.scan("--matches", "t").stdout)
        self.assertEqual(self.scan("--matches=all", "t").returncode, 1)
        record = self.records("--matches", "t")["t/d"]
        self.assertEqual(record["detections"][0]["strings"], [{"id": "$a", "offset": 1, "length": 4, "data": "V0lDRQ=="}])
        self.assertNotIn("strings", self.records("t")["t/d"]["detections"][0])

    def test_json_lines_keys_stand_as_promised(self):
        line = self.scan("--format", "jsonl", "t/a").stdout.decode()
        self.assertEqual(list(json.loads(line)), ["path", "verdict", "size", "detections", "incomplete"])

    def test_json(self):
        document = json.loads(self.scan("--format", "json", "t").stdout)
        self.assertEqual([record["verdict"] for record in document["files"]], ["detected", "clean", "incomplete", "detected"])
        summary = document["summary"]
        self.assertEqual((summary["files"], summary["detections"], summary["incomplete"], summary["interrupted"]), (4, 3, 1, False))

    def test_sarif(self):
        run = json.loads(self.scan("--format", "sarif", "t").stdout)["runs"][0]
        self.assertEqual([result["ruleId"] for result in run["results"]], ["Evil", "daylight/incomplete", "some.First", "some.Second"])

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.scan("--format", "csv", "t").stdout.decode())))
        self.assertEqual([(row["path"], row["verdict"], row["rule"]) for row in rows],
                         [("t/a", "detected", "Evil"), ("t/c", "incomplete", ""), ("t/d", "detected", "First"), ("t/d", "detected", "Second")])

    def test_into_a_file(self):
        result = self.scan("-o", "out", "t")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertTrue((self.folder / "out").read_bytes().startswith(b"Evil t/a\n"))
        self.assertEqual(self.scan("-o", "no/such/folder", "t").returncode, 2)

    def test_full_disk_is_said(self):
        result = self.scan("-o", "/dev/full", "t")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"No space left on device", result.stderr)

    def test_nothing_a_worker_says_controls_the_terminal(self):
        self.write("l", "LOUD")
        for form in ("text", "json", "jsonl", "sarif", "csv"):
            result = self.scan("--format", form, "--matches", "--all", "l")
            self.assert_printable(result.stdout.replace(b"\r\n", b"\n") if form == "csv" else result.stdout)
            self.assert_printable(result.stderr)
            self.assertNotIn(b"\xc2\x9b", result.stdout)

    def test_reader_that_leaves(self):
        for i in range(3000):
            self.write(f"many/{i}", "EVIL")
        process = self.start("scan", "--rules", "r.yar", "--all", "many", "t", "many", "many", "many", "many", "many")
        process.stdout.read(100)
        process.stdout.close()
        error = process.stderr.read()
        self.assertEqual(process.wait(30), 2)
        # What the scan met before it noticed may be said; the reader's leaving is no error.
        self.assertNotIn(b"pipe", error.lower())


class Signals(harness.Case):
    def interrupted(self, form, number):
        self.write("t/a", "EVIL")
        for i in range(20):
            self.write(f"t/b{i}", "HANG")
        process = self.start("scan", "--rules", "r.yar", "--threads", "2", "--format", form, "t")
        time.sleep(1.0)
        process.send_signal(number)
        out, error = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 2)
        self.assertIn(b"daylight: interrupted\n", error)
        return out

    def test_output_is_completed(self):
        self.assertEqual(self.interrupted("text", signal.SIGINT), b"Evil t/a\n")
        document = json.loads(self.interrupted("json", signal.SIGTERM))
        self.assertTrue(document["summary"]["interrupted"])
        self.assertEqual(document["files"][0]["verdict"], "detected")
        lines = [json.loads(line) for line in self.interrupted("jsonl", signal.SIGINT).splitlines()]
        self.assertEqual(lines[-1], {"interrupted": True})
        run = json.loads(self.interrupted("sarif", signal.SIGTERM))["runs"][0]
        self.assertFalse(run["invocations"][0]["executionSuccessful"])
        self.assertIn(b",interrupted,", self.interrupted("csv", signal.SIGINT))

    def test_while_rules_compile_or_standard_input_is_read(self):
        self.write("hang.yar", "HANG")
        process = self.start("scan", "--rules", "hang.yar", ".")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 2)
        reading, writing = os.pipe()
        process = subprocess.Popen([harness.DAYLIGHT, "scan", "--rules", "r.yar", "--format", "json", "-"], stdin=reading,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, env=self.environment())
        os.close(reading)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
        os.close(writing)
        self.assertEqual(process.returncode, 2)
        self.assertTrue(json.loads(out)["summary"]["interrupted"])


class Habits(harness.Case):
    def test_options_of_others_and_slips(self):
        for option, words in (("--rule", b"did you mean --rules?"), ("--formt=json", b"did you mean --format?"), ("-r", b"folders are always"),
                              ("-j4", b"use --threads N"), ("-s", b"use --matches"), ("--infected", b"--all"), ("-z", b"every detection is listed"), ("-Y", b"no option -Y (see")):
            result = self.scan(option, "r.yar")
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(words, result.stderr, option)

    def test_help_in_front(self):
        for command in (["scan"], ["rules"], ["rules", "check"]):
            result = self.run_daylight("help", *command)
            self.assertEqual((result.returncode, result.stdout), (0, self.run_daylight(*command, "--help").stdout))
        self.assertEqual(self.run_daylight("rules", "help", "check").stdout, self.run_daylight("rules", "check", "--help").stdout)
        self.assertEqual(self.run_daylight("help", "nope").returncode, 2)


if __name__ == "__main__":
    unittest.main()
