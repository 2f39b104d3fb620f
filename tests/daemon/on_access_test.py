#!/usr/bin/env python3
"""daylight-opener on access: real permission events, on mounts of the test's own.

Needs root. Whatever hangs is let go by a watchdog that ends the opener: with it the kernel lets everything through.
"""

import json
import mmap
import os
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import opener_peer as op
from processes import code_of, spawn, try_open

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
HERE = pathlib.Path(__file__).resolve().parent
GOOD, BAD = b"good" * 1024, b"BAD!" * 1024
NOBODY = 65534


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


class Daemon:
    def __init__(self, socket_path):
        self.process = subprocess.Popen([sys.executable, str(HERE / "fake_daemon.py"), socket_path], cwd=HERE,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.seen = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.wait(lambda line: "hello" in line)

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def drain(self):
        while not self.lines.empty():
            self.seen.append(self.lines.get())
        return self.seen

    def wait(self, wanted, seconds=20):
        end = time.monotonic() + seconds
        for line in self.drain():
            if wanted(line):
                return line
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=0.1)
            except queue.Empty:
                continue
            self.seen.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"not said: {self.seen[-20:]}")

    def tell(self, word, value):
        self.drain()
        self.seen.clear()
        self.process.stdin.write(f"{word} {value}\n")
        self.process.stdin.flush()
        if word not in ("open", "raw"):
            self.wait(lambda line: line.get("set") == word)

    def accesses(self, path):
        time.sleep(0.05)
        return [line for line in self.drain() if line.get("path") == str(path) and "access" in line]

    def forget(self):
        self.drain()
        self.seen.clear()

    def notices(self, kind):
        return [line for line in self.drain() if line.get("notice") == kind]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        self.process.stdin.close()
        self.thread.join()
        self.process.stdout.close()


class Case(unittest.TestCase):
    kind = "tmpfs"  # or "ext4", on a loop device

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-opener-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.mounted = self.folder / "m"
        self.mounted.mkdir()
        self.mount(self.mounted, self.kind)
        self.opener = None
        self.daemon = None
        self.addCleanup(self.stop)

    def mount(self, point, kind):
        if kind == "tmpfs":
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
        else:
            image = self.folder / f"{point.name}.img"
            with open(image, "wb") as file:
                file.truncate(64 << 20)
            subprocess.run(["mkfs.ext4", "-q", image], check=True)
            done = subprocess.run(["mount", "-o", "loop", image, point], stderr=subprocess.PIPE)
            if done.returncode != 0:
                self.skipTest("no loop device")
        self.addCleanup(subprocess.run, ["umount", "-l", point])

    def start(self, daemon=True, **options):
        lines = []
        settings = {"enabled": True, "mounts": [str(self.mounted)], "wait_ms": 20000, "removable": [],
                    "events": ["open", "close-write"], "stable_mounts": [str(self.mounted)]}
        settings.update(options)
        lines.append("[on_access]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        lines += ["[opener]", f'state_folder = "{self.folder}/state"', 'daemon_user = "root"']
        lines += ["[quarantine]", f'folder = "{self.folder}/quarantine"']
        config = self.folder / "d.toml"
        config.write_text("\n".join(lines) + "\n")
        self.socket = str(self.folder / "opener.sock")
        self.log = open(self.folder / "opener.log", "ab")
        self.opener = subprocess.Popen([BIN / "daylight-opener", "--config", config, "--socket", self.socket],
                                       stderr=self.log)
        self.watchdog = threading.Timer(90, self.opener.kill)
        self.watchdog.start()
        end = time.monotonic() + 10
        while not os.path.exists(self.socket) or b"watched" not in (self.folder / "opener.log").read_bytes():
            if self.opener.poll() is not None or time.monotonic() > end:
                self.fail((self.folder / "opener.log").read_text())
            time.sleep(0.01)
        if daemon:
            self.daemon = Daemon(self.socket)
            self.addCleanup(self.daemon.close)

    def stop(self):
        if self.opener is None:
            return
        self.watchdog.cancel()
        code = self.opener.poll()
        if code is None:
            self.opener.terminate()
            code = self.opener.wait(20)
            self.assertEqual(code, 0)
        os.unlink(self.socket)
        self.log.close()
        self.opener = None

    def file(self, name, content=GOOD):
        path = self.mounted / name
        path.write_bytes(content)
        return path


class Verdicts(Case):
    def test_clean_is_opened_and_bad_is_not(self):
        good, bad, empty = self.file("good"), self.file("bad", BAD), self.file("empty", b"")
        self.start()
        self.assertEqual(try_open(good), GOOD)
        self.assertEqual(try_open(bad), "denied")
        self.assertEqual(try_open(empty), b"")
        event = self.daemon.accesses(bad)[0]
        self.assertEqual((event["access"], event["pid"], event["uid"]), (op.OPEN, os.getpid(), 0))
        self.assertEqual(os.path.realpath(sys.executable), event["program"])
        self.assertEqual(self.daemon.accesses(empty), [])

    def test_executing_is_an_event(self):
        program = self.mounted / "true"
        shutil.copy("/bin/true", program)
        bad = self.mounted / "bad"
        bad.write_bytes(program.read_bytes() + b"BAD")
        bad.chmod(0o755)
        self.start(events=["exec"])
        self.assertEqual(subprocess.run([program]).returncode, 0)
        with self.assertRaises(PermissionError):
            subprocess.run([bad])
        self.assertEqual([e["access"] for e in self.daemon.accesses(program)], [op.EXEC])
        self.assertEqual(len(try_open(bad)), bad.stat().st_size)

    def test_what_is_written_is_scanned_and_a_file_written_often_not_as_often(self):
        self.start(events=["close-write"])
        path = self.file("w")
        self.daemon.wait(lambda line: line.get("access") == op.WRITTEN and line["path"] == str(path))
        self.daemon.tell("delay", 0.5)
        for i in range(200):
            self.file("often", b"%d" % i)
        self.daemon.tell("delay", 0)
        often = self.mounted / "often"
        time.sleep(1)
        self.assertIn(len(self.daemon.accesses(often)) , range(1, 10))

    def test_names_that_are_gone_are_told(self):
        path = self.file("gone")
        self.start()
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.unlink(path)
        try_open(f"/proc/self/fd/{fd}")
        os.write(fd, b"x")
        os.close(fd)
        event = self.daemon.wait(lambda line: line.get("access") == op.WRITTEN)
        self.assertEqual((event["path"], event["deleted"]), (str(path), 1))

    def test_own_processes_do_not_wait_for_themselves(self):
        path = self.file("own", BAD)
        self.start()
        self.daemon.tell("silent", 1)
        self.daemon.tell("open", path)
        self.assertEqual(self.daemon.wait(lambda line: "opened" in line)["opened"], len(BAD))

    def test_nobody_is_a_client_who_is_not_the_daemon(self):
        self.start()

        def connect():
            os.setuid(NOBODY)
            import socket
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                sock.connect(self.socket)
                return 0 if sock.recv(100) == b"" else 1
            except PermissionError:
                return 0

        os.chmod(self.socket, 0o666)
        self.assertEqual(code_of(spawn(connect)), 0)
        self.assertEqual(try_open(self.file("still", BAD)), "denied")


class Scope(Case):
    def test_excluded_paths_types_and_users(self):
        (self.mounted / "out").mkdir()
        bad, tmp, out = self.file("bad", BAD), self.file("x.tmp", BAD), self.file("out/bad", BAD)
        self.start(exclude=[str(self.mounted / "out"), "*.tmp"], exclude_users=[NOBODY])
        self.assertEqual([try_open(p) for p in (bad, tmp, out)], ["denied", BAD, BAD])

        def as_nobody():
            os.setuid(NOBODY)
            return 0 if try_open(bad) == BAD else 1

        def in_part():
            os.seteuid(NOBODY)
            return 0 if try_open(bad) == "denied" else 1

        self.assertEqual(code_of(spawn(as_nobody)), 0)
        self.assertEqual(code_of(spawn(in_part)), 0)

    def test_a_folder_and_what_is_mounted_below_it_later(self):
        (self.mounted / "in").mkdir()
        (self.mounted / "beside").mkdir()
        inside, beside = self.file("in/bad", BAD), self.file("beside/bad", BAD)
        self.start(mounts=[], folders=[str(self.mounted / "in")])
        self.assertEqual([try_open(inside), try_open(beside)], ["denied", BAD])
        point = self.mounted / "in" / "later"
        point.mkdir()
        self.mount(point, "tmpfs")
        (point / "bad").write_bytes(BAD)
        end = time.monotonic() + 10
        while try_open(point / "bad") != "denied":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_namespace_of_ones_own_excludes_nothing(self):
        (self.mounted / "out").mkdir()
        bad, out = self.file("bad", BAD), self.file("out/bad", BAD)
        self.start(mounts=[], file_systems=[str(self.mounted)], exclude=[str(self.mounted / "out")])
        self.assertEqual([try_open(bad), try_open(out)], ["denied", BAD])
        # There the bad file has the name of an excluded one.
        done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c",
                               f"mount --bind {self.mounted} {self.mounted}/out && cat {out} >/dev/null"],
                              stderr=subprocess.PIPE)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"not permitted", done.stderr)
        self.assertTrue([line for line in self.daemon.drain() if line.get("foreign") == 1])

    def test_what_is_asked_for_and_cannot_be_watched_is_told(self):
        self.start(mounts=[str(self.mounted), "/proc"])
        said = self.daemon.wait(lambda line: line.get("notice") == op.MARK_FAILED)
        self.assertIn("/proc", said["text"])


class Cache(Case):
    def test_the_kernel_asks_once_until_the_file_is_written(self):
        path = self.file("f")
        self.start()
        for _ in range(3):
            self.assertEqual(try_open(path), GOOD)
        self.assertEqual(len(self.daemon.accesses(path)), 1)
        os.link(path, self.mounted / "other")
        self.assertEqual(try_open(self.mounted / "other"), GOOD)
        self.assertEqual(self.daemon.accesses(self.mounted / "other"), [])
        write(path, BAD)
        self.assertEqual(try_open(path), "denied")

    def test_what_is_not_to_be_kept_is_not(self):
        path = self.file("f")
        self.start()
        self.daemon.tell("cacheable", 0)
        for _ in range(3):
            try_open(path)
        self.assertEqual(len(self.daemon.accesses(path)), 3)

    def test_nothing_is_kept_open_on_removable_media(self):
        path = self.file("f")
        self.start(removable=[str(self.mounted)])
        for _ in range(3):
            try_open(path)
        subprocess.run(["umount", self.mounted], check=True)

    def test_new_content_makes_all_new(self):
        path = self.file("f")
        self.start()
        self.daemon.tell("generation", 7)
        self.daemon.wait(lambda line: line.get("generation_done") == 7)
        try_open(path), try_open(path)
        self.assertEqual(len(self.daemon.accesses(path)), 1)
        self.daemon.tell("generation", 8)
        self.daemon.wait(lambda line: line.get("generation_done") == 8)
        self.daemon.forget()
        try_open(path), try_open(path)
        self.assertEqual(len(self.daemon.accesses(path)), 1)

    def test_a_verdict_of_old_content_does_not_count(self):
        path = self.file("f")
        self.start()
        self.daemon.tell("silent", 1)
        pid = spawn(lambda: 0 if try_open(path) == GOOD else 1)
        self.daemon.wait(lambda line: line.get("path") == str(path))
        # The opener goes on to 9; the daemon's answer is by 0.
        self.daemon.tell("raw", op.pack(op.GENERATION, 9).hex())
        self.daemon.wait(lambda line: line.get("generation_done") == 9)
        self.daemon.tell("silent", 0)
        self.assertEqual(code_of(pid), 0)
        self.daemon.forget()
        try_open(path)
        self.assertEqual(len(self.daemon.accesses(path)), 1)

    def test_writers_lose_no_time(self):
        path = self.file("f")
        self.start()
        self.assertEqual(try_open(path), GOOD)
        self.daemon.tell("delay", 2)
        other = self.file("scanned")
        pid = spawn(lambda: 0 if try_open(other) else 1)
        self.daemon.wait(lambda line: line.get("path") == str(other))
        began = time.monotonic()
        os.truncate(path, 3)     # Leased and marked.
        os.truncate(other, 3)    # Leased, and being scanned.
        # Not a matter of speed: a lease that is not given up takes 45 seconds.
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(code_of(pid), 0)

    def change(self, path, content, how):
        if how == "write":
            fd = os.open(path, os.O_WRONLY)
            os.pwrite(fd, content, 0)
            os.close(fd)
        elif how == "empty":
            write(path, content)
        elif how == "rename":
            write(str(path) + ".new", content)
            os.rename(str(path) + ".new", path)
        elif how == "link":
            os.unlink(path)
            write(str(path) + ".new", content)
            os.link(str(path) + ".new", path)
            os.unlink(str(path) + ".new")
        elif how == "truncate":
            os.truncate(path, 0)
            fd = os.open(path, os.O_RDWR)
            os.pwrite(fd, content, 0)
            os.close(fd)
        else:
            fd = os.open(path, os.O_RDWR)
            with mmap.mmap(fd, len(content)) as view:
                os.close(fd)
                view[:] = content
                if how == "mapped":
                    # Still mapped, and dirty: no time moves by the next write.
                    self.expect(path, content)
                    other = BAD if content is GOOD else GOOD
                    view[:] = other
                    self.expect(path, other)
                    view[:] = content

    def expect(self, path, content):
        wanted = "denied" if content is BAD else GOOD
        for name in (path, self.mounted / "second"):
            self.assertEqual(try_open(name), wanted)

    def test_every_way_to_change_a_file_is_seen(self):
        path = self.file("f")
        os.link(path, self.mounted / "second")
        self.start(exclude=["*.new"])
        chance = random.Random(1)
        for i in range(400):
            content = chance.choice((GOOD, BAD))
            how = chance.choice(("write", "empty", "truncate", "map", "mapped", "rename", "link"))
            with self.subTest(i=i, how=how):
                # Whoever writes is one of the daemon's own here, so as not to be denied a bad file.
                self.change_as_own(path, content, how)
                if how in ("rename", "link"):
                    os.unlink(self.mounted / "second")
                    os.link(path, self.mounted / "second")
                self.expect(path, content)
                if chance.random() < 0.5:
                    self.expect(path, content)

    def change_as_own(self, path, content, how):
        # Opening a bad file for writing is denied like any open: so it is made good first by its size.
        if try_open(path) == "denied":
            os.truncate(path, 0)
            fd = os.open(path, os.O_RDWR)
            os.pwrite(fd, GOOD, 0)
            os.close(fd)
        self.change(path, content, how)

    def test_racing_writers_through_mappings(self):
        """Readers that open while others map and write: whoever opens after a writer is through is told the truth."""
        path = self.file("f")
        self.start(exclude=["*.new"])
        stop = time.monotonic() + 5

        def writer(seed):
            chance = random.Random(seed)
            while time.monotonic() < stop:
                try:
                    fd = os.open(path, os.O_RDWR)
                except PermissionError:
                    write(f"{path}.{seed}.new", GOOD)
                    os.rename(f"{path}.{seed}.new", path)
                    continue
                with mmap.mmap(fd, len(GOOD)) as view:
                    os.close(fd)
                    for _ in range(chance.randrange(1, 20)):
                        view[:4] = chance.choice((b"good", b"BAD!"))
            return 0

        def reader():
            while time.monotonic() < stop:
                try_open(path)
            return 0

        pids = [spawn(writer, seed) for seed in range(3)] + [spawn(reader) for _ in range(3)]
        self.assertEqual([code_of(pid) for pid in pids], [0] * 6)
        for content in (BAD, GOOD, BAD):
            os.truncate(path, 0)
            fd = os.open(path, os.O_RDWR)
            os.pwrite(fd, content, 0)
            os.close(fd)
            self.assertEqual(try_open(path), "denied" if content is BAD else GOOD)


class CacheOnDisk(Cache):
    kind = "ext4"

    def test_the_second_level(self):
        path = self.file("f")
        time.sleep(2.1)
        self.start(kernel_cache_files=0)
        for _ in range(3):
            self.assertEqual(try_open(path), GOOD)
        self.assertEqual(len(self.daemon.accesses(path)), 1)
        write(path, BAD)
        self.assertEqual(try_open(path), "denied")

    def test_what_is_let_go_for_room_is_known_still(self):
        paths = [self.file(f"f{i}") for i in range(20)]
        time.sleep(2.1)
        self.start(kernel_cache_files=5)
        for _ in range(3):
            for path in paths:
                self.assertEqual(try_open(path), GOOD)
        self.assertEqual(sum(len(self.daemon.accesses(path)) for path in paths), 20)
        write(paths[3], BAD)
        self.assertEqual(try_open(paths[3]), "denied")


class Trouble(Case):
    def test_the_wait_is_bounded_and_a_late_answer_is_kept(self):
        for choice in ("deny", "allow"):
            with self.subTest(choice):
                path = self.file(f"f-{choice}")
                self.start(wait_ms=200, on_timeout=choice)
                self.daemon.tell("silent", 1)
                self.assertEqual(try_open(path), "denied" if choice == "deny" else GOOD)
                said = self.daemon.wait(lambda line: line.get("notice") == op.TIMED_OUT)
                self.assertEqual((said["path"], said["allowed"]), (str(path), choice == "allow"))
                self.daemon.tell("silent", 0)
                time.sleep(0.3)
                self.daemon.forget()
                self.assertEqual(try_open(path), GOOD)
                self.assertEqual(self.daemon.accesses(path), [])
                self.daemon.close()
                self.stop()

    def test_a_full_queue(self):
        paths = [self.file(f"f{i}") for i in range(20)]
        self.start(max_pending=4, on_timeout="deny")
        self.daemon.tell("silent", 1)
        pids = [spawn(lambda p=path: 3 if try_open(p) == "denied" else 0) for path in paths]
        said = self.daemon.wait(lambda line: line.get("notice") == op.QUEUE_FULL)
        self.assertFalse(said["allowed"])
        end = time.monotonic() + 10
        codes = {}
        while len(codes) < 16 and time.monotonic() < end:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid in pids:
                codes[pid] = os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self.assertEqual(sorted(codes.values()), [3] * 16)
        self.daemon.tell("silent", 0)
        self.assertEqual([code_of(pid) for pid in pids if pid not in codes], [0] * 4)

    def test_a_fork_bomb_of_openers(self):
        paths = [self.file(f"f{i}", BAD if i % 5 == 0 else GOOD) for i in range(10)]
        self.start()
        self.daemon.tell("delay", 0.05)

        def hammer(seed):
            chance = random.Random(seed)
            for _ in range(10):
                path = chance.choice(paths)
                wanted = "denied" if int(path.name[1:]) % 5 == 0 else GOOD
                if try_open(path) != wanted:
                    return 1
            return 0

        pids = [spawn(hammer, seed) for seed in range(200)]
        self.assertEqual([code_of(pid) for pid in pids], [0] * 200)
        # Those on one file shared scans.
        self.assertLess(sum(len(self.daemon.accesses(path)) for path in paths if int(path.name[1:]) % 5), 100)

    def test_without_leases_opens_share_the_next_scan(self):
        path = self.file("f")
        self.start()
        writer = os.open(path, os.O_RDWR)  # So there is no lease.
        self.daemon.forget()
        self.daemon.tell("delay", 0.3)
        pids = [spawn(lambda: 0 if try_open(path) == GOOD else 1) for _ in range(50)]
        self.assertEqual([code_of(pid) for pid in pids], [0] * 50)
        self.assertLess(len(self.daemon.accesses(path)), 20)
        os.close(writer)

    def test_the_daemon_is_killed_with_opens_pending(self):
        for choice in ("deny", "allow"):
            with self.subTest(choice):
                known, path = self.file("known-" + choice), self.file("new-" + choice)
                self.start(on_daemon_down=choice)
                self.assertEqual(try_open(known), GOOD)
                self.daemon.tell("silent", 1)
                pids = [spawn(lambda: 3 if try_open(path) == "denied" else 0) for _ in range(20)]
                self.daemon.wait(lambda line: line.get("path") == str(path))
                time.sleep(0.2)
                self.daemon.kill()
                self.assertEqual([code_of(pid) for pid in pids], [3 if choice == "deny" else 0] * 20)
                # On by the cache and the choice.
                self.assertEqual(try_open(known), GOOD)
                self.assertEqual(try_open(path), "denied" if choice == "deny" else GOOD)
                again = Daemon(self.socket)
                said = again.wait(lambda line: line.get("notice") == op.DAEMON_DOWN)
                self.assertEqual(said["count"], 21)
                self.assertEqual(try_open(path), GOOD)
                again.close()
                self.daemon.close()
                self.stop()

    def test_the_opener_is_killed_with_opens_pending(self):
        path = self.file("f", BAD)
        self.start()
        self.daemon.tell("silent", 1)
        pids = [spawn(lambda: 0 if try_open(path) == BAD else 1) for _ in range(20)]
        self.daemon.wait(lambda line: line.get("path") == str(path))
        time.sleep(0.2)
        self.opener.kill()
        self.opener.wait()
        # The kernel lets everything through.
        self.assertEqual([code_of(pid) for pid in pids], [0] * 20)
        self.daemon.wait(lambda line: line.get("ended"))
        time.sleep(1.1)
        self.daemon.close()
        self.stop()
        self.start()
        said = self.daemon.wait(lambda line: line.get("notice") == op.GAP)
        begin, until = (int(word.strip(":")) for word in said["text"].split()[:3:2])
        self.assertGreater(until, begin)
        self.assertIn("killed", said["text"])

    def test_a_stop_is_a_gap_too(self):
        self.start()
        self.daemon.close()
        self.stop()
        self.start()
        self.assertIn("stopped", self.daemon.wait(lambda line: line.get("notice") == op.GAP)["text"])

    def test_garbage_ends_the_connection_and_nothing_else(self):
        path = self.file("f", BAD)
        self.start()
        for garbage in ("00", "444c4f31" + "00" * 16, op.pack(op.VERDICT, 1, b"\x02").hex(),
                        op.pack(op.TAKE, 1, b"").hex(), op.pack(op.HELLO, 1).hex(),
                        op.pack(op.WALK_REQUEST, 1, b"\xff" * 100).hex(), "ff" * 60000):
            self.daemon.tell("raw", garbage)
            self.daemon.wait(lambda line: line.get("ended"))
            self.daemon.close()
            self.daemon = Daemon(self.socket)
            self.addCleanup(self.daemon.close)
            self.assertEqual(try_open(path), "denied")
        # Verdicts about nothing are nothing.
        self.daemon.tell("raw", op.pack(op.VERDICT, 12345, b"\x01\x01" + bytes(8)).hex())
        self.assertEqual(try_open(path), "denied")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    unittest.main()
