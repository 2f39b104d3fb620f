"""Includes that loop, explode, or lead out of the folder."""

import os
import unittest

from hostile import Case

SECRET = "rule TopSecretWord { condition: true }"


class Includes(Case):
    def setUp(self):
        super().setUp()
        self.write("t", "x")
        self.write("outside/secret.yar", SECRET)
        self.write("outside/secret.txt", "TopSecretWord is not a rule")

    def include(self, path, *more, codes):
        self.write("rules/main.yar", b'include "' + os.fsencode(path).replace(b"\\", b"\\\\") + b'"\nrule Main { condition: true }')
        return self.clear("scan", "--rules", "rules/main.yar", *more, "t", codes=codes, within=30)

    def test_loops(self):
        self.write("rules/self.yar", 'include "self.yar"')
        self.write("rules/one.yar", 'include "two.yar"')
        self.write("rules/two.yar", 'include "./sub/../one.yar"')
        os.makedirs(self.folder / "rules/sub")
        os.symlink("one.yar", self.folder / "rules/three.yar")
        for path in ("main.yar", "self.yar", "one.yar", "three.yar"):
            result = self.include(path, codes=(2,))
            self.assertIn(b"error[E", result.stderr, path)

    def test_chains_and_fans(self):
        for n in range(2000):
            self.write(f"rules/c{n}.yar", f'include "c{n + 1}.yar"')
        self.write("rules/c2000.yar", "")
        self.include("c0.yar", codes=(2,))
        # Each file includes the next ten times: 10 to the power of 12 in all.
        for n in range(12):
            self.write(f"rules/f{n}.yar", f'include "f{n + 1}.yar"\n' * 10)
        self.write("rules/f12.yar", "")
        self.include("f0.yar", codes=(1, 2))

    def test_nothing_outside_is_read(self):
        os.mkfifo(self.folder / "rules.fifo")
        os.makedirs(self.folder / "rules/sub")
        os.mkfifo(self.folder / "rules/fifo")
        for target, name in (("../outside/secret.yar", "link"), ("../outside", "folder"), ("/dev/zero", "zero"), ("/proc/self/fd/0", "fd"),
                             ("/proc/self/root", "root"), ("loop", "loop")):
            os.symlink(target, self.folder / "rules" / name)
        outside = str(self.folder / "outside")
        for path in ("../outside/secret.yar", "sub/../../outside/secret.yar", "./.././outside/secret.txt", f"{outside}/secret.yar",
                     f"{outside}/secret.txt", f"{self.folder}/rules/../outside/secret.yar", "link", "folder/secret.yar", "folder/secret.txt",
                     "zero", "fd", "root/etc/passwd", "loop", "fifo", "sub", ".", "..", "/", "", "/etc/passwd", "/proc/self/environ",
                     "/proc/self/mem", "/dev/zero", "/dev/stdin", "../rules.fifo", "a\x01b", "x" * 5000, "a/" * 3000 + "b", "../" * 100 + "etc/passwd",
                     b"\xff\xfe", "file:///etc/passwd", "main.yar/x"):
            result = self.include(path, codes=(2,))
            for word in (b"TopSecretWord", b"root:", b"not a rule"):
                self.assertNotIn(word, result.stdout + result.stderr, path)
            self.assertIn(b"error[E", result.stderr, path)

    def test_include_dir_allows(self):
        for path in ("secret.yar", f"{self.folder}/outside/secret.yar"):
            result = self.include(path, "--include-dir", "outside", codes=(1,))
            self.assertEqual(result.stdout, b"TopSecretWord t\nMain t\n")
        self.include("../outside/secret.yar", "--include-dir", "outside", codes=(2,))
        self.include("../rules/../outside/secret.yar", "--include-dir", "outside", codes=(2,))
        os.symlink("/etc/passwd", self.folder / "outside/passwd")
        result = self.include("passwd", "--include-dir", "outside", codes=(2,))
        self.assertNotIn(b"root:", result.stderr)

    def test_a_folder_that_is_replaced_meanwhile(self):
        # The way is resolved by the kernel, in one step: a link put there between two looks leads nowhere.
        os.makedirs(self.folder / "rules/now")
        self.write("rules/now/a.yar", "rule A { condition: true }")
        self.include("now/a.yar", codes=(1,))
        os.rename(self.folder / "rules/now", self.folder / "rules/then")
        os.symlink("../outside", self.folder / "rules/now")
        self.include("now/secret.yar", codes=(2,))


if __name__ == "__main__":
    unittest.main()
