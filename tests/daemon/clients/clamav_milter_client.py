"""clamav-milter between daylightd and an MTA, which is the small client of the milter protocol below."""

import base64
import os
import socket
import struct
import unittest

from common import NAME, ClientCase, free_port, need, need_user

CONFIGURATION = """
MilterSocket inet:{port}@127.0.0.1
ClamdSocket {clamd}
Foreground yes
TemporaryDirectory {folder}
LogFile {folder}/milter.log
LogInfected Full
LogClean Full
OnInfected Reject
OnFail Defer
RejectMsg infected with %v
AddHeader Replace
MaxFileSize 12M
{user}
"""

# libmilter/docs and its mfdef.h: what an MTA may ask not to be asked, and what needs no reply.
NO_STEP = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "T": 0x200}
NO_REPLY = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "N": 0x40000, "B": 0x80000}


class Mta:
    """One mail through a milter."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.send("O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))
        kind, data = self.receive()
        assert kind == "O", kind
        self.steps = struct.unpack(">III", data[:12])[2]
        self.headers = []

    def send(self, kind, data=b""):
        self.socket.sendall(struct.pack(">I", len(data) + 1) + kind.encode() + data)

    def receive(self):
        head = self.exactly(4)
        data = self.exactly(struct.unpack(">I", head)[0])
        return chr(data[0]), data[1:]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the milter went away")
            data += piece
        return data

    def step(self, kind, data=b""):
        """None to go on, or the milter's last word."""
        if self.steps & NO_STEP.get(kind, 0):
            return None
        self.send(kind, data)
        if self.steps & NO_REPLY.get(kind, 0):
            return None
        while True:
            answer, text = self.receive()
            if answer == "p":
                continue
            if answer in "him":  # Headers that it adds or changes, at the end.
                self.headers.append(text.split(b"\0"))
                continue
            if answer == "c" and kind != "E":
                return None
            return answer, text.rstrip(b"\0").decode()

    def mail(self, headers, body):
        steps = [("C", b"client.example.org\0" + b"4" + struct.pack(">H", 4321) + b"192.0.2.7\0"), ("H", b"client.example.org\0"),
                 ("M", b"<a@example.org>\0"), ("R", b"<b@example.org>\0"), ("T", b"")]
        steps += [("L", name + b"\0" + value + b"\0") for name, value in headers]
        steps += [("N", b"")] + [("B", body[at:at + 65535]) for at in range(0, len(body), 65535)] + [("E", b"")]
        for kind, data in steps:
            end = self.step(kind, data)
            if end is not None:
                break
        self.socket.close()
        return end


class ClamavMilter(ClientCase):
    megabytes = 6  # The milter's limit is of the encoded mail.

    def setUp(self):
        need("clamav-milter")
        self.user = need_user("clamav") if os.geteuid() == 0 else None
        super().setUp()

    def milter(self, clamd):
        self.port = free_port()
        folder = self.own_folder(f"milter-{self.port}", self.user)
        user = f"User {self.user.pw_name}" if self.user else ""
        conf = self.write("clamav-milter.conf", CONFIGURATION.format(port=self.port, clamd=clamd, folder=folder, user=user))
        self.log = folder / "milter.log"
        self.service(["clamav-milter", "-c", conf], self.port, name="clamav-milter")

    def mail(self, path):
        """What the milter decides, and the headers that it adds."""
        mta = Mta(self.port)
        headers = [(b"From", b"a@example.org"), (b"Subject", b"test"), (b"MIME-Version", b"1.0"),
                   (b"Content-Type", b'multipart/mixed; boundary="b0"')]
        body = (b"--b0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
                b"Content-Disposition: attachment; filename=\"" + path.name.encode() + b"\"\r\n\r\n" +
                base64.encodebytes(path.read_bytes()).replace(b"\n", b"\r\n") + b"--b0--\r\n")
        return mta.mail(headers, body), mta.headers

    def test_mails(self):
        samples = self.samples
        large, large_found = samples.large(), samples.large(found=True)
        daemon = self.scanner(tcp=True)
        for clamd in (f"unix:{daemon.socket}", f"tcp:127.0.0.1:{daemon.tcp}"):
            self.milter(clamd)
            for path, name in ((samples.eicar, f"{NAME}.UNOFFICIAL"), (samples.clean, None),
                               (samples.encrypted, "Heuristics.Encrypted.Zip"), (large, None),
                               (large_found, f"{NAME}.UNOFFICIAL")):
                with self.subTest(clamd=clamd, path=path.name):
                    (answer, text), headers = self.mail(path)
                    if name is None:
                        self.assertIn(answer, "ac", text)
                        self.assertIn("Clean", str(headers))
                    else:
                        self.assertEqual(answer, "y")
                        self.assertIn(f"infected with {name}", text)
            # Over the milter's own limit: it asks nobody.
            (answer, _), _ = self.mail(samples.over(14))
            self.assertIn(answer, "ac")

    def test_over_our_limit(self):
        daemon = self.scanner("[clamd+]\nmax_stream = \"4 MiB\"\n" + "tcp = [\"127.0.0.1:%d\"]\n" % (port := free_port()))
        self.assertIsNone(daemon.process.poll())
        self.milter(f"tcp:127.0.0.1:{port}")
        (answer, text), _ = self.mail(self.samples.over(5))
        self.assertEqual(answer, "t", text)  # Not scanned, so not delivered: OnFail Defer.
        self.milter(f"unix:{daemon.socket}")  # A descriptor has no such limit.
        self.assertIn(self.mail(self.samples.over(5))[0][0], "ac")

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner()
        self.milter(f"unix:{daemon.socket}")
        self.assertIn(self.mail(self.samples.clean)[0][0], "ac")
        daemon.stop()
        self.assertEqual(self.mail(self.samples.clean)[0][0], "t")


if __name__ == "__main__":
    unittest.main()
