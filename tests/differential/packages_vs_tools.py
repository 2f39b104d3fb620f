#!/usr/bin/env python3
"""Reads package databases and package files with the contained readers and with the tools that
they belong to, and compares package by package, file by file.

    packages_vs_tools.py --program PACKAGE_FACTS

- this machine's own dpkg status against dpkg-query, a .deb in each compression against dpkg-deb;
- packages that rpmbuild makes, installed by rpm into a database of its own (SQLite), with a log
  that was not put back yet, and the same headers in Berkeley DB (db_load) and ndb (written here,
  as Debian's rpm has none), against `rpm -qa`; package files in each compression against `rpm -qp`;
- pacman packages and apks that are made here with tar.
What a missing tool would compare is passed over and said so; exit status 1 with a difference.
"""
import argparse
import gzip
import io
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib

FIELDS = ["state", "name", "version", "architecture", "source", "maintainer", "vendor", "homepage", "licence",
          "summary", "installed_at"]
INSTALLED, CONFIG_FILES, BROKEN, FILE, NOT_INSTALLED = "01234"
failures = 0


def check(what, ours, theirs):
    global failures
    if ours == theirs:
        return
    failures += 1
    print(f"{what}: differs")
    if isinstance(ours, list) and isinstance(theirs, list):
        for line in [x for x in ours if x not in theirs][:5]:
            print(f"  only ours:   {line!r}")
        for line in [x for x in theirs if x not in ours][:5]:
            print(f"  only theirs: {line!r}")
        print(f"  {len(ours)} and {len(theirs)}")
    else:
        print(f"  ours:   {ours!r}\n  theirs: {theirs!r}")


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          **options)
    if done.returncode == 77:
        print(done.stderr.decode(errors="replace"))
        sys.exit(77)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "surrogateescape")


class Reader:
    def __init__(self, program):
        self.program = program

    def records(self, kind, *files):
        out = run(self.program, kind, *files)
        return [record.split("\x1f")[:-1] for record in out.split("\x1e")[:-1]]

    def packages(self, kind, *files, unread=()):
        records = self.records(kind, *files)
        check(f"{kind} {files[0]}: unread", [r[1:] for r in records if r[0] == "unread"], list(unread))
        return [dict(zip(FIELDS, r[1:])) for r in records if r[0] == "package"]


# dpkg

def compare_dpkg(reader, work):
    status = "/var/lib/dpkg/status"
    shown = ["Package", "Version", "Architecture", "source:Package", "source:Version", "Maintainer", "Origin", "Homepage",
             "db:Status-Status", "db:Status-Eflag"]
    # Not of the running database: somebody may be installing.
    admin = work / "dpkg"
    (admin / "info").mkdir(parents=True)
    (admin / "updates").mkdir()
    shutil.copy(status, admin / "status")
    out = run("dpkg-query", "--admindir", admin, "-W",
              "-f", "\x1f".join("${%s}" % f for f in shown) + "\x1f${binary:Summary}\x1e", "*")
    theirs = []
    for record in out.split("\x1e")[:-1]:
        name, version, arch, source, source_version, maintainer, origin, homepage, is_, eflag, summary = \
            record.split("\x1f")
        if is_ == "not-installed":
            continue
        state = {"config-files": CONFIG_FILES, "installed": INSTALLED, "triggers-awaited": INSTALLED,
                 "triggers-pending": INSTALLED}.get(is_, BROKEN)
        if eflag == "reinstreq" and state == INSTALLED:
            state = BROKEN
        theirs.append((state, name, version, arch, f"{source} {source_version}", maintainer, origin, homepage,
                       summary.strip()))
    keys = ["state", "name", "version", "architecture", "source", "maintainer", "vendor", "homepage", "summary"]
    ours = [tuple(p[k] for k in keys) for p in reader.packages("dpkg", admin / "status") if p["state"] != NOT_INSTALLED]
    check("dpkg status", sorted(ours), sorted(theirs))
    print(f"dpkg: {len(theirs)} packages")


def fill(folder):
    (folder / "opt/dl/bin").mkdir(parents=True)
    (folder / "usr/lib/systemd/system").mkdir(parents=True)
    (folder / "etc/dl").mkdir(parents=True)
    shutil.copy("/bin/true", folder / "opt/dl/bin/program")
    (folder / "opt/dl/bin/link").symlink_to("program")
    (folder / "opt/dl/a with blank").write_bytes(b"x" * 70_000)
    (folder / "opt/dl/\u00e4").write_bytes(b"")
    (folder / "etc/dl/dl.conf").write_text("engine = example\n")
    (folder / "usr/lib/systemd/system/dl.service").write_text(
        "[Unit]\nDescription=An example\n[Service]\nExecStart=-/opt/dl/bin/program --x\n")


def tree_of(folder):
    """What is in a folder, as the reader is to tell it: path, kind, size, target."""
    entries = []
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            entries.append([name, "2", None, os.readlink(path)])
        elif path.is_dir():
            entries.append([name, "1", None, ""])
        else:
            entries.append([name, "0", str(path.stat().st_size), ""])
    return sorted(entries)


def check_package(reader, what, file, package, folder, folders=True):
    records = reader.records("package", file)
    check(f"{what}: unread", [r for r in records if r[0] in ("unread", "no package")], [])
    packages = [dict(zip(FIELDS, r[1:])) for r in records if r[0] == "package"]
    check(f"{what}: package", [{k: p[k] for k in package} for p in packages], [package])
    root = " ".join(package[k] for k in ("name", "version", "architecture"))
    check(f"{what}: root", [r[1:] for r in records if r[0] == "root"], [[str(file), root]])
    ours = sorted([r[1], r[2], r[3] if r[2] == "0" else None, r[4]] for r in records if r[0] == "file")
    theirs = tree_of(folder)
    if not folders:
        ours = [e for e in ours if e[1] != "1"]
        theirs = [e for e in theirs if e[1] != "1"]
    check(f"{what}: files", ours, theirs)
    size = str((folder / "opt/dl/bin/program").stat().st_size)
    members = sorted(r[1:] for r in records if r[0] == "member")
    check(f"{what}: members", members,
          sorted([["0", "opt/dl/bin/program", size], ["9", "etc/dl/dl.conf", "17"],
                  ["6", "usr/lib/systemd/system/dl.service",
                   str((folder / "usr/lib/systemd/system/dl.service").stat().st_size)]]))
    check(f"{what}: unit", [r[1:] for r in records if r[0] == "unit"],
          [["usr/lib/systemd/system/dl.service", "An example", "opt/dl/bin/program\n"]])


def compare_deb(reader, work):
    folder = work / "deb"
    fill(folder)
    tree = work / "tree"
    shutil.copytree(folder, tree, symlinks=True)
    (folder / "DEBIAN").mkdir()
    (folder / "DEBIAN/control").write_text(
        "Package: dl-example\nVersion: 1:2.3-4\nArchitecture: all\nMaintainer: Ann <ann@example.org>\n"
        "Source: dl (2.3-4)\nHomepage: https://example.org\nDescription: an example\n of more\n lines\n")
    package = {"state": FILE, "name": "dl-example", "version": "1:2.3-4", "architecture": "all", "source": "dl 2.3-4",
               "maintainer": "Ann <ann@example.org>", "homepage": "https://example.org", "summary": "an example"}
    for compression in ["gzip", "xz", "zstd", "none"]:
        file = work / f"{compression}.deb"
        done = subprocess.run(["dpkg-deb", "--root-owner-group", f"-Z{compression}", "-b", folder, file],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            print(f"deb with {compression}: passed over, dpkg-deb cannot write it")
            continue
        check_package(reader, f"deb, {compression}", file, package, tree)
        if compression != "none":
            # Cut anywhere it says so, and says nothing that is not so.
            data = file.read_bytes()
            for length in range(8, len(data), max(1, len(data) // 40)):
                (work / "cut.deb").write_bytes(data[:length])
                records = reader.records("package", work / "cut.deb")
                if not any(r[0] in ("unread", "no package") for r in records):
                    check(f"deb, {compression}, cut at {length}", "whole", "damaged")
    print("deb: compared")
    return tree


# rpm

def compare_rpm(reader, work, tree):
    top = work / "rpmbuild"
    quiet = ["--define", f"_topdir {top}", "--define", f"_tmppath {work}", "--define", f"_dbpath {work}/none",
             "--define", "_build_id_links none", "--define", "_binaries_in_noarch_packages_terminate_build 0"]
    files = []
    payloads = ["w9.gzdio", "w7.xzdio", "w3.zstdio", "w9.bzdio", "w7.lzdio", "w.ufdio"]
    for i, payload in enumerate(payloads):
        spec = work / f"p{i}.spec"
        lines = [f"Name: dl-p{i}", f"Version: {i}.1~rc", "Release: 3%{?nothing}", "Summary: Example \u00e4 number " + str(i),
                 "License: MIT and BSD", "URL: https://example.org/" + str(i), "BuildArch: noarch"]
        if i % 2 == 0:
            lines += [f"Epoch: {i}", "Vendor: Vendor & Co", "Packager: Ann <ann@example.org>"]
        lines += ["%description", "Text.", "%install", "mkdir -p %{buildroot}", f"cp -a {tree}/. %{{buildroot}}/"]
        # Many names, so that its header is longer than pages are.
        if i == 0:
            lines += ["mkdir %{buildroot}/usr/many", "for i in $(seq 2000); do > %{buildroot}/usr/many/file-$i; done"]
        lines += ["%files", "/opt", "/etc/dl", "/usr"]
        spec.write_text("\n".join(lines) + "\n")
        run("rpmbuild", "--quiet", "-bb", *quiet, "--define", f"_binary_payload {payload}", spec)
        files.append(next((top / "RPMS").rglob(f"dl-p{i}-*.rpm")))
    query = "\x1f".join("%{" + f + "}" for f in ["NAME", "EPOCH", "VERSION", "RELEASE", "ARCH", "SOURCERPM", "PACKAGER",
                                                "VENDOR", "URL", "LICENSE", "SUMMARY", "INSTALLTIME"]) + "\x1e"

    def theirs_of(*command):
        packages = []
        for record in run(*command, "--qf", query).split("\x1e")[:-1]:
            f = ["" if x == "(none)" else x for x in record.split("\x1f")]
            source = f[5].removesuffix(".src.rpm").rsplit("-", 2)
            packages.append((f[0], (f[1] + ":" if f[1] else "") + f[2] + "-" + f[3], f[4],
                             f"{source[0]} {source[1]}-{source[2]}" if len(source) == 3 else "", f[6], f[7], f[8], f[9],
                             f[10], f[11] or "0"))
        return sorted(packages)

    def ours_of(*database):
        return sorted(tuple(p[k] for k in FIELDS[1:]) for p in reader.packages("rpm", *database))

    for i, file in enumerate(files):
        records = reader.records("package", file)
        ours = [dict(zip(FIELDS, r[1:])) for r in records if r[0] == "package"]
        check(f"rpm {payloads[i]}: package", [tuple(p[k] for k in FIELDS[1:]) for p in ours],
              theirs_of("rpm", "-qp", file))
        check(f"rpm {payloads[i]}: unread", [r for r in records if r[0] in ("unread", "no package")], [])
        check(f"rpm {payloads[i]}: files", sorted("/" + r[1] for r in records if r[0] == "file"),
              sorted(run("rpm", "-qpl", file).splitlines()))
        check(f"rpm {payloads[i]}: members", sorted(r[2] for r in records if r[0] == "member"),
              ["etc/dl/dl.conf", "opt/dl/bin/program", "usr/lib/systemd/system/dl.service"])

    database = work / "rpmdb"
    database.mkdir()
    rpm = ["rpm", "--dbpath", database]
    run(*rpm, "--initdb")
    run(*rpm, "-i", "--justdb", "--nodeps", "--noscripts", *files[:-1])
    sqlite = database / "rpmdb.sqlite"
    if shutil.which("gpg"):
        home = work / "gpg"
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--batch", "--homedir", home]
        run(*gpg, "--passphrase", "", "--quick-gen-key", "Example <key@example.org>", "rsa2048", "sign", "never")
        key = work / "key.asc"
        key.write_text(run(*gpg, "--armor", "--export"))
        run(*rpm, "--import", key)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
    theirs = theirs_of(*rpm, "-qa")
    check("rpm, SQLite", ours_of(sqlite), theirs)
    print(f"rpm: {len(theirs)} packages")

    # What is written but not yet put back: all packages once more, by another connection.
    logged = work / "logged"
    logged.mkdir()
    shutil.copy(sqlite, logged / "rpmdb.sqlite")
    writer = sqlite3.connect(logged / "rpmdb.sqlite", isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint=0")
    check("log mode", writer.execute("PRAGMA journal_mode=WAL").fetchone()[0], "wal")
    blobs = [row[0] for row in writer.execute("SELECT blob FROM Packages ORDER BY hnum")]
    writer.execute("DELETE FROM Packages WHERE hnum = 1")
    writer.execute("INSERT INTO Packages(blob) VALUES (?)", (blobs[1],))
    writer.execute("UPDATE Packages SET blob = ? WHERE hnum = 2", (blobs[0],))
    wal = logged / "rpmdb.sqlite-wal"
    copy = work / "copied.sqlite"
    shutil.copy(logged / "rpmdb.sqlite", copy)
    shutil.copy(wal, work / "copied.wal")
    # Frames of a transaction that was not ended stand behind.
    writer.execute("BEGIN")
    writer.execute("PRAGMA cache_size=5")
    writer.execute("PRAGMA cache_spill=5")
    for _ in range(50):
        writer.execute("INSERT INTO Packages(blob) VALUES (?)", (blobs[0],))
    shutil.copy(wal, work / "spilled.wal")
    check("the log has more", (work / "spilled.wal").stat().st_size > (work / "copied.wal").stat().st_size, True)
    writer.execute("ROLLBACK")
    check("rpm, the log put back", ours_of(copy, work / "copied.wal"), theirs)
    check("rpm, a log without its end", ours_of(copy, work / "spilled.wal"), theirs)
    check("rpm, without its log", ours_of(copy), theirs)
    writer.execute("DELETE FROM Packages")
    shutil.copy(wal, work / "emptied.wal")
    check("rpm, all deleted in the log", ours_of(copy, work / "emptied.wal"), [])
    writer.close()

    # ndb: a page of slots, then blobs (rpm's lib/backend/ndb/rpmpkg.c).
    slots, data = [], b""
    for i, blob in enumerate(blobs, 1):
        head = struct.pack("<4sIII", b"BlbS", i, 0, len(blob))
        body = head + blob
        body += b"\0" * (-(len(body) + 12) % 16)
        body += struct.pack("<II4s", zlib.adler32(body), len(blob), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", i, (4096 + len(data)) // 16, len(body) // 16))
        data += body
    free = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    table = struct.pack("<4sIIII12x", b"RpmP", 0, 7, 1, len(blobs) + 1) + b"".join(slots)
    table += free * ((4096 - len(table)) // 16)
    ndb = work / "Packages.db"
    ndb.write_bytes(table + data)
    check("rpm, ndb", ours_of(ndb), theirs)

    if not shutil.which("db_load"):
        print("rpm, Berkeley DB: passed over, no db_load")
        return
    for page in (512, 4096, 65536):
        for order in ("1234", "4321"):
            number = "<I" if order == "1234" else ">I"
            dump = ["VERSION=3", "format=bytevalue", "type=hash", f"db_pagesize={page}", f"db_lorder={order}", "HEADER=END",
                    " 00000000", " " + struct.pack(number, len(blobs)).hex()]
            for i, blob in enumerate(blobs, 1):
                dump += [" " + struct.pack(number, i).hex(), " " + blob.hex()]
            berkeley = work / f"Packages-{page}-{order}"
            run("db_load", "-f", "/dev/stdin", berkeley, input="\n".join(dump + ["DATA=END", ""]).encode())
            check(f"rpm, Berkeley DB, pages of {page}, {order}", ours_of(berkeley), theirs)
    print("rpm: Berkeley DB compared")


# Packages of others

def tar_of(folder, first=(), end=True):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, text in first:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
        if folder:
            for path in sorted(folder.rglob("*")):
                tar.add(path, str(path.relative_to(folder)), recursive=False)
        offset = out.tell()
    return out.getvalue() if end else out.getvalue()[:offset]


def compare_others(reader, work, tree):
    info = (b"# made\npkgname = dl-example\npkgbase = dl\npkgver = 1:2.3-4\npkgdesc = an example\n"
            b"url = https://example.org\narch = any\nlicense = MIT\nlicense = BSD\npackager = Ann\n")
    package = {"state": FILE, "name": "dl-example", "version": "1:2.3-4", "architecture": "any", "source": "dl 1:2.3-4",
               "homepage": "https://example.org", "summary": "an example", "licence": "MIT, BSD", "maintainer": "Ann"}
    tar = tar_of(tree, [(".BUILDINFO", b"format = 2\n"), (".MTREE", b"#mtree\n"), (".PKGINFO", info)])
    for command in (["zstd", "-q"], ["xz"], ["gzip"], ["bzip2"], ["cat"]):
        if not shutil.which(command[0]):
            continue
        file = work / f"{command[0]}.pkg.tar"
        file.write_bytes(subprocess.run(command, input=tar, stdout=subprocess.PIPE, check=True).stdout)
        check_package(reader, f"pacman, {command[0]}", file, package, tree)
    info = (b"# made\npkgname = dl-example\npkgver = 2.3-r4\npkgdesc = an example\nurl = https://example.org\n"
            b"arch = x86_64\norigin = dl\nmaintainer = Ben\npackager = Ann\nlicense = MIT\ndatahash = 00\n")
    package = {"state": FILE, "name": "dl-example", "version": "2.3-r4", "architecture": "x86_64", "source": "dl 2.3-r4",
               "maintainer": "Ben", "homepage": "https://example.org", "summary": "an example", "licence": "MIT"}
    parts = [tar_of(None, [(".SIGN.RSA.ann.rsa.pub", b"0" * 256)], end=False),
             tar_of(None, [(".PKGINFO", info), (".post-install", b"#!/bin/sh\n")], end=False), tar_of(tree)]
    for count in (3, 2):
        file = work / f"{count}.apk"
        file.write_bytes(b"".join(gzip.compress(part) for part in parts[-count:]))
        check_package(reader, f"apk of {count}", file, package, tree)
    # A tar of something else is none.
    (work / "other.tar.gz").write_bytes(gzip.compress(tar_of(tree)))
    check("other tar", reader.records("package", work / "other.tar.gz"), [["no package"]])
    print("pacman, apk: compared")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    reader = Reader(arguments.program)
    os.environ["LC_ALL"] = "C.UTF-8"
    with tempfile.TemporaryDirectory(prefix="daylight-packages-") as folder:
        work = pathlib.Path(folder)
        if shutil.which("dpkg-query") and pathlib.Path("/var/lib/dpkg/status").is_file():
            compare_dpkg(reader, work)
        else:
            print("dpkg: passed over, not there")
        if shutil.which("dpkg-deb"):
            tree = compare_deb(reader, work)
        else:
            print("deb: passed over, no dpkg-deb")
            tree = work / "tree"
            fill(tree)
        compare_others(reader, work, tree)
        if shutil.which("rpm") and shutil.which("rpmbuild"):
            compare_rpm(reader, work, tree)
        else:
            print("rpm: passed over, no rpm or rpmbuild")
    print(f"{failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
