"""Every system call of a whole scan, by all its processes, as strace sees them.

No process makes a socket but for the pair between the two sides, none connects,
and none can hide such a call in io_uring. A worker receives no message before
its seccomp filter is in place, and from then on calls nothing outside of a short
list. By root and by an ordinary user. Each check is shown to be able to fail.

Exit code 77 (skipped) without strace, without the right to trace, and in builds
with sanitizers, whose run-time libraries make calls of their own.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
NOBODY = 65534
SKIPPED = 77

# What a worker really needs once its filter is in place. The filter may allow
# more (docs/security-model.md), but nothing more is called.
CONTAINED_CALLS = {
    "read", "pread64", "write", "lseek", "fstat", "close", "recvmsg", "sendto", "mmap", "munmap", "mremap", "mprotect",
    "madvise", "brk", "futex", "rt_sigprocmask", "restart_syscall", "exit_group",
}
# A template (--isolation object) reads nothing but its databases and forks; a fork gives that right up at once.
TEMPLATE_CALLS = CONTAINED_CALLS | {"clone", "wait4", "kill"}
FORK_CALLS = CONTAINED_CALLS | {"set_robust_list", "prctl", "seccomp"}
# Reach the network, or may do so unseen.
NETWORK_CALLS = {"connect", "bind", "listen", "accept", "accept4", "io_uring_setup", "socketcall"}
MARKER = re.compile(r"^(seccomp\(SECCOMP_SET_MODE_FILTER\b|prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER\b).*= 0$")
CALL = re.compile(r"^([a-z_0-9]+)\(")

RULES = """
import "pe"
import "elf"
import "hash"
import "math"
import "magic"
import "time"
include "more.yar"
rule Hello { strings: $a = "hello" nocase condition: $a }
rule Facts { condition: elf.number_of_sections > 1 or pe.number_of_sections > 1 }
rule Digest { condition: filesize < 1MB and hash.sha256(0, filesize) == "00" }
rule Kind { condition: magic.type() contains "ELF" and math.entropy(0, filesize) > 1.0 and time.now() > 0 }
rule Owner { condition: owner == "nobody" and filetype == "ELF" }
"""


def traced(folder, *command, user=None):
    """Runs `command` under strace: one list of calls for each process, and the exit code."""
    out = pathlib.Path(tempfile.mkdtemp(prefix="trace-", dir=folder))
    os.chmod(out, 0o777)
    prefix = []
    if user is not None and os.geteuid() == 0:
        prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    done = subprocess.run([*prefix, "strace", "-ff", "-q", "-y", "-s", "64", "-o", str(out / "t"), *map(str, command)],
                          cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    processes = {int(path.suffix[1:]): without_last_breath(path.read_text(errors="replace").splitlines())
                 for path in out.glob("t.*")}
    return processes, done


def without_last_breath(lines):
    """Of a process that the trusted side killed while a call was under way, strace reads that call's number when it
    is gone already, and shows any. (What a filter kills ends by SIGSYS, and stays.)"""
    if len(lines) > 1 and lines[-1] == "+++ killed by SIGKILL +++" and lines[-2].endswith(("<unfinished ...>", " = ?")):
        return lines[:-2] + lines[-1:]
    return lines


def network_calls(processes):
    """Everything by which a process could reach another one or a network."""
    found = []
    for pid, lines in processes.items():
        for line in lines:
            match = CALL.match(line)
            call = match.group(1) if match else ""
            if call == "socket" or call == "socketpair" and not line.startswith("socketpair(AF_UNIX"):
                found.append(f"{pid} {line}")
            elif call in NETWORK_CALLS:
                found.append(f"{pid} {line}")
            elif call == "sendto" and not re.search(r", NULL, 0\) +=", line):
                found.append(f"{pid} {line}")
            elif call in {"sendmsg", "sendmmsg"} and "msg_name=" in line and "msg_name=NULL" not in line:
                found.append(f"{pid} {line}")
    return found


def starts(line, program):
    return line.startswith("execve(") and f"{program}\"" in line.split(",")[0] and line.endswith(" = 0")


def worker_lives(processes):
    """What those processes called that ran the worker's program, from there on. (Until then they are a fork of the
    trusted side, still with its descriptors.)"""
    workers = {}
    for pid, lines in processes.items():
        for number, line in enumerate(lines):
            if starts(line, "daylight-worker"):
                workers[pid] = lines[number:]
    return workers


def forks_of_workers(processes):
    """Those that never ran a program: the trusted side forks only to run one. (A worker's clone() does not say
    the number that strace knows the child by.)"""
    return {pid: lines for pid, lines in processes.items() if not any(line.startswith("execve(") for line in lines)}


def uncontained(lines, files, allowed=CONTAINED_CALLS):
    """What one worker process did that it may not: before its filter anything with a message or a file of the
    scan, after it any call outside of the list."""
    found, locked = [], False
    for line in lines:
        match = CALL.match(line)
        if not match:
            continue  # A signal, an exit.
        call = match.group(1)
        if MARKER.match(line):
            locked = True
        elif locked and call not in allowed:
            found.append("after the walls: " + line)
        elif not locked and (call in {"recvmsg", "recvfrom"} or str(files) in line):
            found.append("before the walls: " + line)
    return found


def can_trace():
    if shutil.which("strace") is None:
        return "strace is not there"
    if subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "this machine lets nobody trace"
    needed = subprocess.run(["ldd", BIN / "daylight-worker"], stdout=subprocess.PIPE, text=True).stdout
    if re.search(r"lib(asan|tsan|ubsan)\.so", needed):
        return "a build with sanitizers"
    return ""


class Strace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What an ordinary user can read, wherever the tree stands.
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-strace-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.folder.chmod(0o777)
        cls.bin = cls.folder / "bin"
        cls.bin.mkdir()
        for name in ("daylight", "daylight-worker"):
            shutil.copy2(BIN / name, cls.bin / name)
        (cls.folder / "r.yar").write_text(RULES)
        (cls.folder / "more.yar").write_text("rule More { condition: filesize == 17 }")
        cls.files = cls.folder / "files-to-scan"
        for i in range(150):
            path = cls.files / f"{i % 7}" / f"{i:03}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"Hello" if i % 10 == 0 else os.urandom(i * 100))
        shutil.copy("/bin/true", cls.files / "true")
        (cls.files / "sparse").touch()
        os.truncate(cls.files / "sparse", 40 << 20)  # Read in windows.
        os.mkfifo(cls.files / "fifo")
        (cls.files / "dangling").symlink_to("nowhere")

    def scan(self, *options, user=None):
        processes, done = traced(self.folder, self.bin / "daylight", "scan", "--threads", "2", "--hash", "--rules", "r.yar",
                                 *options, self.files, user=user)
        self.assertEqual(done.returncode, 1, done.stderr)
        return processes, done

    def check(self, user):
        processes, done = self.scan(user=user)
        self.assertEqual(done.stdout.count(b"Hello "), 15, done.stdout)
        self.assertIn(b"Facts ", done.stdout)
        self.assertEqual(network_calls(processes), [])
        workers = worker_lives(processes)
        talking = [pid for pid, lines in workers.items() if any(line.startswith("recvmsg(") for line in lines)]
        # One that compiled, two that scanned; each with its walls.
        self.assertGreaterEqual(len(talking), 3)
        for pid in talking:
            self.assertTrue(any(MARKER.match(line) for line in workers[pid]), pid)
        for pid, lines in workers.items():
            self.assertEqual(uncontained(lines, self.files), [], pid)
        self.assertEqual(forks_of_workers(processes), {})
        if user is None:
            # The trace does show a read of a file; of a user's worker strace may not learn the names.
            self.assertTrue(any(str(self.files) in line for lines in workers.values() for line in lines))
        # The only sockets are the pairs, and the trusted side made them all.
        pairs = {pid for pid, lines in processes.items() for line in lines if line.startswith("socketpair(")}
        self.assertTrue(pairs and not pairs & set(workers))
        # And no descriptor ever came up from a worker.
        for pid in set(processes) - set(workers):
            self.assertFalse([line for line in processes[pid] if "SCM_RIGHTS" in line and line.startswith("recv")])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_by_root(self):
        self.check(None)

    @unittest.skipUnless(os.geteuid() != 0 or shutil.which("setpriv"), "needs setpriv")
    def test_by_an_ordinary_user(self):
        self.check(NOBODY)

    def test_a_worker_for_each_object(self):
        processes, done = self.scan("--isolation", "object")
        self.assertEqual(done.stdout.count(b"Hello "), 15, done.stdout)
        self.assertEqual(network_calls(processes), [])
        objects = 0
        for pid, lines in worker_lives(processes).items():
            is_template = '"--template"' in lines[0]
            self.assertEqual(uncontained(lines, self.files, TEMPLATE_CALLS if is_template else CONTAINED_CALLS), [], pid)
            self.assertFalse([line for line in lines if str(self.files) in line], pid)
        for pid, lines in forks_of_workers(processes).items():
            # It is within its template's filter from birth, and within its own before it reads anything.
            calls = [match.group(1) for match in map(CALL.match, lines) if match]
            self.assertLessEqual(set(calls), FORK_CALLS, pid)
            self.assertEqual(uncontained(lines, self.files), [], pid)
            read = {match.group(1) for line in lines for match in re.finditer(rf"^p?read(?:64)?\(\d+<({re.escape(str(self.files))}[^>]*)>", line)}
            self.assertLessEqual(len(read), 1, (pid, read))
            objects += len(read)
        if os.geteuid() == 0:  # Else strace may not learn the names.
            self.assertGreaterEqual(objects, 150)

    def test_a_connect_is_found(self):
        program = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
        processes, _ = traced(self.folder, sys.executable, "-c", program)
        found = "\n".join(network_calls(processes))
        self.assertIn("socket(AF_INET", found)
        self.assertIn("connect(", found)
        program = "import os, socket; os.fork() or socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"
        processes, _ = traced(self.folder, sys.executable, "-c", program)
        self.assertIn("sendto(", "\n".join(network_calls(processes)))

    def test_a_worker_without_walls_is_found(self):
        processes, _ = self.scan("--unsafe-no-sandbox")
        found = [line for lines in worker_lives(processes).values() for line in uncontained(lines, self.files)]
        self.assertTrue(any("recvmsg(" in line for line in found), found)
        self.assertTrue(any(str(self.files) in line for line in found), found)

    def test_a_call_behind_the_walls_is_found(self):
        wall = "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=90, filter=0x55}) = 0"
        good = ["openat(AT_FDCWD, \"/lib/libc.so.6\", O_RDONLY) = 3", wall, "recvmsg(3, {}, 0) = 20", "pread64(5, \"\", 9, 0) = 9"]
        self.assertEqual(uncontained(good, "/srv"), [])
        for call in ("openat(AT_FDCWD, \"/x\", O_RDONLY) = -1 ENOSYS", "socket(AF_UNIX, SOCK_STREAM, 0) = 4", "clone(0) = 5",
                     "execve(\"/bin/sh\", 0, 0) = -1 EPERM"):
            self.assertEqual(uncontained([*good, call], "/srv"), ["after the walls: " + call])
        for early in ("recvmsg(3, {}, 0) = 20", "read(5</srv/a>, \"\", 9) = 9"):
            self.assertEqual(uncontained([early, *good], "/srv"), ["before the walls: " + early])
        failed = wall.replace("= 0", "= -1 EINVAL (Invalid argument)")
        self.assertEqual(uncontained([failed, "recvmsg(3, {}, 0) = 20"], "/srv"), ["before the walls: recvmsg(3, {}, 0) = 20"])


if __name__ == "__main__":
    why = can_trace()
    if why:
        print("skipped:", why)
        sys.exit(SKIPPED)
    unittest.main()
