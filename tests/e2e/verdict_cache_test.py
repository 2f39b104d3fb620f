"""The verdict cache, with the real worker: what is unchanged is not opened again, and every change is seen.

Files must be a few seconds old before anything is kept of them, so the tests wait for that, and no test says how long
anything takes. Where the folder for temporary files is on no file system that verdicts are kept on, most are skipped.
"""

import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import time
import unittest

from harness import BIN, DAYLIGHT, Case

KEPT_ON = {"ext2/ext3", "xfs", "btrfs", "f2fs"}
RULES = """
rule Bad { strings: $a = "very bad" condition: $a }
"""
OLD_ENOUGH = 2.2
LINE = 96  # Bytes of a record.


def file_system(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], stdout=subprocess.PIPE, check=True).stdout.decode().strip()


class CacheCase(Case):
    worker = str(BIN / "daylight-worker")

    def setUp(self):
        super().setUp()
        self.write("r.yar", RULES)
        os.mkdir(self.folder / "cache", 0o700)
        os.mkdir(self.folder / "t")

    def environment(self):
        return {**super().environment(), "XDG_CACHE_HOME": str(self.folder / "cache")}

    def need_kept(self):
        if file_system(self.folder) not in KEPT_ON:
            self.skipTest(f"no verdicts are kept on {file_system(self.folder)}")

    def files(self, **contents):
        for name, content in contents.items():
            self.write(f"t/{name}", content)
        time.sleep(OLD_ENOUGH)

    def cached(self, *arguments, paths=("t",), code=None):
        """Names of files whose verdict came out of the cache, and of all."""
        records = self.records("--cache", *arguments, *paths, code=code)
        self.verdicts = {os.path.basename(path): record["verdict"] for path, record in records.items()}
        return sorted(os.path.basename(path) for path, record in records.items() if record.get("cached"))

    def cache_file(self):
        found = [name for name in os.listdir(self.folder / "cache/daylight") if name.endswith(".verdicts")]
        self.assertEqual(len(found), 1, found)
        return self.folder / "cache/daylight" / found[0]


class KeptTest(CacheCase):
    def setUp(self):
        super().setUp()
        self.need_kept()

    def test_a_second_scan_opens_nothing(self):
        self.files(**{f"f{i}": f"clean {i}" for i in range(40)}, bad="something very bad")
        self.assertEqual(self.cached(code=1), [])
        self.assertEqual(self.cached(code=1), sorted(f"f{i}" for i in range(40)))
        self.assertEqual(self.verdicts["bad"], "detected")
        summary = json.loads(self.scan("--cache", "--format", "json", "t").stdout)["summary"]
        self.assertEqual((summary["files"], summary["cached"], summary["detected"]), (41, 40, 1))
        self.assertEqual(summary["bytes"], sum(file.stat().st_size for file in (self.folder / "t").iterdir()))
        # Without the option nothing is taken from it.
        self.assertNotIn("cached", json.loads(self.scan("--format", "json", "t").stdout)["summary"])

    def traced(self, *arguments, code):
        """The lines of strace about opening files and starting programs."""
        if shutil.which("strace") is None:
            self.skipTest("no strace")
        trace = self.folder / "trace"
        done = subprocess.run(["strace", "-f", "-e", "trace=open,openat,openat2,execve", "-o", trace, DAYLIGHT, "scan",
                               "--cache", *arguments, "t"], cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, code, done.stderr)
        return trace.read_text(errors="replace").splitlines()

    def test_strace_sees_no_file_opened(self):
        self.files(one="1", two="2", bad="very bad")

        def opened():
            lines = self.traced("--rules", "r.yar", code=1)
            return {name for name in ("one", "two", "bad") if any(f'"{name}"' in line for line in lines)}

        self.assertEqual(opened(), {"one", "two", "bad"})
        self.assertEqual(opened(), {"bad"})

    def test_no_worker_is_started_for_what_is_known(self):
        self.files(one="1", two="2")
        self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "r.dldb")

        def workers():
            return sum("execve(" in line and "daylight-worker" in line for line in self.traced("--db", "r.dldb", code=0))

        self.assertGreater(workers(), 0)
        self.assertEqual(workers(), 0)

    def test_every_change_is_seen(self):
        names = ["same", "written", "touched", "chmod", "renamed_over", "hard_link", "moved", "swapped_a", "swapped_b"]
        self.files(**{name: f"clean {name:>12}" for name in names})
        self.cached(code=0)
        self.assertEqual(self.cached(code=0), sorted(names))
        t = self.folder / "t"
        # The same size, and the old modification time put back.
        before = os.stat(t / "written")
        with open(t / "written", "r+b") as file:
            file.write(b"very bad")
        os.utime(t / "written", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(os.stat(t / "written").st_mtime_ns, before.st_mtime_ns)
        os.utime(t / "touched", ns=(0, 0))
        os.chmod(t / "chmod", 0o600)
        # Another file in its place, older than the verdict.
        self.write("other", "so very bad, really")
        other = self.folder / "other"
        os.utime(other, ns=(before.st_atime_ns, os.stat(t / "renamed_over").st_mtime_ns))
        os.rename(other, t / "renamed_over")
        os.link(t / "hard_link", self.folder / "outside")
        os.rename(t / "moved", t / "moved2")
        os.rename(t / "swapped_a", t / "tmp")
        os.rename(t / "swapped_b", t / "swapped_a")
        os.rename(t / "tmp", t / "swapped_b")
        self.assertEqual(self.cached(code=1), ["same"])
        self.assertEqual({name for name, verdict in self.verdicts.items() if verdict == "detected"},
                         {"written", "renamed_over"})

    def test_names_of_one_file_share_its_verdict_unless_a_rule_uses_names(self):
        self.files(a="clean")
        os.link(self.folder / "t/a", self.folder / "t/b")
        time.sleep(OLD_ENOUGH)
        self.cached("--exclude", "b", code=0)
        self.assertEqual(self.cached(code=0), ["a", "b"])
        self.write("r.yar", RULES + 'rule Named { condition: filename == "b" and filepath endswith "/b" }')
        self.cached("--exclude", "b", code=0)
        self.assertEqual(self.cached(code=1), ["a"])
        self.assertEqual(self.verdicts, {"a": "clean", "b": "detected"})

    def test_content_and_configuration(self):
        self.files(f="worse")
        self.cached(code=0)
        self.assertEqual(self.cached(code=0), ["f"])
        self.assertEqual(self.cached("--define", "x=1", code=0), [])
        self.assertEqual(self.cached("--define", "x=1", code=0), ["f"])
        self.assertEqual(self.cached("--timeout", "7s", code=0), [])
        self.write("r.yar", RULES + 'rule Worse { strings: $a = "worse" condition: $a }')
        self.assertEqual(self.cached(code=1), [])
        self.write("r.yar", RULES)
        self.assertEqual(self.cached(code=0), ["f"])

    def test_new_content_is_all_that_is_looked_for(self):
        self.files(f="worse", g="good")
        self.write("m.yar", 'rule Worse { strings: $a = "worse" condition: $a }')
        self.cached(code=0)
        self.assertEqual(self.cached("--rules", "m.yar", code=1), [])
        self.assertEqual(self.cached("--rules", "m.yar", code=1), ["g"])
        self.assertEqual(self.cached(code=0), ["f", "g"])
        self.assertEqual(self.verdicts, {"f": "clean", "g": "clean"})

    def test_time_console_and_machine_are_not_kept(self):
        self.files(f="clean")
        for module, term in (("time", "time.now() > 0"), ("console", 'console.log("x")'),
                             ("magic", 'magic.type() contains "ASCII"')):
            self.write("r.yar", f'import "{module}" rule R {{ condition: {term} and filesize > 100 }}')
            self.cached(code=0)
            self.assertEqual(self.cached(code=0), [], module)

    def test_incomplete_and_failed_are_not_kept(self):
        self.files(big=b"x" * 5000, small="x")
        self.cached("--max-size", "4K", code=2)
        self.assertEqual(self.cached("--max-size", "4K", code=2), ["small"])
        self.assertEqual(self.verdicts, {"big": "incomplete", "small": "clean"})

    def test_hash_reads_everything(self):
        self.files(f="clean")
        self.cached(code=0)
        self.assertEqual(self.cached("--hash", code=0), [])
        self.assertIn("sha256", self.records("--cache", "--hash", "t")["t/f"])

    def test_arguments_links_and_lists(self):
        self.files(f="clean")
        os.symlink("f", self.folder / "t/link")
        self.write("list", "t/f\n")
        self.cached(code=0)
        self.assertEqual(self.cached(paths=("t/f",)), ["f"])
        self.assertEqual(self.cached(paths=("t/link",)), ["link"])
        self.assertEqual(self.cached("--follow"), ["f", "link"])
        self.assertEqual(self.cached("--files-from", "list", paths=()), ["f"])
        self.assertEqual(self.cached("--isolation", "object"), ["f"])
        result = self.scan("--cache", "-", input=b"clean")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_objects_in_workers_of_their_own_are_kept_too(self):
        self.files(f="clean", g="clean too")
        self.cached("--isolation", "object", code=0)
        self.assertEqual(self.cached("--isolation", "object", code=0), ["f", "g"])


class NotKeptTest(CacheCase):
    def setUp(self):
        super().setUp()
        self.need_kept()

    def test_the_young(self):
        self.files(old="old")
        self.write("t/young", "young")
        self.cached(code=0)
        self.assertEqual(self.cached(code=0), ["old"])

    def test_times_to_come(self):
        self.files(f="clean")
        soon = time.time_ns() + 3600 * 10**9
        os.utime(self.folder / "t/f", ns=(soon, soon))
        time.sleep(OLD_ENOUGH)
        self.cached(code=0)
        self.assertEqual(self.cached(code=0), [])

    def test_open_for_writing(self):
        self.files(f="clean")
        with open(self.folder / "t/f", "r+b"):
            self.cached(code=0)
        self.assertEqual(self.cached(code=0), [])
        self.assertEqual(self.cached(code=0), ["f"])

    def test_a_mapping_that_was_dirty_already(self):
        """The change that no time tells."""
        self.files(f=b"clean" + bytes(8000))
        path = self.folder / "t/f"
        file = open(path, "r+b")
        shared = mmap.mmap(file.fileno(), 8005)
        file.close()
        shared[0:5] = b"Clean"
        time.sleep(OLD_ENOUGH)
        self.assertEqual(self.cached(code=0), [])
        before = os.stat(path)
        shared[100:108] = b"very bad"
        after = os.stat(path)
        self.assertEqual((before.st_mtime_ns, before.st_ctime_ns), (after.st_mtime_ns, after.st_ctime_ns))
        self.assertEqual(self.cached(code=1), [])
        self.assertEqual(self.verdicts["f"], "detected")
        shared.close()

    def test_tmpfs_whose_times_do_not_tell(self):
        if not os.path.isdir("/dev/shm") or file_system("/dev/shm") != "tmpfs":
            self.skipTest("no tmpfs at /dev/shm")
        path = f"/dev/shm/daylight-e2e-{os.getpid()}"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        with open(path, "wb") as file:
            file.write(b"clean" + bytes(8000))
        time.sleep(OLD_ENOUGH)
        self.cached(paths=(path,), code=0)
        self.assertEqual(self.cached(paths=(path,), code=0), [])

    def test_what_belongs_to_somebody_else(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("needs root, to be somebody else")
        self.files(theirs="clean", own="clean")
        for path in (self.folder, self.folder / "cache", self.folder / "t/own"):
            os.chown(path, 65534, 65534)
        time.sleep(OLD_ENOUGH)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", DAYLIGHT, "scan", "--rules", "r.yar",
                   "--cache", "--format", "jsonl", "t"]

        def cached():
            done = subprocess.run(command, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr)
            return [record["path"] for record in map(json.loads, done.stdout.splitlines()) if record.get("cached")]

        cached()
        self.assertEqual(cached(), ["t/own"])

    def test_a_writer_is_not_held_up_and_its_file_is_not_kept(self):
        """It comes while the worker, which is stopped, has the file."""
        self.files(other="so that the content is known")
        self.run_daylight("rules", "compile", "--rules", "r.yar", "-o", "r.dldb")
        self.run_daylight("scan", "--db", "r.dldb", "--cache", "t")
        path = self.folder / "t/f"
        with open(path, "wb") as file:
            file.truncate(1 << 30)
        time.sleep(OLD_ENOUGH)
        scan = self.start("scan", "--db", "r.dldb", "--cache", "--threads", "1", "t")
        worker = self.stop_worker(scan, str(path))
        try:
            # With O_NONBLOCK the kernel tells the holder of the lease, but does not wait. By itself it takes a lease
            # away after 45 s.
            for _ in range(200):
                try:
                    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                    break
                except BlockingIOError:
                    time.sleep(0.1)
            else:
                self.fail("the lease is still there")
        finally:
            os.kill(worker, signal.SIGCONT)
        scan.communicate(timeout=120)
        self.assertEqual(scan.returncode, 0)
        arguments = ("scan", "--db", "r.dldb", "--cache", "--format", "json", "t")
        self.assertEqual(json.loads(self.run_daylight(*arguments).stdout)["summary"]["cached"], 1)
        self.assertEqual(json.loads(self.run_daylight(*arguments).stdout)["summary"]["cached"], 2)

    def stop_worker(self, scan, path):
        """Stops the one worker while it has the file; its number."""
        while scan.poll() is None:
            try:
                with open(f"/proc/{scan.pid}/task/{scan.pid}/children") as file:
                    children = [int(word) for word in file.read().split()]
                if any(os.readlink(f"/proc/{child}/fd/{fd}") == path for child in children
                       for fd in os.listdir(f"/proc/{child}/fd")):
                    os.kill(children[0], signal.SIGSTOP)
                    return children[0]
            except OSError:
                pass
        self.fail("the scan was over before its worker could be stopped")


class LostWorkerTest(CacheCase):
    """Against the stand-in, which does what the file in front of it says."""

    worker = str(BIN / "test_worker")

    def setUp(self):
        super().setUp()
        self.need_kept()

    def test_what_a_worker_said_that_was_lost_later_is_not_kept(self):
        for order in ("CRASH", "GARBAGE", "WRONG", "EXIT"):
            with self.subTest(order):
                shutil.rmtree(self.folder / "t")
                self.files(a="clean", b="clean", z=order)
                arguments = ("--threads", "1")
                self.assertEqual(self.cached(*arguments, code=2), [])
                self.assertEqual(self.verdicts, {"a": "clean", "b": "clean", "z": "failed"})
                self.assertEqual(self.cached(*arguments, code=2), [])
                os.unlink(self.folder / "t/z")
                self.cached(*arguments, code=0)
                self.assertEqual(self.cached(*arguments, code=0), ["a", "b"])

    def test_whatever_is_not_just_clean_is_not_kept(self):
        self.files(clean="clean", unread="UNREAD", fail="FAIL", twice="TWICE", lie="CLEANLIE EVIL")
        self.cached("--threads", "1", code=1)
        self.assertEqual(self.cached("--threads", "1", code=1), ["clean"])


class HostileFileTest(CacheCase):
    """Whatever is in the cache's file: time may be lost, never an answer."""

    def setUp(self):
        super().setUp()
        self.need_kept()
        self.files(f="clean", g="clean", bad="very bad")
        self.cached(code=1)
        self.path = self.cache_file()
        self.good = self.path.read_bytes()

    def scan_with(self, data):
        self.path.write_bytes(data)
        result = self.scan("--cache", "--format", "json", "t")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stderr, b"")
        document = json.loads(result.stdout)
        verdicts = {os.path.basename(file["path"]): file["verdict"] for file in document["files"]}
        self.assertEqual(verdicts, {"f": "clean", "g": "clean", "bad": "detected"})
        return document["summary"].get("cached", 0)

    def test_cut(self):
        self.assertEqual(self.scan_with(self.good), 2)
        for size in (0, 1, LINE - 1, LINE, 65 * LINE, 66 * LINE - 1, len(self.good) - 1):
            self.assertLess(self.scan_with(self.good[:size]), 2, size)

    def test_flipped(self):
        for at in (0, 9, 20, LINE - 1, LINE + 3, LINE + 33):
            damaged = bytearray(self.good)
            damaged[at] ^= 1
            self.assertEqual(self.scan_with(bytes(damaged)), 0, at)
        for at in range(65 * LINE, 66 * LINE, 7):
            damaged = bytearray(self.good)
            damaged[at] ^= 0x10
            self.assertEqual(self.scan_with(bytes(damaged)), 1, at)

    def test_a_verdict_moved_to_another_file(self):
        """Of the right form but for its checksum: that is what keeps it out."""
        state = os.stat(self.folder / "t/bad")
        record = bytearray(self.good[65 * LINE : 66 * LINE])
        struct.pack_into("<Q", record, 16, state.st_ino)
        struct.pack_into("<Q", record, 40, state.st_size)
        struct.pack_into("<qq", record, 48, state.st_mtime_ns, state.st_ctime_ns)
        self.assertEqual(self.scan_with(self.good + bytes(record)), 2)

    def test_not_a_file(self):
        os.unlink(self.path)
        os.mkdir(self.path)
        result = self.scan("--cache", "t")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"no verdict is kept", result.stderr)

    def test_a_folder_that_others_may_write(self):
        os.chmod(self.path.parent, 0o777)
        result = self.scan("--cache", "t")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"others may write there; no verdict is kept", result.stderr)


if __name__ == "__main__":
    unittest.main()
