"""rspamd's antivirus module, through clamd (Unix socket and TCP), ICAP and kaspersky_se, asked as an MTA would."""

import base64
import json
import os
import pathlib
import tempfile
import unittest
import urllib.request

from common import NAME, ClientCase, free_port, need

CONFIGURATION = """
options {{
  pidfile = "{folder}/rspamd.pid";
  control_socket = "{folder}/rspamd.sock mode=0600";
  hs_cache_dir = "{folder}";
  filters = "";
  max_message = 200M;
  task_timeout = 100s;
  url_tld = "{folder}/tld";  # All of the world's take ten seconds to compile.
  dns {{ nameserver = ["127.0.0.1:{dns}"]; timeout = 1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; task_timeout = 100s; }}
worker "controller" {{ bind_socket = "127.0.0.1:{controller}"; count = 1; }}
modules {{
  path = "/usr/share/rspamd/plugins/antivirus.lua";
  path = "/usr/share/rspamd/plugins/external_services.lua";
}}
actions {{ reject = 15; add_header = 6; }}
antivirus {{
{antivirus}
}}
external_services {{
{external_services}
}}
"""


def mail(*attachments):
    """Text by hand: Python's own classes take seconds for a large attachment."""
    head = (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\nMessage-ID: <1@example.org>\r\n"
            b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=\"b0\"\r\n\r\n"
            b"--b0\r\nContent-Type: text/plain\r\n\r\nSee what is attached.\r\n")
    for path in attachments:
        head += (b"--b0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
                 b"Content-Disposition: attachment; filename=\"" + path.name.encode() + b"\"\r\n\r\n" +
                 base64.encodebytes(path.read_bytes()).replace(b"\n", b"\r\n"))
    return head + b"--b0--\r\n"


class Rspamd(ClientCase):
    megabytes = 20

    def setUp(self):
        need("rspamd")
        super().setUp()
        self.process = None
        self.kav_line = str(self.folder / "kav.sock")
        self.kav = f"[kav]\nline = [\"{self.kav_line}\"]\nmode = \"0666\"\n"

    def rspamd(self, **scanners):
        """Starts it with these; each has a name, which is its symbol, and its keys."""
        self.port, self.controller = free_port(), free_port()
        if self.process is not None:
            self.end(self.process)
        text = {"antivirus": "", "external_services": ""}
        for name, keys in scanners.items():
            common = {"symbol": name, "message": "${SCANNER} found ${VIRUS}", "timeout": 60, "max_size": 100_000_000,
                      "action": "reject", "log_clean": True, "scan_text_mime": True, **keys}
            module = "external_services" if keys["type"] == "icap" else "antivirus"
            text[module] += name.lower() + " {\n" + "".join(f"  {key} = {json.dumps(value)};\n" for key, value in common.items()) + "}\n"
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "tld").write_text("org\n")
        conf = self.write("rspamd.conf", CONFIGURATION.format(folder=folder, port=self.port, controller=self.controller,
                                                              dns=free_port(), **text))
        self.rspamd_log = folder / "rspamd.log"
        user = ("-i",) if os.geteuid() == 0 else ()
        self.process = self.service(["rspamd", "-f", *user, "-c", conf], self.port, name="rspamd",
                     env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder)})

    def symbols(self, message, **more):
        """What a mail gets: each symbol of a scanner with its first option; and rspamd's action."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", data=message,
                                         headers={"From": "a@example.org", "IP": "192.0.2.1", **more})
        with urllib.request.urlopen(request, timeout=120) as answer:
            result = json.load(answer)
        return {name: symbol["options"][0] for name, symbol in result["symbols"].items() if symbol.get("options")}, result["action"]

    def ways(self, daemon):
        """Each way as (symbol, keys, symbols of an encrypted archive)."""
        return {
            "CLAM_UNIX": {"type": "clamav", "servers": daemon.socket},
            "CLAM_TCP": {"type": "clamav", "servers": f"127.0.0.1:{daemon.tcp}"},
            "ICAP": {"type": "icap", "servers": f"127.0.0.1:{daemon.icap}", "scheme": "avscan"},
            "KAV": {"type": "kaspersky_se", "servers": f"127.0.0.1:{daemon.kav}"},
            # It writes a file, and sends its path.
            "KAV_LINE": {"type": "kaspersky", "servers": self.kav_line, "tmpdir": str(self.folder)},
        }

    def test_each_way(self):
        daemon = self.scanner(self.kav, tcp=True, icap=True, kav=True)
        samples = self.samples
        ways = self.ways(daemon)
        # The parts of a mail one by one, and the mail as a whole.
        for by_parts in (True, False):
            self.rspamd(**{name: {**keys, "scan_mime_parts": by_parts} for name, keys in ways.items()})
            for path, found in ((samples.eicar, True), (samples.clean, False), (samples.large(), False),
                                (samples.large(found=True), True)):
                with self.subTest(by_parts=by_parts, path=path.name):
                    symbols, action = self.symbols(mail(samples.clean, path))
                    if not found:
                        self.assertEqual((symbols, action), ({}, "no action"))
                        continue
                    self.assertEqual(symbols, {"CLAM_UNIX": NAME + ".UNOFFICIAL", "CLAM_TCP": NAME + ".UNOFFICIAL",
                                               "ICAP": NAME, "KAV": NAME, "KAV_LINE": NAME})
                    self.assertEqual(action, "reject")
            with self.subTest(by_parts=by_parts, path="encrypted"):
                symbols, action = self.symbols(mail(samples.encrypted))
                encrypted = "File is encrypted: Heuristics.Encrypted.Zip"
                # ICAP has no word for it that rspamd knows: a failure with the name.
                self.assertEqual(symbols, {"CLAM_UNIX_ENCRYPTED": encrypted, "CLAM_TCP_ENCRYPTED": encrypted,
                                           "ICAP_FAIL": "Heuristics.Encrypted.Zip",
                                           "KAV_ENCRYPTED": "File is encrypted: PASSWORD PROTECTED",
                                           "KAV_LINE": "Heuristics.Encrypted.Zip"})
            said = self.rspamd_log.read_text(errors="replace")
            self.assertIn("message or mime_part is clean", said)
            for wrong in ("unhandled", "retransmits", "lua error", "IO timeout"):
                self.assertNotIn(wrong, said)

    def test_passing_what_was_not_read(self):
        daemon = self.scanner("[clamd+]\nincomplete = \"pass\"\n[icap]\nincomplete = \"pass\"\n" + self.kav + "incomplete = \"pass\"\n",
                              icap=True, kav=True)
        ways = self.ways(daemon)
        del ways["CLAM_TCP"]
        self.rspamd(**ways)
        self.assertEqual(self.symbols(mail(self.samples.encrypted)), ({}, "no action"))
        self.assertEqual(self.symbols(mail(self.samples.eicar))[1], "reject")

    def test_over_the_limit(self):
        daemon = self.scanner("[clamd+]\nmax_stream = \"4 MiB\"\n[icap]\nmax_body = \"4 MiB\"\n" + self.kav + "max_body = \"4 MiB\"\n",
                              icap=True, kav=True)
        ways = self.ways(daemon)
        del ways["CLAM_TCP"]
        self.rspamd(**ways)
        symbols, _ = self.symbols(mail(self.samples.over(5)))
        self.assertEqual(symbols["ICAP_FAIL"], "Heuristics.Limits.Exceeded.MaxFileSize")
        self.assertIn("413", symbols["KAV_FAIL"])
        # With clamd, real or not, rspamd 3.4 stumbles over any answer that ends in ERROR, and the mail has no symbol
        # at all: its own max_size has to be the smaller one (docs/protocols/clamd.md).
        self.assertIn("INSTREAM size limit exceeded. ERROR", daemon.talk(b"zINSTREAM\0", b"\x01\0\0\0").decode())
        self.assertNotIn("CLAM_UNIX", symbols)

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner(self.kav, icap=True, kav=True)
        ways = self.ways(daemon)
        del ways["CLAM_TCP"]
        self.rspamd(**ways)
        daemon.stop()
        symbols, _ = self.symbols(mail(self.samples.eicar))
        self.assertEqual(set(symbols), {"CLAM_UNIX_FAIL", "ICAP_FAIL", "KAV_FAIL", "KAV_LINE_FAIL"})


if __name__ == "__main__":
    unittest.main()
