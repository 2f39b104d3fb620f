"""What tests of watching share: daylightd with its opener, on a tmpfs of the test's own, and processes that open files."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import daemon as base
from processes import code_of, spawn, try_open

MARK, OTHER, GOOD = base.MARK, b"nothing but MARK9999 here", b"all is well\n" * 100
NOBODY = 65534
# Seconds: until something is there on a busy machine; and until whatever hangs is let go.
PATIENCE = 60
WATCHDOG = 150


def open_many(paths, wanted):
    """Opens each in a process of its own at once; the exit codes: 0 as wanted, 1 denied, 2 otherwise."""

    def one(path):
        got = try_open(path)
        return 0 if got == wanted else 1 if got == "denied" else 2

    return [spawn(one, path) for path in paths]


def until(condition, seconds=PATIENCE, what=""):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not in {seconds} s: {what}")
        time.sleep(0.05)


def children_of(pid):
    try:
        return [int(one) for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def program_of(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def users_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {int(one) for one in re.search(r"^Uid:(.*)$", status, re.M)[1].split()}


def capabilities_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^CapEff:\s*(\w+)$", status, re.M)[1], 16)


class Case(base.Case):
    """A mount m of the test's own, and daylightd beside it (or on it) with an opener that watches it."""

    def setUp(self):
        super().setUp()
        self.m = self.folder / "m"
        self.m.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.m], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.m])
        self.stuck = []
        self.home = self.folder
        self.separate = None

    def config(self, sections="", quarantine=False, settings=None, user=""):
        choices = {"enabled": True, "mounts": [str(self.m)], "wait_ms": 20000, "removable": [],
                   "events": ["open", "close-write"], "stable_mounts": [str(self.m)]}
        choices.update(settings or {})
        text = "[on_access]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in choices.items())
        text += f'[opener]\nstate_folder = "{self.home}/opener-state"\ndaemon_user = "{user or "root"}"\n'
        self.quarantine_folder = self.home / "quarantine"
        self.quarantine_folder.mkdir(mode=0o700, exist_ok=True)
        text += f'[quarantine]\nfolder = "{self.quarantine_folder}"\nautomatic = {json.dumps(quarantine)}\n'
        text += f'[http]\nlisten = ["{self.home}/http.sock"]\n'
        return text + sections

    def begin(self, sections="", quarantine=False, settings=None, user="", opener_socket="", ndb=base.NDB):
        """The daemon, whose opener is its child, or listens at `opener_socket`."""
        self.d = base.Daemon(self.home, self.config(sections, quarantine, settings, user), ndb=ndb)
        text = self.d.config.read_text()
        if user:
            text = text.replace('user = ""', f'user = "{user}"', 1)
        if opener_socket:
            text = text.replace('opener_socket = ""', f'opener_socket = "{opener_socket}"', 1)
        self.d.config.write_text(text)
        self.addCleanup(self.end)
        if opener_socket:
            self.start_opener(opener_socket)
        self.start()
        return self.d

    def start(self):
        since = self.d.said() if self.d.log.exists() else 0
        self.watchdog = threading.Timer(WATCHDOG, self.give_up)
        self.watchdog.daemon = True
        self.watchdog.start()
        self.addCleanup(self.watchdog.cancel)
        self.d.start(wait=False)
        self.d.wait_for("ready:", since=since)
        self.d.wait_for("the opener is there", since=since)

    def start_opener(self, path):
        with open(self.folder / "opener.log", "ab") as log:
            self.separate = subprocess.Popen(
                [base.BIN / "daylight-opener", "--config", self.d.config, "--socket", path], stderr=log)
        until(lambda: os.path.exists(path) and b"watched" in (self.folder / "opener.log").read_bytes())

    def give_up(self):
        self.stuck.append("something hung")
        self.kill_all()

    def kill_all(self):
        for process in (self.separate, self.d.process):
            if process is not None and process.poll() is None:
                for pid in [*children_of(process.pid), process.pid]:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                process.wait()

    def end(self):
        self.watchdog.cancel()
        if self.separate is None and not self.stuck and self.d.process.poll() is None:
            self.assertEqual(self.d.stop(), 0)
        self.kill_all()
        self.assertEqual(self.stuck, [])

    def opener_pid(self):
        if self.separate is not None:
            return self.separate.pid
        pids = [pid for pid in children_of(self.d.process.pid) if program_of(pid) == "daylight-opener"]
        return pids[0] if pids else None

    def file(self, name, content=GOOD, mode=0o644):
        """Made before anybody watches, or else scanned when it was written."""
        path = self.m / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def events(self, **wanted):
        done = subprocess.run([base.BIN / "daylight", "events", "--folder", self.home / "state", "--format", "jsonl"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            return []
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return [one for one in events if all(str(one.get(key)) == str(value) for key, value in wanted.items())]

    def event(self, seconds=PATIENCE, **wanted):
        return until(lambda: self.events(**wanted), seconds, f"{wanted}; {self.d.log.read_text()[-3000:]}")[0]

    def asked(self):
        """How many files of opens and writes the daemon has scanned."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(f"{self.home}/http.sock")
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = base.receive_all(client).decode()
        found = re.search(r'daylight_scan_seconds_count\{protocol="on-access"\} (\d+)', answer)
        self.assertIsNotNone(found, answer)
        return int(found[1])

    def run_quarantine(self, *arguments, code=0):
        done = subprocess.run([base.BIN / "daylight", "quarantine", arguments[0], "--folder", self.quarantine_folder,
                               *arguments[1:]], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout


    def items(self):
        return json.loads(self.run_quarantine("list", "--format", "json"))["items"]
