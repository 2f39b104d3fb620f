"""c-icap-client: what it says of RESPMOD, with and without preview and 204, and of REQMOD."""

import unittest

from common import CLEAN, EICAR, NAME, ClientCase, need, run


class CIcapClient(ClientCase):
    def setUp(self):
        need("c-icap-client")
        super().setUp()

    def icap(self, daemon, *arguments, service="avscan"):
        """What it prints of the answer's headers, and the object that came back (None: the object is as it was)."""
        output = self.folder / "answer"
        output.unlink(missing_ok=True)
        result = run("c-icap-client", "-i", "127.0.0.1", "-p", str(daemon.icap), "-s", service, "-v", "-o", output, *arguments)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, 0, said)
        return said, output.read_bytes() if output.exists() and output.stat().st_size else None

    def test_options(self):
        daemon = self.scanner(icap=True)
        for service in ("avscan", "srv_clamav", "virus_scan"):
            said, _ = self.icap(daemon, service=service)
            for text in ("Allow 204: Yes", "Preview: 4096", "Keep alive: Yes"):
                self.assertIn(text, said)

    def test_answers_and_requests(self):
        daemon = self.scanner(icap=True)
        samples = self.samples
        for path, name, kind in ((samples.eicar, NAME, 0), (samples.clean, None, None),
                                 (samples.encrypted, "Heuristics.Encrypted.Zip", 2), (samples.large(), None, None),
                                 (samples.large(found=True), NAME, 0)):
            data = path.read_bytes()
            for how in (("-resp", "http://example.org/x"), ("-resp", "http://example.org/x", "-nopreview"),
                        ("-resp", "http://example.org/x", "-no204"),
                        ("-resp", "http://example.org/x", "-no204", "-nopreview"),
                        ("-req", "http://example.org/x", "-method", "POST"), ("-noreshdr",)):
                if how == ("-noreshdr",) and len(data) > 1 << 20:
                    continue
                with self.subTest(path=path.name, how=how):
                    said, back = self.icap(daemon, "-f", path, *how)
                    if name is None:
                        self.assertNotIn("X-Infection-Found", said)
                        # With a preview that is the whole, 204 is allowed to everybody.
                        is_returned = "-no204" in how and ("-nopreview" in how or len(data) > 4096)
                        self.assertTrue(back == data if is_returned else back is None, len(back or b""))
                        continue
                    self.assertIn(f"X-Infection-Found: Type={kind}; Resolution=2; Threat={name};", said)
                    self.assertIn(f"X-Virus-ID: {name}", said)
                    self.assertIn("403 Forbidden", said)
                    self.assertIn(name.encode(), back)
                    self.assertNotIn(EICAR, back)

    def test_a_preview_that_is_the_whole(self):
        daemon = self.scanner("[icap]\npreview = 1024\n", icap=True)
        for size in (1, 1023, 1024, 1025, 4096):
            path = self.samples.write("sized", (CLEAN * 4)[:size])
            said, _ = self.icap(daemon, "-f", path, "-resp", "http://example.org/x")
            self.assertNotIn("X-Infection-Found", said)
            path = self.samples.write("sized", (b"a" * size)[len(EICAR):] + EICAR)
            said, _ = self.icap(daemon, "-f", path, "-resp", "http://example.org/x", "-w", "512")
            self.assertIn(NAME, said)

    def test_over_the_limit(self):
        over = self.samples.over(9)
        daemon = self.scanner("[icap]\nmax_body = \"8 MiB\"\n", icap=True)
        for how in ((), ("-nopreview",)):
            said, back = self.icap(daemon, "-f", over, "-resp", "http://example.org/x", *how)
            self.assertIn("403 Forbidden", said)
            self.assertIn("Heuristics.Limits.Exceeded", said)
            self.assertLess(len(back), 100_000)
        daemon.stop()
        daemon = self.scanner("[icap]\nmax_body = \"8 MiB\"\ntoo_large = \"pass\"\n", icap=True)
        for how in ((), ("-no204",), ("-no204", "-nopreview")):
            said, back = self.icap(daemon, "-f", over, "-resp", "http://example.org/x", *how)
            self.assertNotIn("X-Infection-Found", said)
            self.assertTrue(back is None or back == over.read_bytes(), how)


if __name__ == "__main__":
    unittest.main()
