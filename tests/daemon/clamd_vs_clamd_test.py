#!/usr/bin/env python3
"""The real clamd and daylightd are told the same, with the same signatures; what they answer is compared byte by
byte. What differs on purpose is listed here with its reason, and in docs/protocols/clamd.md."""

import array
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import unittest

from daemon import BIN, END, Case, chunk, free_port

NDB = "Test.Mark:0:*:4d41524b31323334\nTest.Mark2:0:*:4d41524b35363738\n"
BAD = b"xx MARK1234 yy MARK5678"
STREAM_LIMIT = 1 << 20

# Why answers differ. Each is followed by what daylightd answers instead.
LINK = "a symbolic link that is named itself is followed, with the peer's rights: clamd says OK of what it did not read"
DANGLING = "a link to nothing is an error, not OK"
RELATIVE = "a relative path is relative to nothing that the client knows"
RIGHTS = "paths are opened with the peer's rights (by TCP: nobody's), not with the daemon's"
LONG = "a command that is too long is said to be so"
# Nothing is answered to these, and nothing closed, until a timeout that is not ours to wait for.
STAYS_OPEN = ([b"zIDSESSION\0"], [b"nIDSESSION\n"])


class Both(Case):
    @classmethod
    def setUpClass(cls):
        if shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            raise unittest.SkipTest("clamd is not installed")
        if shutil.which("zip") is None:
            raise unittest.SkipTest("zip is not installed")

    def setUp(self):
        super().setUp()
        self.files = self.folder / "t"
        self.files.mkdir()
        (self.files / "bad").write_bytes(BAD)
        (self.files / "ok").write_bytes(b"nothing\n")
        (self.files / "empty").write_bytes(b"")
        (self.files / "nl\nx").write_bytes(b"nothing\n")
        (self.files / "link").symlink_to("bad")
        (self.files / "dangling").symlink_to("nothing")
        os.mkfifo(self.files / "fifo")
        (self.files / "sub").mkdir()
        (self.files / "sub" / "bad2").write_bytes(BAD)
        subprocess.run(["zip", "-q", "-j", "-P", "secret", self.files / "enc.zip", self.files / "ok"], check=True)
        self.tcp = {"daylightd": free_port(), "clamd": free_port()}
        self.ours = self.daemon(f"[clamd+]\ntcp = [\"127.0.0.1:{self.tcp['daylightd']}\"]\nmax_stream = \"1 MiB\"\n", ndb=NDB)
        self.ours.start()
        self.sockets = {"daylightd": self.ours.socket, "clamd": str(self.folder / "real.sock")}
        self.start_clamd()

    def start_clamd(self):
        conf = self.folder / "real.conf"
        conf.write_text(f"DatabaseDirectory {self.folder}/db\nLocalSocket {self.sockets['clamd']}\n"
                        f"TCPAddr 127.0.0.1\nTCPSocket {self.tcp['clamd']}\nForeground yes\nMaxThreads 4\n"
                        "CommandReadTimeout 5\nIdleTimeout 10\nReadTimeout 5\nAlertEncrypted yes\n"
                        f"StreamMaxLength 1M\nSelfCheck 0\nTemporaryDirectory {self.folder}\n")
        with open(self.folder / "real.log", "wb") as log:
            self.clamd = subprocess.Popen(["clamd", "-c", conf], stdout=log, stderr=log, cwd=self.folder,
                                          env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"})
        self.addCleanup(lambda: (self.clamd.kill(), self.clamd.wait()))
        end = time.monotonic() + 60
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.sockets["clamd"])
                with socket.create_connection(("127.0.0.1", self.tcp["clamd"])):
                    return
            except OSError:
                if self.clamd.poll() is not None or time.monotonic() > end:
                    self.fail((self.folder / "real.log").read_text(errors="replace"))
                time.sleep(0.1)

    def talk(self, which, parts, tcp=False, shut=False, wait=1.5):
        """All that is answered, and whether the connection is then closed, open or reset."""
        if tcp:
            client = socket.create_connection(("127.0.0.1", self.tcp[which]))
        else:
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.sockets[which])
        answer = b""
        with client:
            client.settimeout(20)
            try:
                for part in parts:
                    if isinstance(part, tuple):
                        client.sendmsg([part[1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [part[0]]))])
                    elif isinstance(part, float):
                        time.sleep(part)
                    else:
                        client.sendall(part)
                if shut:
                    client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            try:
                while True:
                    client.settimeout(wait if answer or parts in STAYS_OPEN else 20)
                    data = client.recv(1 << 16)
                    if not data:
                        return answer, "closed"
                    answer += data
            except TimeoutError:
                return answer, "open"
            except OSError:
                return answer, "reset"

    def plain(self, answer, any_order):
        """Without what may differ from run to run."""
        answer = re.sub(rb"fd\[\d+\]", b"fd[]", answer)
        answer = re.sub(rb"ClamAV \d+\.\d+\.\d+(/\d+/[^|\0\n]*)?", b"ClamAV", answer)
        answer = re.sub(rb"POOLS: .*?END", b"POOLS END", answer, flags=re.DOTALL)
        return sorted(re.split(rb"(?<=[\0\n])", answer)) if any_order else answer

    def check(self, name, *parts, why=None, ours=None, any_order=False, **how):
        """Both say the same; or, with a reason `why`, they differ and daylightd says `ours` (a pattern)."""
        with self.subTest(name):
            real = self.talk("clamd", list(parts), **how)
            answer = self.talk("daylightd", list(parts), **how)
            if why is None:
                self.assertEqual((self.plain(answer[0], any_order), answer[1]), (self.plain(real[0], any_order), real[1]))
                return
            self.assertNotEqual((self.plain(answer[0], any_order), answer[1]), (self.plain(real[0], any_order), real[1]),
                                f"no difference any more: {why}")
            self.assertRegex(self.plain(answer[0], False), ours, f"clamd says {real}")

    def path(self, name):
        return bytes(self.files) + name.encode()

    def open(self, name):
        fd = os.open(self.files / name, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        return fd


class Commands(Both):
    def test_prefixes_and_ends(self):
        commands = (b"PING", b"VERSION", b"VERSIONCOMMANDS", b"RELOAD", b"SCAN " + self.path("/bad"), b"SCAN", b"FOO", b"END", b"STREAM",
                    b"SESSION", b"PING x", b"ping", b"IDSESSION", b"DETSTATS", b"DETSTATSCLEAR", b"STATS", b"SHUTDOWN x",
                    b"CONTSCAN", b"MULTISCAN", b"ALLMATCHSCAN", b"ALLMATCHSCAN " + self.path("/bad"), b"")
        for prefix, end in ((b"z", b"\0"), (b"n", b"\n"), (b"", b"\n"), (b"", b"")):
            for command in commands:
                if not prefix + command + end:
                    continue
                self.check(f"{prefix}{command}{end}", prefix + command + end)
        for text in (b"PING\r\n", b"nPING\r\n", b"\n", b"z\0", b"n\n", b"zPING\0zPING\0", b"nPING\nnVERSION\n", b"zPING\0nPING\n",
                     b"\xff" * 300):
            self.check(repr(text), text)
        self.check("half", b"zPIN", shut=True)
        self.check("nothing", shut=True)
        self.check("long", b"z" + b"A" * 70000 + b"\0", why=LONG, ours=rb"ERROR\0$")
        self.check("long path", b"nSCAN " + b"A" * 5000 + b"\n", why=LONG, ours=rb"ERROR\n$")

    def test_version_has_its_date(self):
        self.assertRegex(self.talk("daylightd", [b"zVERSION\0"])[0], rb"^ClamAV \d+\.\d+\.\d+/\d+/\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\0$")
        self.assertRegex(self.talk("clamd", [b"zVERSION\0"])[0], rb"^ClamAV \d+\.\d+\.\d+")

    def test_paths(self):
        for command in (b"SCAN", b"CONTSCAN", b"MULTISCAN", b"ALLMATCHSCAN"):
            for name in ("/bad", "/ok", "/empty", "/sub", "/none", "/enc.zip", "/nl\nx", "//bad", "/sub/../bad"):
                self.check(f"{command} {name!r}", b"z" + command + b" " + self.path(name) + b"\0")
            self.check(f"{command} tcp", b"z" + command + b" " + self.path("/bad") + b"\0", tcp=True)
            self.check(f"{command} fifo", b"z" + command + b" " + self.path("/fifo") + b"\0")
            self.check(f"{command} link", b"z" + command + b" " + self.path("/link") + b"\0", why=LINK, ours=rb"/link: Test.Mark.UNOFFICIAL FOUND\0")
            self.check(f"{command} dangling", b"z" + command + b" " + self.path("/dangling") + b"\0", why=DANGLING,
                       ours=rb"/dangling: File path check failure: No such file or directory. ERROR\0$")
            self.check(f"{command} relative", b"z" + command + b" t/bad\0", why=RELATIVE,
                       ours=rb"^t/bad: File path check failure: No such file or directory. ERROR\0$")
        for command in (b"CONTSCAN", b"MULTISCAN"):
            for name in ("", "/"):
                self.check(f"{command} folder {name!r}", b"z" + command + b" " + self.path(name) + b"\0", any_order=True)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: two users")
    def test_rights(self):
        secret = self.files / "secret"
        secret.write_bytes(BAD)
        secret.chmod(0o600)
        # By TCP it is nobody who asks; the real one reads all that it can read itself.
        self.check("tcp", b"zSCAN " + self.path("/secret") + b"\0", tcp=True, why=RIGHTS, ours=rb"/secret: Access denied. ERROR\0$")
        self.check("unix", b"zSCAN " + self.path("/secret") + b"\0")


class Streams(Both):
    def test_pieces(self):
        for prefix, end in ((b"z", b"\0"), (b"n", b"\n")):
            start = prefix + b"INSTREAM" + end
            for name, data in (("bad", BAD), ("ok", b"hello"), ("enc", (self.files / "enc.zip").read_bytes())):
                self.check(f"{prefix} {name}", start, chunk(data), END)
                self.check(f"{prefix} {name} in one", start + chunk(data) + END)
                self.check(f"{prefix} {name} by bytes", start + b"".join(chunk(data[i:i + 1]) for i in range(len(data))) + END)
            self.check(f"{prefix} empty", start, END)
            self.check(f"{prefix} split", start, b"\0\0", 0.2, b"\0\x08", 0.2, b"MARK", 0.2, b"1234", END)
            self.check(f"{prefix} tcp", start + chunk(BAD) + END, tcp=True)
            self.check(f"{prefix} then more", start + chunk(BAD) + END + prefix + b"PING" + end)
        self.check("just", b"zINSTREAM\0", *[chunk(b"a" * 65536)] * 16, END)
        self.check("one piece that is too large", b"zINSTREAM\0" + struct.pack(">I", 5 << 20) + b"aaaa")
        self.check("cut", b"zINSTREAM\0" + chunk(BAD)[:8], shut=True)
        self.check("cut after a piece", b"zINSTREAM\0" + chunk(BAD), shut=True)
        self.check("old style", b"INSTREAM\n")

    def test_too_much(self):
        # Whether the real one's answer is lost in the reset depends on who is faster.
        parts = [b"zINSTREAM\0", *[chunk(b"a" * 65536)] * 17, END]
        self.assertIn(self.talk("clamd", parts)[0], (b"", b"INSTREAM size limit exceeded. ERROR\0"))
        self.assertEqual(self.talk("daylightd", parts), (b"INSTREAM size limit exceeded. ERROR\0", "closed"))


class Descriptors(Both):
    def test_files(self):
        for name in ("bad", "ok", "empty", "enc.zip"):
            self.check(f"z {name}", b"zFILDES\0", (self.open(name), b"\0"))
            self.check(f"n {name}", b"nFILDES\n", (self.open(name), b"x"))
        self.check("old style", b"FILDES\n", (self.open("bad"), b"\0"))
        self.check("with the command", (self.open("bad"), b"zFILDES\0"))
        self.check("none", b"zFILDES\0", b"x")
        self.check("tcp", b"zFILDES\0x", tcp=True)
        self.check("folder", b"zFILDES\0", (self.open("sub"), b"\0"))
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        self.check("pipe", b"zFILDES\0", (read, b"\0"))


class Sessions(Both):
    def test_sessions(self):
        for prefix, end in ((b"z", b"\0"), (b"n", b"\n")):
            def say(command):
                return prefix + command + end
            begin = say(b"IDSESSION")
            self.check(f"{prefix} simple", begin + say(b"PING") + say(b"VERSION") + say(b"END"))
            self.check(f"{prefix} scan", begin + say(b"SCAN " + self.path("/bad")), 0.7, say(b"END"))
            self.check(f"{prefix} folder", begin + say(b"SCAN " + self.path("/sub")), 0.7, say(b"END"))
            self.check(f"{prefix} stream", begin + say(b"INSTREAM") + chunk(BAD) + END, 0.7, say(b"PING"), 0.3, say(b"END"))
            self.check(f"{prefix} many", begin + b"".join(say(b"INSTREAM") + chunk(data) + END for data in (BAD, b"ok", BAD, b"o")), 1.0,
                       say(b"END"), any_order=True)
            self.check(f"{prefix} commands", begin + say(b"VERSIONCOMMANDS"), 0.3, say(b"END"))
            self.check(f"{prefix} stats", begin + say(b"STATS"), 0.3, say(b"END"))
            self.check(f"{prefix} files", begin + say(b"FILDES"), (self.open("bad"), b"\0"), 0.7, say(b"FILDES"),
                       (self.open("ok"), b"\0"), 0.7, say(b"PING"), 0.3, say(b"END"))
            for wrong in (b"RELOAD", b"CONTSCAN " + self.path(""), b"MULTISCAN " + self.path(""), b"FOO", b"IDSESSION", b"SHUTDOWN x"):
                self.check(f"{prefix} {wrong}", begin + say(wrong) + say(b"PING"))
            self.check(f"{prefix} old style inside", begin + say(b"PING"), 0.5, b"PING\n")
        self.check("both kinds", b"zIDSESSION\0nPING\n", 0.3, b"zEND\0")
        self.check("old style", b"IDSESSION\n")
        self.check("left open", b"zIDSESSION\0")


if __name__ == "__main__":
    if not (BIN / "daylightd").exists():
        sys.exit(77)
    program = unittest.main(exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if program.result.skipped and program.result.testsRun <= len(program.result.skipped) else 0)
