"""`daylight audit sandbox` with the real worker: what is tried succeeds without
walls and fails inside, and the alarm works when the walls are not there."""

import collections
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import harness

NOBODY = 65534
# What succeeds without walls on any Linux, whoever asks.
CORE = {"socket_tcp", "socket_udp", "socket_unix", "connect_tcp", "send_udp", "listen_tcp", "connect_abstract", "connect_path",
        "send_descriptor", "openat", "open_path_only", "create", "open_proc_self_root", "list_root", "read_passwd", "fstatat",
        "statx", "unlink", "rename", "mkdir", "chmod", "object_reopen", "object_chmod", "object_lock", "kill_parent",
        "kill_sibling", "tgkill_parent", "limits_parent", "vfork", "clone", "fork_as_libc", "thread", "execve", "execveat",
        "mprotect_executable", "memfd_create", "address_space", "inherited_descriptor", "standard_output", "environment",
        "dumpable", "uname"}
WALLS = ["privileges", "limits", "namespaces", "landlock", "seccomp"]


class Audit(harness.Case):
    worker = None  # The one beside the program.

    def run_audit(self, *arguments, program=harness.DAYLIGHT, user=None, **more):
        work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        work.chmod(0o1777)
        more["env"] = dict(more.get("env", self.environment()), TMPDIR=str(work))
        if user is not None:
            more.update(user=user, group=user, extra_groups=[])
        result = subprocess.run([program, "audit", "sandbox", *arguments], cwd="/", stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=550, **more)
        self.assertEqual(list(work.iterdir()), [], "left behind")
        self.assertNotIn(str(work), pathlib.Path("/proc/self/mounts").read_text())
        return result

    def check(self, document):
        """What holds of every audit of sound walls."""
        attempts = {attempt["name"]: attempt for attempt in document["attempts"]}
        self.assertGreaterEqual(len(attempts), 60)
        self.assertEqual(len(attempts), len(document["attempts"]))
        wrong = {name: attempt for name, attempt in attempts.items() if attempt["verdict"] not in ("stopped", "refused to anyone")}
        self.assertEqual(wrong, {})
        for name in CORE:
            self.assertEqual(attempts[name]["control"]["outcome"], "succeeded", attempts[name])
            self.assertEqual(attempts[name]["verdict"], "stopped", attempts[name])
        for attempt in attempts.values():
            if attempt["verdict"] == "stopped":
                self.assertEqual(len(attempt["stopped_by"]), 1, attempt)
                for way in ("inside", "forked"):
                    self.assertIn(attempt[way]["outcome"], ("killed", "refused", "unsupported"))
        self.assertIn("seccomp", document["walls"]["held"])
        counts = collections.Counter(attempt["verdict"] for attempt in attempts.values())
        self.assertEqual(document["summary"], {"attempts": len(attempts), "stopped": counts["stopped"],
                                               "refused_to_anyone": counts["refused to anyone"], "escapes": 0, "unclear": 0})
        return attempts

    def test_every_attempt_is_stopped(self):
        result = self.run_audit("--format", "json")
        document = json.loads(result.stdout)
        attempts = self.check(document)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual(attempts["socket_tcp"]["stopped_by"], ["seccomp"])
        self.assertEqual(attempts["environment"]["stopped_by"], ["broker"])
        # A wall that is left out is missed only where no other stands behind it.
        self.assertEqual(attempts["fork"]["without"]["seccomp"]["outcome"], "succeeded")
        held = document["walls"]["held"]
        if "landlock" in held:
            self.assertIn("landlock", attempts["openat"]["also_stopped_by"])
            self.assertNotEqual(attempts["openat"]["without"]["seccomp"]["outcome"], "succeeded")
        if "namespaces" in held:
            self.assertIn("namespaces", attempts["connect_tcp"]["also_stopped_by"])
        # Everything that succeeds is tried behind each wall.
        for attempt in attempts.values():
            if attempt["control"]["outcome"] == "succeeded":
                self.assertEqual(set(attempt["without"]), set(WALLS) | {"broker"}, attempt["name"])
                self.assertEqual(set(attempt["alone"]), set(WALLS) | {"broker"}, attempt["name"])

    def test_text(self):
        result = self.run_audit("--quick")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0].split("  ")[0], "ATTEMPT")
        row = next(line for line in lines if line.startswith("openat "))
        self.assertEqual(row.split(), ["openat", "succeeded", "killed", "killed", "seccomp"])
        self.assertIn("Walls that hold here: ", result.stdout.decode())
        self.assertIn(" stopped, 0 escapes, 0 unclear;", result.stdout.decode())
        self.assert_printable(result.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_by_an_ordinary_user(self):
        # Build folders may be out of his reach.
        programs = self.folder / "bin"
        programs.mkdir()
        for name in ("daylight", "daylight-worker"):
            shutil.copy(harness.BIN / name, programs / name)
        result = self.run_audit("--quick", "--format", "json", program=str(programs / "daylight"), user=NOBODY)
        self.check(json.loads(result.stdout))
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def wrapper(self, text):
        """A worker program that does `text` with the real one, $worker."""
        path = pathlib.Path(self.folder) / "wrapper"
        path.write_text(f"#!/bin/sh\nworker={harness.BIN / 'daylight-worker'}\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return dict(self.environment(), DAYLIGHT_WORKER=str(path))

    def test_the_alarm_works(self):
        # No walls, whatever is asked for.
        result = self.run_audit("--quick", "--format", "json", env=self.wrapper('exec "$worker" --walls=none'))
        document = json.loads(result.stdout)
        attempts = {attempt["name"]: attempt for attempt in document["attempts"]}
        self.assertEqual(result.returncode, 1)
        # The trusted side still sees to its part, and to a process namespace.
        for name in CORE - {"send_descriptor", "inherited_descriptor", "environment", "standard_output", "kill_parent",
                            "kill_sibling", "tgkill_parent", "limits_parent"}:
            self.assertEqual(attempts[name]["verdict"], "escape", attempts[name])
        self.assertEqual(document["walls"]["held"], [])
        self.assertEqual(sorted(document["walls"]["missing"]), sorted(WALLS))
        self.assertIn(b"succeeded inside the walls", result.stderr)
        # One wall that is missing without a word.
        result = self.run_audit("--quick", env=self.wrapper(
            'case "$1" in *seccomp) exec "$worker" "${1%,seccomp}" ;; esac; exec "$worker" "$@"'))
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"\nESCAPE: fork: a worker with all walls can make a process with fork\n", result.stdout)
        self.assertNotIn(b"ESCAPE: openat:", result.stdout)

    def test_workers_that_are_none(self):
        for worker in ("/bin/false", "/nonexistent"):
            result = self.run_audit(env=dict(self.environment(), DAYLIGHT_WORKER=worker))
            self.assertEqual((result.returncode, result.stdout), (2, b""), worker)
            self.assertIn(b"daylight: ", result.stderr)
        # It knows of no attempts and just ends: that is no pass.
        result = self.run_audit(env=dict(self.environment(), DAYLIGHT_WORKER=str(harness.BIN / "test_worker")))
        self.assertEqual(result.returncode, 2)
        self.assertIn(b" 0 stopped, 0 escapes, ", result.stdout)

    def test_command_lines(self):
        self.assertEqual(self.run_daylight("audit").returncode, 2)
        self.assertEqual(self.run_daylight("audit", "nope").returncode, 2)
        self.assertEqual(self.run_audit("path").returncode, 2)
        self.assertEqual(self.run_audit("--format", "xml").returncode, 2)
        self.assertEqual(self.run_daylight("audit", "--help").returncode, 0)


if __name__ == "__main__":
    if harness.SANITIZED:
        print("with sanitizers a worker's addresses are not limited, so that one attempt succeeds: nothing tested")
        sys.exit(77)
    unittest.main()
