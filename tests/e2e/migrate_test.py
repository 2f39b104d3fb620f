"""daylight migrate: from settings files of other scanners to a configuration that daylightd accepts."""

import gzip
import json
import os
import pathlib
import re
import stat
import subprocess
import unittest

import harness

UNKNOWN = "Daylight does not know this setting"

KESL = """\
[AppSettings]
SambaConfigPath=/etc/samba/smb.conf
NfsExportPath=/etc/exports
TraceFolder=/var/log/kaspersky/kesl/
TraceLevel=None
TraceMaxFileCount=5
TraceMaxFileSize=500
BlockFilesGreaterMaxFileNamePath=16384
DetectOtherObjects=Yes
UseKSN=No
UseProxy=No
ProxyServer=
MaxEventsNumber=500000
LimitNumberOfScanFileTasks=0
UseSyslog=Yes
EventsStoragePath=/var/opt/kaspersky/kesl/private/storage/events.db
InterceptorProtectionMode=Full
NamespaceMonitoring=Yes
DockerSocket=/var/run/docker.sock
ContainerScanAction=StopContainerIfFailed
ExcludedMountPoint.item_0000=AllRemoteMounted
ExcludedMountPoint.item_0001=Mounted:NFS
ExcludedMountPoint.item_0002=Mounted:iso9660
ExcludedMountPoint.item_0003=/mnt/**/user_share
[NetSettings]
EncryptedConnectionsScan=Yes
[NetSettings.NetworkPorts.item_0000]
PortName=HTTP
Port=80
[MonitoringTask.item_0000]
TaskName=File_Threat_Protection
AdminKitTaskName=
TaskType=OAS
Active=Yes
[MonitoringTask.item_0000.Settings]
ScanArchived=No
ScanSfxArchived=No
ScanMailBases=Yes
ScanPlainMail=Yes
SkipPlainTextFiles=No
TimeLimit=60
SizeLimit=100
FirstAction=Recommended
SecondAction=Block
UseExcludeMasks=Yes
ExcludeMasks.item_0000="*.tmp"
ExcludeMasks.item_0001=/srv/*/logs/?.log
UseExcludeThreats=Yes
ExcludeThreats.item_0000=EICAR-*
ReportCleanObjects=No
ReportPackedObjects=No
ReportUnprocessedObjects=Yes
UseAnalyzer=Yes
HeuristicLevel=Recommended
UseIChecker=Yes
ScanByAccessType=SmartCheck
UseTrustedPrograms=Yes
[MonitoringTask.item_0000.Settings.ScanScope.item_0000]
AreaDesc= "All objects" \t
UseScanArea=Yes
Path=/
AreaMask.item_0000=*
[MonitoringTask.item_0000.Settings.ScanScope.item_0001]
AreaDesc=Shares
UseScanArea=Yes
Path=Shared:NFS
AreaMask.item_0000=*
[MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0000]
AreaDesc=
UseScanArea=Yes
Path=/tmp/notchecked
AreaMask.item_0000=*
[MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0001]
AreaDesc=
UseScanArea=Yes
Path=Mounted:SMB
AreaMask.item_0000=*
[MonitoringTask.item_0000.Settings.TrustedPrograms.item_0000]
ProgramPath=/usr/bin/backup
ApplyToDescendants=Yes
UseTrustedProgram=Yes
[MonitoringTask.item_0001]
TaskName=Firewall_Management
TaskType=Firewall
Active=No
[OnDemandTask.item_0000]
TaskName=Scan_My_Computer
TaskType=ODS
TaskId=2
[OnDemandTask.item_0000.Settings]
ScanFiles=Yes
ScanBootSectors=Yes
ScanComputerMemory=No
ScanStartupObjects=No
ScanPriority=Idle
FirstAction=Skip
[OnDemandTask.item_0000.Settings.ScanScope.item_0000]
AreaDesc=Documents
UseScanArea=Yes
Path=/srv
AreaMask.item_0000=*doc
AreaMask.item_0001=*xls
[OnDemandTask.item_0000.Schedule]
RuleType=Weekly
StartTime="2026/Jan/30 23:05:34; Fri; 1"
RandomInterval=0
RunMissedStartRules=0
[OnDemandTask.item_0001]
TaskName=Boot_Scan
TaskType=BootScan
[OnDemandTask.item_0001.Settings]
Action=Disinfect
DeviceNameMasks.item_0000=/**
[OnDemandTask.item_0002]
TaskName=Update
TaskType=Update
[BackupTask]
TaskName=Backup
TaskType=Backup
[BackupTask.Settings]
DaysToLive=90
BackupSizeLimit=0
BackupFolder=/var/opt/kaspersky/kesl/common/objects-backup
"""

# The same task as kesl-control prints it with --json, as far as that is known: lists for items.
KESL_JSON = {
    "MonitoringTask": [
        {
            "TaskName": "File_Threat_Protection",
            "TaskType": "OAS",
            "Active": "Yes",
            "Settings": {
                "UseExcludeMasks": "Yes",
                "ExcludeMasks": ["*.tmp", "/ä/?"],
                "ScanScope": [{"AreaDesc": "Home", "UseScanArea": "Yes", "Path": "/home", "AreaMask": ["*"]}],
                "ExcludedFromScanScope": [{"Path": "/home/*/cache", "AreaMask": ["*.o", "*.a"]}],
            },
        }
    ]
}


class Migrate(harness.Case):
    worker = None

    def migrate(self, *arguments, code=0, **more):
        result = self.run_daylight("migrate", *arguments, **more)
        self.assertEqual(result.returncode, code, result.stderr.decode() + result.stdout.decode())
        return result

    def report(self, *arguments, code=0):
        return json.loads(self.migrate("--dry-run", "--format", "json", *arguments, code=code).stdout)

    def check(self, config):
        """The configuration is one."""
        path = self.write("check.toml", config)
        daemon = harness.BIN / "daylightd"
        if not daemon.exists():
            self.skipTest("daylightd is not built")
        result = subprocess.run([daemon, "--check-config", "--config", path], capture_output=True)
        self.assertEqual(result.returncode, 0, result.stderr.decode() + config)

    def assert_complete(self, report, text):
        """Every setting of the file is in the report, once, and has a reason where it needs one."""
        lines = [number for number, line in enumerate(text.splitlines(), 1) if "=" in line and not line.startswith("[")]
        self.assertEqual([setting["line"] for setting in report["settings"]], lines)
        for setting in report["settings"]:
            if setting["outcome"] != "taken":
                self.assertTrue(setting["why"], setting)
        self.assertEqual(sum(report["summary"][outcome] for outcome in ("taken", "taken-differently", "not-taken")), len(lines))

    def test_every_section_of_an_export(self):
        self.write("kesl.ini", KESL)
        report = self.report("kesl.ini")
        self.assert_complete(report, KESL)
        self.assertEqual([], [s for s in report["settings"] if s["why"] == UNKNOWN])
        self.check(report["config"])
        for expected in ('"/tmp/notchecked//*"', '"*.tmp"', '"/srv/*/logs/?.log"', '"/srv//*doc"', '"iso9660"',
                         'when = "Fri *-*-* 23:05:34"', 'name = "Scan_My_Computer"', "max_size = 104857600",
                         'timeout = "60s"', "max_rows = 500000", 'events = ["open", "close-write"]', "automatic = true",
                         '"/mnt/**/user_share//*"'):
            self.assertIn(expected, report["config"])

    def test_unknown_keys_and_odd_lines_are_told(self):
        text = KESL + 'Strange=1\n[Odd\nA="x\nword\n[Late.item_0000]\nB=2\n'
        self.write("kesl.ini", text)
        report = self.report("kesl.ini")
        by_key = {s["key"]: s for s in report["settings"]}
        self.assertEqual(by_key["B"]["why"], UNKNOWN)
        self.assertEqual(len([s for s in report["settings"] if s["why"].startswith("not understood")]), 3)
        self.check(report["config"])

    def test_json(self):
        self.write("kesl.json", json.dumps(KESL_JSON, indent=1))
        report = self.report("kesl.json")
        self.assertEqual(report["files"][0]["product"], "kaspersky")
        self.assertEqual([], [s for s in report["settings"] if s["outcome"] == "not-taken"])
        self.check(report["config"])
        for expected in ('"/home/*/cache//*.o"', '"/home/*/cache//*.a"', '"/ä/?"', "enabled = true"):
            self.assertIn(expected, report["config"])

    def test_a_file_of_one_task(self):
        self.write("scope.ini", "[ScanScope.item_0000]\nAreaDesc=Home\nUseScanArea=Yes\nPath=/home\nAreaMask.item_0000=*\n")
        self.check(self.report("scope.ini")["config"])

    def documented(self, page):
        """What a manual page documents, and that this has been found."""
        path = pathlib.Path("/usr/share/man/man5") / page
        if not path.exists():
            self.skipTest(f"{path} is not installed")
        text = gzip.open(path, "rt", errors="replace").read()
        text = text[text.index("DIRECTIVES"):]
        names = set()
        for line in re.findall(r"^\.TP\s*\n\\fB(.+?)\\fR", text, re.M):
            names |= {part.split()[0] for part in line.replace("\\-", "-").split(",")}
        return sorted(names - {"BOOL", "STRING", "SIZE", "NUMBER"})

    def test_every_option_of_clamd_conf(self):
        names = self.documented("clamd.conf.5.gz")
        self.assertGreater(len(names), 100)
        self.write("clamd.conf", "".join(f"{name} 1\n" for name in names))
        report = self.report("clamd.conf")
        self.assertEqual(report["files"][0]["product"], "clamd")
        self.assertEqual([], [s["key"] for s in report["settings"] if s["why"] == UNKNOWN])
        self.assertEqual([s["key"] for s in report["settings"]], names)
        self.check(report["config"])

    def test_every_option_of_freshclam_conf(self):
        names = self.documented("freshclam.conf.5.gz")
        self.assertGreater(len(names), 25)
        self.write("freshclam.conf", "".join(f"{name} 1\n" for name in names))
        report = self.report("freshclam.conf")
        self.assertEqual(report["files"][0]["product"], "freshclam")
        self.assertEqual([], [s["key"] for s in report["settings"] if s["why"] == UNKNOWN])
        self.check(report["config"])

    def test_clamd_and_freshclam_as_they_are_installed(self):
        files = [path for path in ("/etc/clamav/clamd.conf", "/etc/clamav/freshclam.conf") if os.access(path, os.R_OK)]
        if not files:
            self.skipTest("clamav is not installed, or its configuration is not to be read")
        report = self.report(*files)
        self.assertEqual([], [s for s in report["settings"] if s["why"] == UNKNOWN])
        self.check(report["config"])

    def test_exclude_path(self):
        self.write("clamd.conf", "ExcludePath ^/proc/\nExcludePath \\.iso$\nExcludePath /home/[^/]+/cache/\nExcludePath [a-z]+\n")
        report = self.report("clamd.conf")
        self.assertEqual([s["outcome"] for s in report["settings"]], ["taken", "taken", "taken", "not-taken"])
        self.check(report["config"])

    def test_maldet(self):
        conf = ('#!/bin/bash\nemail_alert="1"\nemail_subj="maldet alert from $(hostname)"\ncron_daily_scan="1"\n'
                'scan_tmpdir_paths="/tmp /var/tmp"\nquarantine_hits="1"\nslack_token="hush"\nnovel="x"\n')
        self.write("conf.maldet", conf)
        self.write("ignore_paths", "/home/u/cgi-bin\n")
        self.write("ignore_file_ext", ".js\n")
        self.write("ignore_sigs", "")
        result = self.migrate("--dry-run", "--format", "json", "conf.maldet", "ignore_paths", "ignore_file_ext", "ignore_sigs")
        self.assertNotIn(b"hush", result.stdout)
        report = json.loads(result.stdout)
        self.assertEqual([f["product"] for f in report["files"]], ["maldet", "maldet-list", "maldet-list", "unknown"])
        unknown = [s["key"] for s in report["settings"] if s["why"] == UNKNOWN]
        self.assertEqual(unknown, ["novel"])
        self.assertTrue(any("never executed" in s["why"] or "ever executed" in s["why"] for s in report["settings"]))
        self.check(report["config"])
        for expected in ('"*.[jJ][sS]"', '"**/home/u/cgi-bin**"', '"/home"', "quarantine = true"):
            self.assertIn(expected, report["config"])

    def test_dry_run_writes_nothing(self):
        self.write("kesl.ini", KESL)
        before = sorted(os.listdir(self.folder))
        text = self.migrate("--dry-run", "kesl.ini", "-o", "new.toml").stdout.decode()
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertIn("[on_access]", text)
        self.assertIn("Not taken over: ", text)
        self.assert_printable(text.encode().replace(b"\t", b""))

    def test_writes_once_and_the_same(self):
        self.write("kesl.ini", KESL)
        self.migrate("kesl.ini", "-o", "new.toml")
        path = self.folder / "new.toml"
        first = path.read_bytes()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o600, 0o600)
        refused = self.migrate("kesl.ini", "-o", "new.toml", code=2)
        self.assertIn(b"is there already", refused.stderr)
        path.write_text("other")
        self.migrate("kesl.ini", "-o", "new.toml", "--force")
        self.assertEqual(path.read_bytes(), first)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".daylight")], [])
        # What was written can be read where it was asked for.
        self.check(first.decode())
        # A link is not written through without being asked to.
        os.symlink("elsewhere", self.folder / "link.toml")
        self.migrate("kesl.ini", "-o", "link.toml", code=2)
        self.assertFalse((self.folder / "elsewhere").exists())

    def test_what_cannot_be_read(self):
        self.write("kesl.ini", KESL)
        self.write("noise", bytes(range(256)) * 10)
        self.write("list", "one\ntwo\n")
        self.write("large.ini", "[A]\n" + "a=1\n" * 100_001)
        for name in ("missing", "noise", "list", "large.ini", "."):
            self.migrate("kesl.ini", name, "-o", "new.toml", code=2)
            self.assertFalse((self.folder / "new.toml").exists())
        self.migrate(code=2)
        self.migrate("kesl.ini", "-o", "no/such/folder.toml", code=2)


if __name__ == "__main__":
    unittest.main()
