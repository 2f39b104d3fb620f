"""What the hostile tests share: the real programs, and what every answer must be."""

import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import harness  # noqa: E402

MIB = 1 << 20
# Sanitizers take memory of their own, several times what a program takes.
MEMORY_FACTOR = 3 if harness.SANITIZED else 1


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def resident_bytes(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Case(harness.Case):
    worker = None  # The real one, beside the program.

    def clear(self, *arguments, codes=(0, 1, 2), within=60, **more):
        """Runs the command; whatever happens, it must end in time with a code
        of the contract, say why if that is 2, and print nothing but text."""
        start = time.monotonic()
        result = self.run_daylight(*arguments, timeout=within, **more)
        result.seconds = time.monotonic() - start
        self.assertIn(result.returncode, codes, (arguments, result.stderr[:2000]))
        self.assert_printable(result.stdout)
        self.assert_printable(result.stderr)
        if result.returncode == 2 and arguments[0] == "scan":
            self.assertTrue(result.stderr, arguments)
        self.assertNotIn(b"the worker died", result.stderr, arguments)
        self.assertNotIn(b"broke the protocol", result.stderr, arguments)
        return result

    def clear_scan(self, rules, *arguments, **more):
        self.write("r.yar", rules)
        self.write("t/x", b"xyz" * 100)
        return self.clear("scan", "--rules", "r.yar", *(arguments or ("t",)), **more)

    def refused(self, rules, *words, **more):
        """Rules that must not compile, for a reason that has these words. The
        report stays short, however long the text."""
        result = self.clear_scan(rules, codes=(2,), **more)
        self.assertEqual(result.stdout, b"")
        self.assertLess(len(result.stderr), 200_000)
        for word in words:
            self.assertIn(word.encode(), result.stderr)
        return result

    def watch(self, *arguments, within=300):
        """Runs to the end; the result also has the largest resident size of
        the command and of its workers."""
        process = self.start(*arguments)
        seen = {}
        done = threading.Event()

        def sample():
            while not done.wait(0.02):
                for pid in [process.pid, *children(process.pid)]:
                    seen[pid] = max(seen.get(pid, 0), resident_bytes(pid))

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            stdout, stderr = process.communicate(timeout=within)
        finally:
            done.set()
            sampler.join()
        result = subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)
        result.command_bytes = seen.pop(process.pid, 0)
        result.worker_bytes = max(seen.values(), default=0)
        return result


def repeat_rule(condition):
    return "rule S { condition: " + condition + " }"


def string_rule(string, condition="$a"):
    return "rule S { strings: $a = " + string + " condition: " + condition + " }"
