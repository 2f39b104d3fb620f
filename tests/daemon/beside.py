"""What the tests of the side-by-side period share: another scanner that says what it is told to, and what daylightd
says of it."""

import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

from daemon import BIN, Case, receive_all


class StubClamd:
    """Finds `marks` (bytes to names); is stuck while `stuck` is set."""

    def __init__(self, path, marks):
        self.path = str(path)
        self.marks = marks
        self.stuck = threading.Event()
        self.gone = threading.Event()
        self.asked = []
        self.clients = []
        self.lock = threading.Lock()
        self.listener = None
        self.open()

    def open(self):
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(128)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for client in self.clients:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        pathlib.Path(self.path).unlink(missing_ok=True)

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client:
                data, how = self.receive(client)
                with self.lock:
                    self.asked.append((how, data))
                if self.stuck.is_set():
                    client.recv(1)  # Until somebody gives up.
                    return
                names = [name for mark, name in self.marks.items() if mark in data]
                client.sendall(f"stream: {names[0]} FOUND\0".encode() if names else b"stream: OK\0")
        except OSError:
            pass
        finally:
            with self.lock:
                if client in self.clients:
                    self.clients.remove(client)

    def receive(self, client):
        command = b""
        while not command.endswith(b"\0"):
            command += client.recv(1)
        if command == b"zFILDES\0":
            _, fds, _, _ = socket.recv_fds(client, 1, 1)
            try:
                return os.pread(fds[0], 1 << 24, 0), "fildes"
            finally:
                os.close(fds[0])
        data = b""
        with client.makefile("rb") as stream:
            while True:
                length = struct.unpack(">I", stream.read(4))[0]
                if length == 0:
                    return data, "instream"
                data += stream.read(length)


class BesideCase(Case):
    def stub(self, marks):
        stub = StubClamd(self.folder / "other.sock", marks)
        self.addCleanup(stub.close)
        return stub

    def beside(self, keys, more=""):
        """A daemon with these keys, and HTTP to ask it for numbers."""
        self.http = self.folder / "http.sock"
        return self.daemon(f'[side_by_side]\n{keys}\n[http]\nlisten = ["{self.http}"]\n' + more)

    def metrics(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(self.http))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            text = receive_all(client).decode()
        numbers = {}
        for line in text.splitlines():
            if line.startswith("daylight_side_by_side_"):
                name, value = line.rsplit(" ", 1)
                numbers[name.removeprefix("daylight_side_by_side_")] = int(value)
        return numbers

    def until(self, is_so, seconds=60):
        end = time.monotonic() + seconds
        while True:
            numbers = self.metrics()
            if is_so(numbers):
                return numbers
            if time.monotonic() > end:
                self.fail(f"not in {seconds} s: {numbers}\n{(self.folder / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def events(self, kind="difference", count=None):
        """Those in the store; `count` of them at least, which may take a moment."""
        end = time.monotonic() + 30
        while True:
            result = subprocess.run([BIN / "daylight", "events", "--db", self.folder / "state/events.db", "--kind", kind,
                                     "--format", "jsonl"], capture_output=True)
            events = [json.loads(line) for line in result.stdout.splitlines()]
            if count is None or len(events) >= count:
                return events
            if time.monotonic() > end:
                self.fail(f"{len(events)} events of kind {kind}: {events} {result.stderr}")
            time.sleep(0.2)
