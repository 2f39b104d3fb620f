"""samba's virusfilter on a share, with smbclient."""

import os
import pathlib
import unittest

from common import CLEAN, ClientCase, free_port, need, need_file, need_root, run

CONFIGURATION = """
[global]
  workgroup = TEST
  netbios name = SCANTEST
  server role = standalone server
  map to guest = Bad User
  guest account = {guest}
  smb ports = {port}
  interfaces = 127.0.0.1
  bind interfaces only = yes
  disable netbios = yes
  load printers = no
  disable spoolss = yes
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/pid
  ncalrpc dir = {folder}/ncalrpc
  usershare path =
  log file = {folder}/log.%m
  log level = 1 vfs:5
[share]
  path = {share}
  guest ok = yes
  guest only = yes
  read only = no
  vfs objects = virusfilter
  virusfilter:scanner = clamav
  virusfilter:socket path = {socket}
  virusfilter:scan on open = {on_open}
  virusfilter:scan on close = {on_close}
  virusfilter:max file size = 100000000
  virusfilter:infected file action = {action}
  virusfilter:quarantine directory = {quarantine}
  virusfilter:block access on error = yes
  virusfilter:connect timeout = 30000
  virusfilter:io timeout = 60000
  virusfilter:cache entry limit = 0
"""


class Samba(ClientCase):
    def setUp(self):
        need("smbd", "smbclient")
        need_file("/usr/lib/x86_64-linux-gnu/samba/vfs/virusfilter.so", "samba-vfs-modules")
        need_root("smbd becomes its users")
        super().setUp()

    def smbd(self, daemon, on_open="yes", on_close="no", action="nothing"):
        self.port = free_port()
        folder = self.own_folder(f"samba-{self.port}")
        for name in ("private", "state", "cache", "lock", "pid", "ncalrpc"):
            (folder / name).mkdir(mode=0o755)
        self.share = self.folder / "share"
        self.quarantine = self.folder / "quarantine"
        for path in (self.share, self.quarantine):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
        self.conf = self.write("smb.conf", CONFIGURATION.format(
            port=self.port, folder=folder, share=self.share, socket=daemon.socket, on_open=on_open, on_close=on_close,
            action=action, quarantine=self.quarantine, guest="nobody"))
        self.log = folder
        self.service(["smbd", "--foreground", "--no-process-group", "-s", self.conf], self.port, name="smbd")

    def smb(self, *commands):
        result = run("smbclient", "-s", self.conf, "-p", self.port, "-N", "//127.0.0.1/share", "-c", "; ".join(commands))
        return result.stdout + result.stderr

    def get(self, name):
        """What a client gets of a file: its bytes or None, and what it was told."""
        to = self.folder / "got"
        to.unlink(missing_ok=True)
        said = self.smb(f"get {name} {to}")
        return (to.read_bytes() if to.exists() and "NT_STATUS" not in said else None), said

    def put_in_share(self, path):
        copy = self.share / path.name
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o666)
        os.chown(copy, 65534, 65534)
        return copy

    def test_reading(self):
        samples = self.samples
        daemon = self.scanner()
        self.smbd(daemon)
        for path, ok in ((samples.eicar, False), (samples.clean, True), (samples.encrypted, False), (samples.large(), True),
                         (samples.large(found=True), False)):
            with self.subTest(path=path.name):
                copy = self.put_in_share(path)
                data, said = self.get(copy.name)
                if ok:
                    self.assertTrue(data == path.read_bytes(), said)
                else:
                    self.assertIsNone(data)
                    self.assertIn("NT_STATUS_ACCESS_DENIED", said)
        logs = "".join(path.read_text(errors="replace") for path in self.log.glob("log.*"))
        for name in ("Eicar-Test-Signature.UNOFFICIAL", "Heuristics.Encrypted.Zip"):
            self.assertIn(name, logs)

    def test_writing(self):
        daemon = self.scanner()
        self.smbd(daemon, on_open="no", on_close="yes", action="delete")
        self.smb(f"put {self.samples.clean} clean.txt", f"put {self.samples.eicar} eicar.com")
        self.assertEqual((self.share / "clean.txt").read_bytes(), CLEAN)
        self.assertFalse((self.share / "eicar.com").exists())

    def test_quarantine(self):
        daemon = self.scanner()
        self.smbd(daemon, action="quarantine")
        copy = self.put_in_share(self.samples.eicar)
        self.assertIsNone(self.get(copy.name)[0])
        self.assertFalse(copy.exists())
        self.assertEqual(len(list(pathlib.Path(self.quarantine).iterdir())), 1)

    def test_a_scanner_that_is_not_there(self):
        daemon = self.scanner()
        self.smbd(daemon)
        copy = self.put_in_share(self.samples.clean)
        self.assertEqual(self.get(copy.name)[0], CLEAN)
        daemon.stop()
        self.assertIsNone(self.get(copy.name)[0])


if __name__ == "__main__":
    unittest.main()
