"""Clients with one question each: monitoring-plugins' check_clamd, clamsmtp, proftpd's mod_clamav."""

import base64
import ftplib
import grp
import os
import pwd
import smtplib
import socket
import threading
import unittest

from common import CLEAN, EICAR, NAME, ClientCase, free_port, need, need_file, run


class CheckClamd(ClientCase):
    def test_ping(self):
        plugin = need_file("/usr/lib/nagios/plugins/check_clamd", "monitoring-plugins-basic")
        daemon = self.scanner(tcp=True)
        for where in (("-H", daemon.socket), ("-H", "127.0.0.1", "-p", daemon.tcp)):
            result = run(plugin, *where)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn("CLAMD OK", result.stdout)
        daemon.stop()
        self.assertEqual(run(plugin, "-H", "127.0.0.1", "-p", daemon.tcp).returncode, 2)


class Sink(threading.Thread):
    """An SMTP server that keeps what it gets."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.mails = []

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as file:
                self.serve(file, client)

    def serve(self, lines, client):
        def say(text):
            client.sendall(text.encode() + b"\r\n")
        say("220 sink")
        for line in lines:
            word = line[:4].upper()
            if word == b"DATA":
                say("354 go on")
                mail = []
                for line in lines:
                    if line == b".\r\n":
                        break
                    mail.append(line)
                self.mails.append(b"".join(mail))
                say("250 kept")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 sink")


class ClamSmtp(ClientCase):
    megabytes = 10

    def test_mails(self):
        need("clamsmtpd")
        sink = Sink()
        sink.start()
        self.addCleanup(sink.listener.close)
        daemon = self.scanner()
        port = free_port()
        folder = self.own_folder("clamsmtp")
        folder.chmod(0o777)
        conf = self.write("clamsmtpd.conf", f"OutAddress: 127.0.0.1:{sink.port}\nListen: 127.0.0.1:{port}\nAction: bounce\n"
                          f"ClamAddress: {daemon.socket}\nTempDirectory: {folder}\nHeader: X-AV-Checked: by daylightd\n")
        process = self.service(["clamsmtpd", "-d", "4", "-f", conf], port, name="clamsmtpd")
        samples = self.samples
        for path, name in ((samples.eicar, NAME), (samples.clean, None), (samples.encrypted, "Heuristics.Encrypted.Zip"),
                           (samples.large(), None), (samples.large(found=True), NAME)):
            with self.subTest(path=path.name):
                sink.mails.clear()
                message = ("From: a@example.org\r\nTo: b@example.org\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n"
                           "Content-Type: application/octet-stream\r\n\r\n" +
                           base64.encodebytes(path.read_bytes()).decode().replace("\n", "\r\n"))
                with smtplib.SMTP("127.0.0.1", port, timeout=120) as smtp:
                    smtp.ehlo()
                    smtp.mail("a@example.org")
                    smtp.rcpt("b@example.org")
                    code, text = smtp.data(message)
                self.assertEqual(code, 250 if name is None else 550, text)
                if name is None:
                    self.assertIn(b"X-AV-Checked: by daylightd", sink.mails[0])
                else:
                    self.assertIn(b"Virus Detected", text)  # Its log has the name.
                    self.assertIn(f"status=VIRUS:{name}", process.log.read_text(errors="replace"))
                    self.assertEqual(sink.mails, [])


class ProFtpd(ClientCase):
    def test_uploads(self):
        need("proftpd")
        need_file("/usr/lib/proftpd/mod_clamav.so", "proftpd-mod-clamav")
        daemon = self.scanner()
        port = free_port()
        folder = self.own_folder("ftp")
        folder.chmod(0o777)
        owner = pwd.getpwuid(os.geteuid())
        user = "nobody" if os.geteuid() == 0 else owner.pw_name
        account = pwd.getpwnam(user)
        # "secret", as crypt(3) has it with MD5, which every libcrypt has; only this test's server takes it.
        password = run("openssl", "passwd", "-1", "secret").stdout.strip()
        users = self.write("ftp.users", f"tester:{password}:{account.pw_uid}:{account.pw_gid}::{folder}:/bin/sh\n", 0o600)
        os.chown(users, owner.pw_uid, owner.pw_gid)
        conf = self.write("proftpd.conf", f"""
LoadModule mod_clamav.c
ServerName test
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
Port {port}
UseReverseDNS off
WtmpLog off
User {user}
Group {grp.getgrgid(account.pw_gid).gr_name}
PidFile {self.folder}/proftpd.pid
ScoreboardFile {self.folder}/proftpd.board
DelayEngine off
AuthUserFile {users}
AuthOrder mod_auth_file.c
RequireValidShell off
TransferLog none
SystemLog {self.folder}/proftpd.log
ControlsEngine off
AllowOverwrite on
ClamAV on
ClamLocalSocket {daemon.socket}
ClamMaxSize 100 Mb
""")
        self.service(["proftpd", "-n", "-q", "-c", conf], port, name="proftpd")
        samples = self.samples
        for path, ok in ((samples.eicar, False), (samples.clean, True), (samples.encrypted, False), (samples.large(), True),
                         (samples.large(found=True), False)):
            with self.subTest(path=path.name), ftplib.FTP() as ftp:
                ftp.connect("127.0.0.1", port, 60)
                ftp.login("tester", "secret")
                with open(path, "rb") as file:
                    if ok:
                        self.assertIn("226", ftp.storbinary(f"STOR {path.name}", file))
                    else:
                        with self.assertRaises(ftplib.Error) as refused:
                            ftp.storbinary(f"STOR {path.name}", file)
                        self.assertIn("Virus Detected", str(refused.exception))
                self.assertEqual((folder / path.name).exists(), ok)


if __name__ == "__main__":
    unittest.main()
