"""python3-pyclamd, in a Python of its own: the one that Debian's packages are for."""

import json
import os
import subprocess
import unittest

from common import CLEAN, EICAR, NAME, ClientCase, need_file, run

# Does what it is told in JSON on its standard input, and prints what pyclamd answers.
PROGRAM = r"""
import json, pyclamd, sys
ask = json.load(sys.stdin)
clamd = pyclamd.ClamdUnixSocket(ask["socket"]) if "socket" in ask else pyclamd.ClamdNetworkSocket("127.0.0.1", ask["port"])
answers = []
for method, *arguments in ask["calls"]:
    if method == "scan_stream":
        arguments = [open(arguments[0], "rb") if ask.get("open") else open(arguments[0], "rb").read()]
    try:
        answers.append(getattr(clamd, method)(*arguments))
    except Exception as error:
        answers.append([type(error).__name__, str(error)])
json.dump(answers, sys.stdout)
"""


class PyClamd(ClientCase):
    def setUp(self):
        need_file("/usr/lib/python3/dist-packages/pyclamd", "python3-pyclamd")
        super().setUp()

    def ask(self, *calls, **where):
        result = run("/usr/bin/python3", "-W", "ignore", "-c", PROGRAM, input=json.dumps({**where, "calls": calls}))
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_both_sockets(self):
        daemon = self.scanner(tcp=True)
        samples = self.samples
        large, large_found = samples.large(), samples.large(found=True)
        found = ["FOUND", f"{NAME}.UNOFFICIAL"]
        encrypted = ["FOUND", "Heuristics.Encrypted.Zip"]
        for where in ({"socket": daemon.socket}, {"port": daemon.tcp}):
            with self.subTest(where=where):
                ping, version, stats, reload = self.ask(("ping",), ("version",), ("stats",), ("reload",), **where)
                self.assertIs(ping, True)
                self.assertTrue(version.startswith("ClamAV "), version)
                self.assertIn("QUEUE", stats)
                self.assertEqual(reload, "RELOADING")
                for path, expected in ((samples.eicar, found), (samples.clean, None), (samples.encrypted, encrypted),
                                       (large, None), (large_found, found)):
                    path = str(path)
                    for method in ("scan_file", "contscan_file", "multiscan_file"):
                        self.assertEqual(self.ask((method, path), **where), [expected and {path: expected}], method)
                    for opened in (True, False):
                        if path == str(large) and not opened:
                            continue
                        self.assertEqual(self.ask(("scan_stream", path), open=opened, **where),
                                         [expected and {"stream": expected}])
                self.assertEqual(self.ask(("allmatchscan", str(samples.eicar)), **where), [{str(samples.eicar): [found]}])

    def test_a_folder(self):
        daemon = self.scanner()
        folder = self.samples.folder
        (folder / "sub").mkdir()
        (folder / "sub" / "again").write_bytes(EICAR)
        found = ["FOUND", f"{NAME}.UNOFFICIAL"]
        both = {str(self.samples.eicar): found, str(folder / "sub" / "again"): found}
        contscan, multiscan = self.ask(("contscan_file", str(folder)), ("multiscan_file", str(folder)), socket=daemon.socket)
        self.assertEqual(contscan, both)
        self.assertEqual(multiscan, both)

    def test_a_stream_over_the_limit(self):
        daemon = self.scanner("[clamd+]\nmax_stream = \"4 MiB\"\n")
        path = str(self.samples.over(5))
        # In chunks it sees either the answer or that the connection is over; both are errors to it.
        (kind, why), = self.ask(("scan_stream", path), open=True, socket=daemon.socket)
        self.assertIn(kind, ("BufferTooLongError", "BrokenPipeError", "ConnectionResetError"), why)
        self.assertEqual(self.ask(("scan_stream", str(self.samples.clean)), socket=daemon.socket), [None])

    def test_shutdown_is_refused(self):
        daemon = self.scanner(tcp=True)
        for where in ({"socket": daemon.socket}, {"port": daemon.tcp}):
            self.ask(("shutdown",), **where)
            self.assertEqual(self.ask(("ping",), **where), [True])


if __name__ == "__main__":
    unittest.main()
