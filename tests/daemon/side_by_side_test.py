#!/usr/bin/env python3
"""daylightd beside another scanner: what differs is an event, and whatever that one does, clients notice nothing."""

import concurrent.futures
import hashlib
import json
import os
import signal
import subprocess
import sys
import unittest

from beside import BesideCase
from daemon import BIN, EICAR, MARK, Daemon, free_port

FOUND = b"stream: Test.Mark.UNOFFICIAL FOUND\0"
CLEAN = b"stream: OK\0"
NDB = "Test.Mark:0:*:4d41524b31323334\nEicar-Test:0:*:" + EICAR.hex() + "\n"
YARA_ONLY = b"a marker that only a rule of YARA's knows: YARA4711"
THEIRS_ONLY = b"a marker that only the other scanner knows: THEIRS4711"
MARKS = {b"EICAR-STANDARD": "Win.Test.EICAR_HDB-1", b"THEIRS4711": "Theirs.Only"}


class Differences(BesideCase):
    def setUp(self):
        super().setUp()
        (self.folder / "r.yar").write_text('rule Only_Ours { strings: $a = "YARA4711" condition: $a }')
        (self.folder / "db").mkdir()
        (self.folder / "db" / "eicar.ndb").write_text(NDB)
        self.rules = f'[content+]\nrules = ["{self.folder}/r.yar"]\n'

    def check(self, daemon, scanner):
        """With any kind of scanner that has MARKS."""
        self.assertIn(b"FOUND", daemon.instream(EICAR))
        self.assertEqual(daemon.instream(b"nothing"), CLEAN)
        self.assertEqual(self.until(lambda n: n["agreed_total"] == 2)["differed_total"], 0)
        self.assertEqual(daemon.instream(YARA_ONLY), b"stream: YARA.Only_Ours.UNOFFICIAL FOUND\0")
        self.assertEqual(daemon.instream(THEIRS_ONLY), CLEAN)
        numbers = self.until(lambda n: n["differed_total"] == 2)
        self.assertEqual((numbers["asked_total"], numbers["failed_total"], numbers["dropped_total"]), (4, 0, 0))
        self.assertEqual(numbers['verdicts_total{ours="detected",theirs="clean"}'], 1)
        self.assertEqual(numbers['verdicts_total{ours="clean",theirs="detected"}'], 1)
        events = {event["verdict"]: event for event in self.events(count=2)}
        ours = events["detected"]
        self.assertEqual((ours["theirs"], ours["their_scanner"], ours.get("their_names")), ("clean", scanner, None))
        self.assertEqual(ours["detections"][0]["name"], "Only_Ours")
        self.assertEqual(ours["action"], "blocked")
        theirs = events["clean"]
        self.assertEqual((theirs["theirs"], theirs["their_scanner"]), ("detected", scanner))
        self.assertEqual(theirs["their_names"], ["Theirs.Only"])
        self.assertNotIn("detections", theirs)
        for event, data in ((ours, YARA_ONLY), (theirs, THEIRS_ONLY)):
            self.assertEqual((event["sha256"], event["size"]), (hashlib.sha256(data).hexdigest(), len(data)))
            self.assertEqual((event["protocol"], event["client"]["pid"]), ("clamd", os.getpid()))
            self.assertEqual(event["severity"], "notice")
        return events

    def test_clamd(self):
        stub = self.stub(MARKS)
        hook, told, lines = self.folder / "hook", self.folder / "told", self.folder / "lines"
        hook.write_text(f"#!/bin/sh\ncat >> {told}\n")
        hook.chmod(0o755)
        daemon = self.beside(f'clamd = "{stub.path}"', self.rules + f'[[hook]]\ncommand = ["{hook}"]\nevents = ["difference"]\n'
                             f'[[event_file]]\npath = "{lines}"\n').start()
        events = self.check(daemon, "clamd")
        self.until(lambda _: told.exists() and told.read_bytes().count(b"\n") == 2)
        ids = {event["id"] for event in events.values()}
        self.assertEqual({json.loads(line)["id"] for line in told.read_text().splitlines()}, ids)
        written = [json.loads(line) for line in lines.read_text().splitlines()]
        self.assertEqual({event["id"] for event in written if event["kind"] == "difference"}, ids)
        # What Daylight has as a file is handed over, the smallest are sent.
        large = b"x" * (3 << 20) + THEIRS_ONLY
        self.assertEqual(daemon.instream(large), CLEAN)
        self.until(lambda n: n["differed_total"] == 3)
        self.assertIn(("fildes", len(large)), [(how, len(data)) for how, data in stub.asked])
        path = self.folder / "a file"
        path.write_bytes(THEIRS_ONLY)
        self.assertEqual(daemon.talk(b"zSCAN " + bytes(path) + b"\0"), bytes(path) + b": OK\0")
        self.assertEqual(self.events(count=4)[3]["path"], str(path))
        # The same bytes once more, which Daylight remembers as clean by now: they are asked about all the same.
        self.assertEqual(daemon.instream(THEIRS_ONLY), CLEAN)
        self.until(lambda n: n["differed_total"] == 5)
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("side by side with clamd: 7 asked, 2 agreed, 5 differed, 0 without an answer, 0 dropped",
                      daemon.log.read_text())

    def test_kav_and_clamd_of_another_daylightd(self):
        folder = self.folder / "other"
        folder.mkdir()
        (folder / "db").mkdir()
        (folder / "db" / "t.ndb").write_text(f"Win.Test.EICAR_HDB-1:0:*:{EICAR.hex()}\nTheirs.Only:0:*:{b'THEIRS4711'.hex()}\n")
        port = free_port()
        other = Daemon(folder, f'[kav]\nhttp = ["127.0.0.1:{port}"]\n', ndb=None)
        self.addCleanup(other.stop)
        other.start()
        daemon = self.beside(f'kav = "127.0.0.1:{port}"', self.rules).start()
        self.check(daemon, "kav")
        daemon.config.write_text(daemon.config.read_text().replace(f'kav = "127.0.0.1:{port}"', f'clamd = "{other.socket}"'))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("side by side with kav: 4 asked, 2 agreed, 2 differed")
        daemon.instream(THEIRS_ONLY)
        event = self.events(count=3)[2]
        self.assertEqual((event["their_scanner"], event["their_names"]), ("clamd", ["Theirs.Only.UNOFFICIAL"]))

    def test_a_command(self):
        script = self.folder / "scan"
        script.write_text(f"#!{sys.executable}\nimport sys\ndata = open(sys.argv[1], 'rb').read()\n"
                          f"for mark, name in {MARKS!r}.items():\n    if mark in data:\n"
                          "        print(sys.argv[1] + ': ' + name + ' FOUND')\n        sys.exit(1)\n")
        script.chmod(0o755)
        daemon = self.beside(f'command = ["{script}", "{{path}}"]', self.rules).start()
        self.check(daemon, "command")

    def test_a_command_that_asks_daylightd_itself(self):
        # As clamdscan does when Daylight has taken over the socket that it knows.
        script = self.folder / "scan"
        script.write_text(f"#!{sys.executable}\nimport os, socket, struct, sys\ndata = open(sys.argv[1], 'rb').read()\n"
                          "if os.fork() == 0:\n"  # Nor by a child of its.
                          f"    with socket.socket(socket.AF_UNIX) as client:\n        client.connect('{self.folder}/clamd.sock')\n"
                          "        client.sendall(b'zINSTREAM\\0' + struct.pack('>I', len(data)) + data + bytes(4))\n"
                          "        os._exit(0 if b'OK' in client.recv(100) else 1)\n"
                          "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n")
        script.chmod(0o755)
        daemon = self.beside(f'command = ["{script}", "{{path}}"]', self.rules).start()
        for _ in range(5):
            self.assertIn(b"FOUND", daemon.instream(YARA_ONLY))
        numbers = self.until(lambda n: n["agreed_total"] >= 5)
        self.assertEqual((numbers["asked_total"], numbers["differed_total"]), (5, 0))


class Trouble(BesideCase):
    def test_who_is_not_there_and_comes(self):
        path = self.folder / "other.sock"
        daemon = self.beside(f'clamd = "{path}"\nparallel = 1').start()
        for _ in range(20):
            self.assertEqual(daemon.instream(MARK), FOUND)
        numbers = self.until(lambda n: n["failed_total"] + n["dropped_total"] == 20)
        self.assertGreaterEqual(numbers["failed_total"], 3)
        self.assertIn("clamd does not answer: cannot connect", self.events("trouble", 1)[0]["text"])
        stub = self.stub({b"MARK1234": "Theirs"})
        self.until(lambda n: daemon.instream(MARK) == FOUND and n["agreed_total"] > 0)
        daemon.wait_for("side by side: clamd answers again")
        # Restarted, in the middle of it.
        stub.close()
        for _ in range(20):
            self.assertEqual(daemon.instream(MARK), FOUND)
        stub.open()
        before = self.metrics()["agreed_total"]
        self.until(lambda n: daemon.instream(MARK) == FOUND and n["agreed_total"] > before)
        # Of that there is one event: who is away is not news each time.
        self.assertEqual(len(self.events("trouble")), 1)
        self.assertEqual(self.events("difference"), [])

    def test_who_is_stuck_is_nobody_elses_trouble(self):
        stub = self.stub({})
        stub.stuck.set()
        # An hour, so that whoever waits for it is seen.
        daemon = self.beside(f'clamd = "{stub.path}"\ntimeout = "1h"\nmax_queue = 50').start()
        for data, answer in ((MARK, FOUND), (b"clean", CLEAN), (b"x" * (2 << 20), CLEAN)):
            self.assertEqual(daemon.instream(data), answer)
        self.until(lambda n: n["asked_total"] == 2)
        before = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

        def ask(i):
            data, answer = (MARK, FOUND) if i % 2 else (b"clean %d" % i, CLEAN)
            return daemon.instream(data) == answer

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(ask, range(3000))))
        numbers = self.metrics()
        self.assertEqual((numbers["asked_total"], numbers["queue_length"]), (2, 50))
        self.assertEqual(numbers["dropped_total"], 3003 - 52)
        self.assertLess(len(os.listdir(f"/proc/{daemon.process.pid}/fd")), before + 100)
        # A reload goes on without it: what waits is dropped.
        daemon.config.write_text(daemon.config.read_text().replace("max_queue = 50", "max_queue = 60"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("side by side with clamd: 2 asked")
        stub.stuck.clear()
        self.assertEqual(daemon.instream(b"more"), CLEAN)
        self.until(lambda n: n["agreed_total"] == 1)
        # And so does the end.
        stub.stuck.set()
        daemon.instream(b"the last")
        self.until(lambda n: n["asked_total"] == 4)
        self.assertEqual(daemon.stop(20), 0)

    def test_who_is_killed_with_it(self):
        stub = self.stub({})
        stub.stuck.set()
        daemon = self.beside(f'clamd = "{stub.path}"').start()
        daemon.instream(b"clean")
        self.until(lambda n: n["asked_total"] == 1)
        daemon.process.kill()
        daemon.process.wait()
        stub.stuck.clear()
        daemon.start()
        daemon.instream(b"clean")
        self.until(lambda n: n["agreed_total"] == 1)

    def test_what_is_wrong_with_the_configuration_is_said(self):
        daemon = self.beside(f'clamd = "{self.folder}/clamd.sock"')
        result = subprocess.run([BIN / "daylightd", "--check-config", "--config", daemon.config], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("clamd is this daemon's own socket", result.stderr)


if __name__ == "__main__":
    unittest.main()
