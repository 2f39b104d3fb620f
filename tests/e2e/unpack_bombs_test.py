"""The bombs that take minutes: 10 GB of zeros in each compressor, a million entries."""

import bz2
import gzip
import lzma
import shutil
import subprocess
import unittest

from unpack_test import Bombs as Base
from archives import make_tar  # Found by way of unpack_test.


class Large(Base):
    # The small ones run where they are.
    test_recursion = test_deep = test_overlapping_entries = test_many_empty_entries = test_names_without_end = None

    def zeros(self, name, compressed, seconds=150):
        """100 members of 100 MB each, which all of these formats read as one."""
        self.write(name, compressed * 100)
        record = self.bomb(name, seconds)
        self.assertEqual(record["verdict"], "incomplete", name)
        self.assertTrue(self.reasons(record) & {"max-ratio", "max-total"}, record["incomplete"][:5])

    def test_gzip(self):
        self.zeros("zeros.gz", gzip.compress(bytes(100_000_000)))

    def test_bzip2(self):
        self.zeros("zeros.bz2", bz2.compress(bytes(100_000_000)))

    def test_xz(self):
        self.zeros("zeros.xz", lzma.compress(bytes(100_000_000)))

    def by_tool(self, *command):
        if not shutil.which(command[0]):
            self.skipTest(f"no {command[0]}")
        return subprocess.run(command, input=bytes(100_000_000), stdout=subprocess.PIPE, check=True).stdout

    def test_zstd(self):
        self.zeros("zeros.zst", self.by_tool("zstd", "-q", "-c"))

    def test_lz4(self):
        self.zeros("zeros.lz4", self.by_tool("lz4", "-q", "-c"))

    def test_a_million_empty_entries(self):
        header = make_tar([("e", b"")])[:512]
        with open(self.write("many.tar"), "wb") as file:
            for _ in range(100):
                file.write(header * 10_000)
            file.write(bytes(1024))
        self.assertEqual(self.reasons(self.bomb("many.tar")), {"max-children"})
        self.write("many.tar.gz", gzip.compress(header * 1_000_000 + bytes(1024)))
        self.assertEqual(self.bomb("many.tar.gz")["verdict"], "incomplete")


del Base

if __name__ == "__main__":
    unittest.main()
