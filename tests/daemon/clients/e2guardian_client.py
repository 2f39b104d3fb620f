"""e2guardian as a proxy, with its clamdscan plugin and with its icapscan plugin."""

import http.server
import re
import shutil
import threading
import unittest

from common import EICAR, ClientCase, free_port, need, need_file, need_root, need_user, run
from squid_client import Site

HERE = "/etc/e2guardian"


class E2Guardian(ClientCase):
    megabytes = 4

    def setUp(self):
        need("e2guardian")
        need("curl")
        need_file(HERE, "e2guardian")
        need_root("it becomes its own user")
        self.user = need_user("e2guardian")
        super().setUp()
        handler = type("OwnSite", (Site,), {"folder": self.samples.folder, "uploads": []})
        self.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=self.site.serve_forever)
        thread.start()
        self.addCleanup(lambda: (self.site.shutdown(), self.site.server_close(), thread.join()))

    def start(self, plugin, key, value):
        """Its own configuration as the package has it, moved, with one scanner."""
        self.port = free_port()
        folder = self.folder / f"e2-{self.port}"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("private"))
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes().replace(HERE.encode(), str(folder).encode()))
        for name in ("bannedextensionlist", "bannedmimetypelist"):  # Not by their names.
            (folder / "lists" / name).write_text("")
        logs = self.own_folder(f"e2-{self.port}-log", self.user)
        conf = folder / "e2guardian.conf"
        text = conf.read_text(errors="replace")
        for name, setting in (("filterip", "127.0.0.1"), ("filterports", self.port), ("transparenthttpsport", free_port()), ("filecachedir", logs), ("httpworkers", "20"),
                              ("loglocation", logs / "access.log"), ("pidfilename", logs / "pid"), ("rqloglocation", logs / "rq.log"),
                              ("dstatlocation", logs / "stats.log"), ("maxcontentfilecachescansize", "60000"), ("maxcontentramcachescansize", "50000"),
                              ("contentscanner", folder / "contentscanners" / f"{plugin}.conf")):
            quoted = str(setting) if str(setting).isdigit() else f"'{setting}'"
            text = re.sub(rf"(?m)^#?{name} = .*$", "", text) + f"\n{name} = {quoted}\n"
        conf.write_text(text)
        (folder / "contentscanners" / f"{plugin}.conf").write_text(f"plugname = '{plugin}'\n{key} = '{value}'\n")
        self.process = self.service(["e2guardian", "-N", "-c", conf], self.port, name="e2guardian", cwd=logs)
        self.logs = logs

    def curl(self, path):
        result = run("curl", "-sS", "--max-time", "60", "-x", f"http://127.0.0.1:{self.port}",
                     f"http://127.0.0.1:{self.site.server_port}/{path.name}", "-o", self.folder / "came")
        self.assertEqual(result.returncode, 0, result.stderr)
        return (self.folder / "came").read_bytes()

    def test_downloads(self):
        samples = self.samples
        daemon = self.scanner(icap=True)
        for plugin, key, value in (("clamdscan", "clamdudsfile", daemon.socket),
                                   ("icapscan", "icapurl", f"icap://127.0.0.1:{daemon.icap}/avscan")):
            self.start(plugin, key, value)
            for path, name in ((samples.eicar, "Eicar-Test-Signature"), (samples.clean, None),
                               (samples.encrypted, "Heuristics.Encrypted.Zip"), (samples.large(), None),
                               (samples.large(found=True), "Eicar-Test-Signature")):
                with self.subTest(plugin=plugin, path=path.name):
                    came = self.curl(path)
                    if name is None:
                        self.assertTrue(came == path.read_bytes(), len(came))
                    else:
                        said = (self.logs / "access.log").read_text(errors="replace").splitlines()[-1]
                        self.assertFalse(EICAR in came, said)
                        self.assertIn("*INFECTED*", said)
                        # Its ICAP plugin does not say the name.
                        self.assertIn(name if plugin == "clamdscan" else "Virus or bad content detected", said)
            self.end(self.process)


if __name__ == "__main__":
    unittest.main()
