"""A scan of many files of which a few end, stop, bloat or corrupt their worker:
what each costs. `faults_test.py 20000` is the long version."""

import json
import os
import pathlib
import sys
import threading
import time
import unittest

import harness

COUNT = 2000
TIMEOUT_S = 3

# What is in a file, and what its record must say.
FAULTS = {
    "CRASH": ("failed", "the worker died (signal 11 (Segmentation fault))"),
    "EXIT": ("failed", "the worker died (exit code 7)"),
    "OUTOFMEMORY": ("failed", "the worker died (out of memory)"),
    "FORBIDDEN": ("failed", "the worker died (it tried something that its walls forbid)"),
    "HANG": ("incomplete", "timeout"),
    "HALF": ("incomplete", "timeout"),
    "DRIP": ("incomplete", "timeout"),
    "EATMEMORY": ("incomplete", "memory"),
    "GARBAGE": ("failed", "the worker broke the protocol: not a message (wrong magic)"),
    "HUGE": ("failed", "the worker broke the protocol: a message that is too long"),
    "FLOOD": ("failed", "the worker broke the protocol: the worker answered something that was not asked"),
    "DESCRIPTOR": ("failed", "the worker broke the protocol: descriptors came, which go down only"),
}


def in_session(leader):
    """Processes of a session: a command with all that it started, wherever they
    moved within it."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == leader and state != "Z":
                found.append(int(entry.name))
    return found


class Faults(harness.Case):
    def run_whole(self, *arguments):
        """A scan, its output, and what was seen of its processes during and after it."""
        process = self.start("scan", "--rules", "r.yar", *arguments, start_new_session=True)
        seen = set()

        def watch():
            while process.returncode is None:
                seen.update(in_session(process.pid))
                time.sleep(0.2)

        watcher = threading.Thread(target=watch)
        watcher.start()
        stdout, stderr = process.communicate(timeout=900)
        watcher.join()
        self.assertGreater(len(seen), 1, "no worker was seen, so the next line proves nothing")
        self.assertEqual(in_session(process.pid), [], "processes are left")
        return process.returncode, stdout, stderr

    def make(self):
        """The files; what each must come to."""
        expected = {}
        guilty = {(i + 1) * COUNT // (len(FAULTS) + 1): fault for i, fault in enumerate(FAULTS)}
        for i in range(COUNT):
            name = f"t/{i // 1000:03}/{i:06}"
            if i in guilty:
                text = guilty[i] + " EVIL"
            else:
                text = "EVIL" if i % 7 == 0 else "good"
            os.makedirs(self.folder / f"t/{i // 1000:03}", exist_ok=True)
            (self.folder / name).write_text(text)
            expected[name] = FAULTS[guilty[i]] if i in guilty else ("detected" if i % 7 == 0 else "clean", None)
        return expected

    def check(self, expected, returncode, stdout, stderr):
        self.assertEqual(returncode, 1, stderr[-2000:])
        document = json.loads(stdout)
        got = {}
        for record in document["files"]:
            why = record["error"] if record["verdict"] == "failed" else record["incomplete"][0]["reason"] if record["incomplete"] else None
            got[record["path"]] = (record["verdict"], why)
        self.assertEqual(len(document["files"]), len(got))
        wrong = {path: (got.get(path), want) for path, want in expected.items() if got.get(path) != want}
        self.assertEqual(wrong, {})
        self.assertEqual(set(got), set(expected))
        self.assertEqual(document["summary"]["workers_lost"], len(FAULTS))
        self.assertEqual(document["summary"]["files"], COUNT)
        return document

    def test_each_costs_itself(self):
        expected = self.make()
        for threads in ("1", "4"):
            start = time.monotonic()
            ended = self.run_whole("--format", "json", "--threads", threads, "--timeout", f"{TIMEOUT_S}s", "--max-memory", "300M", "t")
            passed = time.monotonic() - start
            print(f"{COUNT} files, {threads} workers: {passed:.1f} s", flush=True)
            document = self.check(expected, *ended)
            if COUNT <= 4096:  # More may be held back by none.
                self.assertEqual([record["path"] for record in document["files"]], sorted(expected))
            # Three wait for the time limit; the rest is small.
            self.assertLess(passed, 3 * TIMEOUT_S + 20 + COUNT / 200)

    def test_the_exit_code_when_nothing_is_detected(self):
        for i in range(50):
            self.write(f"t/{i:02}", "good")
        self.assertEqual(self.scan("t").returncode, 0)
        for fault in ("CRASH", "GARBAGE", "HANG"):
            self.write("t/25", fault)
            for options, code in (([], 2), (["--on-incomplete", "pass"], 0 if fault == "HANG" else 2)):
                result = self.scan("--timeout", "1s", *options, "t")
                self.assertEqual(result.returncode, code, fault)
                self.assertIn(b"t/25: ", result.stderr)

    def test_with_a_worker_for_each_object(self):
        faults = list(FAULTS)
        expected = {}
        for i in range(20 * len(faults)):
            fault = faults[i // 20] if i % 20 == 10 else None
            self.write(f"t/{i:03}", fault or "EVIL")
            expected[f"t/{i:03}"] = FAULTS[fault] if fault else ("detected", None)
        records = self.records("--isolation", "object", "--timeout", f"{TIMEOUT_S}s", "--max-memory", "300M", "t", code=1)
        got = {path: (record["verdict"], record["error"] if record["verdict"] == "failed" else
                      record["incomplete"][0]["reason"] if record["incomplete"] else None) for path, record in records.items()}
        self.assertEqual(got, expected)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        COUNT = int(sys.argv.pop(1))
    unittest.main()
