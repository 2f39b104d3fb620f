"""The man pages name the options that the help names, and no others."""

import os
import pathlib
import re
import subprocess
import unittest

import harness

MAN = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "docs/man"


def documented(page):
    options = set()
    for line in (MAN / page).read_text().splitlines():
        if line.startswith(".It Fl"):
            options |= {"-" + name for name in re.findall(r"(?:Fl |, )(-[a-z-]+)", line)}
    return options


class ManPages(harness.Case):
    def offered(self, *command):
        return self.options_in(self.run_daylight(*command, "--help").stdout.decode())

    def offered_by(self, program):
        return self.options_in(subprocess.run([harness.BIN / program, "--help"], capture_output=True, check=True).stdout.decode())

    def options_in(self, text):
        return {name for line in text.splitlines() if line.startswith("  -") for name in re.findall(r"--[a-z-]+", line[:26].split("  ")[1])} - {"--help"}

    def test_scan(self):
        self.assertEqual(documented("daylight-scan.1"), self.offered("scan"))

    def test_rules(self):
        offered = set()
        for command in ("check", "compile", "list", "explain", "verify"):
            offered |= self.offered("rules", command)
        self.assertEqual(documented("daylight-rules.1"), offered)

    def test_events(self):
        self.assertEqual(documented("daylight-events.1"), self.offered("events"))

    def test_audit(self):
        self.assertEqual(documented("daylight-audit.1"), self.offered("audit", "sandbox"))

    def test_daemon(self):
        self.assertEqual(documented("daylightd.8"), self.offered_by("daylightd"))

    def test_opener(self):
        self.assertEqual(documented("daylight-opener.8"), self.offered_by("daylight-opener"))

    def test_migrate(self):
        self.assertEqual(documented("daylight-migrate.1"), self.offered("migrate"))

    def test_policy(self):
        offered = set()
        for command in ("check", "list", "validate", "verify"):
            offered |= self.offered("policy", command)
        self.assertEqual(documented("daylight-policy.1"), offered)

    def test_inventory(self):
        self.assertEqual(documented("daylight-inventory.1"), self.offered("inventory"))

    def test_commands(self):
        """daylight.1 names the commands that the help names, and refers to the page of each."""
        text = self.run_daylight("--help").stdout.decode()
        offered = set(re.findall(r"^  ([a-z]+)", text.partition("Commands:")[2].partition("Options:")[0], re.M))
        page = (MAN / "daylight.1").read_text()
        self.assertEqual(set(re.findall(r"^\.It Cm ([a-z]+)", page, re.M)), offered)
        pages = {path.stem.removeprefix("daylight-") for path in MAN.glob("daylight-*.1")}
        self.assertEqual(pages, offered)
        self.assertEqual(set(re.findall(r"^\.Xr daylight-([a-z]+) 1", page.partition(".Sh SEE ALSO")[2], re.M)), pages)

    def test_quarantine(self):
        offered = set()
        for command in ("list", "show", "restore", "delete", "export", "add", "recover"):
            offered |= self.offered("quarantine", command)
        self.assertEqual(documented("daylight-quarantine.1"), offered)


if __name__ == "__main__":
    unittest.main()
