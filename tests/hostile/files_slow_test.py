"""Very large files, very many files."""

import os
import time
import unittest

from hostile import MEMORY_FACTOR, Case, MIB

RULES = """
rule Text { strings: $a = "EVIL" $b = "evil" nocase $c = /evi[a-z]+/ $d = { 00 00 01 ?? 03 } condition: any of them }
rule Big { condition: filesize > 20000MB and uint32(21474836476) == 0 }
"""


class LargeFiles(Case):
    def test_twenty_gigabytes(self):
        self.write("r.yar", RULES)
        path = self.folder / "t/sparse"
        os.makedirs(path.parent)
        size = int(os.environ.get("DAYLIGHT_SPARSE_GIB", "20")) << 30
        with open(path, "wb") as file:
            file.truncate(size)
            file.seek(size - 4)
            file.write(b"EVIL")
        start = time.monotonic()
        result = self.watch("scan", "--rules", "r.yar", "--timeout", "0", "--format", "jsonl", "t", within=1200)
        print(f"{size >> 30} GiB in {time.monotonic() - start:.1f} s, worker {result.worker_bytes // MIB} MiB", flush=True)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(b'"Text"', result.stdout)
        self.assertLess(result.worker_bytes, MEMORY_FACTOR * 200 * MIB)
        self.assertLess(result.command_bytes, 200 * MIB)

    def test_the_budget_of_bytes_is_said(self):
        self.write("r.yar", RULES)
        os.makedirs(self.folder / "t")
        with open(self.folder / "t/sparse", "wb") as file:
            file.truncate(20 << 30)
        result = self.clear("scan", "--rules", "r.yar", "--max-size", "100M", "t", codes=(2,))
        self.assertIn(b"incomplete", result.stderr)

    def test_a_hundred_thousand_files_in_one_folder(self):
        self.write("r.yar", RULES)
        os.makedirs(self.folder / "t")
        for n in range(100000):
            with open(self.folder / f"t/{n:06}", "wb") as file:
                file.write(b"EVIL" if n % 10000 == 0 else b"good")
        result = self.watch("scan", "--rules", "r.yar", "--all", "t")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stdout.count(b"\n"), 100000)
        self.assertEqual(result.stdout.count(b"Text t/"), 10)
        self.assertLess(result.command_bytes, 200 * MIB)


if __name__ == "__main__":
    unittest.main()
