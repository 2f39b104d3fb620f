"""bash completes commands and options of daylight, as the help names them."""

import os
import pathlib
import shlex
import shutil
import subprocess
import unittest

import harness

SCRIPT = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "packaging/completion/daylight"


@unittest.skipUnless(shutil.which("bash"), "bash is not there")
class Completion(unittest.TestCase):
    def complete(self, *words):
        """What is offered for the last of the words."""
        line = " ".join(shlex.quote(str(word)) for word in (harness.BIN / "daylight", *words))
        script = (f"source {shlex.quote(str(SCRIPT))}\nCOMP_WORDS=({line})\nCOMP_CWORD={len(words)}\n"
                  '_daylight\nprintf "%s\\n" "${COMPREPLY[@]}"\n')
        result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=60)
        self.assertEqual(result.stderr, "")
        return set(result.stdout.split())

    def test_commands(self):
        self.assertEqual(self.complete(""),
                         {"scan", "rules", "events", "audit", "quarantine", "policy", "inventory", "migrate"})
        self.assertEqual(self.complete("inv"), {"inventory"})

    def test_commands_of_commands(self):
        self.assertEqual(self.complete("policy", ""), {"check", "list", "validate", "verify"})
        self.assertEqual(self.complete("audit", "s"), {"sandbox"})
        self.assertLessEqual({"check", "compile", "explain"}, self.complete("rules", ""))

    def test_options(self):
        self.assertEqual(self.complete("policy", "check", "--fa"), {"--fail-on"})
        self.assertEqual(self.complete("policy", "check", "--role", "operator", "--no-d"), {"--no-default-policies"})
        self.assertLessEqual({"-o", "--output", "--format", "--deep"}, self.complete("inventory", "-"))
        self.assertIn("--rules", self.complete("scan", "/tmp/x", "--r"))
        self.assertEqual(self.complete("--v"), {"--version"})

    def test_files_are_left_to_the_shell(self):
        self.assertEqual(self.complete("scan", "/et"), set())
        self.assertEqual(self.complete("nothing", "check", "--f"), set())
        self.assertEqual(self.complete("policy", "nothing", "--f"), set())


if __name__ == "__main__":
    unittest.main()
