"""squid with its icap_service, asked by curl: what is downloaded and what is uploaded through it."""

import hashlib
import http.server
import os
import threading
import time
import unittest

from common import CLEAN, EICAR, NAME, ClientCase, free_port, need, need_user, run

CONFIGURATION = """
http_port 127.0.0.1:{port}
http_access allow all
visible_hostname squid.example.org
pid_filename {folder}/squid.pid
cache_log {folder}/cache.log
access_log stdio:{folder}/access.log
coredump_dir {folder}
cache deny all
cache_mem 8 MB
pinger_enable off
netdb_filename none
shutdown_lifetime 0 seconds
max_filedescriptors 1024
icap_enable on
icap_preview_enable on
icap_service_failure_limit -1
icap_send_client_ip on
icap_service answers respmod_precache bypass=off icap://127.0.0.1:{icap}/{service}
icap_service requests reqmod_precache bypass=off icap://127.0.0.1:{icap}/{service}
adaptation_access answers allow all
adaptation_access requests allow all
{more}
"""

# Debian 12's squid has its bug 5352: once the origin server is faster than the ICAP server, so that squid's 64 KB are
# full, it reads no more until the ICAP server answers, which one that looks at the whole object first never does
# (c-icap's virus_scan is left waiting just so). So the site here is a slow one, and a download that squid
# forgets is begun again.
PIECE = 8192
TRIES = 4


class Site(http.server.BaseHTTPRequestHandler):
    """Serves the samples, and tells of an upload what came."""

    folder = None
    uploads = None
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.folder / self.path.lstrip("/")
        size = path.stat().st_size
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        if "chunked" in self.headers.get("Accept", ""):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n" % size + path.read_bytes() + b"\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        data = path.read_bytes()
        try:
            for at in range(0, size, PIECE):
                self.wfile.write(data[at:at + PIECE])
                if size > PIECE:
                    time.sleep(0.004)
        except OSError:  # squid has gone on.
            self.close_connection = True

    do_HEAD = do_GET

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.uploads.append(data)
        answer = hashlib.sha256(data).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST

    def log_message(self, *_):
        pass


class Squid(ClientCase):
    megabytes = 3

    def setUp(self):
        need("squid")
        need("curl")
        self.user = need_user("proxy") if os.geteuid() == 0 else None
        super().setUp()
        self.uploads = []
        handler = type("OwnSite", (Site,), {"folder": self.samples.folder, "uploads": self.uploads})
        self.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=self.site.serve_forever)
        thread.start()
        self.addCleanup(lambda: (self.site.shutdown(), self.site.server_close(), thread.join()))

    def squid(self, daemon, service="avscan", more=""):
        self.port = free_port()
        folder = self.own_folder(f"squid-{self.port}", self.user)
        user = "cache_effective_user proxy\n" if self.user else ""
        conf = self.write("squid.conf", CONFIGURATION.format(port=self.port, folder=folder, icap=daemon.icap, service=service,
                                                             more=user + more))
        self.service(["squid", "-N", "-f", conf], self.port, name="squid", cwd=folder)

    def curl(self, path, *arguments):
        """The status, and what came."""
        output = self.folder / "came"
        output.unlink(missing_ok=True)
        is_large = any(mark in str(word) for word in (path, *arguments) for mark in ("large", "over-"))
        for last in [False] * (TRIES - 1) + [True] if is_large else [True]:
            result = self.curl_once(path, output, 20 if is_large else 100, *arguments)
            if result.returncode not in (28, 55) or last:  # 55: squid answered and hung up before curl was ready.
                break
        if result.returncode == 28 and is_large:
            self.skipTest("squid forgot a large download each time (its bug 5352)")
        self.assertEqual(result.returncode, 0, result.stderr)
        return int(result.stdout), output.read_bytes() if output.exists() else b""

    def curl_once(self, path, output, seconds, *arguments):
        return run("curl", "-sS", "--max-time", seconds, "-x", f"http://127.0.0.1:{self.port}", "-o", output, "-w", "%{http_code}",
                   *arguments, f"http://127.0.0.1:{self.site.server_port}/{path}")

    def test_downloads(self):
        samples = self.samples
        large, large_found, empty = samples.large(), samples.large(found=True), samples.write("empty", b"")
        daemon = self.scanner(icap=True)
        for service in ("avscan", "srv_clamav"):
            self.squid(daemon, service)
            for path, name in ((samples.eicar, NAME), (samples.clean, None), (samples.encrypted, "Heuristics.Encrypted.Zip"),
                               (large, None), (large_found, NAME), (empty, None)):
                for how in ((), ("-H", "Accept: chunked")):
                    if how and path.stat().st_size > PIECE:
                        continue
                    with self.subTest(service=service, path=path.name, how=how):
                        status, came = self.curl(path.name, *how)
                        if name is None:
                            self.assertEqual(status, 200)
                            self.assertTrue(came == path.read_bytes())
                            continue
                        self.assertEqual(status, 403)
                        self.assertIn(name.encode(), came)
                        self.assertNotIn(EICAR, came)
            self.assertEqual(self.curl(samples.clean.name, "--head")[0], 200)

    def test_uploads(self):
        samples = self.samples
        samples.megabytes = 32
        large, large_found = samples.large(), samples.large(found=True)
        daemon = self.scanner(icap=True)
        self.squid(daemon)
        for path, name in ((samples.eicar, NAME), (samples.clean, None), (samples.encrypted, "Heuristics.Encrypted.Zip"),
                           (large, None), (large_found, NAME)):
            for how in (("--data-binary", f"@{path}"), ("-F", f"file=@{path}"), ("-T", path)):
                with self.subTest(path=path.name, how=how[0]):
                    self.uploads.clear()
                    status, came = self.curl("upload", *how)
                    if name is None:
                        self.assertEqual((status, len(self.uploads)), (200, 1), came)
                        self.assertIn(path.read_bytes(), self.uploads[0])
                    else:
                        self.assertEqual((status, self.uploads), (403, []))
                        # What is found in the form as a whole may have a less exact name.
                        name = name.removesuffix("Zip") if how[0] == "-F" else name
                        self.assertIn(name.encode(), came)

    def test_over_the_limit(self):
        over = self.samples.over(3)
        daemon = self.scanner("[icap]\nmax_body = \"2 MiB\"\n", icap=True)
        self.squid(daemon)
        status, came = self.curl(over.name)
        self.assertEqual(status, 403)
        self.assertIn(b"Heuristics.Limits.Exceeded.MaxFileSize", came)
        daemon.stop()
        daemon = self.scanner("[icap]\nmax_body = \"2 MiB\"\ntoo_large = \"pass\"\n", icap=True)
        self.squid(daemon)
        status, came = self.curl(over.name)
        self.assertEqual(status, 200)
        self.assertTrue(came == over.read_bytes())
        self.assertEqual(self.curl(self.samples.eicar.name)[0], 403)

    def test_many_at_once_on_kept_connections(self):
        daemon = self.scanner(icap=True)
        self.squid(daemon)
        wrong = []

        def ask(number):
            for turn in range(10):
                path = self.samples.eicar if (number + turn) % 2 else self.samples.clean
                result = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-x", f"http://127.0.0.1:{self.port}",
                             f"http://127.0.0.1:{self.site.server_port}/{path.name}")
                if result.stdout != ("403" if (number + turn) % 2 else "200"):
                    wrong.append(result.stdout + result.stderr)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner(icap=True)
        self.squid(daemon)
        self.assertEqual(self.curl(self.samples.clean.name), (200, CLEAN))
        daemon.stop()
        self.assertEqual(self.curl(self.samples.clean.name)[0], 500)


if __name__ == "__main__":
    unittest.main()
