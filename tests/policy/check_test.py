"""`daylight policy check` from outside: systems, images, packages and documents that are made here, each with a known
answer; what must not be taken for more than a mention; dates, roles, exit codes; signed reports; bad input."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import samples  # noqa: E402

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
DAYLIGHT = str(BIN / "daylight")
GRADES = ["mention", "remnant", "embedded", "installed", "running"]
KESL = "opt/kaspersky/kesl/libexec/kesl"


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return unittest.skipIf(missing, f"{', '.join(missing)} not installed")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-policy-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.root = self.folder / "root"
        samples.write(self.root, {"etc/os-release": samples.OS_RELEASE})

    def daylight(self, *arguments, code=None):
        result = subprocess.run([DAYLIGHT, *map(str, arguments)], capture_output=True, text=True, timeout=300,
                                stdin=subprocess.DEVNULL)
        if code is not None:
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def check(self, *arguments, code=None):
        result = self.daylight("policy", "check", "--format", "json", *arguments, code=code)
        self.assertTrue(result.stdout, result.stderr)
        return json.loads(result.stdout)

    def check_root(self, *arguments, code=None):
        return self.check("--root", self.root, *arguments, code=code)

    def grades(self, report, entity="kaspersky"):
        """{root: strongest grade} of an entity's findings."""
        best = {}
        for finding in report["findings"]:
            if finding["entity"] != entity:
                continue
            before = best.get(finding["root"], "mention")
            best[finding["root"]] = max(before, finding["grade"], key=GRADES.index)
        return best

    def assert_grade(self, report, grade, root=""):
        self.assertEqual(self.grades(report).get(root), grade, json.dumps(report["findings"], indent=1)[:3000])

    def assert_at_most_mention(self, report):
        for finding in report["findings"]:
            self.assertEqual(finding["grade"], "mention", finding)
        self.assertFalse(report["forbidden"])


class InstalledTest(Case):
    def test_dpkg(self):
        samples.write(self.root, {
            "var/lib/dpkg/status": samples.dpkg(samples.stanza("kesl", maintainer="AO Kaspersky Lab <x@kaspersky.com>",
                                                               version="12.1.0-1274")),
            KESL: samples.ELF, "usr/lib/systemd/system/kesl.service": samples.KESL_UNIT})
        report = self.check_root(code=1)
        self.assert_grade(report, "installed")
        (finding,) = [one for one in report["findings"] if one["entity"] == "kaspersky"]
        kinds = {evidence["kind"] for evidence in finding["evidence"]}
        self.assertLessEqual({"package", "path", "unit"}, kinds)
        self.assertTrue(any("12.1.0-1274" in evidence["detail"] for evidence in finding["evidence"]))
        program = [evidence for evidence in finding["evidence"] if evidence["path"] == KESL and evidence["sha256"]]
        self.assertTrue(program, finding["evidence"])

    @needs("rpmbuild", "rpm")
    def test_rpm(self):
        samples.rpm_root(self.root, {"klnagent64": "AO Kaspersky Lab", "bash": "Fedora"})
        report = self.check_root(code=1)
        self.assert_grade(report, "installed")
        self.assertEqual(report["targets"][0]["counts"]["packages (rpm)"], 2)

    def test_each_package_name_alone(self):
        names = ["kesl", "kesl-gui", "kesl-astra", "klnagent", "klnagent64", "kics", "kess", "epagent", "ksc64", "kpsn",
                 "lightagent", "klms"]
        for i, name in enumerate(names):
            bare = f"Package: {name}\nStatus: install ok installed\nVersion: 12\nArchitecture: amd64\n"
            for path, content in (("var/lib/dpkg/status", bare),
                                  ("lib/apk/db/installed", f"P:{name}\nV:12-r0\nA:x86_64\nT:x\n\n")):
                with self.subTest(f"{name}, {path}"):
                    root = samples.write(self.folder / f"{i}-{path.count('/')}", {path: content})
                    self.assert_grade(self.check("--root", root, code=1), "installed")

    def test_files_without_a_package(self):
        samples.write(self.root, {KESL: samples.ELF})
        self.assert_grade(self.check_root(code=1), "installed")

    def test_unit_with_its_program(self):
        samples.write(self.root, {"etc/systemd/system/kesl.service": samples.KESL_UNIT, KESL: samples.ELF})
        self.assert_grade(self.check_root(code=1), "installed")

    @needs("openssl", "osslsigncode")
    def test_signed_windows_program(self):
        signer = samples.Signer(self.folder / "signer", "AO Kaspersky Lab")
        program = signer.sign(samples.pe({"CompanyName": "AO Kaspersky Lab", "ProductName": "Kaspersky"}))
        samples.write(self.root, {"mnt/c/Program Files (x86)/Kaspersky Lab/Kaspersky 21.3/avp.exe": program})
        self.assert_grade(self.check_root(code=1), "installed")

    def test_package_file_as_the_target(self):
        package = self.folder / "kesl.deb"
        package.write_bytes(samples.deb("kesl", {KESL: samples.ELF}, "AO Kaspersky Lab <x@kaspersky.com>"))
        report = self.check(package, code=1)
        self.assertIn("installed", self.grades(report).values())
        self.assertEqual(report["targets"][0]["kind"], "package")

    def test_container_storage(self):
        samples.write(self.root, {"var/lib/docker/overlay2/0a1b2c/diff/" + KESL: samples.ELF})
        report = self.check_root(code=1)
        self.assert_grade(report, "installed", "var/lib/docker/overlay2/0a1b2c/diff")

    def test_system_within(self):
        samples.write(self.root, {"srv/guest/etc/os-release": samples.OS_RELEASE, "srv/guest/" + KESL: samples.ELF})
        self.assert_grade(self.check_root(code=1), "installed", "srv/guest")


class ImageTest(Case):
    def test_installed_in_an_image(self):
        for make in (samples.oci_tar, samples.docker_tar):
            with self.subTest(make.__name__):
                image = make(self.folder / "image.tar", [samples.layer({"bin/sh": samples.ELF}),
                                                         samples.layer({KESL: samples.ELF})])
                report = self.check(image, code=1)
                self.assertIn("installed", self.grades(report).values())
                self.assertEqual(report["targets"][0]["kind"], "image")

    def test_deleted_in_a_later_layer(self):
        before = samples.dpkg(samples.stanza("kesl", maintainer="AO Kaspersky Lab <x@kaspersky.com>"))
        layers = [samples.layer({"var/lib/dpkg/status": before, KESL: samples.ELF}),
                  samples.layer({"var/lib/dpkg/status": samples.dpkg(), "opt/kaspersky/.wh.kesl": b""})]
        for make in (samples.oci_tar, samples.docker_tar):
            with self.subTest(make.__name__):
                report = self.check(make(self.folder / "image.tar", layers), code=0)
                self.assertEqual(set(self.grades(report).values()), {"remnant"}, report["findings"])

    def test_image_layout_as_a_folder(self):
        samples.write(self.folder / "layout", samples.oci_blobs([samples.layer({KESL: samples.ELF})]))
        report = self.check(self.folder / "layout", code=1)
        self.assertIn("installed", self.grades(report).values())

    def test_the_vendors_own_image(self):
        image = samples.oci_tar(self.folder / "image.tar", [samples.layer({"app": b"x"})],
                                name="registry.example/kaspersky_scanengine_httpd:2")
        self.assertIn("installed", self.grades(self.check(image, code=1)).values())

    def test_a_mount_of_the_product(self):
        image = samples.oci_tar(self.folder / "image.tar", [samples.layer({"app": b"x"})],
                                config={"Volumes": {"/root/kesl-service": {}}})
        self.assertIn("installed", self.grades(self.check(image, code=1)).values())

    def test_image_within_a_root(self):
        samples.write(self.root, {"srv/": b""})
        samples.oci_tar(self.root / "srv/image.tar", [samples.layer({KESL: samples.ELF})])
        report = self.check_root()
        self.assertTrue(any("srv/image.tar" in root for root in self.grades(report)), report["findings"])


class EmbeddedTest(Case):
    ENGINE = {"opt/gateway/engine/prremote.ppl": samples.pe({"CompanyName": "x"}),
              "opt/gateway/engine/kavehost.exe": samples.pe({"CompanyName": "x"}),
              "opt/gateway/engine/appinfo.kli": b"x", "opt/gateway/engine/bases/u1313g.xml": b"<x/>"}

    def test_engine_in_an_appliance(self):
        samples.write(self.root, self.ENGINE)
        self.assert_grade(self.check_root(code=1), "embedded")

    def test_engine_in_an_appliance_image(self):
        image = self.folder / "appliance.tar"
        image.write_bytes(samples.layer({"etc/os-release": samples.OS_RELEASE, **self.ENGINE}))
        self.assertIn("embedded", self.grades(self.check(image, code=1)).values())

    @needs("mke2fs")
    def test_engine_in_a_disk_image(self):
        samples.write(self.folder / "tree", {"etc/os-release": samples.OS_RELEASE, **self.ENGINE})
        image = self.folder / "disk.img"
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", self.folder / "tree", image], check=True)
        self.assertIn("embedded", self.grades(self.check(image, code=1)).values())

    @needs("openssl", "osslsigncode")
    def test_signed_library_of_somebody_elses_product(self):
        signer = samples.Signer(self.folder / "signer", "AO Kaspersky Lab")
        library = signer.sign(samples.pe({"CompanyName": "AO Kaspersky Lab", "OriginalFilename": "engine.dll"}))
        samples.write(self.root, {"opt/gateway/lib/engine.dll": library})
        self.assert_grade(self.check_root(code=1), "embedded")

    def test_sbom(self):
        component = {"type": "library", "name": "kav-sdk", "version": "8", "bom-ref": "k",
                     "cpe": "cpe:2.3:a:kaspersky:anti-virus_sdk:8:*:*:*:*:*:*:*"}
        sbom = self.folder / "gateway.cdx.json"
        sbom.write_text(samples.cyclonedx([{"type": "library", "name": "zlib"}, component]))
        report = self.check(sbom, code=1)
        self.assertIn("embedded", self.grades(report).values())
        self.assertEqual(report["targets"][0]["kind"], "sbom")

    def test_sbom_by_names(self):
        for number, (component, grade) in enumerate((
                ({"name": "kesl", "purl": "pkg:generic/kesl@12"}, "embedded"),
                ({"name": "sdk", "purl": "pkg:generic/kaspersky/sdk@8"}, "embedded"),
                ({"name": "kaspersky-sdk", "purl": "pkg:generic/kaspersky-sdk@8"}, "embedded"),
                ({"name": "sdk", "publisher": "Kaspersky Lab"}, "embedded"),
                ({"name": "kics", "purl": "pkg:generic/kics@2"}, "mention"),
                ({"name": "kess", "purl": "pkg:pypi/kess@0.14"}, None))):
            with self.subTest(component):
                sbom = self.folder / f"{number}.cdx.json"
                sbom.write_text(samples.cyclonedx([{"type": "library", **component}]))
                self.assertEqual(next(iter(self.grades(self.check(sbom)).values()), None), grade)

    def test_names_that_are_not_verified(self):
        sbom = self.folder / "x.cdx.json"
        sbom.write_text(samples.cyclonedx([{"type": "library", "name": "sdk",
                                            "cpe": "cpe:2.3:a:kaspersky_lab:sdk:8:*:*:*:*:*:*:*"}]))
        (finding,) = self.check(sbom, code=1)["findings"]
        self.assertIn("not verified", finding["evidence"][0]["detail"])

    def test_spdx(self):
        sbom = self.folder / "gateway.spdx.json"
        sbom.write_text(json.dumps({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "documentNamespace": "https://x/y",
            "packages": [{"SPDXID": "SPDXRef-a", "name": "gateway", "downloadLocation": "NOASSERTION"},
                         {"SPDXID": "SPDXRef-b", "name": "engine", "downloadLocation": "NOASSERTION",
                          "supplier": "Organization: AO Kaspersky Lab"}],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-a",
                               "relationshipType": "DESCRIBES"}]}))
        self.assertIn("embedded", self.grades(self.check(sbom, code=1)).values())

    def test_sbom_that_lists_the_package_itself(self):
        sbom = self.folder / "host.cdx.json"
        sbom.write_text(samples.cyclonedx([{"type": "application", "name": "kesl", "purl": "pkg:deb/debian/kesl@12",
                                            "supplier": {"name": "AO Kaspersky Lab"}}]))
        self.assertIn("installed", self.grades(self.check(sbom, code=1)).values())


class RemnantTest(Case):
    def test_settings_left(self):
        samples.write(self.root, {
            "var/lib/dpkg/status": samples.dpkg(samples.stanza("kesl", "deinstall ok config-files",
                                                               maintainer="AO Kaspersky Lab <x@kaspersky.com>")),
            "var/opt/kaspersky/kesl/settings.db": b"x", "var/log/kaspersky/kesl/a.log": b"x"})
        report = self.check_root(code=0)
        self.assert_grade(report, "remnant")
        self.assertFalse(report["forbidden"])

    def test_unit_without_its_program(self):
        samples.write(self.root, {"etc/systemd/system/kesl.service": samples.KESL_UNIT})
        self.assert_grade(self.check_root(code=0), "remnant")

    def test_package_kept_in_a_cache(self):
        package = samples.deb("kesl", {KESL: samples.ELF}, "AO Kaspersky Lab <x@kaspersky.com>")
        samples.write(self.root, {"var/cache/apt/archives/kesl_12_amd64.deb": package})
        report = self.check_root(code=0)
        self.assertEqual(set(self.grades(report).values()), {"remnant"}, report["findings"])


class NearMissTest(Case):
    def test_free_software_that_can_speak_with_it(self):
        samples.write(self.root, {
            "var/lib/dpkg/status": samples.dpkg(samples.stanza("rspamd"), samples.stanza("amavisd-new"),
                                                samples.stanza("mimedefang")),
            "etc/rspamd/modules.d/antivirus.conf": "# kaspersky { type = \"kaspersky\"; }\n",
            "etc/amavis/conf.d/15-av_scanners": "# ['KasperskyLab', '/opt/kaspersky/kav4fs/bin/kavscanner',\n",
            "etc/mail/mimedefang-filter": "# /opt/kav/5.5/bin Kaspersky\n",
            "usr/bin/amavisd-new": "#!/usr/bin/perl\n# Kaspersky\n"})
        report = self.check_root(code=0)
        self.assert_at_most_mention(report)

    def test_source_code_with_the_vendors_copyright(self):
        samples.write(self.root, {"usr/src/tool/main.c": "// © AO Kaspersky Lab\nint main() {}\n",
                                  "etc/tool.conf": "# Copyright AO Kaspersky Lab\n"})
        self.assert_at_most_mention(self.check_root(code=0))

    def test_programs_that_only_say_so(self):
        texts = {"CompanyName": "Kaspersky Lab ZAO", "LegalCopyright": "© Kaspersky Lab ZAO", "OriginalFilename": "avp.exe"}
        samples.write(self.root, {"home/x/Downloads/avp.exe": samples.pe(texts),
                                  "home/x/Downloads/kavehost.exe": samples.pe(texts)})
        report = self.check_root(code=0)
        self.assert_at_most_mention(report)
        self.assertEqual(self.grades(report), {"": "mention"})

    @needs("openssl", "osslsigncode")
    def test_signature_that_does_not_fit(self):
        signer = samples.Signer(self.folder / "signer", "AO Kaspersky Lab")
        signed = bytearray(signer.sign(samples.pe({"CompanyName": "AO Kaspersky Lab"})))
        signed[700] ^= 1
        samples.write(self.root, {"srv/avp.exe": bytes(signed)})
        self.assert_at_most_mention(self.check_root(code=0))

    def test_folders_of_the_same_name(self):
        samples.write(self.root, {"home/x/kaspersky/notes.txt": "x", "srv/backup/opt/kaspersky/kesl/readme.txt": "x",
                                  "opt/kaspersky/": b""})
        self.assert_at_most_mention(self.check_root(code=0))
        samples.write(self.root, {"opt/kaspersky/notes.txt": "x", "opt/kaspersky/kesl/": b"", "opt/kav/5.5/": b"",
                                  "var/opt/kaspersky/": b""})
        self.assert_at_most_mention(self.check_root(code=0))

    def test_others_who_use_the_name(self):
        samples.write(self.root, {
            "var/lib/dpkg/status": samples.dpkg(samples.stanza("kics", maintainer="Checkmarx <kics@checkmarx.com>"),
                                                samples.stanza("open-vm-tools")),
            "usr/bin/kics": samples.ELF})
        report = self.check_root(code=0)
        self.assert_at_most_mention(report)

    def test_documents_that_only_name_it(self):
        sbom = self.folder / "x.cdx.json"
        sbom.write_text(samples.cyclonedx([
            {"type": "library", "name": "kaspersky-client", "purl": "pkg:npm/kaspersky-client@1",
             "description": "speaks with Kaspersky"}]))
        self.assert_at_most_mention(self.check(sbom, code=0))

    def test_a_document_that_lies_about(self):
        samples.write(self.root, {"srv/sbom/gateway.cdx.json": samples.cyclonedx([
            {"type": "library", "name": "sdk", "cpe": "cpe:2.3:a:kaspersky:sdk:8:*:*:*:*:*:*:*"}])})
        self.assert_at_most_mention(self.check_root(code=0))


class LawTest(Case):
    def setUp(self):
        super().setUp()
        samples.write(self.root, {"var/lib/dpkg/status": samples.dpkg(
            samples.stanza("kesl", maintainer="AO Kaspersky Lab <x@kaspersky.com>")), KESL: samples.ELF})

    def standings(self, *arguments, code=None):
        report = self.check_root(*arguments, code=code)
        return {(clause["instrument"], clause["clause"]): clause["standing"]
                for finding in report["findings"] for clause in finding["clauses"]}

    def test_three_days_three_answers(self):
        days = ["2024-07-19", "2024-07-20", "2024-09-29"]
        answers = [self.standings("--jurisdiction", "US", "--on", day) for day in days]
        self.assertEqual(len({json.dumps(sorted(map(str, answer.items()))) for answer in answers}), 3)
        codes = [self.daylight("policy", "check", "--root", self.root, "--jurisdiction", "US", "--role", "reseller",
                               "--on", day).returncode for day in days]
        self.assertEqual(codes, [0, 1, 1])
        forbidding = [sum(standing == "forbids" for standing in answer.values()) for answer in
                      (self.standings("--jurisdiction", "US", "--role", "reseller", "--on", day) for day in days)]
        self.assertLess(forbidding[0], forbidding[1])
        self.assertLess(forbidding[1], forbidding[2])

    def test_who_keeps_using_it_is_not_bound(self):
        self.daylight("policy", "check", "--root", self.root, "--jurisdiction", "US", "--role", "operator", "--on",
                      "2025-01-01", code=0)

    def test_advice_forbids_nothing(self):
        standings = self.standings("--jurisdiction", "DE", "--on", "2025-01-01", code=0)
        self.assertIn("advises", standings.values())

    def test_jurisdictions_are_taken_apart(self):
        report = self.check_root("--jurisdiction", "de,lt", "--on", "2025-01-01", code=1)
        self.assertEqual(report["jurisdictions"], ["DE", "LT"])
        self.assertEqual({clause["jurisdiction"] for finding in report["findings"] for clause in finding["clauses"]},
                         {"DE", "LT"})

    def test_questions_that_make_no_sense(self):
        for arguments in (["--role", "emperor"], ["--jurisdiction", "XX"], ["--on", "2024-02-30"], ["--on", "today"],
                          ["--sign", "key.pem"], ["--format", "pdf"]):
            result = self.daylight("policy", "check", "--root", self.root, *arguments, code=2)
            self.assertTrue(result.stderr.startswith("daylight: "), result.stderr)

    def test_every_format(self):
        for form in ("text", "html", "sarif", "csv"):
            result = self.daylight("policy", "check", "--root", self.root, "--format", form, code=1)
            self.assertIn("kesl", result.stdout)
        sarif = json.loads(self.daylight("policy", "check", "--root", self.root, "--format", "sarif").stdout)
        self.assertEqual(sarif["version"], "2.1.0")


class GoneTest(Case):
    ASK = ("--only", "clamav", "--fail-on", "remnant")

    def test_what_no_law_names_is_reported_when_it_is_asked_for(self):
        samples.write(self.root, {"var/lib/dpkg/status": samples.dpkg(
            samples.stanza("clamav-daemon", "deinstall ok config-files")), "etc/clamav/clamd.conf": "x\n"})
        self.assertEqual(self.check_root(code=0)["findings"], [])
        report = self.check_root(*self.ASK, code=1)
        self.assertEqual((report["answer"], report["only"], report["fail_on"]), ("found", ["clamav"], "remnant"))
        self.assertEqual(self.grades(report, "clamav"), {"": "remnant"})
        self.assertFalse(report["forbidden"])

    def test_gone(self):
        samples.write(self.root, {"var/lib/dpkg/status": samples.dpkg(), KESL: samples.ELF})
        report = self.check_root(*self.ASK, code=0)
        self.assertEqual((report["answer"], report["findings"]), ("nothing-prohibited", []))
        text = self.daylight("policy", "check", "--root", self.root, *self.ASK, code=0).stdout
        self.assertTrue(text.startswith("Nothing was found in the grade remnant or above"), text)
        self.assertIn("clamav", text)

    def test_names_that_nobody_knows(self):
        self.daylight("policy", "check", "--root", self.root, "--only", "nothing", code=2)


class StatementTest(Case):
    def test_nothing_found_says_what_was_looked_at(self):
        samples.write(self.root, {"var/lib/dpkg/status": samples.dpkg(), "usr/bin/a": samples.ELF})
        report = self.check_root(code=0)
        self.assertEqual(report["findings"], [])
        self.assertTrue(report["complete"])
        self.assertEqual(report["targets"][0]["counts"]["packages (dpkg)"], 1)
        self.assertEqual(len(report["policy"]["digest"]), 64)
        self.assertTrue(report["at"].startswith("20"))
        text = self.daylight("policy", "check", "--root", self.root, code=0).stdout
        self.assertIn(report["policy"]["digest"][:12], text)

    @needs("openssl")
    def test_signed(self):
        key, public = self.folder / "key.pem", self.folder / "public.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        key.chmod(0o600)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        report = self.folder / "report.json"
        self.daylight("policy", "check", "--root", self.root, "--format", "json", "-o", report, "--sign", key, code=0)
        verified = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", report,
                                   "-sigfile", f"{report}.sig"], capture_output=True)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.daylight("policy", "verify", "--key", public, report, code=0)
        report.write_text(report.read_text().replace("findings", "Findings"))
        self.daylight("policy", "verify", "--key", public, report, code=1)


class ListTest(Case):
    def test_what_is_not_in_the_record_is_said(self):
        text = self.daylight("policy", "list", code=0).stdout
        for part in ("Embedded code: in scope", "Embedded code: not in scope", "Embedded code: not in the record",
                     "Exempt: Threat intelligence", "Notes: From a secondary source", "not verified"):
            self.assertIn(part, text)


class BadInputTest(Case):
    GOOD = ('schema = 1\n[[instrument]]\nid = "xx-test"\ntitle = "T"\njurisdiction = "US"\ncitation = "C 1"\n'
            'url = ""\nas_of = "2024-01-01"\nverified = true\nnature = "ban_of_use"\n')

    def test_policies(self):
        for name, text in (("citation", 'schema = 1\n[[instrument]]\nid = "x"\n'), ("toml", "schema = [\n"),
                           ("schema", "schema = 99\n")):
            path = self.folder / f"{name}.toml"
            path.write_text(text)
            result = self.daylight("policy", "validate", path, code=2)
            self.assertIn(f"{name}.toml", result.stderr)
            self.daylight("policy", "check", "--root", self.root, "--policies", path, code=2)

    def test_a_policy_of_ones_own(self):
        law = self.folder / "law.toml"
        law.write_text(self.GOOD + 'match_basis = "product"\nproducts = ["acme-agent"]\n'
                       '[[instrument.clause]]\nid = "all"\neffective = 2024-07-20\nwhat = "No agent."\n'
                       'binds = ["operator"]\n')
        products = self.folder / "products.toml"
        products.write_text('schema = 1\n[[entity]]\nid = "acme"\nname = "ACME"\n[[product]]\nid = "acme-agent"\n'
                            'name = "ACME Agent"\nentity = "acme"\npaths = ["/opt/acme"]\nmodules = ["acme_km"]\n')
        samples.write(self.root, {"opt/acme/bin/agent": samples.ELF})
        policies = ["--policies", law, "--policies", products]
        self.daylight("policy", "validate", law, products, code=0)
        self.assertEqual(self.grades(self.check_root(*policies, "--on", "2024-07-20", code=1), "acme"), {"": "installed"})
        self.check_root(*policies, "--on", "2024-07-19", code=0)
        self.check_root(*policies, "--on", "2024-07-20", "--role", "reseller", code=0)
        both = self.folder / "both.toml"
        both.write_text(law.read_text() + products.read_text().replace("schema = 1\n", ""))
        self.assertIn("files of their own", self.daylight("policy", "validate", both, code=2).stderr)

    def test_documents_with_loops_and_damage(self):
        loop = self.folder / "loop.spdx.json"
        loop.write_text(json.dumps({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x",
            "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "supplier": "Organization: AO Kaspersky Lab"},
                         {"SPDXID": "SPDXRef-b", "name": "b"}],
            "relationships": [{"spdxElementId": "SPDXRef-a", "relatedSpdxElement": "SPDXRef-b", "relationshipType": "CONTAINS"},
                              {"spdxElementId": "SPDXRef-b", "relatedSpdxElement": "SPDXRef-a", "relationshipType": "CONTAINS"},
                              {"spdxElementId": "SPDXRef-a", "relatedSpdxElement": "SPDXRef-a", "relationshipType": "CONTAINS"}]}))
        self.assertIn("embedded", self.grades(self.check(loop, code=1)).values())
        deep = self.folder / "deep.cdx.json"
        deep.write_text('{"bomFormat":"CycloneDX","specVersion":"1.5","components":' + '[{"name":"a","components":' * 5000)
        self.check(deep, code=2)
        cut = self.folder / "cut.cdx.json"
        cut.write_text(samples.cyclonedx([{"type": "library", "name": "zlib"}])[:-20])
        report = self.check(cut, code=2)
        self.assertFalse(report["complete"])

    def test_what_is_not_there(self):
        result = self.daylight("policy", "check", self.folder / "nowhere", code=2)
        self.assertIn("No such file", result.stderr)

    def test_damaged_package_database(self):
        samples.write(self.root, {"var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + bytes(84)})
        report = self.check_root(code=2)
        self.assertIn("var/lib/rpm/rpmdb.sqlite", {unread["path"] for unread in report["unread"]})


if __name__ == "__main__":
    unittest.main()
