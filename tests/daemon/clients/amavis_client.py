"""amavisd-new: its av_scanners entry of old, CONTSCAN of the folder of a mail's parts."""

import base64
import os
import smtplib
import unittest

from common import NAME, ClientCase, free_port, need, need_root, need_user
from smaller_client import Sink

CONFIGURATION = r"""
use strict;
$MYHOME = '{folder}';
$TEMPBASE = "$MYHOME/tmp";
$QUARANTINEDIR = undef;
$ENV{{TMPDIR}} = $TEMPBASE;
$lock_file = "$MYHOME/amavisd.lock";
$pid_file = "$MYHOME/amavisd.pid";
$db_home = "$MYHOME/db";
$enable_db = 0;
$max_servers = 1;
{user}
$myhostname = 'mail.example.org';
$mydomain = 'example.org';
@local_domains_maps = ( ['.example.org'] );
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = {port};
$forward_method = 'smtp:[127.0.0.1]:{sink}';
$notify_method = $forward_method;
$final_virus_destiny = D_REJECT;
$final_banned_destiny = D_PASS;
$virus_admin = undef;
$virus_quarantine_method = undef;
@bypass_spam_checks_maps = (1);
$do_syslog = 0;
$log_level = 1;
$LOGFILE = "$MYHOME/log";
$enable_dkim_verification = 0;
$enable_dkim_signing = 0;
@decoders = ( ['mail', \&do_mime_decode] );
@av_scanners = ( ['ClamAV-clamd', \&ask_daemon, ["CONTSCAN {{}}\n", '{socket}'],
  qr/\bOK$/m, qr/\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m ] );
1;
"""


class Amavis(ClientCase):
    megabytes = 10

    def setUp(self):
        self.amavisd = need("amavisd")
        need_root("it takes no configuration of its own user's")
        self.user = need_user("amavis")
        super().setUp()
        self.sink = Sink()
        self.sink.start()
        self.addCleanup(self.sink.listener.close)

    def start(self, daemon):
        self.port = free_port()
        folder = self.own_folder(f"amavis-{self.port}", self.user)
        for name in ("tmp", "db"):
            (folder / name).mkdir(mode=0o750)
            os.chown(folder / name, self.user.pw_uid, self.user.pw_gid)
        user = "$daemon_user = 'amavis'; $daemon_group = 'amavis';"
        conf = self.write("amavisd.conf", CONFIGURATION.format(folder=folder, user=user, port=self.port, sink=self.sink.port,
                                                               socket=daemon.socket))
        self.service([self.amavisd, "-c", conf, "foreground"], self.port, name="amavisd", cwd=folder)
        self.log = folder / "log"

    def send(self, path):
        message = ("From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
                   "Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n"
                   f"Content-Type: application/octet-stream; name={path.name}\r\n\r\n" +
                   base64.encodebytes(path.read_bytes()).decode().replace("\n", "\r\n"))
        with smtplib.SMTP("127.0.0.1", self.port, timeout=120) as smtp:
            smtp.ehlo()
            smtp.mail("a@example.org")
            smtp.rcpt("b@example.org")
            code, text = smtp.data(message)
        return code, text.decode()

    def test_mails(self):
        daemon = self.scanner()
        self.start(daemon)
        samples = self.samples
        for path, name in ((samples.eicar, f"{NAME}.UNOFFICIAL"), (samples.clean, None),
                           (samples.encrypted, "Heuristics.Encrypted.Zip"), (samples.large(), None),
                           (samples.large(found=True), f"{NAME}.UNOFFICIAL")):
            with self.subTest(path=path.name):
                self.sink.mails.clear()
                code, text = self.send(path)
                said = text + self.log.read_text(errors="replace")[-3000:]
                if name is None:
                    self.assertEqual((code, len(self.sink.mails)), (250, 1), said)
                else:
                    self.assertEqual((code, self.sink.mails), (554, []), said)
                    self.assertIn(f"INFECTED: {name}", text)

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner()
        self.start(daemon)
        daemon.stop()
        # Its own choice is to deliver that as not checked, and to say so.
        self.send(self.samples.eicar)
        self.assertIn("virus scanners failed", self.log.read_text(errors="replace"))


if __name__ == "__main__":
    unittest.main()
