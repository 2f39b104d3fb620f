"""Workers that die, hang or lie: what it costs, and what is said about it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import unittest

import harness


def children_of(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"PPid:\t{pid}\n" in (entry / "status").read_text():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


class Workers(harness.Case):
    def verdicts(self, *arguments, code):
        return {path: record["verdict"] for path, record in self.records(*arguments, "t", code=code).items()}

    def test_a_death_costs_one_object(self):
        for i in range(100):
            self.write(f"t/{i:02}", "CRASH" if i in (50, 51, 99) else "EXIT" if i == 70 else "EVIL")
        for threads in ("1", "3"):
            records = self.records("--threads", threads, "t", code=1)
            self.assertEqual(len(records), 100)
            failed = {path: record["error"] for path, record in records.items() if record["verdict"] == "failed"}
            self.assertEqual(failed, {
                **{f"t/{i}": "the worker died (signal 11 (Segmentation fault))" for i in (50, 51, 99)},
                "t/70": "the worker died (exit code 7)"})
            self.assertEqual(list(records), [f"t/{i:02}" for i in range(100)])

    def test_silence_past_the_limit_is_incomplete(self):
        self.write("t/a", "EVIL")
        self.write("t/b", "HANG")
        self.write("t/c", "EVIL")
        # Starting a worker is not part of it, so on a busy machine too the others
        # have all the time that they need.
        start = time.monotonic()
        records = self.records("--timeout", "2500ms", "--threads", "1", "t", code=1)
        passed = time.monotonic() - start
        self.assertGreater(passed, 2.4)
        self.assertLess(passed, 60)
        self.assertEqual(records["t/a"]["verdict"], "detected")
        self.assertEqual(records["t/b"]["verdict"], "incomplete")
        self.assertEqual(records["t/b"]["incomplete"], [{"object": "b", "reason": "timeout", "detail": "no answer after 2.500 s"}])
        self.assertEqual(records["t/c"]["verdict"], "detected")
        self.assertEqual(self.scan("--timeout", "300ms", "t/b").returncode, 2)

    def test_the_limit_is_for_each_object(self):
        for i in range(6):
            self.write(f"t/{i}", "SLEEP EVIL")
        self.assertEqual(set(self.verdicts("--timeout", "2s", "--threads", "1", code=1).values()), {"detected"})

    def test_lies_are_failures(self):
        reasons = {
            "GARBAGE": "not a message (wrong magic)",
            "HUGE": "a message that is too long",
            "WRONG": "the worker answered something that was not asked",
            "FLOOD": "the worker answered something that was not asked",
            "CHATTER": "the worker answered something that was not asked",
            "UNUSABLE": "the worker answered something that was not asked",
            "DOWNWARDS": "a message that goes the other way",
            "DESCRIPTOR": "descriptors came, which go down only",
            "CLAIMED": "descriptors came, which go down only",
            "MANY": "a list of too little for its length",
            "LONG": "a message that is too long",
        }
        for order, reason in reasons.items():
            self.write("t/a", "EVIL")
            self.write("t/b", order)
            self.write("t/c", "EVIL")
            records = self.records("--threads", "1", "t", code=1)
            self.assertEqual(records["t/b"]["verdict"], "failed", order)
            self.assertEqual(records["t/b"]["error"], "the worker broke the protocol: " + reason, order)
            self.assertEqual([records[f"t/{name}"]["verdict"] for name in "ac"], ["detected"] * 2, order)

    def test_talk_does_not_stop_the_clock(self):
        for order in ("HALF", "DRIP"):
            self.write("t/a", "EVIL")
            self.write("t/b", order)
            self.write("t/c", "EVIL")
            records = self.records("--timeout", "2s", "--threads", "1", "t", code=1)
            self.assertEqual(records["t/b"]["incomplete"], [{"object": "b", "reason": "timeout", "detail": "no answer after 2 s"}], order)
            self.assertEqual([records[f"t/{name}"]["verdict"] for name in "ac"], ["detected"] * 2, order)

    def test_memory_past_the_limit_is_incomplete(self):
        self.write("t/a", "EVIL")
        self.write("t/b", "EATMEMORY")
        self.write("t/c", "EVIL")
        records = self.records("--max-memory", "256M", "--threads", "1", "t", code=1)
        self.assertEqual(records["t/b"]["incomplete"], [{"object": "b", "reason": "memory", "detail": "more than 256 MiB"}])
        self.assertEqual([records[f"t/{name}"]["verdict"] for name in "ac"], ["detected"] * 2)

    def test_a_long_report_is_taken_when_all_was_asked_for(self):
        self.write("t/b", "LONG")
        self.assertEqual(self.records("--matches=all", "t", code=0)["t/b"]["verdict"], "clean")

    def test_a_report_is_about_its_own_object(self):
        self.write("t/a", "NAMESAKE")
        records = self.records("t", code=1)
        self.assertEqual([d["object"] for d in records["t/a"]["detections"]], ["a", "a", "a//inner", "a"])
        self.assertEqual(self.scan("t").stdout, b"Evil t/a\nEvil t/a\nEvil t/a//inner\nEvil t/a\n")

    def test_a_file_that_changes_is_read_again(self):
        self.write("t/a", "SLEEP")  # Half a second.
        self.write("t/b", "good")
        process = self.start("scan", "--rules", "r.yar", "--format", "jsonl", "--threads", "1", "t")
        deadline = time.monotonic() + 20
        while not children_of(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        # While the first is slept on, or before: what counts is what was there last.
        time.sleep(0.1)
        self.write("t/a", "SLEEP EVIL")
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, stderr)
        records = {record["path"]: record for record in map(json.loads, stdout.splitlines())}
        self.assertEqual(records["t/a"]["verdict"], "detected")
        self.assertEqual(records["t/a"]["size"], len("SLEEP EVIL"))
        self.assertEqual(records["t/b"]["verdict"], "clean")

    def test_a_worker_sees_only_so_many(self):
        # A worker's process number is its own; many objects are seen by several.
        for i in range(25000):
            name = self.folder / f"t/{i // 1000:02}/{i:05}"
            if i % 1000 == 0:
                os.makedirs(name.parent)
            name.write_bytes(b"EVIL" if i % 5000 == 0 else b"")
        process = self.start("scan", "--rules", "r.yar", "--threads", "1", "--format", "json", "t")
        seen = set()
        reader = threading.Thread(target=lambda: seen.add(process.communicate(timeout=120)[0]))
        reader.start()
        workers = set()
        while reader.is_alive():
            workers.update(children_of(process.pid))
            time.sleep(0.01)
        reader.join()
        summary = json.loads(seen.pop())["summary"]
        self.assertEqual((summary["files"], summary["detected"], summary["workers_lost"]), (25000, 5, 0))
        self.assertGreaterEqual(len(workers), 3)

    def test_reports_that_wait_are_not_lost_with_their_worker(self):
        # Batches grow from one object on: the first few are for that.
        for i in range(16):
            self.write(f"t/{i:02}", "good")
        self.write("t/a", "HELD")
        self.write("t/b", "HELDEVIL")
        self.write("t/d", "EVIL")
        for order, verdict, said in (("CRASH", "failed", "the worker died (signal 11 (Segmentation fault))"), ("HELDEXIT", "failed", "the worker died (exit code 7)"),
                                     ("HANG", "incomplete", "timeout"), ("HELDHANG", "incomplete", "timeout"),
                                     ("GARBAGE", "failed", "the worker broke the protocol: not a message (wrong magic)"),
                                     ("WRONG", "failed", "the worker broke the protocol: the worker answered something that was not asked")):
            self.write("t/c", order)
            for threads in ("1", "2"):
                result = self.scan("--timeout", "3s", "--threads", threads, "--format", "json", "t")
                document = json.loads(result.stdout)
                records = {record["path"]: record for record in document["files"]}
                self.assertEqual([records[f"t/{name}"]["verdict"] for name in "abcd"], ["clean", "detected", verdict, "detected"], order)
                at_c = records["t/c"]
                self.assertEqual(at_c["error"] if verdict == "failed" else at_c["incomplete"][0]["reason"], said, order)
                self.assertEqual(len(document["files"]), 20, order)
                # Nobody else was suspected.
                self.assertEqual(document["summary"]["workers_lost"], 1, order)

    def test_a_worker_that_leaves_with_reports_that_wait(self):
        for i in range(16):
            self.write(f"t/{i:02}", "good")
        self.write("t/a", "HELD")
        self.write("t/b", "HELDLEAVE")
        result = self.scan("--threads", "1", "--format", "json", "t")
        document = json.loads(result.stdout)
        verdicts = {record["path"]: record["verdict"] for record in document["files"]}
        self.assertEqual((verdicts["t/a"], verdicts["t/b"]), ("clean", "failed"))
        self.assertEqual(document["summary"]["workers_lost"], 2)

    def test_reports_that_wait_stop_the_clock(self):
        for i in range(16):
            self.write(f"t/{i:02}", "good")
        for i in range(8):  # Four seconds without a word.
            self.write(f"t/a{i}", "HELDSLEEP")
        result = self.scan("--threads", "1", "--timeout", "2s", "--format", "json", "t")
        summary = json.loads(result.stdout)["summary"]
        self.assertEqual((result.returncode, summary["files"], summary["incomplete"], summary["workers_lost"]), (0, 24, 0, 0))

    def test_losses_are_counted(self):
        for name, text in (("a", "CRASH"), ("b", "GARBAGE"), ("c", "HANG"), ("d", "EVIL")):
            self.write("t/" + name, text)
        result = self.scan("--timeout", "1s", "--format", "json", "t")
        self.assertEqual(json.loads(result.stdout)["summary"]["workers_lost"], 3)
        self.assertEqual(json.loads(self.scan("--format", "json", "t/d").stdout)["summary"]["workers_lost"], 0)

    def test_content_workers_that_talk_for_ever(self):
        self.write("t/a", "EVIL")
        self.write("bad.yar", "CHATTER")
        result = self.run_daylight("scan", "--rules", "bad.yar", "t")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"the worker answered something that was not asked", result.stderr)

    def test_a_verdict_follows_from_what_is_listed(self):
        self.write("t/a", "CLEANLIE EVIL")
        self.assertEqual(self.verdicts(code=1), {"t/a": "detected"})

    def test_a_worker_that_always_dies_ends_the_scan(self):
        for i in range(1000):
            self.write(f"t/{i:04}", "EVIL")
        for order, words in (("always-crash", b"workers die one after the other"), ("crash-at-start", b"workers end before they begin")):
            result = self.scan("--define", "order=" + order, "--format", "json", "t")
            self.assertEqual(result.returncode, 2)
            self.assertIn(words, result.stderr)
            document = json.loads(result.stdout)
            self.assertLess(len(document["files"]), 1000)
            self.assertGreater(document["summary"]["workers_lost"], 4)

    def test_bad_files_in_any_number_do_not_end_the_scan(self):
        # Otherwise whoever puts enough of them first has the rest go unscanned.
        for i in range(200):
            self.write(f"t/{i:03}", "CRASH")
        self.write("t/999", "EVIL")
        for threads in ("1", "2"):
            verdicts = self.verdicts("--threads", threads, code=1)
            self.assertEqual(verdicts, {**{f"t/{i:03}": "failed" for i in range(200)}, "t/999": "detected"})

    def test_a_worker_that_cannot_be_started(self):
        self.write("t/a", "EVIL")
        for program in ("/nonexistent", "/etc/passwd", "/bin/false"):
            self.worker = program
            result = self.scan("t")
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"daylight: ", result.stderr)
            self.assertEqual(result.stdout, b"")

    def test_a_worker_without_walls_reads_nothing(self):
        self.write("t/a", b"EVIL")
        copy = self.folder / "unfiltered"
        shutil.copy(harness.BIN / "test_worker", copy)
        result = self.run_daylight("scan", "--rules", "r.yar", "t", env={"DAYLIGHT_WORKER": str(copy)})
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"not filtered", result.stderr)
        unsafe = self.run_daylight("scan", "--rules", "r.yar", "--unsafe-no-sandbox", "--format", "jsonl", "t",
                                   env={"DAYLIGHT_WORKER": str(copy)})
        self.assertEqual(unsafe.returncode, 1)
        self.assertIn(b"no walls", unsafe.stderr)
        self.assertEqual(json.loads(unsafe.stdout)["sandbox"], "none")

    def test_isolation_gives_each_object_its_own(self):
        for i in range(10):
            self.write(f"t/{i}", "EVIL" if i != 5 else "CRASH")
        verdicts = self.verdicts("--isolation", "object", "--threads", "2", code=1)
        self.assertEqual([verdicts[f"t/{i}"] for i in range(10)], ["failed" if i == 5 else "detected" for i in range(10)])

    def test_a_slow_file_holds_back_only_so_many(self):
        os.makedirs(self.folder / "t")
        (self.folder / "t/00000").write_bytes(b"HANG")
        for i in range(1, 6001):
            (self.folder / f"t/{i:05}").write_bytes(b"EVIL")
        result = self.scan("--threads", "2", "--timeout", "5s", "--all", "t")
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 6001)
        place = lines.index(b"[incomplete] t/00000")
        self.assertGreater(place, 4096)
        self.assertEqual(len(set(lines)), 6001)
        # The few that its worker had in hand besides went to others.
        self.assertEqual(place, 6000)

    def test_nothing_is_left_behind(self):
        self.write("t/a", "HANG")
        process = self.start("scan", "--rules", "r.yar", "--threads", "2", "t")
        deadline = time.monotonic() + 10
        workers = []
        while not workers and time.monotonic() < deadline:
            time.sleep(0.1)
            workers = children_of(process.pid)
        self.assertTrue(workers)
        for worker in workers:
            # Its socket and nothing else; nothing of our environment.
            self.assertEqual(pathlib.Path(f"/proc/{worker}/environ").read_bytes(), b"")
            targets = {os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")}
            self.assertEqual({target.split(":")[0] for target in targets if "memfd" not in target and "/t/a" not in target},
                             {"/dev/null", "socket"})
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{w}") for w in workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        alive = [w for w in workers if os.path.exists(f"/proc/{w}") and "State:\tZ" not in pathlib.Path(f"/proc/{w}/status").read_text()]
        self.assertEqual(alive, [])

    def test_compile_workers_that_fail(self):
        self.write("t/a", "EVIL")
        for order, words in (("CRASH", b"signal 11"), ("EXIT", b"exit code 7"), ("GARBAGE", b"wrong magic"),
                             ("BADDB", b"wrong magic"), ("LONGDB", b"wrong size")):
            self.write("bad.yar", order)
            result = self.run_daylight("scan", "--rules", "bad.yar", "t")
            self.assertEqual((result.returncode, result.stdout), (2, b""), order)
            self.assertIn(words, result.stderr, order)
            result = self.run_daylight("scan", "--skip-invalid", "--rules", "bad.yar", "--rules", "r.yar", "t")
            self.assertEqual((result.returncode, result.stdout), (1, b"Evil t/a\n"), order)


if __name__ == "__main__":
    unittest.main()
