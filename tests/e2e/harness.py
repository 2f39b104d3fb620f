"""What the end-to-end tests share: running the command, files to scan."""

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
DAYLIGHT = str(BIN / "daylight")
# With sanitizers, whose run-time libraries take memory and make calls of their own.
SANITIZED = b"__asan_init" in (BIN / "daylight-worker").read_bytes() if (BIN / "daylight-worker").exists() else False
CONTROL = {c for c in range(32) if c != 10} | {127}


class Case(unittest.TestCase):
    """A folder of its own; `run_daylight` against the stand-in for the worker,
    unless `worker` says otherwise."""

    worker = str(BIN / "test_worker")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-e2e-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.write("r.yar", "rule")

    def write(self, name, content=b""):
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def environment(self):
        environment = dict(os.environ)
        environment.pop("DAYLIGHT_WORKER", None)
        if self.worker:
            environment["DAYLIGHT_WORKER"] = self.worker
        return environment

    def run_daylight(self, *arguments, **more):
        more.setdefault("cwd", self.folder)
        more.setdefault("timeout", 120)
        more.setdefault("env", self.environment())
        if "input" not in more and "stdin" not in more:
            more["stdin"] = subprocess.DEVNULL
        return subprocess.run([DAYLIGHT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def scan(self, *arguments, **more):
        return self.run_daylight("scan", "--rules", "r.yar", *arguments, **more)

    def start(self, *arguments, **more):
        process = subprocess.Popen([DAYLIGHT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(), **more)
        for pipe in (process.stdout, process.stderr):
            self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def records(self, *arguments, code=None, **more):
        """The records of a JSON Lines scan, by path."""
        result = self.scan("--format", "jsonl", *arguments, **more)
        if code is not None:
            self.assertEqual(result.returncode, code, result.stderr)
        lines = [json.loads(line) for line in result.stdout.decode().splitlines()]
        return {line["path"]: line for line in lines}

    def assert_printable(self, data):
        self.assertFalse(CONTROL & set(data), data)
