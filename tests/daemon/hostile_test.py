"""What clients do to a daemon that they wish ill."""

import array
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from daemon import BIN, Case, MARK, chunk, free_port, receive_all
from fuse import FLUSH, READ, StuckFileSystem, keep_mounts_to_ourselves


def with_descriptors(client, data, descriptors):
    client.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])


class StuckFiles(Case):
    """Descriptors of a file system whose server lets everybody wait."""

    def fuse(self, stuck=(FLUSH,)):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-fuse-"))
        self.addCleanup(shutil.rmtree, folder, True)
        try:
            stuck_files = StuckFileSystem(folder, stuck)
        except (PermissionError, FileNotFoundError) as error:
            self.skipTest(f"no FUSE here: {error}")
        self.addCleanup(stuck_files.end)
        return stuck_files

    def started(self):
        # Two workers, of which one is left for others; what hangs costs no more than this.
        return self.daemon('[workers]\ncount = 2\n[scan]\ntimeout = "2s"\n').start()

    def assert_answers(self, daemon):
        self.assertEqual(daemon.talk(b"zPING\0", timeout=10), b"PONG\0")
        self.assertIn(b"stream: Test.Mark.UNOFFICIAL FOUND", daemon.instream(MARK, timeout=10))

    def test_one_that_is_open_for_writing(self):
        daemon = self.started()
        files = self.fuse()
        fd = files.open(os.O_RDWR)
        for _ in range(3):
            self.assertIn(b"ERROR", daemon.talk(b"zFILDES\0", (b"\0", [fd]), timeout=10))
        self.assert_answers(daemon)

    def test_more_than_one(self):
        daemon = self.started()
        fd = self.fuse().open()
        with daemon.connect(10) as client:
            with_descriptors(client, b"zPING\0", [fd] * 100)
            receive_all(client)
        self.assert_answers(daemon)
        with daemon.connect(10) as client:
            client.sendall(b"zFILDES\0")
            with_descriptors(client, b"\0", [fd] * 2)
            self.assert_answers(daemon)
            self.assertIn(b"MaxScanTime FOUND", receive_all(client))
        self.assert_answers(daemon)

    def test_one_that_nobody_asked_for(self):
        daemon = self.started()
        fd = self.fuse().open()
        for data in (b"zPING\0", b"nPI", b"zINSTREAM\0" + chunk(b"abc")):
            with daemon.connect(10) as client:
                with_descriptors(client, data, [fd])
                time.sleep(0.2)
        self.assert_answers(daemon)

    def test_clients_that_leave_and_come_again(self):
        daemon = self.started()
        fd = self.fuse().open()
        for _ in range(20):
            with daemon.connect(10) as client:
                client.sendall(b"zIDSESSION\0")
                for _ in range(20):
                    client.sendall(b"zFILDES\0")
                    with_descriptors(client, b"\0", [fd])
        self.assert_answers(daemon)
        time.sleep(5)
        self.assertLess(len(os.listdir(f"/proc/{daemon.process.pid}/fd")), 600)
        self.assert_answers(daemon)

    def test_one_that_is_never_read(self):
        daemon = self.started()
        fd = self.fuse((READ, FLUSH)).open()
        clients = [daemon.connect(60) for _ in range(4)]
        for client in clients:
            client.sendall(b"zFILDES\0")
            with_descriptors(client, b"\0", [fd])
        end = time.monotonic() + 6
        while time.monotonic() < end:
            self.assert_answers(daemon)
        for client in clients:
            self.assertNotIn(b"OK", receive_all(client))
            client.close()

    def test_a_path(self):
        daemon = self.started()
        files = self.fuse()
        files.open()
        daemon.talk(f"zSCAN {files.folder}/file\0".encode(), timeout=20)
        with daemon.connect(10) as client:
            client.sendall(f"zSCAN {files.folder}/file\0".encode())
        self.assert_answers(daemon)


class Floods(Case):
    def test_answers_that_nobody_reads(self):
        socket_path = self.folder / "http.sock"
        daemon = self.daemon(f'[http]\nlisten = ["{socket_path}"]\nmode = "0666"\n').start()
        before = daemon.memory_kb()
        clients = []
        request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        for path, data in ((str(socket_path), request * 1500), (daemon.socket, b"nIDSESSION\n" + b"nSTATS\n" * 9000)):
            for _ in range(20):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                client.setblocking(False)
                try:
                    client.send(data)
                except BlockingIOError:
                    pass
                clients.append(client)
        time.sleep(2)
        self.assertEqual(daemon.talk(b"zPING\0", timeout=5), b"PONG\0")
        self.assertLess(daemon.memory_kb() - before, 64 << 10)
        for client in clients:
            client.close()

    def test_all_of_many_commands_are_answered(self):
        daemon = self.daemon().start()
        with daemon.connect() as client:
            client.sendall(b"nIDSESSION\n" + b"nPING\n" * 3000 + b"nSTATS\n" * 3000)
            client.shutdown(socket.SHUT_WR)
            answer = receive_all(client)
        self.assertEqual(answer.count(b"PONG\n"), 3000)
        self.assertEqual(answer.count(b"END\n"), 3000)

    def test_one_client_does_not_take_the_places_of_others(self):
        port = free_port()
        daemon = self.daemon(f'[clamd+]\ntcp = ["[::]:{port}"]\n[clients]\nmax_connections = 30\nmax_per_client = 10\n')
        daemon.start()
        clients = []
        for _ in range(300):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(10)
            client.connect(daemon.socket)
            try:
                client.send(b"zIDSESSION\0")
            except OSError:
                pass
            clients.append(client)
        self.addCleanup(lambda: [client.close() for client in clients])
        for source in ("127.0.0.2", "127.0.0.3"):
            for _ in range(6):
                other = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
                clients.append(other)
                other.sendall(b"zIDSESSION\0zPING\0")
                self.assertEqual(other.recv(100), b"1: PONG\0")

    def test_clients_that_ask_for_a_reload_again_and_again(self):
        daemon = self.daemon().start()
        before = daemon.workers()
        for _ in range(200):
            self.assertEqual(daemon.talk(b"zRELOAD\0"), b"RELOADING\0")
        daemon.wait_for("reloaded")
        self.assertLess(daemon.log.read_text().count("reloaded"), 10)
        self.assertLessEqual(len(daemon.workers()), 3 * len(before))

    def test_a_database_that_is_half_written(self):
        daemon = self.daemon(f'[content+]\ndatabases = ["{self.folder}/more.dldb"]\n')
        subprocess.run([BIN / "daylight", "rules", "compile", "--clamav", self.folder / "db", "--allow-unsigned-clamav", "-o",
                        self.folder / "more.dldb"], check=True, capture_output=True)
        daemon.start()
        whole = (self.folder / "more.dldb").read_bytes()
        (self.folder / "more.new").write_bytes(whole[:len(whole) // 2])
        os.rename(self.folder / "more.new", self.folder / "more.dldb")
        daemon.talk(b"zRELOAD\0")
        daemon.wait_for("the content stays as it is")
        self.assertIn(b"FOUND", daemon.instream(MARK))


@unittest.skipIf(os.geteuid() != 0, "only root gives up rights")
class Rights(Case):
    def test_links_in_the_users_folders_are_not_followed(self):
        target = self.folder / "roots"
        target.mkdir()
        victim = self.folder / "file"
        victim.write_text("root's")
        daemon = self.daemon()
        text = daemon.config.read_text().replace('user = ""', 'user = "nobody"')
        daemon.config.write_text(text)
        os.chmod(self.folder, 0o777)
        shutil.chown(self.folder / "state", "nobody")
        os.symlink(target, self.folder / "state" / "spool")
        daemon.start()
        self.assertEqual(target.stat().st_uid, 0)
        socket_info = os.stat(daemon.socket)
        self.assertEqual(socket_info.st_mode & 0o777, 0o666)
        self.assertNotEqual(socket_info.st_uid, 0)
        self.assertEqual(daemon.talk(b"zPING\0"), b"PONG\0")


if __name__ == "__main__":
    keep_mounts_to_ourselves()
    unittest.main()
