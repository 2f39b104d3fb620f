"""`daylight quarantine`: what it says, and the file systems and files that only
root can make: other mounts, full ones, read-only ones, flags, capabilities."""

import ctypes
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import unittest
import zipfile

import harness

ROOT = os.geteuid() == 0
libc = ctypes.CDLL(None, use_errno=True)


def has_mounts():
    return ROOT and subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0


class Quarantine(harness.Case):
    def quarantine(self, *arguments, code=0, folder="q", **more):
        result = self.run_daylight("quarantine", arguments[0], "--folder", folder, *arguments[1:], **more)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assert_printable(result.stderr)
        return result

    def add(self, path, *options, code=0, folder="q"):
        result = self.quarantine("add", "--reason", "a test", *options, path, code=code, folder=folder)
        if code == 0:
            return result.stdout.split()[1].rstrip(b",").decode()
        self.assertEqual(result.stdout, b"")
        return result.stderr.decode()

    def items(self, *options, folder="q"):
        return json.loads(self.quarantine("list", "--format", "json", *options, folder=folder).stdout)["items"]

    def mount(self, *arguments, where):
        os.makedirs(where, exist_ok=True)
        subprocess.run(["mount", *arguments, where], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", where])


class Command(Quarantine):
    def test_there_and_back(self):
        path = self.write(b"caf\xe9\n\x1b[31m.exe", b"x" * 5000)
        os.chmod(path, 0o604)
        os.utime(path, ns=(10**18 + 1, 10**18 + 2))
        before = os.stat(path)
        identifier = self.add(path)
        self.assertFalse(os.path.lexists(path))
        self.assertEqual(os.stat(self.folder / "q").st_mode & 0o777, 0o700)
        listed = self.quarantine("list").stdout
        self.assert_printable(listed)
        self.assertIn(b"4.9 KB", listed)
        self.assertIn(b"a test", listed)
        shown = self.quarantine("show", identifier[:5]).stdout
        self.assert_printable(shown)
        self.assertIn(b"0604", shown)
        record = json.loads(self.quarantine("show", identifier, "--format", "json").stdout)
        self.assertEqual(record["state"], "kept")
        self.assertEqual(record["mode"], 0o604)
        self.assertIn("path_b64", record)
        self.assertEqual(self.quarantine("export", identifier).stdout, b"x" * 5000)
        self.assertIn(identifier.encode(), self.quarantine("restore", identifier).stdout)
        after = os.stat(path)
        for name in ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns"):
            self.assertEqual(getattr(after, name), getattr(before, name))
        self.assertEqual(self.items(), [])
        self.assertEqual([item["state"] for item in self.items("--all")], ["restored"])

    def test_restore_elsewhere(self):
        path = self.write("f", b"bad")
        identifier = self.add("f")
        self.write("f", b"new")
        self.assertIn(b"has that name already", self.quarantine("restore", identifier, code=2).stderr)
        self.assertIn(b"No such file", self.quarantine("restore", identifier, "--to", "none/g", code=2).stderr)
        self.quarantine("restore", identifier, "--to", "g")
        self.assertEqual((self.folder / "g").read_bytes(), b"bad")
        identifier = self.add("g")
        self.quarantine("restore", identifier, "--to", "f", "--overwrite")
        self.assertEqual(pathlib.Path(os.fsdecode(path)).read_bytes(), b"bad")

    def test_export(self):
        self.write("f", b"bad" * 100000)
        identifier = self.add("f")
        self.quarantine("export", identifier, "-o", "out")
        self.assertEqual((self.folder / "out").read_bytes(), b"bad" * 100000)
        self.assertEqual(os.stat(self.folder / "out").st_mode & 0o777, 0o600)
        self.quarantine("export", identifier, "-o", "out", code=2)
        archive = zipfile.ZipFile(io.BytesIO(self.quarantine("export", identifier, "--zip").stdout))
        name, = archive.namelist()
        self.assertEqual(name, self.items()[0]["sha256"])
        self.assertEqual(archive.read(name, b"infected"), b"bad" * 100000)
        with self.assertRaises(RuntimeError):
            archive.read(name, b"wrong")
        if shutil.which("unzip"):
            self.quarantine("export", identifier, "--zip", "-o", "out.zip")
            subprocess.run(["unzip", "-tq", "-P", "infected", self.folder / "out.zip"], check=True,
                           stdout=subprocess.DEVNULL)

    def test_delete(self):
        ids = []
        for name in "abc":
            self.write(name, name)
            ids.append(self.add(name))
        self.assertIn(ids[0].encode(), self.quarantine("delete", ids[0]).stdout)
        self.quarantine("delete", ids[0], code=2)
        self.quarantine("delete", code=2)
        self.quarantine("delete", ids[1], "--older-than", "1d", code=2)
        self.quarantine("delete", "--older-than", "tomorrow", code=2)
        self.assertEqual(self.quarantine("delete", "--older-than", "30d").stdout, b"")
        self.assertEqual(len(self.items()), 2)
        said = self.quarantine("delete", "--older-than", "0s").stdout.splitlines()
        self.assertEqual([line.split()[:2] for line in said],
                         [[b"deleted", b"%b," % ids[1].encode()], [b"deleted", b"%b," % ids[2].encode()],
                          [b"forgot", b"1"]])
        self.assertEqual(self.items(), [])
        self.assertEqual(os.listdir(self.folder / "q/items"), [])

    def test_damage(self):
        self.write("f", b"bad")
        identifier = self.add("f")
        blob = self.folder / "q/items" / identifier
        blob.write_bytes(blob.read_bytes()[:-1] + b"x")
        self.assertIn(b"damaged", self.quarantine("restore", identifier, code=2).stderr)
        result = self.quarantine("export", identifier, "-o", "out", code=2)
        self.assertIn(b"damaged", result.stderr)
        self.assertFalse((self.folder / "out").exists())
        self.assertFalse((self.folder / "f").exists())

    def test_what_is_left(self):
        os.symlink("/etc/passwd", self.folder / "link")
        self.assertIn("symbolic link", self.add("link", code=2))
        os.mkfifo(self.folder / "fifo")
        self.assertIn("not a regular file", self.add("fifo", code=2))
        self.assertIn("not a regular file", self.add(".", code=2))
        self.add("none", code=2)
        self.add(harness.DAYLIGHT, "--insist", code=1)
        self.assertTrue(os.path.exists(harness.DAYLIGHT))
        self.assertEqual(self.items(), [])
        self.write("f", b"bad")
        os.link(self.folder / "f", self.folder / "g")
        result = self.quarantine("add", "f")
        self.assertIn(f"inode {os.stat(self.folder / 'g').st_ino}".encode(), result.stderr)
        self.write("h", b"bad")
        with open(self.folder / "h", "rb"):
            self.assertIn(b"has it open", self.quarantine("add", "h").stderr)

    def test_package_file(self):
        if not os.path.exists("/var/lib/dpkg/status") or not os.path.exists("/usr/bin/true"):
            self.skipTest("no dpkg here")
        if not ROOT:
            self.skipTest("not root: its folder cannot be written anyway")
        self.assertIn("installed package coreutils", self.add("/usr/bin/true", code=1))

    def test_bad_use(self):
        self.assertEqual(self.run_daylight("quarantine").returncode, 2)
        self.assertEqual(self.run_daylight("quarantine", "nothing").returncode, 2)
        self.assertEqual(self.run_daylight("quarantine", "--help").returncode, 0)
        self.quarantine("list")
        self.assertFalse((self.folder / "q").exists())
        self.quarantine("show", "abcd", code=2)
        self.write("f", b"bad")
        identifier = self.add("f")
        for wrong in ("", "abc", "zzzzz", "../key", identifier + "0"):
            self.quarantine("show", wrong, code=2)
        os.chmod(self.folder / "q", 0o755)
        self.quarantine("list", code=2)


@unittest.skipUnless(has_mounts(), "needs root's mounts")
class AsRoot(Quarantine):
    def test_everything_a_file_has(self):
        path = self.write("f", b"bad")
        os.chown(path, 12345, 54321)
        os.chmod(path, 0o6751)
        os.setxattr(path, "user.a", b"1\0")
        os.setxattr(path, "trusted.b", b"2" * 1000)
        # VFS_CAP_REVISION_2 with cap_net_raw; an ACL with one named user.
        os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
        entries = [(1, 7, 0xFFFFFFFF), (2, 4, 1000), (4, 5, 0xFFFFFFFF), (0x10, 5, 0xFFFFFFFF), (0x20, 1, 0xFFFFFFFF)]
        acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
        os.setxattr(path, "system.posix_acl_access", acl)
        os.utime(path, ns=(-10**9 - 1, 2**31 * 10**9 + 7))
        before = os.stat(path), {name: os.getxattr(path, name) for name in os.listxattr(path)}
        self.assertGreaterEqual(len(before[1]), 4)
        result = self.quarantine("restore", self.add("f"))
        self.assertEqual(result.stderr, b"")
        after = os.stat(path), {name: os.getxattr(path, name) for name in os.listxattr(path)}
        for name in ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns"):
            self.assertEqual(getattr(after[0], name), getattr(before[0], name), name)
        self.assertEqual(after[1], before[1])

    def test_immutable(self):
        if not shutil.which("chattr"):
            self.skipTest("no chattr")
        for letter in "ia":
            path = os.fsdecode(self.write("f" + letter, b"bad"))
            if subprocess.run(["chattr", "+" + letter, path], stderr=subprocess.DEVNULL).returncode != 0:
                self.skipTest("this file system has no such flags")
            self.addCleanup(subprocess.run, ["chattr", "-ia", path], stderr=subprocess.DEVNULL)
            self.assertIn("immutable", self.add(path, code=1))
            identifier = self.add(path, "--clear-flags")
            self.assertFalse(os.path.exists(path))
            self.quarantine("restore", identifier)
            flags = subprocess.run(["lsattr", path], stdout=subprocess.PIPE, check=True).stdout.split()[0]
            self.assertIn(letter.encode(), flags)

    def test_other_file_system(self):
        where = os.path.join(self.folder, "mount")
        self.mount("-t", "tmpfs", "none", where=where)
        for path, folder in ((self.write("mount/f", b"bad"), "q"), (self.write("f", b"bad"), "mount/q")):
            identifier = self.add(path, folder=folder)
            self.assertFalse(os.path.exists(path))
            self.quarantine("restore", identifier, folder=folder)
            self.assertEqual(pathlib.Path(os.fsdecode(path)).read_bytes(), b"bad")

    def test_overlay(self):
        for name in ("low", "up"):
            self.mount("-t", "tmpfs", "none", where=os.path.join(self.folder, name))
        for name in ("up/upper", "up/work", "merged"):
            os.mkdir(self.folder / name)
        self.write("low/f", b"bad")
        merged = os.path.join(self.folder, "merged")
        options = ",".join(f"{key}={self.folder}/{value}" for key, value in
                           (("lowerdir", "low"), ("upperdir", "up/upper"), ("workdir", "up/work")))
        if subprocess.run(["mount", "-t", "overlay", "-o", options, "none", merged],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no overlay here")
        self.addCleanup(subprocess.run, ["umount", "-l", merged])
        identifier = self.add(merged + "/f")
        self.assertEqual(os.listdir(merged), [])
        self.quarantine("restore", identifier)
        self.assertEqual(pathlib.Path(merged, "f").read_bytes(), b"bad")

    def test_full(self):
        where = os.path.join(self.folder, "mount")
        self.mount("-t", "tmpfs", "-o", "size=400k", "none", where=where)
        path = self.write("large", os.urandom(500_000))
        before = os.stat(path)
        self.assertIn("space", self.add(path, code=2, folder="mount/q"))
        # So full that the index cannot grow, or nothing can be made at all.
        self.write("small", b"bad")
        self.add("small", folder="mount/q")
        for left in (0, 4096, 8192, 16384, 40960):
            with open(where + "/fill", "wb", buffering=0) as fill:
                try:
                    while True:
                        fill.write(bytes(4096))
                except OSError:
                    pass
            os.truncate(where + "/fill", max(0, os.stat(where + "/fill").st_size - left))
            path = self.write("next", b"bad" * 1000)
            result = self.run_daylight("quarantine", "add", "--folder", "mount/q", path)
            os.unlink(where + "/fill")
            self.run_daylight("quarantine", "recover", "--folder", "mount/q")
            self.assertEqual(os.path.exists(path), result.returncode != 0, result.stderr)
            kept = [item for item in self.items(folder="mount/q") if item["path"].endswith("/next")]
            self.assertEqual(len(kept), 0 if os.path.exists(path) else 1)
            for item in kept:
                self.quarantine("delete", item["id"], folder="mount/q")
        self.assertEqual(os.stat(self.folder / "large").st_ino, before.st_ino)
        self.assertEqual([item["path"] for item in self.items(folder="mount/q")], [str(self.folder / "small")])

    def test_full_target(self):
        where = os.path.join(self.folder, "mount")
        self.mount("-t", "tmpfs", "-o", "size=400k", "none", where=where)
        content = os.urandom(300_000)
        path = self.write("mount/f", content)
        identifier = self.add(path)
        self.write("mount/other", bytes(300_000))
        self.assertIn(b"No space", self.quarantine("restore", identifier, code=2).stderr)
        self.assertEqual(os.listdir(where), ["other"])
        os.unlink(where + "/other")
        self.quarantine("restore", identifier)
        self.assertEqual(pathlib.Path(os.fsdecode(path)).read_bytes(), content)

    def test_mounts(self):
        where = os.path.join(self.folder, "mount")
        self.mount("-t", "tmpfs", "none", where=where)
        path = self.write("mount/f", b"bad")
        subprocess.run(["mount", "-o", "remount,ro", where], check=True)
        self.assertIn("Read-only", self.add(path, code=2))
        # A file that is a mount point cannot be renamed.
        self.write("other", b"bad")
        self.write("point", b"")
        point = os.path.join(self.folder, "point")
        subprocess.run(["mount", "--bind", os.path.join(self.folder, "other"), point], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", point])
        self.assertIn("busy", self.add("point", code=2))
        self.assertEqual(self.items(), [])
        self.assertTrue(os.path.exists(self.folder / "other"))
        self.assertEqual(os.listdir(self.folder / "q/items"), [])

    def test_folders_of_others(self):
        for mode in (0o1777, 0o555, 0o700):
            folder = self.folder / f"folder{mode:o}"
            folder.mkdir()
            path = self.write(f"folder{mode:o}/f", b"bad")
            os.chown(path, 12345, 12345)
            os.chown(folder, 12346, 12346)
            os.chmod(folder, mode)
            self.quarantine("restore", self.add(path))
            self.assertEqual(os.stat(path).st_uid, 12345)


if __name__ == "__main__":
    unittest.main()
