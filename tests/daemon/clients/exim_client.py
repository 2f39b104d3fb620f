"""exim4-daemon-heavy with av_scanner and an ACL for data, fed by smtplib."""

import base64
import os
import smtplib
import subprocess
import unittest

from common import NAME, ClientCase, free_port, need, need_user

CONFIGURATION = """
primary_hostname = mail.example.org
domainlist local_domains = example.org
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
message_size_limit = 200M
queue_only = true
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
{user}
av_scanner = clamd:{clamd}
acl_smtp_rcpt = accept
acl_smtp_data = check_data
begin acl
check_data:
  deny malware = *
       message = this message has $malware_name
  accept
begin routers
nobody:
  driver = redirect
  data = :blackhole:
"""


class Exim(ClientCase):
    def setUp(self):
        self.exim = need("exim4")
        if "Content_Scanning" not in subprocess.run([self.exim, "-bV"], capture_output=True, text=True).stdout:
            self.skipTest("exim4-daemon-heavy is not installed")
        self.user = need_user("Debian-exim") if os.geteuid() == 0 else None
        super().setUp()

    def start(self, clamd):
        self.port = free_port()
        folder = self.own_folder(f"exim-{self.port}", self.user)
        for name in ("spool", "log"):
            (folder / name).mkdir()
            if self.user:
                os.chown(folder / name, self.user.pw_uid, self.user.pw_gid)
        # With a configuration of its own it gives root up at once: no setuid is left to need it.
        user = "" if self.user else f"exim_user = {os.geteuid()}\nexim_group = {os.getegid()}\n"
        conf = self.write("exim.conf", CONFIGURATION.format(folder=folder, port=self.port, clamd=clamd, user=user))
        self.service([self.exim, "-bdf", "-C", conf], self.port, name="exim")
        self.log = folder / "log"

    def send(self, path):
        """The answer to the mail: its code and text."""
        message = ("From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                   base64.encodebytes(path.read_bytes()).decode().replace("\n", "\r\n"))
        with smtplib.SMTP("127.0.0.1", self.port, timeout=120) as smtp:
            smtp.ehlo()
            smtp.mail("a@example.org")
            smtp.rcpt("b@example.org")
            code, text = smtp.data(message)
        return code, text.decode()

    def test_mails(self):
        samples = self.samples
        large, large_found = samples.large(), samples.large(found=True)
        daemon = self.scanner(tcp=True)
        for clamd in (daemon.socket, f"127.0.0.1 {daemon.tcp}"):
            self.start(clamd)
            for path, name in ((samples.eicar, f"{NAME}.UNOFFICIAL"), (samples.clean, None),
                               (samples.encrypted, "Heuristics.Encrypted.Zip"), (large, None),
                               (large_found, f"{NAME}.UNOFFICIAL")):
                with self.subTest(clamd=clamd, path=path.name):
                    code, text = self.send(path)
                    self.assertEqual(code, 250 if name is None else 550, text + self.said())
                    if name is not None:
                        self.assertIn(f"this message has {name}", text)

    def said(self):
        return "".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.log.glob("*log")))

    def test_over_the_limit(self):
        port = free_port()
        daemon = self.scanner(f"[clamd+]\nmax_stream = \"4 MiB\"\ntcp = [\"127.0.0.1:{port}\"]\n")
        self.assertIsNone(daemon.process.poll())
        self.start(f"127.0.0.1 {port}")
        code, text = self.send(self.samples.over(5))
        self.assertEqual(code, 451, text)  # It could not be scanned: later.
        self.assertEqual(self.send(self.samples.clean)[0], 250)

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner()
        self.start(daemon.socket)
        self.assertEqual(self.send(self.samples.clean)[0], 250)
        daemon.stop()
        self.assertEqual(self.send(self.samples.clean)[0], 451)


if __name__ == "__main__":
    unittest.main()
