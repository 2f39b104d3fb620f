"""curl: the HTTP interface, and the engine's interface that rspamd's kaspersky_se uses, as a script would."""

import json
import unittest

from common import NAME, ClientCase, need, run


class Curl(ClientCase):
    def setUp(self):
        need("curl")
        super().setUp()

    def curl(self, *arguments):
        """The status and the body."""
        result = run("curl", "-sS", "--max-time", "100", "-w", "\n%{http_code}", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def test_files_over_http(self):
        daemon = self.scanner(http=True)
        samples = self.samples
        url = f"http://127.0.0.1:{daemon.http}/v1/scan"
        for path, outcome, blocks, names in (
                (samples.eicar, "infected", True, [NAME]), (samples.clean, "clean", False, []),
                (samples.encrypted, "incomplete", True, ["Heuristics.Encrypted.Zip"]),
                (samples.large(), "clean", False, []), (samples.large(found=True), "infected", True, [NAME])):
            # As it is (with Expect: 100-continue when it is large), chunked, and as a form.
            for how in (("-T", path, "-X", "POST"), ("--data-binary", f"@{path}"),
                        ("-H", "Transfer-Encoding: chunked", "--data-binary", f"@{path}"), ("-F", f"file=@{path}")):
                with self.subTest(path=path.name, how=how[0]):
                    status, body = self.curl(*how, url)
                    self.assertEqual(status, 200, body)
                    record = json.loads(body)["daemon"] if "daemon" in json.loads(body) else json.loads(body)
                    self.assertEqual((record["outcome"], record["blocks"], record["names"]), (outcome, blocks, names))

    def test_over_the_limit(self):
        daemon = self.scanner("[http]\nmax_body = \"8 MiB\"\n[kav]\nmax_body = \"8 MiB\"\n", http=True, kav=True)
        over = self.samples.over(9)
        for url in (f"http://127.0.0.1:{daemon.http}/v1/scan", f"http://127.0.0.1:{daemon.kav}/scanmemory"):
            for how in (("--data-binary", f"@{over}"), ("-H", "Transfer-Encoding: chunked", "--data-binary", f"@{over}")):
                with self.subTest(url=url, how=how[0]):
                    self.assertEqual(self.curl(*how, url)[0], 413)

    def test_a_unix_socket_and_what_else_there_is(self):
        socket = self.folder / "http.sock"
        daemon = self.scanner(f"[http]\nlisten = [\"{socket}\"]\nmode = \"0666\"\n")
        self.assertIsNone(daemon.process.poll())
        status, body = self.curl("--unix-socket", socket, "http://localhost/v1/health")
        self.assertEqual((status, json.loads(body)["status"]), (200, "ok"))
        status, body = self.curl("--unix-socket", socket, "http://localhost/v1/scan", "--data-binary", f"@{self.samples.eicar}")
        self.assertEqual(status, 200)
        self.assertIn(NAME, body)
        status, body = self.curl("--unix-socket", socket, "http://localhost/metrics")
        self.assertEqual(status, 200)
        self.assertRegex(body, r"(?m)^daylight_\w+")
        self.assertEqual(self.curl("--unix-socket", socket, "http://localhost/v1/openapi.json")[0], 200)
        self.assertEqual(self.curl("--unix-socket", socket, "http://localhost/none")[0], 404)
        # A page of another site that sends its visitors' browsers here.
        self.assertEqual(self.curl("--unix-socket", socket, "-H", "Origin: http://evil.example", "http://localhost/v1/scan",
                                   "--data-binary", "x")[0], 403)

    def test_the_engine_that_is_no_more(self):
        daemon = self.scanner(kav=True)
        samples = self.samples
        url = f"http://127.0.0.1:{daemon.kav}/scanmemory"
        heads = ("-H", "X-KAV-ProtocolVersion: 1", "-H", "X-KAV-Timeout: 10000")
        for path, answer in ((samples.eicar, f"DETECT {NAME}"), (samples.clean, "CLEAN"),
                             (samples.encrypted, "NON_SCANNED (PASSWORD PROTECTED)"), (samples.large(), "CLEAN"),
                             (samples.large(found=True), f"DETECT {NAME}")):
            with self.subTest(path=path.name):
                self.assertEqual(self.curl(*heads, "--data-binary", f"@{path}", url), (200, answer))


if __name__ == "__main__":
    unittest.main()
