#!/usr/bin/env python3
"""daylight-opener as a client sees it: walks with a peer's rights, moves into quarantine, its ends. Needs root."""

import os
import pathlib
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import opener_peer as op

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
NOBODY = 65534


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-opener-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "tree").mkdir()
        self.config = self.folder / "d.toml"
        self.config.write_text(f'[opener]\nstate_folder = "{self.folder}/state"\nmax_walks = 4\n'
                               f'[quarantine]\nfolder = "{self.folder}/quarantine"\n')
        self.connect()
        self.addCleanup(lambda: self.end())

    def connect(self):
        # As daylightd starts it: descriptor 3 is connected.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.opener = subprocess.Popen(
            ["sh", "-c", f'exec "$0" --config "$1" --client-fd 3<&{theirs.fileno()}', BIN / "daylight-opener", self.config],
            pass_fds=[theirs.fileno()])
        theirs.close()
        self.watchdog = threading.Timer(90, self.opener.kill)
        self.watchdog.start()
        ours.settimeout(30)
        self.peer = op.Peer(ours)
        hello = self.peer.receive()
        self.assertEqual((hello.kind, hello.on_access), (op.HELLO, 0))

    def end(self):
        self.watchdog.cancel()
        self.peer.sock.close()
        # It ends with its client.
        self.assertEqual(self.opener.wait(20), 0)

    def next(self):
        """The next message that is no notice."""
        while True:
            message = self.peer.receive()
            if message.kind != op.NOTICE:
                return message

    def write(self, name, content=b"x", mode=0o644):
        path = self.folder / "tree" / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def start_walk(self, number=1, uid=NOBODY, gid=NOBODY, groups=(), path=None, **more):
        self.peer.walk(number, uid, gid, groups, path or self.folder / "tree", **more)
        started = self.next()
        self.assertEqual((started.kind, started.id), (op.WALK_STARTED, number))
        if not started.started:
            return started.reason
        sock = socket.socket(fileno=started.fd)
        sock.settimeout(30)
        return sock

    def walk(self, **more):
        sock = self.start_walk(**more)
        files, failed = {}, {}
        while True:
            message = op.receive(sock)
            self.assertIsNotNone(message)
            if message.kind == op.WALK_END:
                sock.close()
                return files, failed
            name = os.path.basename(os.fsdecode(message.path))
            if message.failed:
                failed[name] = message.reason
            else:
                files[name] = os.read(message.fd, 100)
                message.close()

    def children(self):
        return [int(pid) for pid in pathlib.Path(f"/proc/{self.opener.pid}/task/{self.opener.pid}/children").read_text().split()]


class Walks(Case):
    def test_the_peers_rights(self):
        self.write("open", b"open")
        self.write("secret", b"secret", 0o600)
        group = self.write("group", b"group", 0o640)
        os.chown(group, 0, 12345)
        os.symlink("secret", self.folder / "tree" / "link")
        files, failed = self.walk()
        self.assertEqual(files, {"open": b"open"})
        self.assertEqual(set(failed), {"secret", "group"})
        files, failed = self.walk(groups=[12345], follow=True)
        self.assertEqual(files, {"open": b"open", "group": b"group"})
        self.assertEqual(set(failed), {"secret", "link"})
        files, failed = self.walk(uid=0, gid=0)
        self.assertEqual(set(files), {"open", "secret", "group"})
        files, failed = self.walk(exclude=["o*"], idle=True)
        self.assertEqual(files, {})

    def test_roots_rights_can_be_refused(self):
        self.end()
        self.config.write_text(self.config.read_text().replace("max_walks = 4", "walk_as_root = false"))
        self.connect()
        self.assertIn(b"root", self.start_walk(uid=0))
        self.write("f", b"f")
        self.assertEqual(self.walk()[0], {"f": b"f"})

    def test_a_relative_path_is_refused(self):
        self.assertIn(b"absolute", self.start_walk(path="tree"))

    def test_no_more_than_so_many_at_once_and_each_ends_with_its_client(self):
        for i in range(3000):
            self.write(f"f{i}")
        socks = [self.start_walk(number=i) for i in range(4)]
        self.assertIn(b"too many", self.start_walk(number=5))
        for sock in socks:  # They are under way.
            self.assertTrue(select.select([sock], [], [], 30)[0])
        pids = self.children()
        # As one does whose file system never answers.
        for pid in pids[1:]:
            os.kill(pid, signal.SIGSTOP)
        for sock in socks:
            sock.close()
        end = time.monotonic() + 20
        # The heart stays.
        while len(self.children()) > 1 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(len(self.children()), 1)
        self.assertEqual(len(self.walk()[0]), 3000)

    def test_one_after_the_other(self):
        # The end of one and the beginning of the next meet in one turn of the loop.
        self.write("f", b"f")
        for number in range(300):
            self.assertEqual(self.walk(number=number)[0], {"f": b"f"})

    def test_a_slow_client_holds_back_its_own_walk_only(self):
        for i in range(3000):
            self.write(f"f{i}")
        slow = self.start_walk(number=1)
        self.assertEqual(len(self.walk(number=2)[0]), 3000)
        self.assertTrue(select.select([slow], [], [], 10)[0])
        slow.close()


class Takes(Case):
    def take(self, path, fd=None, **more):
        fd = os.open(path, os.O_RDONLY) if fd is None else fd
        self.peer.take(9, path, fd, **more)
        os.close(fd)
        taken = self.next()
        self.assertEqual((taken.kind, taken.id), (op.TAKEN, 9))
        return taken

    def test_a_file_is_moved(self):
        path = self.write("bad", b"bad")
        taken = self.take(path)
        if taken.reason == b"there is no quarantine":
            self.skipTest("built without quarantine")
        self.assertEqual(taken.outcome, 0, taken.reason)
        self.assertFalse(path.exists())
        self.assertTrue(taken.name)

    def test_daylights_own_files_are_left_alone(self):
        own = self.folder / "quarantine" / "x"
        own.parent.mkdir(exist_ok=True, mode=0o700)
        own.write_bytes(b"x")
        taken = self.take(own)
        self.assertEqual((taken.outcome, taken.reason), (1, b"it belongs to Daylight itself"))
        # By another name.
        link = self.folder / "tree" / "link"
        os.symlink(own, link)
        self.assertEqual(self.take(link).outcome, 1)
        program = BIN / "daylight-opener"
        self.assertEqual(self.take(program).outcome, 1)
        self.assertTrue(own.exists() and program.exists())

    def test_nonsense_is_refused(self):
        path = self.write("f")
        fd = os.open(path, os.O_RDONLY)
        taken = self.take("relative", fd)
        self.assertNotEqual(taken.outcome, 0)
        self.assertTrue(path.exists())


class Ends(Case):
    def test_the_configuration_is_checked(self):
        self.config.write_text("[on_access]\nenabeld = true\n")
        done = subprocess.run([BIN / "daylight-opener", "--config", self.config, "--check-config"], stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"line 2: [on_access] has no key enabeld", done.stderr)

    def test_garbage_ends_it_with_its_client(self):
        self.peer.sock.send(b"garbage")
        self.assertEqual(self.opener.wait(20), 0)


class Systemd(unittest.TestCase):
    def test_readiness_watchdog_and_a_socket_handed_over(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            notify.bind(str(folder / "notify"))
            notify.settimeout(20)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            listener.bind(str(folder / "s"))
            listener.listen(4)
            config = folder / "d.toml"
            config.write_text(f'[opener]\nstate_folder = "{folder}/state"\ndaemon_user = "root"\n')
            opener = subprocess.Popen(
                ["sh", "-c", f'export LISTEN_FDS=1 LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$0" --config "$1" 3<&{listener.fileno()}',
                 BIN / "daylight-opener", config], pass_fds=[listener.fileno()],
                env=dict(os.environ, NOTIFY_SOCKET=str(folder / "notify"), WATCHDOG_USEC="200000"))
            try:
                said = [notify.recv(100) for _ in range(4)]
                self.assertEqual(said[0], b"READY=1")
                self.assertEqual(set(said[1:]), {b"WATCHDOG=1"})
                for _ in range(2):  # One after the other.
                    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    client.settimeout(20)
                    client.connect(str(folder / "s"))
                    self.assertEqual(op.receive(client).kind, op.HELLO)
                    second = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    second.settimeout(20)
                    second.connect(str(folder / "s"))
                    self.assertEqual(second.recv(10), b"")  # There is one already.
                    second.close()
                    client.close()
                opener.terminate()
                self.assertEqual(opener.wait(20), 0)
            finally:
                opener.kill()
                opener.wait()
                notify.close()
                listener.close()


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    unittest.main()
