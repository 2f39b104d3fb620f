"""Patterns built to explode, over 8 MB of bytes that suit them best.

What must never happen: a crash, a hang past the time limit, memory without
bound, a file called clean that was not read to its end. What takes long is
printed; what is known to take long is in SLOW, and must keep to the limit."""

import random
import sys
import time
import unittest

from hostile import MEMORY_FACTOR, Case, MIB, string_rule

SIZE = 8 * MIB
LIMIT_S = 10
PATTERNS = {
    "a++": "/(a+)+b/", "(a|a)*": "/(a|a)*b/", "(a|a|aa)*": "/x?(a|a|aa|aaa)*b/", "empty": "/(a*)*(a*)*(a*)*b/",
    "x{0,32767}": "/x{0,32767}/", "x{}{}": "/(x{0,100}){0,300}/", "{}{}{}": "/(((a{1,20}b?){1,20}c?){1,20})d/",
    "wide": "/(a+)+b/i wide ascii", "class": "/[a-z]+[0-9]+x/", "text": '"a"', "xor": '"aaaa" xor', "base64": '"aaaa" base64',
    "hex quiet": "{ 00 00 00 00 [4-4000] 00 00 00 01 }", "hex nibbles": "{ 6? [1-3] ?1 [1-3] 6? [2-9] ?1 62 }",
    "hex fixed": "{ ?? ?? ?? ?? 61 ?? ?? ?? ?? }",
}
SLOW = {
    "dots": "/.{1000}.{1000}/", "dots b": "/a.{1000}.{1000}b/", "stars": "/a.*b.*c.*d/s", "a{0,30}{0,30}": "/((a{0,30}){0,30}){0,30}b/",
    "[^b]*": "/a" + "[^b]*" * 100 + "b/", ".?": "/a" + ".?" * 200 + "b/", "(.?.?.?)": "/a(.?.?.?){1,100}b/", "lazy": "/a.*?a.*?a.*?b/s",
    "a{1000}": "/a{1000}b/", "a{32767}": "/a{32767}b/", "alternatives": "/(" + "|".join("a" * n for n in range(1, 200)) + ")*b/",
    "words": r"/\ba+\b.\ba/", "(a?){500}": "/(a?){500}a{500}/", "fullword": "/a+/ fullword", "any": "/.{1,4000}/s",
    "hex jumps": "{ 61 61 61 61 " + "[0-1000] 61 61 61 61 " * 100 + " 62 }", "hex open": "{ 61 61 61 61 " + "[-] 61 61 61 61 " * 100 + " 62 }",
    "hex choices": "{ 61 " + "( 61 | 61 61 | 61 ?? 61 | 62 ) " * 200 + " 62 }", "chain": "{ 61 61 [300-] 61 61 [300-] 61 61 [300-] 62 }",
}


class Patterns(Case):
    def setUp(self):
        super().setUp()
        self.write("t/a", b"a" * SIZE)
        self.write("t/zeros", bytes(SIZE))
        self.write("t/random", random.Random(1).randbytes(SIZE))
        self.write("t/ab", b"ab" * (SIZE // 2))

    def scan_all(self, name, pattern):
        self.write("r.yar", string_rule(pattern, "#a > 100000000 or !a[1] == 7777 or @a[900000] == 3"))
        start = time.monotonic()
        result = self.watch("scan", "--rules", "r.yar", "--threads", "1", "--timeout", f"{LIMIT_S}s", "t")
        seconds = time.monotonic() - start
        print(f"{seconds:7.1f} s  {result.worker_bytes // MIB:4} MiB  {result.stderr.count(b'timeout')} given up  {name}", file=sys.stderr, flush=True)
        self.assertIn(result.returncode, (0, 1, 2), name)
        self.assert_printable(result.stdout + result.stderr)
        self.assertNotIn(b"died", result.stderr, name)
        self.assertLess(result.worker_bytes, MEMORY_FACTOR * 400 * MIB, name)
        self.assertLess(seconds, 4 * LIMIT_S + 10, name)
        if b"error[" in result.stderr:
            self.assertEqual((result.returncode, result.stdout), (2, b""))
        return result

    def test_patterns_that_only_look_bad(self):
        for name, pattern in PATTERNS.items():
            with self.subTest(name):
                self.assertNotIn(b"timeout", self.scan_all(name, pattern).stderr)

    def test_patterns_that_are(self):
        for name, pattern in SLOW.items():
            with self.subTest(name):
                result = self.scan_all(name, pattern)
                if b"timeout" in result.stderr:
                    self.assertIn(b"incomplete: timeout", result.stderr)
                    self.assertNotEqual(result.returncode, 0)


if __name__ == "__main__":
    unittest.main()
