#!/usr/bin/env python3
"""daylightd as a whole, over its clamd socket: what it answers, how it starts and ends, what it does
with clients that behave badly, workers that die, and content that changes."""

import concurrent.futures
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from daemon import BIN, END, MARK, SANITIZED, Case, chunk, free_port, receive_all

FOUND = b"stream: Test.Mark.UNOFFICIAL FOUND\0"
CLEAN = b"stream: OK\0"


class StartAndStop(Case):
    def test_it_says_when_it_is_ready_and_ends_in_good_order(self):
        daemon = self.daemon().start()
        self.assertEqual(daemon.talk(b"zPING\0"), b"PONG\0")
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("ending: SIGTERM", daemon.log.read_text())
        # And once more in the same place, with what was compiled before.
        daemon.start()
        self.assertEqual(daemon.instream(MARK), FOUND)

    def test_work_in_hand_is_finished(self):
        daemon = self.daemon().start()
        with daemon.connect() as client:
            client.sendall(b"zINSTREAM\0" + chunk(MARK))
            time.sleep(0.2)
            daemon.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            self.assertIsNone(daemon.process.poll())
            client.sendall(END)
            self.assertEqual(receive_all(client), FOUND)
        self.assertEqual(daemon.process.wait(30), 0)
        self.assertFalse(self.connects(daemon))

    def connects(self, daemon):
        try:
            daemon.connect().close()
            return True
        except OSError:
            return False

    def test_a_configuration_that_is_wrong(self):
        daemon = self.daemon("[clients]\nmax_connections = 0\nspelt_wrong = 1\n")
        result = subprocess.run([BIN / "daylightd", "--check-config", "--config", daemon.config], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("max_connections must be a number from 1 to", result.stderr)
        self.assertIn("[clients] has no key spelt_wrong", result.stderr)
        daemon = self.daemon("[queue]\nmax_requests = 5\n")
        result = subprocess.run([BIN / "daylightd", "--check-config", "--config", daemon.config], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_without_content_it_does_not_start(self):
        daemon = self.daemon(ndb="").start(wait=False)
        self.assertEqual(daemon.process.wait(60), 2)

    @unittest.skipIf(os.geteuid() != 0, "only root becomes somebody else")
    def test_a_user_that_is_named_must_be_there(self):
        daemon = self.daemon()
        daemon.config.write_text(daemon.config.read_text().replace('user = ""', 'user = "no-such-user"'))
        daemon.start(wait=False)
        self.assertEqual(daemon.process.wait(60), 2)
        self.assertIn("there is no user no-such-user", daemon.log.read_text())

    def test_a_socket_that_is_taken(self):
        first = self.daemon().start()
        with open(self.folder / "second", "wb") as log:
            second = subprocess.run([BIN / "daylightd", "--config", first.config, "--foreground"], stderr=log, timeout=60)
        self.assertEqual(second.returncode, 2)
        self.assertIn("another server listens there", (self.folder / "second").read_text())
        self.assertEqual(first.talk(b"zPING\0"), b"PONG\0")
        # One that was killed leaves its socket behind, which is no reason not to start.
        first.process.kill()
        first.process.wait()
        since = first.said()
        first.start(wait=False)
        first.wait_for("ready:", since=since)

    def test_the_options_alone(self):
        rules = self.folder / "r.yar"
        rules.write_text('rule Marked { strings: $a = "MARK1234" condition: $a }')
        subprocess.run([BIN / "daylight", "rules", "compile", rules, "-o", self.folder / "r.dldb"], check=True,
                       stderr=subprocess.DEVNULL)
        port = free_port()
        daemon = self.daemon(listeners=False)
        daemon.config.write_text("")
        daemon.arguments = ["--clamd-socket", daemon.socket, "--clamd-tcp", f"127.0.0.1:{port}", "--db", str(self.folder / "r.dldb")]
        daemon.start()
        self.assertEqual(daemon.instream(MARK), b"stream: YARA.Marked.UNOFFICIAL FOUND\0")
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"nINSTREAM\n" + chunk(b"clean") + END)
            self.assertEqual(receive_all(client), b"stream: OK\n")


class Clients(Case):
    def test_a_file_by_its_descriptor_keeps_its_offset(self):
        daemon = self.daemon().start()
        path = self.folder / "f"
        path.write_bytes(MARK)
        with open(path, "rb") as file:
            file.seek(5)
            answer = daemon.talk(b"zFILDES\0", (b"\0", [file.fileno()]))
            self.assertTrue(answer.endswith(b": Test.Mark.UNOFFICIAL FOUND\0"), answer)
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_CUR), 5)
        with open(path, "r+b") as file:  # Open for writing as well.
            self.assertTrue(daemon.talk(b"zFILDES\0", (b"\0", [file.fileno()])).endswith(b" FOUND\0"))

    def test_a_thousand_clients_at_once(self):
        daemon = self.daemon("[clients]\nmax_connections = 1100\nmax_per_client = 1100\n[queue]\nmax_requests = 2000\n").start()
        clients = []
        for i in range(1000):
            client = daemon.connect()
            client.sendall(b"zINSTREAM\0" + chunk(MARK if i % 2 else b"clean"))
            clients.append(client)
        for client in clients:
            client.sendall(END)
        for i, client in enumerate(clients):
            self.assertEqual(receive_all(client), FOUND if i % 2 else CLEAN)
            client.close()

    def test_clients_that_are_slow_or_say_nothing_are_dropped(self):
        daemon = self.daemon("[clients]\nidle_timeout = \"500ms\"\nread_timeout = \"500ms\"\nrequest_timeout = \"2s\"\n").start()
        silent, half, slow = daemon.connect(), daemon.connect(), daemon.connect()
        half.sendall(b"zINSTREAM\0\0\0")
        slow.sendall(b"zINSTREAM\0" + struct.pack(">I", 1000))
        end = time.monotonic() + 30
        dropped = False
        while time.monotonic() < end and not dropped:  # A byte now and then does not help for ever.
            try:
                slow.sendall(b"x")
                time.sleep(0.2)
            except OSError:
                dropped = True
        self.assertTrue(dropped)
        for client in (silent, half):
            self.assertIn(receive_all(client), (b"COMMAND READ TIMED OUT\n", b"COMMAND READ TIMED OUT\0"))
        self.assertEqual(daemon.instream(MARK), FOUND)

    def test_a_client_that_does_not_read_its_answers(self):
        daemon = self.daemon("[clients]\nsend_timeout = \"1s\"\n").start()
        client = daemon.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        try:
            client.sendall(b"zIDSESSION\0" + b"zVERSIONCOMMANDS\0" * 200_000)
            client.sendall(b"zPING\0" * 1000)
            ended = False
        except OSError:
            ended = True
        self.assertTrue(ended)
        self.assertLess(daemon.memory_kb(), 200_000)
        self.assertEqual(daemon.instream(MARK), FOUND)

    def test_garbage_in_any_pieces(self):
        daemon = self.daemon().start()
        dice = random.Random(7)
        for _ in range(200):
            with daemon.connect() as client:
                data = bytes(dice.choice(b"zn\0\nINSTREAMFILDSCPG \xff") for _ in range(dice.randrange(400)))
                try:
                    for at in range(0, len(data), 50):
                        client.sendall(data[at:at + 50])
                    client.shutdown(socket.SHUT_WR)
                    receive_all(client)
                except OSError:
                    pass
        self.assertEqual(daemon.instream(MARK), FOUND)

    def test_limits_of_one_client_and_of_all(self):
        daemon = self.daemon("[clients]\nmax_connections = 4\nmax_per_client = 3\n").start()
        held = [daemon.connect() for _ in range(3)]
        for client in held:  # Each is known to be there.
            client.sendall(b"nIDSESSION\nnPING\n")
            self.assertEqual(client.recv(100), b"1: PONG\n")
        self.assertEqual(daemon.talk(b"zPING\0").strip(b"\0\n"), b"Too many connections, try again later. ERROR")
        held[0].close()
        end = time.monotonic() + 20
        while daemon.talk(b"zPING\0") != b"PONG\0":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_more_requests_than_the_queue_holds_are_told_so(self):
        daemon = self.daemon("[queue]\nmax_requests = 4\n[workers]\ncount = 1\n").start()
        os.kill(daemon.workers()[0], signal.SIGSTOP)
        clients = []
        for _ in range(40):
            client = daemon.connect()
            client.sendall(b"zINSTREAM\0" + chunk(MARK) + END)
            clients.append(client)
        busy = [client for client in clients[30:] if self.answer_now(client) is not None]
        self.assertTrue(busy)
        os.kill(daemon.workers()[0], signal.SIGCONT)
        answers = {receive_all(client) for client in clients if client not in busy}
        self.assertLessEqual(answers, {FOUND, b"stream: too many requests are waiting, try again later ERROR\0"})
        self.assertIn(FOUND, answers)

    def answer_now(self, client):
        client.settimeout(5)
        try:
            data = client.recv(1000)
        except TimeoutError:
            client.settimeout(60)
            return None
        self.assertEqual(data, b"stream: too many requests are waiting, try again later ERROR\0")
        return data

    def test_a_stream_past_the_limit_costs_neither_memory_nor_disk(self):
        size = 10 << 30  # It is cut off a moment (2 s) after its answer, long before this.
        daemon = self.daemon("[clamd+]\nmax_stream = \"8 MiB\"\n").start()
        piece = chunk(b"a" * (1 << 20))
        with daemon.connect() as client:
            client.sendall(b"zINSTREAM\0")
            sent = 0
            try:
                while sent < size:
                    client.sendall(piece)
                    sent += 1 << 20
            except OSError:
                pass
            # For a moment the rest is taken and dropped, so that the answer arrives; not for ever.
            self.assertLess(sent, size)
            self.assertEqual(receive_all(client), b"INSTREAM size limit exceeded. ERROR\0")
        self.assertLess(daemon.memory_kb(), 100_000)

    def send_as_far_as_taken(self, client, data):
        try:
            client.sendall(data)
        except OSError:
            pass

    def test_streams_past_the_budget_of_all(self):
        daemon = self.daemon("[spool+]\nmax_memory = \"2 MiB\"\nmax_disk = \"4 MiB\"\nmemory_per_stream = \"1 MiB\"\n").start()
        with daemon.connect() as first, daemon.connect() as second:
            first.sendall(b"zINSTREAM\0" + chunk(b"a" * (3 << 20)))
            time.sleep(0.3)
            self.send_as_far_as_taken(second, b"zINSTREAM\0" + chunk(b"a" * (2 << 20)))
            self.assertEqual(receive_all(second), b"INSTREAM: too much is waiting, try again later. ERROR\0")
            first.sendall(chunk(MARK) + END)
            self.assertEqual(receive_all(first), FOUND)
        self.assertEqual(daemon.instream(b"a" * (3 << 20)), CLEAN)


class Time(Case):
    def test_a_rule_about_the_time_is_told_what_time_it_is(self):
        later = int(time.time()) + 6
        (self.folder / "r.yar").write_text(f'import "time" rule Later {{ condition: time.now() >= {later} }}')
        daemon = self.daemon(f'[content+]\nrules = ["{self.folder}/r.yar"]\n').start()
        answers = []
        while time.time() < later + 2:
            before = time.time()
            answer = daemon.instream(b"clean")
            after = time.time()
            if after < later:  # One worker's life long, and whatever was remembered.
                self.assertEqual(answer, CLEAN)
            elif before >= later + 1:
                self.assertEqual(answer, b"stream: YARA.Later.UNOFFICIAL FOUND\0")
            answers.append(answer)
            time.sleep(0.2)
        self.assertEqual(len(set(answers)), 2)


class Workers(Case):
    def test_workers_that_are_killed_cost_nothing_but_their_object(self):
        daemon = self.daemon().start()
        stop = time.monotonic() + 4
        answers = {}
        lock = threading.Lock()

        def ask():
            while time.monotonic() < stop:
                answer = daemon.instream(MARK)
                with lock:
                    answers[answer] = answers.get(answer, 0) + 1

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        killed = 0
        while time.monotonic() < stop - 0.5:
            time.sleep(0.1)
            for pid in daemon.workers()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed += 1
        for thread in threads:
            thread.join()
        failed = sum(count for answer, count in answers.items() if answer != FOUND)
        for answer in answers:
            self.assertTrue(answer == FOUND or b"the worker died" in answer, answer)
        self.assertGreater(answers.get(FOUND, 0), killed)
        self.assertLessEqual(failed, killed)


class Reload(Case):
    def test_new_content_without_a_request_that_fails(self):
        daemon = self.daemon().start()
        other = b"nothing but MARK9999"
        self.assertEqual(daemon.instream(other), CLEAN)
        stop = threading.Event()
        answers = set()
        slowest = 0.0

        def ask():
            nonlocal slowest
            while not stop.is_set():
                begun = time.monotonic()
                answers.add(daemon.instream(MARK))
                slowest = max(slowest, time.monotonic() - begun)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            since = daemon.said()
            (self.folder / "db" / "test.ndb").write_text("Test.Mark:0:*:4d41524b31323334\nTest.New:0:*:4d41524b39393939\n")
            self.assertEqual(daemon.talk(b"nRELOAD\n"), b"RELOADING\n")
            daemon.wait_for("reloaded: content", since=since)
            self.assertEqual(daemon.instream(other), b"stream: Test.New.UNOFFICIAL FOUND\0")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(answers, {FOUND})

    def test_content_that_does_not_compile_changes_nothing(self):
        rules = self.folder / "r.yar"
        rules.write_text("rule a { condition: false }")
        daemon = self.daemon(f"[content+]\nskip_invalid = false\nrules = [\"{rules}\"]\n").start()
        since = daemon.said()
        rules.write_text("rule a { condition: }")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("does not compile", since=since)
        self.assertEqual(daemon.instream(MARK), FOUND)

    def test_an_allow_list_says_who_and_why(self):
        daemon = self.daemon().start()
        self.assertEqual(daemon.instream(MARK), FOUND)
        since = daemon.said()
        with open(daemon.config, "a") as config:
            config.write('\n[[allow]]\nname = "Test.Mark"\nwho = "admin@example.org"\nwhy = "our own marker"\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("reloaded: content", since=since)
        self.assertEqual(daemon.instream(MARK), CLEAN)
        self.assertEqual(daemon.instream(b"MARK5678"), b"stream: Test.Other.UNOFFICIAL FOUND\0")
        events = subprocess.run([BIN / "daylight", "events", "--db", self.folder / "state" / "events.db", "--format", "jsonl"],
                                capture_output=True, text=True, check=True).stdout
        self.assertIn("our own marker", events)


if __name__ == "__main__":
    unittest.main()
