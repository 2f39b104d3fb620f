"""`daylight inventory` against what the package managers themselves say, package by package."""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import harness


# States that dpkg abbreviates: wanted, then status. Those whose files are there, at least in part.
INSTALLED = "iHUFWt"
SPEC = """
Name: {name}
Version: {version}
Release: {release}
{epoch}
Summary: A package for a test
License: MIT
BuildArch: noarch
%description
Nothing.
%files
"""


class InventoryTest(harness.Case):
    worker = None

    def inventory(self, *arguments):
        result = self.run_daylight("inventory", *arguments, timeout=600)
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result.stdout.decode("utf-8")

    def cyclonedx(self, *arguments):
        """(origin, name, version, architecture) of each component, counted."""
        document = json.loads(self.inventory("--format", "cyclonedx", *arguments))
        self.assertEqual((document["bomFormat"], document["specVersion"]), ("CycloneDX", "1.5"))
        counts = collections.Counter()
        for component in document["components"]:
            properties = {p["name"]: p["value"] for p in component.get("properties", [])}
            # Systems within the target have a root of their own.
            if "daylight:database" in properties and "daylight:root" not in properties:
                counts[properties["daylight:origin"], component["name"], component.get("version", ""),
                       properties.get("daylight:architecture", "")] += 1
        return counts

    def spdx(self, *arguments):
        """The same from SPDX, where the architecture is in the package URL only."""
        document = json.loads(self.inventory("--format", "spdx", *arguments))
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        counts = collections.Counter()
        for package in document["packages"]:
            for origin in ("dpkg", "rpm"):
                source = package.get("sourceInfo", "")
                if f"daylight:origin={origin}" in source and "daylight:root=" not in source:
                    counts[origin, package["name"], package["versionInfo"]] += 1
        return counts

    def text(self, *arguments):
        """(state, system, name, version, architecture) of each line."""
        # A line with "#" begins each place: the first is the target itself.
        first = self.inventory("--format", "text", *arguments).split("\n#")[0]
        lines = [line.split() for line in first.splitlines()]
        return [tuple(line[:5]) for line in lines if line and line[0] != "#"]

    def dpkg(self, *options):
        fields = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n"
        output = subprocess.run(["dpkg-query", *options, "-W", "-f", fields], check=True, stdout=subprocess.PIPE).stdout
        return [tuple(line.split("\t")) for line in output.decode().splitlines()]

    def compare_with_dpkg(self, packages, arguments):
        there = [p for p in packages if p[0][1] in INSTALLED]
        self.assertTrue(there)
        expected = collections.Counter(("dpkg", name, version, arch) for _, name, version, arch in there)
        found = self.cyclonedx(*arguments)
        self.assertEqual({k: n for k, n in found.items() if k[0] == "dpkg"}, expected)
        spdx = {k: n for k, n in self.spdx(*arguments).items() if k[0] == "dpkg"}
        self.assertEqual(spdx, collections.Counter(key[:3] for key in expected.elements()))
        lines = self.text(*arguments)
        self.assertEqual(collections.Counter(l[1:] for l in lines if l[0] in ("ii", "broken") and l[1] == "dpkg"), expected)
        self.assertEqual(sorted(l[2:] for l in lines if l[:2] == ("rc", "dpkg")),
                         sorted(p[1:] for p in packages if p[0][1] == "c"))

    @unittest.skipUnless(shutil.which("dpkg-query") and os.path.exists("/var/lib/dpkg/status"), "no dpkg here")
    def test_this_machine_as_dpkg_has_it(self):
        self.compare_with_dpkg(self.dpkg(), [])

    def test_what_stands_beside_is_read_too(self):
        # A flatpak's origin and version are in a GVariant beside its metadata.
        app = self.folder / "root/var/lib/flatpak/app/org.example.App/x86_64/stable/0123abcd"
        app.mkdir(parents=True)
        (app / "metadata").write_text("[Application]\nname=org.example.App\n")
        (app / "deploy").write_bytes(b"flathub\x000123456\0" + b"appdata-version\0" + b"2.10.36\0\0s")
        document = json.loads(self.inventory("--format", "cyclonedx", "--root", str(self.folder / "root")))
        (component,) = document["components"]
        self.assertEqual((component["name"], component["version"]), ("org.example.App", "2.10.36"))
        self.assertIn("flathub", json.dumps(component))

    @unittest.skipUnless(shutil.which("dpkg-query") and os.path.exists("/var/lib/dpkg/status"), "no dpkg here")
    def test_another_root_as_dpkg_has_it(self):
        root = self.folder / "root"
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "etc").mkdir()
        shutil.copy("/var/lib/dpkg/status", root / "var/lib/dpkg/status")
        with open(root / "var/lib/dpkg/status", "a", encoding="utf-8") as status:
            status.write("Package: left-over\nStatus: deinstall ok config-files\nVersion: 2:1.0-1\nArchitecture: all\n"
                         "Maintainer: Example <a@example.org>\nDescription: gone\n\n")
        (root / "etc/os-release").write_text('ID=exampleos\nVERSION_ID="7"\nNAME="Example"\nPRETTY_NAME="Example 7"\n')
        packages = self.dpkg(f"--admindir={root}/var/lib/dpkg")
        self.assertIn("left-over", [p[1] for p in packages])
        self.compare_with_dpkg(packages, ["--root", str(root)])
        document = json.loads(self.inventory("--format", "cyclonedx", "--root", str(root)))
        self.assertEqual(document["metadata"]["component"]["name"], "Example 7")
        urls = [c["purl"] for c in document["components"] if c.get("purl", "").startswith("pkg:deb/")]
        self.assertTrue(urls)
        self.assertTrue(all(url.startswith("pkg:deb/exampleos/") and "distro=exampleos-7" in url for url in urls))

    @unittest.skipUnless(shutil.which("rpmbuild"), "rpm is not installed")
    def test_a_root_as_rpm_has_it(self):
        root = self.folder / "root"
        (root / "var/lib/rpm").mkdir(parents=True)
        for name, version, release, epoch in (("plain", "1.0", "1", None), ("with-epoch", "2.5~rc1", "3.el9", 2),
                                              ("Capital+Name", "0.1^git5", "0", 0), ("kernel", "6.1", "1", None),
                                              ("kernel", "6.2", "1", None)):
            spec = self.write(f"{name}-{version}.spec",
                              SPEC.format(name=name, version=version, release=release,
                                          epoch="" if epoch is None else f"Epoch: {epoch}"))
            self.rpm("rpmbuild", "-bb", "--define", f"_topdir {self.folder}/build", os.fsdecode(spec))
        rpms = [str(path) for path in pathlib.Path(self.folder, "build/RPMS").rglob("*.rpm")]
        self.assertEqual(len(rpms), 5)
        database = ["--root", str(root), "--dbpath", "/var/lib/rpm"]
        try:
            # Into the database only: other users than root cannot change their root.
            self.rpm("rpm", *database, "--install", "--justdb", "--nodeps", "--noscripts", "--notriggers", *rpms)
        except subprocess.CalledProcessError:
            if os.geteuid() == 0:
                raise
            self.skipTest("rpm writes into another root for the superuser only")
        output = self.rpm("rpm", *database, "-qa", "--qf", "%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{NAME}\\t%{ARCH}\\n")
        expected = collections.Counter()
        for line in output.decode().splitlines():
            version, name, arch = line.split("\t")
            expected["rpm", name, version, arch] += 1
        self.assertEqual(sum(expected.values()), 5)
        arguments = ["--root", str(root)]
        self.assertEqual(self.cyclonedx(*arguments), expected)
        self.assertEqual(self.spdx(*arguments), collections.Counter(key[:3] for key in expected.elements()))
        self.assertEqual(collections.Counter(line[1:] for line in self.text(*arguments)), expected)
        document = json.loads(self.inventory("--format", "cyclonedx", *arguments))
        url = next(c["purl"] for c in document["components"] if c["name"] == "with-epoch")
        self.assertTrue(url.startswith("pkg:rpm/") and url.endswith("with-epoch@2.5~rc1-3.el9?arch=noarch&epoch=2"), url)

    def rpm(self, *command):
        environment = dict(os.environ, HOME=str(self.folder))
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                              cwd=self.folder, timeout=300).stdout

    def test_an_sbom_is_taken_over(self):
        bom = self.write("bom.json", json.dumps({
            "components": [{"type": "library", "bom-ref": "x", "name": "part", "version": "1", "purl": "pkg:npm/part@1",
                            "supplier": {"name": "Example"}, "cpe": "cpe:2.3:a:example:part:1:*:*:*:*:*:*:*"}],
            "specVersion": "1.5", "bomFormat": "CycloneDX"}))
        document = json.loads(self.inventory("--format", "cyclonedx", os.fsdecode(bom)))
        (component,) = [c for c in document["components"] if c["name"] == "part"]
        self.assertEqual(component["purl"], "pkg:npm/part@1")
        self.assertEqual(component["supplier"], {"name": "Example"})
        # What we write we read.
        for file_format in ("cyclonedx", "spdx"):
            again = self.write("again.json", self.inventory("--format", file_format, os.fsdecode(bom)))
            document = json.loads(self.inventory("--format", "cyclonedx", os.fsdecode(again)))
            (component,) = [c for c in document["components"] if c["name"] == "part"]
            self.assertEqual(component["purl"], "pkg:npm/part@1")
            self.assertEqual(component["supplier"], {"name": "Example"})

    def test_the_same_machine_gives_the_same_document(self):
        root = self.folder / "root"
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "var/lib/dpkg/status").write_text("Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n")
        first, second = (json.loads(self.inventory("--format", "cyclonedx", "--root", str(root))) for _ in range(2))
        for document in (first, second):
            del document["metadata"]["timestamp"]
        self.assertEqual(first, second)


if __name__ == "__main__":
    unittest.main()
