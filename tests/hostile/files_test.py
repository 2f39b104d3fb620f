"""Files and folders that change, loop, or have names made for terminals."""

import json
import os
import signal
import socket
import threading
import time
import unittest

from hostile import MEMORY_FACTOR, Case, children

RULES = 'rule Evil { strings: $a = "EVIL" condition: $a }'


class Files(Case):
    def setUp(self):
        super().setUp()
        self.write("r.yar", RULES)

    def evil(self, *arguments, codes=(1,), **more):
        return self.clear("scan", "--rules", "r.yar", *arguments, codes=codes, **more)

    def test_names(self):
        names = [b"a\nb", b"\x1b[2J\x1b]0;title\x07", b"\xff\xfe\xfd", b"\xc2\x9b31m", b"-rf", b" ", b"\r", b"\x7f", b"'\"\\", b"\xe2\x80\xaegpj.exe", b"x" * 255]
        for name in names:
            self.write(b"t/" + name, b"EVIL")
        result = self.evil("t")
        self.assertEqual(result.stdout.count(b"\n"), len(names))
        result.stdout.decode()  # UTF-8.
        self.assertNotIn(b"\xc2\x9b", result.stdout)
        for form in ("json", "jsonl", "sarif", "csv"):
            result = self.run_daylight("scan", "--rules", "r.yar", "--format", form, "t")
            self.assertEqual(result.returncode, 1)
            result.stdout.decode()
        records = [json.loads(line) for line in self.run_daylight("scan", "--rules", "r.yar", "--format", "jsonl", "t").stdout.splitlines()]
        self.assertEqual(len({record["path"] for record in records}), len(names))
        for name in names:
            os.remove(os.fsencode(self.folder) + b"/t/" + name)
            self.evil(b"t/" + name, codes=(2,))

    def test_loops_of_folders(self):
        self.write("t/a/b/c/evil", "EVIL")
        os.symlink("..", self.folder / "t/a/up")
        os.symlink("../../../t", self.folder / "t/a/b/c/top")
        os.symlink("self", self.folder / "t/self")
        self.assertEqual(self.evil("t").stdout, b"Evil t/a/b/c/evil\n")
        result = self.evil("--follow", "t")
        self.assertEqual(result.stdout.count(b"\n"), 1)

    def test_very_deep_folders(self):
        os.makedirs(self.folder / "t")
        here = os.open(self.folder / "t", os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d" * 10, dir_fd=here)
            there = os.open("d" * 10, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = there
        with os.fdopen(os.open("evil", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
            file.write("EVIL")
        os.close(here)
        self.assertEqual(self.evil("t").stdout.count(b"Evil t/"), 1)
        self.addCleanup(lambda: os.system(f"rm -rf '{self.folder}'"))

    def test_what_is_no_file(self):
        os.makedirs(self.folder / "t")
        os.mkfifo(self.folder / "t/fifo")
        os.symlink("/dev/zero", self.folder / "t/zero")
        os.symlink("nowhere", self.folder / "t/dead")
        os.symlink("/proc/self/mem", self.folder / "t/mem")
        os.symlink("/proc/kmsg", self.folder / "t/kmsg")
        self.write("t/evil", "EVIL")
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(self.folder)
            listener.bind("t/socket")
            for options in ([], ["--follow"]):
                self.assertEqual(self.evil(*options, "t", within=20).stdout, b"Evil t/evil\n")
            for path in ("t/fifo", "t/socket", "t/dead", "t/mem", "/dev/zero", "/dev/tty", "/proc/kmsg", "/proc/self", "/sys", "t/missing"):
                result = self.evil(path, codes=(2,), within=20)
                self.assertIn(path.encode() + b": ", result.stderr)

    def test_links_of_proc_into_processes_need_follow(self):
        self.write("t/evil", "EVIL")
        with open(self.folder / "t/evil", "rb") as file:
            path = f"/proc/{os.getpid()}/fd/{file.fileno()}"
            result = self.evil(path, codes=(2,))
            self.assertIn(b"--follow", result.stderr)
            self.assertEqual(self.evil("--follow", path).stdout, f"Evil {path}\n".encode())

    def test_sparse_files_of_terabytes(self):
        os.makedirs(self.folder / "t")
        with open(self.folder / "t/sparse", "wb") as file:
            file.truncate(8 << 40)
        self.write("t/evil", "EVIL")
        for options, reason in ((["--max-size", "1G"], b"max-size"), (["--timeout", "2s"], b"timeout")):
            result = self.evil(*options, "t", within=40)
            self.assertEqual(result.stdout, b"Evil t/evil\n")
            self.assertIn(b"t/sparse: incomplete: " + reason, result.stderr)

    def test_what_changes_is_never_called_clean_unread(self):
        # Written to all the time: read again, and then told. Large, so that reading takes several of the clock's ticks.
        path = self.write("t/busy", b"x" * (96 << 20))
        stop = threading.Event()

        def loop():
            with open(path, "r+b", buffering=0) as file:
                while not stop.is_set():
                    file.seek(0)
                    file.write(b"y")

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            result = self.evil("t", codes=(2,))
        finally:
            stop.set()
            thread.join()
        self.assertIn(b"t/busy: incomplete: changed", result.stderr)
        self.evil("t", codes=(0,))

    def change(self, step):
        """Does `step` over and over while the file is scanned again and again."""
        self.write("t/big", b"x" * (32 << 20) + b"EVIL")
        stop = threading.Event()

        def loop():
            while not stop.is_set():
                step(self.folder / "t/big")
                time.sleep(0.001)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            for _ in range(6):
                self.evil("--timeout", "20s", "t", codes=(0, 1, 2))
        finally:
            stop.set()
            thread.join()

    def test_growing(self):
        def grow(path):
            if os.path.getsize(path) < 256 << 20:
                with open(path, "ab") as file:
                    file.write(b"y" * 100000)
        self.change(grow)

    def test_shrinking(self):
        sizes = [32 << 20, 5000, 0, 1 << 20]

        def shrink(path):
            sizes.append(sizes.pop(0))
            os.truncate(path, sizes[0])
        self.change(shrink)

    def test_vanishing(self):
        def vanish(path):
            if path.exists():
                os.remove(path)
            else:
                path.write_bytes(b"z" * (8 << 20))
        self.change(vanish)

    def test_a_file_of_the_kernel_is_refused_with_the_reason(self):
        # It says that it has 0 bytes, so reading it would call it clean unread.
        result = self.evil("/proc/self/status", codes=(2,))
        self.assertEqual(result.stdout, b"")
        self.assertIn(b"/proc/self/status", result.stderr)

    def test_a_worker_is_killed(self):
        self.write("r.yar", 'rule Slow { condition: for all i in (0..200000000) : ( uint8(0) == 0x78 ) }')
        for n in range(6):
            self.write(f"t/{n}", "x")
        # Compiled before, so that no child is the worker that compiles.
        self.clear("rules", "compile", "--rules", "r.yar", "-o", "r.dldb", codes=(0,))
        process = self.start("scan", "--db", "r.dldb", "--threads", "2", "--format", "jsonl", "--timeout", "3s", "t")
        killed = set()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and len(killed) < 2 and process.poll() is None:
            for child in children(process.pid):
                if child not in killed:
                    time.sleep(0.2)
                    try:
                        os.kill(child, signal.SIGKILL)
                        killed.add(child)
                    except ProcessLookupError:
                        pass
            time.sleep(0.05)
        stdout, stderr = process.communicate(timeout=60)
        self.assertIn(process.returncode, (1, 2))
        self.assert_printable(stderr)
        records = [json.loads(line) for line in stdout.splitlines()]
        self.assertEqual([record["path"] for record in records], [f"t/{n}" for n in range(6)])
        errors = [record["error"] for record in records if record["verdict"] == "failed"]
        self.assertTrue(errors)
        for error in errors:
            self.assertIn("the worker died (signal 9", error)

    def test_time_limit(self):
        self.write("r.yar", 'rule Slow { condition: for all i in (0..4000000000000) : ( uint8(0) == 0x78 ) }')
        self.write("t/x", "x")
        result = self.evil("--timeout", "500ms", "t", codes=(2,), within=20)
        self.assertIn(b"timeout", result.stderr)

    def test_a_million_matches(self):
        self.write("r.yar", 'rule Many { strings: $a = "ab" condition: #a > 10 }\nrule All { strings: $a = /./s condition: #a > 10 }')
        self.write("t/x", b"ab" * (2 << 20))
        # All of them are held at once where all are asked for, and only there.
        for option, limit_mib in (("--matches", 150), ("--matches=all", 1000)):
            result = self.watch("scan", "--rules", "r.yar", option, "--format", "jsonl", "t")
            self.assertEqual(result.returncode, 1)
            self.assertIn(b"too many matches", result.stdout + result.stderr)
            self.assertLess(result.command_bytes, limit_mib << 20)
            self.assertLess(result.worker_bytes, MEMORY_FACTOR * limit_mib << 20)


if __name__ == "__main__":
    unittest.main()
