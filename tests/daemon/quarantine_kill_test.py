"""Kill -9 at random moments, during quarantine and restore: no file is lost, none
is doubled.

    quarantine_kill_test.py [ROUNDS]

In each round `daylight quarantine add` or `restore` is killed after a random time
(as long as one takes without), sometimes the recovery after it too; then recovery
runs to its end, and the file must be in exactly one place: at its name, with its
content, mode, owner, time and attributes, or in quarantine, whole. Nothing else may
be left beside it.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DAYLIGHT = str(pathlib.Path(os.environ["DAYLIGHT_BIN"]) / "daylight")
# Of one chunk, of several, and so large that most of the time is copying.
SIZES = (0, 10, 70_000, 1_000_000, 30_000_000)


class Trial:
    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        self.work = self.folder / "work"
        self.work.mkdir()
        self.path = self.work / "file"
        self.random = random.Random(seed)
        self.took = {}
        self.outcomes = {}
        self.killed = 0

    def command(self, *arguments):
        return [DAYLIGHT, "quarantine", arguments[0], "--folder", str(self.folder / "q"), *arguments[1:]]

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300)

    def run_killed(self, key, *arguments):
        """Killed after a random part of the time that it takes, or a little later."""
        begin = time.monotonic()
        process = subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(self.random.uniform(0, 1.1 * self.took.get(key, 0.05)))
            spent = time.monotonic() - begin
            self.took[key] = 0.7 * self.took.get(key, spent) + 0.3 * spent
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.killed += 1
            # Times that are guessed too short are found out in this way.
            self.took[key] = 1.1 * self.took.get(key, 0.05)

    def kept(self):
        items = json.loads(self.run("list", "--format", "json").stdout)["items"]
        unfinished = [item for item in items if item["state"] != "kept"]
        assert not unfinished, unfinished
        return items

    def state(self):
        info = os.stat(self.path)
        return (info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns,
                {name: os.getxattr(self.path, name) for name in os.listxattr(self.path)},
                hashlib.sha256(self.path.read_bytes()).hexdigest())

    def make(self):
        self.path.write_bytes(self.random.randbytes(self.random.choice(SIZES)))
        os.chmod(self.path, self.random.choice((0o600, 0o644, 0o4755)))
        if os.geteuid() == 0:
            os.chown(self.path, self.random.randrange(70000), self.random.randrange(70000))
        try:
            os.setxattr(self.path, "user.round", b"%d" % self.random.randrange(10**9))
        except OSError:
            pass
        os.utime(self.path, ns=(self.random.randrange(10**18), self.random.randrange(10**18)))
        return self.state()

    def check(self, before):
        """Whether it is in quarantine."""
        result = self.run("recover")
        assert result.returncode == 0, result.stderr
        items = self.kept()
        names = os.listdir(self.work)
        blobs = os.listdir(self.folder / "q/items")
        assert (len(items), names) in ((1, []), (0, ["file"])), (items, names)
        assert sorted(blobs) == [item["id"] for item in items], (blobs, items)
        if not items:
            assert self.state() == before, (self.state(), before)
            return None
        assert items[0]["sha256"] == before[-1]
        content = self.run("export", items[0]["id"])
        assert content.returncode == 0, content.stderr
        assert hashlib.sha256(content.stdout).hexdigest() == before[-1]
        return items[0]["id"]

    def maybe_kill_recovery(self):
        if self.random.random() < 0.3:
            self.run_killed("recover", "recover")

    def round(self):
        before = self.make()
        size = self.path.stat().st_size
        self.run_killed(("add", size), "add", "--reason", "a test", str(self.path))
        self.maybe_kill_recovery()
        identifier = self.check(before)
        self.count("add", identifier is not None)
        if identifier is None:
            identifier = self.run("add", str(self.path)).stdout.split()[1].rstrip(b",").decode()
        self.run_killed(("restore", size), "restore", identifier)
        self.maybe_kill_recovery()
        identifier = self.check(before)
        self.count("restore", identifier is None)
        if identifier is not None:
            assert self.run("restore", identifier).returncode == 0
            assert self.state() == before
        self.path.unlink()

    def count(self, what, through):
        key = f"{what}, {'gone through' if through else 'rolled back'}"
        self.outcomes[key] = self.outcomes.get(key, 0) + 1


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print("seed", seed, flush=True)
    folder = tempfile.mkdtemp(prefix="daylight-kill-")
    trial = Trial(folder, seed)
    try:
        for number in range(rounds):
            try:
                trial.round()
            except BaseException:
                print("in round", number, "; the folder is left:", folder, flush=True)
                folder = None
                raise
            if number % 100 == 99:
                print(number + 1, "rounds", flush=True)
        print(f"{rounds} rounds, {trial.killed} processes killed:", trial.outcomes)
        # A test that kills nobody, or always too late, shows nothing.
        assert trial.killed >= rounds // 3, trial.killed
        if rounds >= 30:
            assert len(trial.outcomes) == 4, trial.outcomes
    finally:
        if folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
