"""What is on disks, from outside and behind the walls: an ext4 as it is, in a partition, in a virtual disk of a terabyte."""

import gzip
import os
import shutil
import struct
import subprocess
import unittest

import harness

RULE = 'rule Marker { strings: $a = "inert marker" condition: $a at 0 and filesize < 100 }\n'
MARKER = b"inert marker of no harm"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
MKE2FS = shutil.which("mke2fs", path=PATH)


def partitioned(part):
    """One partition at 4 KiB."""
    entry = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 8, len(part) // 512)
    return (bytes(446) + entry + bytes(48) + b"\x55\xaa").ljust(4096, b"\0") + part


def qcow(disk, size):
    """QCOW2 with clusters of 64 KiB, of which those that are zeros are left out."""
    cluster = 65536
    tables = -(-size // (cluster * 8192))
    l1_bytes = -(-tables * 8 // cluster) * cluster
    l2_at = cluster + l1_bytes  # One table: the disk's bytes are in its first 512 MiB.
    l2, data = bytearray(cluster), b""
    for i in range(0, len(disk), cluster):
        piece = disk[i : i + cluster].ljust(cluster, b"\0")
        if piece.strip(b"\0"):
            struct.pack_into(">Q", l2, i // cluster * 8, l2_at + cluster + len(data))
            data += piece
    header = b"QFI\xfb" + struct.pack(">IQIIQIIQQIIQ", 2, 0, 0, 16, size, 0, tables, cluster, 0, 0, 0, 0)
    return header.ljust(cluster, b"\0") + struct.pack(">Q", l2_at).ljust(l1_bytes, b"\0") + bytes(l2) + data


def files_in(volume):
    return [f"//{volume}opt/app/run", f"//{volume}opt/app/run.gz//{volume}opt/app/run"]


@unittest.skipIf(MKE2FS is None, "no mke2fs")
class Disks(harness.Case):
    worker = None

    def setUp(self):
        super().setUp()
        self.write("r.yar", RULE)
        tree = self.folder / "tree"
        (tree / "opt/app").mkdir(parents=True)
        (tree / "opt/app/run").write_bytes(MARKER)
        (tree / "opt/app/run.gz").write_bytes(gzip.compress(MARKER))
        image = self.folder / "ext4"
        subprocess.run([MKE2FS, "-q", "-F", "-t", "ext4", "-d", tree, image, "8M"], check=True, capture_output=True)
        self.ext = image.read_bytes()

    def scan(self, *arguments, **more):
        return self.run_daylight("scan", "--no-default-content", "--rules", "r.yar", *arguments, **more)

    def found(self, path):
        return sorted(d["object"].removeprefix(path) for d in self.records(path, code=1)[path]["detections"])

    def test_a_file_system(self):
        self.assertEqual(self.found("ext4"), files_in(""))

    def test_a_partition(self):
        self.write("disk", partitioned(self.ext))
        self.assertEqual(self.found("disk"), files_in("partition 1/"))

    def test_a_terabyte(self):
        self.write("disk", qcow(partitioned(self.ext), 1 << 40))
        self.assertEqual(self.found("disk"), files_in("partition 1/"))

    def test_within_an_archive(self):
        self.write("disk.gz", gzip.compress(self.ext))
        self.assertEqual(len(self.found("disk.gz")), 2)

    def test_what_is_not_read_is_told(self):
        self.write("xfs", b"XFSB\0\0\x10".ljust(1 << 20, b"\0"))
        record = self.records("xfs", code=2)["xfs"]
        self.assertEqual([(i["reason"], i["detail"]) for i in record["incomplete"]],
                         [("unsupported", "an XFS file system is not read")])  # fmt: skip

    def test_a_journal(self):
        ext = bytearray(self.ext)
        ext[1024 + 96] |= 4
        self.write("disk", bytes(ext))
        record = self.records("disk", code=1)["disk"]
        self.assertEqual([i["reason"] for i in record["incomplete"]], ["unsupported"])


if __name__ == "__main__":
    unittest.main()
