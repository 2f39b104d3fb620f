"""What the tests of daylightd share: one that runs in a folder of its own, and clients."""

import array
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"]).resolve()
SANITIZED = b"__asan_init" in (BIN / "daylightd").read_bytes()
# The test file that every scanner knows; in two parts, so that none finds it here.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NDB = "Test.Mark:0:*:4d41524b31323334\nTest.Other:0:*:4d41524b35363738\n"
MARK = b"some bytes MARK1234 and more"


def chunk(data):
    return struct.pack(">I", len(data)) + data


END = struct.pack(">I", 0)


class Daemon:
    """daylightd with `sections` of TOML behind what a test always needs."""

    def __init__(self, folder, sections="", ndb=NDB, arguments=(), listeners=True):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "clamd.sock")
        (self.folder / "db").mkdir(exist_ok=True)
        (self.folder / "state").mkdir(exist_ok=True)
        if ndb is not None:
            (self.folder / "db" / "test.ndb").write_text(ndb)
        text = f"""
[daemon]
user = ""
state_folder = "{self.folder}/state"
run_folder = "{self.folder}/run"
opener_socket = ""
[content]
built_in = false
clamav = ["{self.folder}/db"]
[spool]
folder = "{self.folder}/state/spool"
"""
        if listeners:
            text += f"""
[clamd]
socket = "{self.socket}"
mode = "0666"
"""
        if "[http]" not in sections:
            text += "[http]\nlisten = []\n"
        self.config = self.folder / "daylightd.toml"
        for section in ("clamd", "spool", "content", "daemon"):
            # A test's own keys go into the section that is there.
            mark = f"[{section}+]"
            if mark in sections:
                head, rest = sections.split(mark, 1)
                keys, _, tail = rest.partition("\n[")
                sections = head + ("[" + tail if tail else "")
                text = text.replace(f"[{section}]\n", f"[{section}]\n{keys.strip()}\n")
        self.config.write_text(text + sections)
        self.log = self.folder / "log"
        self.arguments = list(arguments)
        self.process = None

    def start(self, wait=True):
        since = self.said() if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / "daylightd"), "--config", str(self.config), "--foreground", *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        if wait:
            self.wait_for("ready:", since=since)
        return self

    def wait_for(self, text, seconds=120, since=0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.log.read_text(errors="replace")[since:]
            if text in said:
                return said
            if self.process.poll() is not None:
                raise AssertionError(f"daylightd ended ({self.process.returncode}): {said}")
            time.sleep(0.02)
        raise AssertionError(f"no {text!r} in {seconds} s: {self.log.read_text(errors='replace')[since:]}")

    def said(self):
        return len(self.log.read_text(errors="replace"))

    def stop(self, seconds=90):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def connect(self, timeout=60):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout)
        try:
            client.connect(self.socket)
        except OSError:
            client.close()
            raise
        return client

    def talk(self, *parts, timeout=60):
        """All that is answered to these bytes, until the connection ends."""
        with self.connect(timeout) as client:
            for part in parts:
                if isinstance(part, tuple):
                    data, fds = part
                    client.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
                else:
                    client.sendall(part)
            return receive_all(client)

    def instream(self, data, timeout=60):
        pieces = [chunk(data[i:i + (1 << 20)]) for i in range(0, len(data), 1 << 20)]
        return self.talk(b"zINSTREAM\0", *pieces, END, timeout=timeout)

    def workers(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children
                if b"daylight-worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]

    def memory_kb(self):
        """Resident bytes of the front end that are its own."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        return 0


def receive_all(client):
    answer = b""
    while True:
        try:
            data = client.recv(1 << 16)
        except ConnectionResetError:
            return answer
        if not data:
            return answer
        answer += data


class Case(unittest.TestCase):
    """A folder of its own, and a daemon in it that ends with the test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylightd-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def daemon(self, sections="", **more):
        daemon = Daemon(self.folder, sections, **more)

        def end():
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()

        self.addCleanup(end)
        return daemon


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
