"""clamdscan in all its modes, by Unix socket and by TCP."""

import os
import pathlib
import unittest

from common import CLEAN, EICAR, MEGABYTE, NAME, ClientCase, free_port, need, run

FOUND = f"{NAME}.UNOFFICIAL FOUND"


class Clamdscan(ClientCase):
    def setUp(self):
        need("clamdscan")
        super().setUp()

    def conf(self, daemon, tcp=False, limit="100M"):
        where = f"TCPAddr 127.0.0.1\nTCPSocket {daemon.tcp}\n" if tcp else f"LocalSocket {daemon.socket}\n"
        return self.write("clamd.conf", f"{where}StreamMaxLength {limit}\n")

    def clamdscan(self, *arguments, data=None):
        more = {"input": data.decode("latin-1")} if data is not None else {}
        return run("clamdscan", f"--config-file={self.folder / 'clamd.conf'}", *arguments, cwd=self.folder, **more)

    def expect(self, result, code, *lines):
        for line in lines:
            self.assertIn(line + "\n", result.stdout)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)

    def test_every_way_of_handing_over_a_file(self):
        daemon = self.scanner(tcp=True)
        samples = self.samples
        large, large_found = samples.large(), samples.large(found=True)
        for tcp, modes in ((False, ((), ("--fdpass",), ("--stream",), ("--multiscan",), ("--fdpass", "--multiscan"),
                                    ("--stream", "--multiscan"), ("--allmatch",), ("--fdpass", "--allmatch"))),
                           (True, (("--stream",), ("--stream", "--multiscan"), ()))):
            self.conf(daemon, tcp)
            for mode in modes:
                with self.subTest(tcp=tcp, mode=mode):
                    self.expect(self.clamdscan(*mode, samples.eicar), 1, f"{samples.eicar}: {FOUND}", "Infected files: 1")
                    self.expect(self.clamdscan(*mode, samples.clean), 0, f"{samples.clean}: OK", "Infected files: 0")
                    self.expect(self.clamdscan(*mode, samples.encrypted), 1,
                                f"{samples.encrypted}: Heuristics.Encrypted.Zip FOUND")
                    self.expect(self.clamdscan(*mode, large), 0, f"{large}: OK")
                    self.expect(self.clamdscan(*mode, large_found), 1, f"{large_found}: {FOUND}")

    def test_folders(self):
        daemon = self.scanner(tcp=True)
        samples = self.samples
        deep = samples.folder / "a" / "b"
        deep.mkdir(parents=True)
        (deep / "eicar").write_bytes(EICAR)
        expected = {str(samples.eicar), str(deep / "eicar"), str(samples.encrypted)}
        for tcp, modes in ((False, ((), ("--fdpass",), ("--stream",), ("--multiscan",), ("--fdpass", "--multiscan"))),
                           (True, (("--stream",),))):
            self.conf(daemon, tcp)
            for mode in modes:
                with self.subTest(tcp=tcp, mode=mode):
                    result = self.clamdscan(*mode, samples.folder)
                    found = {line.split(": ")[0] for line in result.stdout.splitlines() if line.endswith(" FOUND")}
                    self.assertEqual(found, expected, result.stdout)
                    self.expect(result, 1, "Infected files: 3")
        (deep / "eicar").unlink()
        self.conf(daemon)
        self.expect(self.clamdscan(deep.parent), 0, f"{deep.parent}: OK")

    def test_all_matches(self):
        daemon = self.scanner()
        (self.folder / "db" / "more.ndb").write_text(f"Eicar-Second:0:*:{EICAR[40:].hex()}\n")
        since = daemon.said()
        self.conf(daemon)
        self.expect(self.clamdscan("--reload"), 0)
        daemon.wait_for("reloaded: content", since=since)
        path = self.samples.eicar
        self.expect(self.clamdscan("--allmatch", path), 1, f"{path}: {FOUND}", f"{path}: Eicar-Second.UNOFFICIAL FOUND")

    def test_standard_input(self):
        daemon = self.scanner(tcp=True)
        for tcp in (False, True):
            self.conf(daemon, tcp)
            self.expect(self.clamdscan("-", data=EICAR), 1, f"stream: {FOUND}")
            self.expect(self.clamdscan("-", data=CLEAN), 0, "stream: OK")

    def test_a_stream_over_the_limit(self):
        # The client's own limit: it cuts what it sends, and says so of nobody. The daemon's: it is told.
        daemon = self.scanner("[clamd+]\nmax_stream = \"8 MiB\"\n")
        self.conf(daemon)
        over = self.samples.over(9)
        result = self.clamdscan("--stream", over)
        self.assertIn("INSTREAM size limit exceeded. ERROR", result.stdout + result.stderr)
        self.assertEqual(result.returncode, 2)
        self.expect(self.clamdscan("--fdpass", over), 0, f"{over}: OK")
        just = self.samples.write("just", b"a" * (8 * MEGABYTE))
        self.expect(self.clamdscan("--stream", just), 0, f"{just}: OK")

    def test_what_it_asks_of_the_daemon(self):
        daemon = self.scanner(tcp=True)
        for tcp in (False, True):
            self.conf(daemon, tcp)
            result = self.clamdscan("--version")
            self.assertRegex(result.stdout, r"^ClamAV \d+\.\d+\.\d+/\d+/\w+ ")
            self.assertEqual(self.clamdscan("--ping", "1").returncode, 0)
            self.assertEqual(self.clamdscan("--reload").returncode, 0)
        result = self.clamdscan("--ping", "2:1", "--wait", self.samples.clean)
        self.expect(result, 0, f"{self.samples.clean}: OK")
        daemon.stop()
        self.conf(daemon)
        self.assertNotEqual(self.clamdscan("--ping", "1:1").returncode, 0)

    def test_files_that_cannot_be_read(self):
        daemon = self.scanner()
        self.conf(daemon)
        missing = self.samples.folder / "missing"
        result = self.clamdscan(missing)
        self.assertEqual(result.returncode, 2)
        if os.geteuid() == 0:
            return  # Reads all.
        secret = self.samples.write("secret", EICAR)
        secret.chmod(0)
        self.expect(self.clamdscan(secret), 2, f"{secret}: Access denied. ERROR")

    def test_what_it_does_with_what_it_finds(self):
        daemon = self.scanner()
        self.conf(daemon)
        for mode in ((), ("--fdpass",), ("--stream",)):
            copy = self.samples.write("copy", EICAR)
            self.expect(self.clamdscan(*mode, "--remove", copy), 1, f"{copy}: {FOUND}")
            self.assertFalse(copy.exists())
        to = self.own_folder("moved")
        copy = self.samples.write("copy", EICAR)
        self.expect(self.clamdscan("--fdpass", f"--move={to}", copy), 1)
        self.assertEqual((to / "copy").read_bytes(), EICAR)
        self.assertFalse(pathlib.Path(copy).exists())

    def test_an_exit_code_for_no_daemon(self):
        self.write("clamd.conf", f"LocalSocket {self.folder}/nobody\n")
        self.assertEqual(self.clamdscan(self.samples.clean).returncode, 2)
        self.write("clamd.conf", f"TCPAddr 127.0.0.1\nTCPSocket {free_port()}\n")
        self.assertEqual(self.clamdscan(self.samples.clean).returncode, 2)


if __name__ == "__main__":
    unittest.main()
