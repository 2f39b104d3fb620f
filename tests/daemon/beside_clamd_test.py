#!/usr/bin/env python3
"""The real clamd beside daylightd, by each of the ways in which it can be asked."""

import os
import shutil
import socket
import subprocess
import sys
import time
import unittest

from beside import BesideCase
from daemon import EICAR, free_port

PATH = os.environ.get("PATH", "") + ":/usr/sbin"
NDB = f"Both.Eicar:0:*:{EICAR.hex()}\n"
YARA_ONLY = b"a marker that only a rule of YARA's knows: YARA4711"


class RealClamd(BesideCase):
    @classmethod
    def setUpClass(cls):
        for program in ("clamd", "clamscan", "clamdscan", "zip"):
            if shutil.which(program, path=PATH) is None:
                raise unittest.SkipTest(f"{program} is not installed")

    def setUp(self):
        super().setUp()
        (self.folder / "r.yar").write_text('rule Only_Ours { strings: $a = "YARA4711" condition: $a }')
        (self.folder / "theirs").mkdir()
        (self.folder / "theirs" / "t.ndb").write_text(NDB)
        self.port = free_port()
        self.conf = self.folder / "real.conf"
        self.conf.write_text(f"DatabaseDirectory {self.folder}/theirs\nLocalSocket {self.folder}/real.sock\n"
                             f"TCPAddr 127.0.0.1\nTCPSocket {self.port}\nForeground yes\nSelfCheck 0\n"
                             f"AlertEncrypted yes\nTemporaryDirectory {self.folder}\n")
        self.start_clamd()

    def start_clamd(self):
        with open(self.folder / "real.log", "wb") as log:
            self.clamd = subprocess.Popen(["clamd", "-c", self.conf], stdout=log, stderr=log, cwd=self.folder,
                                          env={**os.environ, "PATH": PATH})
        self.addCleanup(lambda: (self.clamd.kill(), self.clamd.wait()))
        end = time.monotonic() + 60
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(f"{self.folder}/real.sock")
                with socket.create_connection(("127.0.0.1", self.port)):
                    return
            except OSError:
                if self.clamd.poll() is not None or time.monotonic() > end:
                    self.fail((self.folder / "real.log").read_text(errors="replace"))
                time.sleep(0.1)

    def check(self, keys, scanner):
        daemon = self.beside(keys, f'[content+]\nrules = ["{self.folder}/r.yar"]\n')
        (self.folder / "db" / "test.ndb").write_text(NDB)
        daemon.start()
        # As bytes, as a file of ours, and as one of the client's.
        file = self.folder / "eicar"
        file.write_bytes(EICAR)
        plain = self.folder / "plain"
        plain.write_bytes(b"x" * (2 << 20))
        subprocess.run(["zip", "-q", "-j", "-P", "secret", self.folder / "enc.zip", self.folder / "r.yar"], check=True)
        self.assertIn(b"Both.Eicar", daemon.instream(EICAR))
        self.assertIn(b"FOUND", daemon.talk(b"zSCAN " + bytes(file) + b"\0"))
        self.assertIn(b"OK", daemon.instream(plain.read_bytes()))
        self.assertIn(b"OK", daemon.talk(b"zSCAN " + bytes(plain) + b"\0"))
        numbers = self.until(lambda n: n["agreed_total"] + n["differed_total"] + n["failed_total"] == 4)
        self.assertEqual(numbers["agreed_total"], 4, self.events())
        self.assertIn(b"Only_Ours", daemon.instream(YARA_ONLY))
        event = self.events(count=1)[0]
        self.assertEqual((event["verdict"], event["theirs"], event["their_scanner"]), ("detected", "clean", scanner))
        encrypted = (self.folder / "enc.zip").read_bytes()
        self.assertIn(b"Heuristics.Encrypted", daemon.instream(encrypted))
        numbers = self.until(lambda n: n["agreed_total"] + n["differed_total"] == 6)
        self.assertEqual((numbers["failed_total"], numbers["dropped_total"], numbers["left_out_total"]), (0, 0, 0))
        return daemon, numbers

    def test_by_its_socket_and_when_it_goes_away(self):
        daemon, numbers = self.check(f'clamd = "{self.folder}/real.sock"\nparallel = 1', "clamd")
        self.assertEqual(numbers['verdicts_total{ours="incomplete",theirs="incomplete"}'], 1)
        self.clamd.kill()
        self.clamd.wait()
        for _ in range(10):
            self.assertIn(b"FOUND", daemon.instream(EICAR))
        self.until(lambda n: n["failed_total"] >= 3)
        (self.folder / "real.sock").unlink(missing_ok=True)
        self.start_clamd()
        before = self.metrics()["agreed_total"]
        self.until(lambda n: b"FOUND" in daemon.instream(EICAR) and n["agreed_total"] > before)

    def test_by_tcp(self):
        self.check(f'clamd = "127.0.0.1:{self.port}"', "clamd")

    def test_clamscan(self):
        self.check(f'command = ["{shutil.which("clamscan", path=PATH)}", "--no-summary", "--alert-encrypted=yes", '
                   f'"--database={self.folder}/theirs", "{{path}}"]', "command")

    def test_clamdscan(self):
        self.check(f'command = ["{shutil.which("clamdscan", path=PATH)}", "--no-summary", '
                   f'"--config-file={self.conf}", "-"]', "command")


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    sys.exit(77 if result.skipped and not result.testsRun else not result.wasSuccessful())
