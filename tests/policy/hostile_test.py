"""Targets full of traps, workers that lie, outputs that fail: what `daylight policy check` and `daylight inventory`
make of them."""

import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import samples

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
DAYLIGHT = str(BIN / "daylight")
KESL = "opt/kaspersky/kesl/libexec/kesl"
KESL_STATUS = samples.dpkg(samples.stanza("kesl", maintainer="AO Kaspersky Lab <x@kaspersky.com>"))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-hostile-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.root = self.folder / "root"
        self.root.mkdir()

    def run_daylight(self, *arguments, code=None, environment=None, text=True, **more):
        result = subprocess.run([DAYLIGHT, *map(str, arguments)], capture_output=True, text=text, timeout=300,
                                stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}, **more)
        if code is not None:
            self.assertEqual(result.returncode, code, str(result.stdout)[:3000] + str(result.stderr)[:3000])
        return result

    def check(self, *arguments, code=None, **more):
        result = self.run_daylight("policy", "check", "--format", "json", *arguments, code=code, **more)
        self.assertTrue(result.stdout, result.stderr)
        return json.loads(result.stdout)

    def best(self, report, root=""):
        grades = [one["grade"] for one in report["findings"] if one["root"] == root and one["entity"] == "kaspersky"]
        return grades[0] if grades else None

    def unread(self, report):
        return {one["path"]: one["reason"] for one in report["unread"]}


class TreeTest(Case):
    def test_databases_behind_links_inside_the_root(self):
        samples.write(self.root, {"srv/hidden": KESL_STATUS})
        for target in ("../../../srv/hidden", "/srv/hidden"):
            link = self.root / "var/lib/dpkg/status"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            report = self.check("--root", self.root, code=1)
            self.assertEqual(self.best(report), "installed")
            self.assertEqual(report["targets"][0]["counts"]["packages (dpkg)"], 2)

    def test_folders_that_are_links(self):
        samples.write(self.root, {"data/var/lib/dpkg/status": KESL_STATUS})
        (self.root / "var").symlink_to("data/var")
        self.assertEqual(self.best(self.check("--root", self.root, code=1)), "installed")

    def test_one_database_with_two_names_counts_once(self):
        samples.write(self.root, {"usr/lib/apk/db/installed": "P:musl\nV:1\nA:x86_64\n\n"})
        (self.root / "lib").symlink_to("usr/lib")
        report = self.check("--root", self.root, code=0)
        self.assertEqual(report["targets"][0]["counts"]["packages (apk)"], 1)
        self.assertNotIn("systems within", report["targets"][0]["counts"])

    def test_links_out_of_the_root_lead_nowhere(self):
        outside = self.folder / "outside"
        outside.write_text(KESL_STATUS)
        link = self.root / "var/lib/dpkg/status"
        link.parent.mkdir(parents=True)
        link.symlink_to(outside)
        report = self.check("--root", self.root, code=2)
        self.assertIsNone(self.best(report))
        self.assertIn("var/lib/dpkg/status", self.unread(report))

    def test_a_database_that_is_none(self):
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        for make in (os.mkfifo, lambda path: server.bind(str(path)),
                     lambda path: path.symlink_to("status"), lambda path: path.mkdir()):
            path = self.root / "var/lib/dpkg/status"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            make(path)
            report = self.check("--root", self.root, code=2)
            self.assertIn("var/lib/dpkg/status", self.unread(report))

    def test_rpm_log_and_missing_databases_say_nothing(self):
        samples.write(self.root, {"var/lib/dpkg/": "", "etc/os-release": samples.OS_RELEASE})
        (self.root / "lib").symlink_to("usr/lib")
        self.check("--root", self.root, code=0)

    def test_products_behind_links(self):
        samples.write(self.root, {"opt/": ""})
        (self.root / "opt/kaspersky").symlink_to("/")
        report = self.check("--root", self.root)
        self.assertIn(self.best(report), ("remnant", "mention"))
        for finding in report["findings"]:
            for evidence in finding["evidence"]:
                self.assertEqual(evidence["sha256"], "")

    def test_layout_of_traps(self):
        secret = self.folder / "secret"
        secret.write_bytes(samples.layer({KESL: samples.ELF}))
        layout = self.root / "srv/layout"
        blobs = layout / "blobs/sha256"
        blobs.mkdir(parents=True)
        (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        (layout / "index.json").symlink_to(secret)
        os.mkfifo(blobs / "fifo")
        (blobs / "link").symlink_to(secret)
        (layout / "blobs/sha512").symlink_to(self.folder)
        report = self.check("--root", self.root, code=2)
        self.assertIsNone(self.best(report))
        unread = self.unread(report)
        for name in ("index.json", "blobs/sha256/link", "blobs/sha256/fifo"):
            self.assertIn("srv/layout/" + name, unread)

    def test_layouts_in_systems_within_and_as_the_target(self):
        files = samples.oci_blobs([samples.layer({KESL: samples.ELF})])
        samples.write(self.root / "srv/guest", {"etc/os-release": samples.OS_RELEASE})
        samples.write(self.root / "srv/guest/img", files)
        report = self.check("--root", self.root, code=1)
        roots = {finding["root"] for finding in report["findings"]}
        self.assertTrue(any(root.startswith("srv/guest//img") for root in roots), roots)
        self.assertEqual(self.check(self.root / "srv/guest/img", code=1)["unread"], [])

    def test_many_layouts_do_not_use_up_descriptors(self):
        for i in range(8):
            samples.write(self.root / str(i), {"oci-layout": "{}", "index.json": "{}"})
            for j in range(200):
                samples.write(self.root / str(i), {f"blobs/sha256/{j}": "x"})
        import resource
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
        report = self.check("--root", self.root, code=2, preexec_fn=limit)
        self.assertEqual(report["failures"], [])
        self.assertFalse(any("open files" in one["detail"] for one in report["unread"]), report["unread"])

    def test_names(self):
        names = [b"a\nb", b"\x1b[31mred", b"\xff\xfe", "‮gnp.exe".encode(), b"=cmd|' -C calc'!A0", b"<script>alert(1)",
                 b"n" * 255, b"'\";--", b"\x7f\x80\r\t"]
        base = os.fsencode(self.root) + b"/opt/kaspersky/kesl"
        for name in names:
            os.makedirs(os.path.join(base, name))
            with open(os.path.join(base, name, b"p" + name[:200]), "wb") as file:
                file.write(samples.ELF)
        for form in ("text", "json", "html", "sarif", "csv"):
            result = self.run_daylight("policy", "check", "--root", self.root, "--format", form, code=1, text=False)
            text = result.stdout.decode()  # UTF-8 whatever the names are.
            self.assertFalse(set(text) & {"\x1b", "\x7f", "\r" if form != "csv" else "\x1b", "‮"}, form)
            self.assertNotIn("<script>", text if form == "html" else "")
            if form in ("json", "sarif"):
                json.loads(text)
            if form == "csv":
                rows = list(csv.reader(io.StringIO(text)))
                self.assertFalse([cell for row in rows for cell in row if cell[:1] in "=+@" and cell], rows[:3])
        for form in ("text", "cyclonedx", "spdx"):
            self.run_daylight("inventory", "--root", self.root, "--format", form, code=0, text=False).stdout.decode()

    def test_deeper_than_path_max(self):
        here = os.open(self.root, os.O_RDONLY)
        for i in range(60):
            os.mkdir(b"d" * 200, dir_fd=here)
            inner = os.open(b"d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        for folder in ("guest", "guest/var", "guest/var/lib", "guest/var/lib/dpkg"):
            os.mkdir(folder, dir_fd=here)
        file = os.open("guest/var/lib/dpkg/status", os.O_WRONLY | os.O_CREAT, dir_fd=here)
        os.write(file, KESL_STATUS.encode())
        os.close(file)
        os.close(here)
        report = self.check("--root", self.root, code=1)
        self.assertEqual([one["grade"] for one in report["findings"] if one["entity"] == "kaspersky"], ["installed"])
        self.assertTrue(report["findings"][0]["root"], "a system of its own")
        # rmtree cannot.
        subprocess.run(["rm", "-rf", str(self.root)], check=False)

    def test_hard_links_and_holes(self):
        samples.write(self.root, {KESL: samples.ELF})
        for i in range(20):
            os.link(self.root / KESL, self.root / f"opt/kaspersky/kesl/l{i}")
        with open(self.root / "opt/kaspersky/kesl/huge", "wb") as file:
            file.write(samples.ELF)
            file.truncate(1 << 42)
        begin = time.monotonic()
        report = self.check("--root", self.root, code=1)
        self.assertLess(time.monotonic() - begin, 60)  # Nobody reads four terabytes of nothing.
        (finding,) = [one for one in report["findings"] if one["entity"] == "kaspersky"]
        digests = {one["path"]: one["sha256"] for one in finding["evidence"]}
        self.assertEqual(digests[KESL], hashlib.sha256(samples.ELF).hexdigest())
        self.assertEqual(digests["opt/kaspersky/kesl/huge"], "")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "needs to mount")
    def test_mounts_within(self):
        mount = self.root / "srv"
        mount.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "none", mount], capture_output=True, check=False).returncode != 0:
            self.skipTest("mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        samples.write(mount / "guest", {"var/lib/dpkg/status": KESL_STATUS, "etc/os-release": samples.OS_RELEASE})
        self.assertEqual(self.best(self.check("--root", self.root, code=1), "srv/guest"), "installed")
        self.assertEqual(self.best(self.check("--root", mount, code=1), "guest"), "installed")
        self.check("--root", self.root, "--one-file-system", code=0)

    def test_unreadable_for_who_is_not_root(self):
        samples.write(self.root, {"closed/x": "x", "opt/y": "y", "var/lib/dpkg/status": KESL_STATUS})
        (self.root / "closed").chmod(0)
        self.addCleanup((self.root / "closed").chmod, 0o755)
        (self.root / "var/lib/dpkg/status").chmod(0)
        more = {}
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            if subprocess.run([DAYLIGHT, "--version"], user=65534, group=65534, capture_output=True,
                              check=False).returncode != 0:
                self.skipTest("others may not run the program here")
            more = {"user": 65534, "group": 65534}
        report = self.check("--root", self.root, code=2, **more)
        self.assertLessEqual({"closed", "var/lib/dpkg/status"}, set(self.unread(report)))


class TargetTest(Case):
    def test_names_of_targets(self):
        samples.write(self.root, {"var/lib/dpkg/status": KESL_STATUS})
        link = self.folder / "link"
        link.symlink_to("root")
        for name in (self.root, str(self.root) + "/", str(self.root) + "//", link, str(link) + "/", "root", "./root/.",
                     "root/../root"):
            report = self.check("--root", name, code=1, cwd=self.folder)
            (finding,) = [one for one in report["findings"] if one["entity"] == "kaspersky"]
            self.assertEqual((finding["root"], finding["evidence"][0]["path"]), ("", "var/lib/dpkg/status"))
        self.assertEqual(self.best(self.check("--root", ".", code=1, cwd=self.root)), "installed")

    def test_roots_that_are_none(self):
        file = self.folder / "file"
        file.write_text("x")
        for name in (file, "/nonexistent", "/dev/null", "/proc"):
            self.check("--root", name, code=2)
        for command in (("policy", "check"), ("inventory",)):
            result = self.run_daylight(*command, "--root", "", code=2)
            self.assertIn("its name is empty", result.stderr)
        self.check("", code=2)

    def test_the_same_twice_and_dozens(self):
        samples.write(self.root, {"var/lib/dpkg/status": KESL_STATUS})
        report = self.check(self.root, self.root, code=1)
        self.assertEqual(len([one for one in report["findings"] if one["entity"] == "kaspersky"]), 2)
        targets = [samples.write(self.folder / f"t{i}", {"var/lib/dpkg/status": KESL_STATUS}) for i in range(40)]
        report = self.check(*targets, "/nonexistent", code=1)
        self.assertEqual({one["target"] for one in report["findings"]}, set(map(str, targets)))
        self.assertEqual(len(report["failures"]), 1)


class OutputTest(Case):
    def setUp(self):
        super().setUp()
        samples.write(self.root, {"etc/os-release": samples.OS_RELEASE})

    # What cannot be written shows before anything is looked at: nothing of this waits for a pipe that nobody writes to.
    def fails_at_once(self, *arguments):
        result = self.run_daylight(*arguments, code=2)
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr)

    def test_outputs_that_fail(self):
        for command in (("policy", "check"), ("inventory",)):
            self.fails_at_once(*command, "--root", self.root, "-o", self.folder / "none/report")
            self.fails_at_once(*command, "--root", self.root, "-o", self.folder)
            self.fails_at_once(*command, "--root", self.root, "-o", "/dev/full")
            for out in ("/dev/full",):
                with open(out, "wb") as full:
                    result = subprocess.run([DAYLIGHT, *command, "--root", self.root], stdout=full, timeout=100,
                                            stderr=subprocess.PIPE, check=False)
                self.assertEqual(result.returncode, 2)
                self.assertIn(b"No space left", result.stderr)
            read, write = os.pipe()
            os.close(read)
            result = subprocess.run([DAYLIGHT, *command, "--root", self.root], stdout=write, stderr=subprocess.PIPE,
                                    timeout=100, check=False)
            os.close(write)
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"Broken pipe", result.stderr)

    def test_keys_that_are_none_fail_before_the_survey(self):
        report = self.folder / "report.json"
        key = self.folder / "key"
        key.write_text("no key")
        key.chmod(0o600)
        for name in (key, self.folder / "none", self.folder):
            self.fails_at_once("policy", "check", "--root", "/nonexistent", "-o", report, "--sign", name)
            self.assertFalse(report.exists())

    @unittest.skipUnless(shutil.which("openssl"), "openssl not installed")
    def test_a_report_and_its_signature(self):
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        key.chmod(0o600)
        public = self.folder / "public.pem"
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
        report = self.folder / "report.json"
        report.write_text("an older one")
        report.chmod(0o640)
        signature = self.folder / "report.json.sig"
        for _ in range(2):
            self.run_daylight("policy", "check", "--root", self.root, "--format", "json", "-o", report, "--sign", key,
                              code=0)
            self.run_daylight("policy", "verify", report, "--key", public, code=0)
        self.assertEqual(report.stat().st_mode & 0o777, 0o640)
        self.assertEqual(sorted(one.name for one in self.folder.iterdir()),
                         ["key.pem", "public.pem", "report.json", "report.json.sig", "root"])
        # Where the signature cannot be written neither is the report.
        before = report.read_bytes()
        signature.unlink()
        signature.mkdir()
        self.fails_at_once("policy", "check", "--root", self.root, "-o", report, "--sign", key)
        self.assertEqual(report.read_bytes(), before)

    def test_links_pipes_and_old_files(self):
        target = self.folder / "elsewhere/report"
        target.parent.mkdir()
        target.write_text("x" * 100000)
        link = self.folder / "report"
        link.symlink_to("elsewhere/report")
        self.run_daylight("inventory", "--root", self.root, "--format", "spdx", "-o", link, code=0)
        self.assertTrue(link.is_symlink())
        json.loads(target.read_text())
        result = self.run_daylight("inventory", "--root", self.root, "--format", "spdx", "-o", "/dev/stdout", code=0)
        json.loads(result.stdout)

    def test_interrupted(self):
        pipe = self.folder / "worker"
        pipe.symlink_to(BIN / "lying_worker")
        samples.write(self.root, {f"a/{i}.deb": "!<arch>\ndebian-binary   \nORDER HANG\n" for i in range(3)})
        report = self.folder / "report.json"
        for command in (("policy", "check", "--format", "json"), ("inventory", "--format", "spdx", "--deep")):
            process = subprocess.Popen([DAYLIGHT, *command, "--root", self.root, self.root, "-o", report],
                                       env={**os.environ, "DAYLIGHT_WORKER": str(BIN / "lying_worker")},
                                       stderr=subprocess.PIPE)
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 2, errors)
            self.assertIn(b"interrupted", errors)
            json.loads(report.read_text())


class WorkerTest(Case):
    """The trusted side against a worker that lies: it costs the file that it was about, and nothing else."""

    def ask(self, orders, *arguments, code=2, command=("policy", "check", "--format", "json")):
        for name, order in orders.items():
            samples.write(self.root, {name + ".deb": f"!<arch>\ndebian-binary   \nORDER {order}\n"})
        result = self.run_daylight(*command, "--root", self.root, *arguments, code=code,
                                   environment={"DAYLIGHT_WORKER": str(BIN / "lying_worker")})
        return json.loads(result.stdout) if command[0] == "policy" else result

    def assert_only(self, report, *names):
        self.assertEqual({one["path"] for one in report["unread"]}, {name + ".deb" for name in names}, report["unread"])

    def around(self, order):
        """The order between others that are good."""
        orders = {f"a{i:02}": "TELL fine" for i in range(20)}
        orders.update({"b": order, "c": "TELL kesl"})
        orders.update({f"d{i:02}": "TELL fine" for i in range(20)})
        return orders

    def test_lies_and_deaths(self):
        for order in ("CRASH", "GARBAGE", "STRANGER", "GAP", "HALF"):
            for threads in (1, 3):
                with self.subTest(order=order, threads=threads):
                    report = self.ask(self.around(order), "--threads", threads, code=None)
                    self.assert_only(report, "b")
                    self.assertEqual(report["failures"], [])
                    counts = report["targets"][0]["counts"]
                    self.assertEqual(counts["packages (dpkg)"], 42 if order == "HALF" else 41)
                    self.assertTrue(any(one["entity"] == "kaspersky" for one in report["findings"]))

    def test_answers_out_of_turn(self):
        for order in ("AHEAD", "TWICE"):
            with self.subTest(order=order):
                report = self.ask({"a": "TELL fine", "b": order}, "--threads", 1, code=None)
                self.assertTrue(report["unread"] or order == "TWICE")  # Of the second nobody hears any more.
                self.assertLessEqual({one["path"] for one in report["unread"]}, {"b.deb"})

    def test_a_worker_that_leaves_costs_nothing(self):
        report = self.ask({f"{i:02}": "LATER" for i in range(30)}, "--threads", 1, code=None)
        self.assertLessEqual(len(report["unread"]), 30)
        self.assertEqual(report["failures"], [])

    def test_timeouts(self):
        for order in ("HANG", "NEVER", "ENDLESS"):
            with self.subTest(order=order):
                report = self.ask(self.around(order), "--threads", 2, "--timeout", "2s", code=None)
                self.assertEqual(self.unread(report), {"b.deb": "timeout"})
                self.assertGreaterEqual(report["targets"][0]["counts"]["packages (dpkg)"], 41)

    def test_endless_pieces_do_not_fill_the_inventory(self):
        import resource
        self.ask({"a": "ENDLESS", "b": "TELL good"}, "--deep", "--timeout", "8s", "--format", "cyclonedx",
                 command=("inventory",))
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 3 << 20)

    def test_fifty_deaths_are_a_failure(self):
        report = self.ask({f"{i:03}": "CRASH" for i in range(120)}, "--threads", 2)
        self.assertEqual(len(report["failures"]), 1)
        self.assertIn("workers end by themselves", report["failures"][0])
        self.assertEqual(len(report["unread"]), 120)

    def test_paths_out_of_the_root_are_not_hashed(self):
        report = self.ask({"a": "CLIMB"})
        self.assert_only(report, "a")  # Nor is a word believed of what lies elsewhere than the file that it was given.
        for finding in report["findings"]:
            for evidence in finding["evidence"]:
                self.assertEqual(evidence["sha256"], "")

    def test_no_worker_at_all(self):
        samples.write(self.root, {"a.deb": "!<arch>\ndebian-binary   ", KESL: samples.ELF})
        for program in ("/nonexistent", "/bin/true", "/dev/null"):
            report = self.check("--root", self.root, environment={"DAYLIGHT_WORKER": program})
            self.assertTrue(report["failures"] or report["unread"])
            self.assertEqual(self.best(report), "installed")  # By its place, which needs none.


if __name__ == "__main__":
    sys.exit(unittest.main())
