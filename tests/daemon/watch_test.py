#!/usr/bin/env python3
"""daylightd and daylight-opener together: files are watched, moved and scanned by the calendar, by the real programs.

Needs root. Everything that is watched is on a tmpfs of the test's own. Whatever hangs is let go by a watchdog that ends
the programs: with the opener the kernel lets everything through, and the test fails.
"""

import json
import mmap
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

import daemon as base
from beside import StubClamd
from watching import (GOOD, MARK, NOBODY, OTHER, Case, capabilities_of, children_of, code_of, open_many, program_of, spawn,
                      try_open, until, users_of)


class Verdicts(Case):
    def test_what_is_marked_is_not_opened_and_events_say_by_whom(self):
        good, bad = self.file("good"), self.file("bad", MARK)
        self.begin()
        self.assertEqual(try_open(good), GOOD)
        self.assertEqual(try_open(bad), "denied")
        event = self.event(kind="detection", path=bad, action="blocked")
        self.assertEqual(event["client"]["pid"], os.getpid())
        self.assertEqual(event["client"]["uid"], 0)
        self.assertEqual(event["client"]["exe"], os.path.realpath(sys.executable))
        self.assertEqual(event["protocol"], "on-access")
        self.assertEqual(event["detections"][0]["name"], "Test.Mark")
        self.assertEqual(self.events(path=good), [])

    def test_programs(self):
        clean, bad = self.file("clean"), self.file("bad")
        for path, more in ((clean, b""), (bad, MARK)):
            path.write_bytes(pathlib.Path("/bin/true").read_bytes() + more)
            path.chmod(0o755)
        self.begin(settings={"events": ["exec"]})
        self.assertEqual(subprocess.run([clean]).returncode, 0)
        with self.assertRaises(PermissionError):
            subprocess.run([bad])
        self.event(kind="detection", path=bad, action="blocked")

    def test_what_is_written_and_what_is_left_out(self):
        (self.m / "out").mkdir()
        self.begin(settings={"exclude": [str(self.m / "out"), "*.tmp"]})
        written = self.file("written", MARK)
        event = self.event(kind="detection", path=written)
        # It was closed: there was nothing to refuse.
        self.assertEqual(event["action"], "none")
        self.assertEqual(try_open(self.file("out/f", MARK)), MARK)
        self.assertEqual(try_open(self.file("f.tmp", MARK)), MARK)
        self.assertEqual(self.events(path=self.m / "out/f") + self.events(path=self.m / "f.tmp"), [])


class Quarantine(Case):
    def test_there_and_back(self):
        path = self.file("dir/bad", MARK * 1000, 0o640)
        os.chown(path, 1, NOBODY)
        os.setxattr(path, "user.note", b"kept")
        os.utime(path, ns=(10**18, 10**18 + 7))
        before = os.stat(path)
        self.begin(quarantine=True)
        self.assertEqual(try_open(path), "denied")
        until(lambda: not path.exists())
        event = self.event(kind="quarantined", path=path)
        self.assertEqual(event["action"], "quarantined")
        item, = self.items()
        self.assertIn(item["id"], event["text"])
        self.assertEqual(json.loads(self.run_quarantine("show", item["id"], "--format", "json"))["mode"], 0o640)
        self.assertIn("Test.Mark", self.run_quarantine("show", item["id"]))
        self.assertNotIn(b"MARK1234", b"".join(one.read_bytes() for one in self.quarantine_folder.rglob("*") if one.is_file()))
        # Back where nobody watches: where it is watched it would be found again.
        back = self.folder / "back"
        self.run_quarantine("restore", item["id"], "--to", str(back))
        self.assertEqual(back.read_bytes(), MARK * 1000)
        after = os.stat(back)
        for name in ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns"):
            self.assertEqual(getattr(after, name), getattr(before, name))
        self.assertEqual(os.getxattr(back, "user.note"), b"kept")

    def test_restored_to_a_watched_place_it_is_moved_again(self):
        path = self.file("bad", MARK)
        self.begin(quarantine=True)
        self.assertEqual(try_open(path), "denied")
        first, = until(lambda: not path.exists() and self.items())
        # Whether it notices that it was found again before it is done is all the same: nothing is lost.
        subprocess.run([base.BIN / "daylight", "quarantine", "restore", "--folder", self.quarantine_folder, first["id"]],
                       capture_output=True)
        until(lambda: not path.exists() and [one for one in self.items() if one["state"] == "kept"])
        time.sleep(1)
        kept = [one for one in self.items() if one["state"] == "kept"]
        self.assertEqual(len(kept), 1, kept)
        self.assertEqual(os.listdir(self.m), [])
        self.assertEqual(self.run_quarantine("export", kept[0]["id"]), MARK.decode())

    def test_restored_where_it_is_allowed_it_stays(self):
        path = self.file("bad", MARK)
        self.begin(quarantine=True)
        self.assertEqual(try_open(path), "denied")
        until(lambda: not path.exists())
        item, = until(self.items)
        with open(self.d.config, "a") as config:
            config.write('\n[[allow]]\nname = "Test.Mark"\nwho = "admin"\nwhy = "a marker"\n')
        since = self.d.said()
        self.d.process.send_signal(signal.SIGHUP)
        self.d.wait_for("reloaded: content", since=since)
        self.run_quarantine("restore", item["id"])
        self.assertEqual(try_open(path), MARK)
        self.event(kind="allow-listed", path=path)
        time.sleep(0.5)
        self.assertTrue(path.exists())

    def test_what_was_written(self):
        self.begin(quarantine=True)
        path = self.file("bad", MARK)
        until(lambda: not path.exists())
        self.event(kind="quarantined", path=path)


class Cache(Case):
    def test_a_thousand_opens_are_one_question(self):
        path = self.file("f")
        self.begin()
        self.assertEqual(try_open(path), GOOD)
        # Nothing is kept until it is known what verdicts depend on.

        def is_kept():
            before = self.asked()
            return try_open(path) == GOOD and self.asked() == before

        until(is_kept)
        before = self.asked()
        for _ in range(1000):
            self.assertEqual(try_open(path), GOOD)
        self.assertLessEqual(self.asked() - before, 2)

    def test_every_change_is_looked_at(self):
        path, new = self.file("f", GOOD), self.m / "new"
        self.begin()

        def warm():
            for _ in range(20):
                self.assertEqual(try_open(path), GOOD)

        def restore():
            new.write_bytes(GOOD)
            os.rename(new, path)

        def write():
            with open(path, "r+b") as file:
                file.write(MARK)

        def map_and_write():
            with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
                mapped[100:100 + len(MARK)] = MARK

        def rename():
            other = self.m / "other.part"
            os.link(self.spare, other)
            os.rename(other, path)

        self.spare = self.file("spare", MARK)
        for change in (write, map_and_write, rename):
            with self.subTest(change.__name__):
                restore()
                warm()
                change()
                self.assertEqual(try_open(path), "denied")

    def test_new_content_counts_at_once(self):
        path = self.file("f", OTHER)
        self.begin()
        for _ in range(50):
            self.assertEqual(try_open(path), OTHER)
        since = self.d.said()
        (self.home / "db" / "test.ndb").write_text("Test.New:0:*:4d41524b39393939\n")
        self.d.process.send_signal(signal.SIGHUP)
        self.d.wait_for("reloaded: content", since=since)
        self.assertEqual(try_open(path), "denied")
        self.event(kind="detection", path=path, action="blocked")


class Kills(Case):
    def test_the_daemon_killed_with_its_opener(self):
        paths = [self.file(f"f{i}", MARK) for i in range(20)]
        self.begin()
        for pid in self.d.workers():
            os.kill(pid, signal.SIGSTOP)
        workers = self.d.workers()
        opens = open_many(paths, MARK)
        time.sleep(0.5)
        self.d.process.kill()
        self.d.process.wait()
        # The opener goes with it, and the kernel lets everything through; or it answers first, as is chosen.
        self.assertEqual([code_of(pid) for pid in opens], [0] * 20)
        for pid in workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.assertEqual(try_open(paths[0]), MARK)
        time.sleep(1.2)
        self.start()
        self.assertEqual(try_open(paths[0]), "denied")
        gap = self.event(kind="gap")
        self.assertLess(gap["from"], gap["until"])
        self.assertNotEqual(gap.get("action"), "blocked")

    def test_the_daemon_killed_and_the_opener_stays(self):
        for choice in ("deny", "allow"):
            with self.subTest(choice):
                paths = [self.file(f"{choice}{i}", GOOD) for i in range(20)]
                path = str(self.folder / f"{choice}.sock")
                self.begin(settings={"on_daemon_down": choice, "kernel_cache_files": 0, "cache_files": 0},
                           opener_socket=path)
                workers = self.d.workers()
                for pid in workers:
                    os.kill(pid, signal.SIGSTOP)
                opens = open_many(paths, GOOD)
                time.sleep(0.5)
                self.d.process.kill()
                self.d.process.wait()
                wanted = 1 if choice == "deny" else 0
                self.assertEqual([code_of(pid) for pid in opens], [wanted] * 20)
                self.assertEqual(try_open(paths[0]), "denied" if choice == "deny" else GOOD)
                for pid in workers:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                self.watchdog.cancel()
                self.start()
                event = self.event(kind="default-decision")
                self.assertEqual(event["action"], "blocked" if choice == "deny" else "allowed")
                self.assertEqual(try_open(paths[0]), GOOD)
                self.end()
                shutil.rmtree(self.home / "state")
                (self.folder / "opener.log").unlink()

    def test_the_opener_killed(self):
        bad, good = self.file("bad", MARK), self.file("good")
        path = str(self.folder / "opener.sock")
        self.begin(opener_socket=path)
        self.assertEqual(try_open(bad), "denied")
        since = self.d.said()
        self.separate.kill()
        self.separate.wait()
        self.d.wait_for("nothing is watched", since=since)
        self.assertEqual(try_open(bad), MARK)
        # Paths by our own rights.
        self.assertEqual(self.d.talk(b"zSCAN %b\0" % bytes(good)), b"%b: OK\0" % bytes(good))
        os.unlink(path)
        (self.folder / "opener.log").unlink()
        since = self.d.said()
        self.start_opener(path)
        self.d.wait_for("the opener is there", since=since)
        until(lambda: try_open(bad) == "denied")
        self.event(kind="gap")
        self.assertTrue([one for one in self.events(kind="trouble") if "nothing is watched" in one["text"]])

    def test_the_opener_that_is_a_child_killed(self):
        bad = self.file("bad", MARK)
        self.begin()
        since = self.d.said()
        os.kill(self.opener_pid(), signal.SIGKILL)
        self.d.wait_for("nothing is watched", since=since)
        self.assertEqual(try_open(bad), MARK)
        self.assertEqual(self.d.instream(MARK), b"stream: Test.Mark.UNOFFICIAL FOUND\0")
        self.assertEqual(self.d.talk(b"zSCAN %b\0" % bytes(bad)), b"%b: Test.Mark.UNOFFICIAL FOUND\0" % bytes(bad))
        until(lambda: self.opener_pid() is None)

    def test_workers_killed_in_a_loop(self):
        paths = [self.file(f"f{i}", GOOD + b"%d" % i) for i in range(200)]
        self.begin(settings={"wait_ms": 5000, "kernel_cache_files": 0, "cache_files": 0})
        stop = threading.Event()

        def kill():
            while not stop.is_set():
                for pid in self.d.workers()[:1]:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                stop.wait(0.05)

        def opener(n):
            for path in paths[n::50]:
                began = time.monotonic()
                try_open(path)
                if time.monotonic() - began > 30:
                    return 1
            return 0

        killer = threading.Thread(target=kill)
        pids = [spawn(opener, n) for n in range(50)]
        killer.start()
        try:
            self.assertEqual([code_of(pid) for pid in pids], [0] * 50)
        finally:
            stop.set()
            killer.join()
        until(lambda: try_open(paths[0]) == GOOD + b"0")
        bad = self.file("bad", MARK)
        self.assertEqual(try_open(bad), "denied")

    def test_workers_that_stand_still(self):
        paths = [self.file(f"f{i}", GOOD + b"%d" % i) for i in range(50)]
        for choice in ("allow", "deny"):
            with self.subTest(choice):
                self.begin(settings={"wait_ms": 1000, "on_timeout": choice, "kernel_cache_files": 0, "cache_files": 0})
                workers = self.d.workers()
                for pid in workers:
                    os.kill(pid, signal.SIGSTOP)
                pids = [spawn(lambda path=path: 1 if try_open(path) == "denied" else 0) for path in paths]
                self.assertEqual([code_of(pid) for pid in pids], [1 if choice == "deny" else 0] * 50)
                for pid in workers:
                    os.kill(pid, signal.SIGCONT)
                event = self.event(kind="default-decision")
                self.assertEqual(event["action"], "blocked" if choice == "deny" else "allowed")
                until(lambda: try_open(paths[0]) == GOOD + b"0")
                self.end()
                shutil.rmtree(self.home / "state")


    def test_a_daemon_that_stands_still(self):
        paths = [self.file(f"f{i}", GOOD) for i in range(50)]
        self.begin(settings={"wait_ms": 1000, "on_timeout": "deny"})
        self.d.process.send_signal(signal.SIGSTOP)
        pids = [spawn(lambda path=path: 1 if try_open(path) == "denied" else 0) for path in paths]
        self.assertEqual([code_of(pid) for pid in pids], [1] * 50)
        self.d.process.send_signal(signal.SIGCONT)
        event = self.event(kind="default-decision")
        self.assertEqual((event["action"], event["path"].rsplit("/", 1)[0]), ("blocked", str(self.m)))
        until(lambda: try_open(paths[0]) == GOOD)


class Load(Case):
    def test_two_hundred_at_once(self):
        paths = [self.file(f"f{i}", (MARK if i % 5 == 0 else GOOD) + b"%d" % i) for i in range(200)]
        self.begin(settings={"max_pending": 1000, "wait_ms": 60000})
        pids = [spawn(lambda path=path: 1 if try_open(path) == "denied" else 0) for path in paths]
        self.assertEqual([code_of(pid) for pid in pids], [1 if i % 5 == 0 else 0 for i in range(200)])

    def test_a_full_queue(self):
        paths = [self.file(f"f{i}", GOOD + b"%d" % i) for i in range(40)]
        for name, settings, sections in (("opener's", {"max_pending": 4}, ""), ("daemon's", {}, "[queue]\nmax_requests = 4\n")):
            for choice in ("deny", "allow"):
                with self.subTest(name=name, choice=choice):
                    self.begin(sections, settings={"on_timeout": choice, "wait_ms": 60000, "kernel_cache_files": 0,
                                                   "cache_files": 0, **settings})
                    workers = self.d.workers()
                    for pid in workers:
                        os.kill(pid, signal.SIGSTOP)
                    pids = [spawn(lambda path=path: 1 if try_open(path) == "denied" else 0) for path in paths]
                    event = self.event(kind="queue-full")
                    self.assertEqual(event["action"], "blocked" if choice == "deny" else "allowed")
                    for pid in workers:
                        os.kill(pid, signal.SIGCONT)
                    codes = [code_of(pid) for pid in pids]
                    self.assertEqual(set(codes), {0, 1} if choice == "deny" else {0})
                    self.end()
                    shutil.rmtree(self.home / "state")

    def test_the_daemons_own_files_are_watched_too(self):
        self.home = self.m / "home"
        self.home.mkdir()
        bad = self.file("bad", MARK)
        self.begin(quarantine=True, settings={"wait_ms": 30000, "on_timeout": "deny"})
        began = time.monotonic()
        self.assertEqual(try_open(bad), "denied")
        self.event(kind="quarantined", path=bad)
        self.run_quarantine("restore", self.items()[0]["id"], "--to", str(self.folder / "back"))
        self.assertEqual(self.d.instream(MARK * 100000), b"stream: Test.Mark.UNOFFICIAL FOUND\0")
        since = self.d.said()
        self.d.process.send_signal(signal.SIGHUP)
        self.d.wait_for("reloaded: content", since=since)
        self.assertLess(time.monotonic() - began, 29)
        self.assertEqual(self.events(kind="default-decision"), [])


class Schedules(Case):
    SCHEDULE = '\n[[schedule]]\nname = "often"\nwhen = "*:*:0/2"\npaths = ["{}"]\nquarantine = {}\n'

    def test_found_paused_and_moved(self):
        bad, good = self.file("s/bad", MARK), self.file("s/good")
        self.begin(self.SCHEDULE.format(self.m / "s", "false"))
        self.event(kind="scan-started", schedule="often")
        finished = self.event(kind="scan-finished", schedule="often")
        self.assertEqual((finished["totals"]["files"], finished["totals"]["detected"]), (2, 1))
        self.assertEqual(finished["totals"]["bytes"], len(MARK) + len(GOOD))
        found = self.event(kind="detection", path=bad, protocol="schedule")
        self.assertEqual((found["schedule"], found["action"], found.get("client")), ("often", "none", None))
        self.assertEqual(self.events(path=good), [])
        self.assertTrue(bad.exists())
        # While it is paused nothing is scanned.
        self.d.process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        count = len(self.events(kind="detection", path=bad))
        time.sleep(4.5)
        self.assertEqual(len(self.events(kind="detection", path=bad)), count)
        self.d.process.send_signal(signal.SIGUSR2)
        until(lambda: len(self.events(kind="detection", path=bad)) > count)

    def test_pause_in_the_middle(self):
        for i in range(3000):
            self.file(f"s/{i}", b"%d" % i * 10000)
        self.begin(self.SCHEDULE.format(self.m / "s", "false"))
        self.d.wait_for("scan often started")
        self.d.process.send_signal(signal.SIGUSR1)
        paused = self.event(kind="scan-paused", schedule="often")
        self.assertLess(paused["totals"]["files"], 3000)
        time.sleep(1)
        self.assertEqual(self.events(kind="scan-finished"), [])
        self.d.process.send_signal(signal.SIGUSR2)
        self.event(kind="scan-resumed", schedule="often")
        self.assertEqual(self.event(kind="scan-finished")["totals"]["files"], 3000)

    def test_what_is_found_is_moved(self):
        bad = self.file("s/bad", MARK)
        self.begin(self.SCHEDULE.format(self.m / "s", "true"))
        until(lambda: not bad.exists())
        self.event(kind="quarantined", path=bad)
        item, = self.items()
        self.assertEqual(item["path"], str(bad))


class Beside(Case):
    THEIRS = b"only the other scanner knows this"

    def stub(self):
        stub = StubClamd(self.folder / "other.sock", {self.THEIRS: "Theirs.Only"})
        self.addCleanup(stub.close)
        return stub

    def test_another_scanner_is_asked_about_what_is_opened(self):
        stub = self.stub()
        path, bad = self.file("a", self.THEIRS), self.file("bad", MARK)
        self.begin(f'[side_by_side]\nclamd = "{stub.path}"\n')
        self.assertEqual(try_open(path), self.THEIRS)
        event = self.event(kind="difference", path=path, theirs="detected", verdict="clean")
        self.assertEqual((event["their_names"], event["protocol"]), (["Theirs.Only"], "on-access"))
        self.assertEqual(event["client"]["pid"], os.getpid())
        self.assertEqual(event["client"]["exe"], os.path.realpath(sys.executable))
        self.assertEqual(try_open(bad), "denied")
        event = self.event(kind="difference", path=bad, theirs="clean", verdict="detected")
        # It has the very descriptor, so nothing was opened for it.
        self.assertEqual({how for how, _ in stub.asked}, {"fildes"})
        # Stuck, it keeps nobody from opening anything, nor from taking the files away.
        stub.stuck.set()
        others = [self.file(f"more/{i}", b"%d" % i) for i in range(50)]
        for i, other in enumerate(others):
            self.assertEqual(try_open(other), b"%d" % i)
        shutil.rmtree(self.m / "more")

    def test_what_is_asked_about_can_be_quarantined(self):
        stub = self.stub()
        stub.stuck.set()
        bad = self.file("bad", MARK)
        self.begin(f'[side_by_side]\nclamd = "{stub.path}"\n', quarantine=True)
        self.assertEqual(try_open(bad), "denied")
        until(lambda: not bad.exists())
        self.event(kind="quarantined", path=bad)

    def test_and_about_what_the_calendar_has_scanned(self):
        stub = self.stub()
        path = self.file("s/a", self.THEIRS)
        self.begin(Schedules.SCHEDULE.format(self.m / "s", "false") + f'[side_by_side]\nclamd = "{stub.path}"\n')
        event = self.event(kind="difference", path=path)
        self.assertEqual((event["protocol"], event["schedule"]), ("schedule", "often"))

    def test_a_command_opens_nothing_that_is_watched(self):
        script = self.folder / "scan"
        script.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(1 if {self.THEIRS!r} in open(sys.argv[1], 'rb').read() else 0)\n")
        script.chmod(0o755)
        path = self.file("a", self.THEIRS)
        self.begin(f'[side_by_side]\ncommand = ["{script}", "{{path}}"]\n')
        self.assertEqual(try_open(path), self.THEIRS)
        self.event(kind="difference", path=path, theirs="detected")
        self.assertEqual(self.asked(), 1)


class Hooks(Case):
    def test_a_hook_on_the_watched_mount(self):
        hook, out = self.file("hook"), self.folder / "hooked"
        hook.write_text(f"#!/bin/sh\ncat >> {out}\n")
        hook.chmod(0o755)
        bad = self.file("bad", MARK)
        self.begin(f'\n[[hook]]\ncommand = ["{hook}"]\nevents = ["detection"]\n')
        self.assertEqual(try_open(bad), "denied")
        until(lambda: out.exists() and out.read_bytes().endswith(b"\n"), what=self.d.log.read_text())
        event = json.loads(out.read_text())
        self.assertEqual((event["path"], event["kind"], event["action"]), (str(bad), "detection", "blocked"))

    def test_a_hook_that_hangs(self):
        hook, out = self.file("hook"), self.folder / "pid"
        hook.write_text(f"#!/bin/sh\necho $$ > {out}\nexec sleep 600\n")
        hook.chmod(0o755)
        bad = self.file("bad", MARK)
        self.begin(f'\n[[hook]]\ncommand = ["{hook}"]\nevents = ["detection"]\ntimeout = "1s"\n')
        self.assertEqual(try_open(bad), "denied")
        pid = int(until(lambda: out.exists() and out.read_text().strip(), what=self.d.log.read_text()))
        until(lambda: not os.path.exists(f"/proc/{pid}"), what="the hook is gone")
        self.assertEqual(try_open(bad), "denied")


class Rights(Case):
    def ask_as(self, uid, *parts):
        """What clamd's socket answers a client of this user."""
        reader, writer = os.pipe()

        def ask():
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writer, self.d.talk(*parts))
            return 0

        pid = spawn(ask)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        self.assertEqual(code_of(pid), 0)
        return answer

    def test_paths_have_the_rights_of_whoever_names_them(self):
        self.m.chmod(0o755)
        for user in ("", "daemon"):
            with self.subTest(user):
                secret = self.file("secret", MARK, 0o600)
                folder = self.file("closed/f", MARK).parent
                folder.chmod(0o700)
                own = self.file("own", MARK, 0o600)
                os.chown(own, NOBODY, NOBODY)
                if user:
                    number = pwd.getpwnam(user).pw_uid
                    (self.home / "state").mkdir()
                    os.chown(self.home / "state", number, number)
                self.begin(user=user, settings={"enabled": user == ""})
                ask = lambda path: self.ask_as(NOBODY, b"zSCAN %b\0" % os.fsencode(path))
                denied = b"Access denied. ERROR\0"
                self.assertEqual(ask(secret), b"%b: %b" % (bytes(secret), denied))
                self.assertIn(denied, ask(folder))
                self.assertIn(denied, ask(folder / "f"))
                self.assertEqual(ask(own), b"%b: Test.Mark.UNOFFICIAL FOUND\0" % bytes(own))
                self.assertEqual(self.ask_as(0, b"zSCAN %b\0" % bytes(secret)),
                                 b"%b: Test.Mark.UNOFFICIAL FOUND\0" % bytes(secret))
                if user:
                    self.check_that_nobody_is_root(number)
                    with open(secret, "rb") as file:
                        said = self.d.talk(b"zFILDES\0", (b"x", [file.fileno()]))
                    self.assertIn(b"Test.Mark.UNOFFICIAL FOUND", said)
                self.end()
                shutil.rmtree(self.home / "state")

    def check_that_nobody_is_root(self, number):
        everybody = [self.d.process.pid, *self.d.workers()]
        for pid in [*everybody, *[child for one in everybody[1:] for child in children_of(one)]]:
            self.assertNotIn(0, users_of(pid), program_of(pid))
            self.assertEqual(capabilities_of(pid), 0, program_of(pid))
        self.assertEqual(users_of(self.d.process.pid), {number})
        self.assertEqual(users_of(self.opener_pid()), {0})

    def test_watched_by_a_front_end_without_rights(self):
        number = pwd.getpwnam("daemon").pw_uid
        secret, good = self.file("secret", MARK, 0o600), self.file("good", GOOD, 0o600)
        (self.home / "state").mkdir()
        os.chown(self.home / "state", number, number)
        self.begin(user="daemon", quarantine=True)
        self.check_that_nobody_is_root(number)
        self.assertEqual(try_open(good), GOOD)
        self.assertEqual(try_open(secret), "denied")
        until(lambda: not secret.exists())
        self.event(kind="quarantined", path=secret)


class Package(Case):
    """A file of an installed package on a mount of our own: in a mount namespace, where a tmpfs takes the folder's place."""

    FOLDER = pathlib.Path("/usr/share/common-licenses")
    NAME = "BSD"

    def test_it_is_reported_and_stays(self):
        if "DAYLIGHT_INNER" not in os.environ:
            sums = pathlib.Path("/var/lib/dpkg/info/base-files.md5sums")
            if not sums.exists() or f"{self.FOLDER}/{self.NAME}"[1:] not in sums.read_text():
                self.skipTest("no Debian's base-files here")
            done = subprocess.run(["unshare", "-m", "--propagation", "private", sys.executable, __file__, "-v", "Package"],
                                  env={**os.environ, "DAYLIGHT_INNER": "1"}, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            return
        path, content = self.FOLDER / self.NAME, (self.FOLDER / self.NAME).read_bytes()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.FOLDER], check=True)
        path.write_bytes(content)
        changed = self.FOLDER / "BSD.changed"
        changed.write_bytes(content + b"!")
        self.begin(quarantine=True, settings={"mounts": [str(self.FOLDER)]},
                   ndb=f"Test.Package:0:*:{content[:40].hex()}\n")
        self.assertEqual(try_open(path), "denied")
        self.assertEqual(try_open(changed), "denied")
        self.event(kind="quarantined", path=changed)
        event = self.event(kind="trouble", path=path)
        self.assertIn("base-files", event["text"])
        self.assertEqual(path.stat().st_size, len(content))
        self.assertFalse(changed.exists())


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    unittest.main()
