#!/usr/bin/env python3
"""A tree of files, put into disks by the tools of each format: Daylight gives the same paths, sizes and bytes.

    disks_vs_tools.py --list PROGRAM [--only-ext]

What there is no tool for is left out, and said so; exits 77 where there is none at all.
"""

import argparse
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
ENVIRONMENT = {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1"}
MIB = 1 << 20


def run(*command):
    done = subprocess.run([str(c) for c in command], env=ENVIRONMENT, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.decode(errors='replace')}{done.stdout[-300:]}")


def has(*tools):
    missing = [t for t in tools if shutil.which(t, path=PATH) is None]
    if missing:
        print(f"left out: no {' '.join(missing)}")
    return not missing


def make_tree(root):
    r = random.Random(5)
    for folder in ("opt/app/bin", "many", "empty", "a/b/c/d/e/f"):
        (root / folder).mkdir(parents=True)
    (root / "opt/app/bin/run").write_bytes(r.randbytes(300_000))
    (root / "opt/none").write_bytes(b"")
    (root / "tiny").write_bytes(b"x" * 50)
    (root / "some.txt").write_bytes(b"inline " * 17)
    (root / "a/b/c/d/e/f/deep").write_bytes(b"deep")
    (root / "long name with blanks \u00e4\u00f6\u00fc\u20ac.txt").write_bytes(b"hello")
    (root / "text").write_bytes(b"compress me, please. " * 60_000)
    (root / "exact").write_bytes(r.randbytes(131_072))
    for i in range(700):
        (root / f"many/file number {i:05}").write_bytes(str(i).encode() * (i % 40))
    with open(root / "sparse", "wb") as f:
        for at, what in ((0, b"begin"), (5_000_000, b"middle"), (9_000_001, b"end")):
            f.seek(at)
            f.write(what)


def add_links(root):
    (root / "link").symlink_to("opt/none")
    os.link(root / "tiny", root / "opt/hard")


def contents(root, prefix=""):
    found = set()
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found.add((prefix + str(path.relative_to(root)), len(content), str(zlib.crc32(content))))
    return found


def listed(program, image):
    lines = subprocess.run([program, str(image)], check=True, capture_output=True).stdout.decode("utf-8", "replace")
    found = set()
    for line in lines.splitlines():
        _, crc, size, path = line.split("\t", 3)
        found.add((path, int(size), crc))
    return found


class Comparison:
    def __init__(self, program):
        self.program = program
        self.made = 0
        self.failed = 0

    def check(self, what, image, expected, ignored=()):
        found = {f for f in listed(self.program, image) if f[0] not in ignored}
        self.made += 1
        if found == expected:
            print(f"{what}: {len(found)} files")
            return
        self.failed += 1
        print(f"{what}: DIFFERS")
        for sign, entries in (("-", expected - found), ("+", found - expected)):
            for entry in sorted(entries)[:5]:
                print(f"  {sign} {entry}")

    def result(self):
        if self.made == 0:
            return 77
        print(f"{self.made} disks, {self.failed} differ")
        return 1 if self.failed else 0


EXT = {
    "ext2 of 1 KiB": ["-t", "ext2", "-b", "1024"],
    "ext2 of 4 KiB": ["-t", "ext2", "-b", "4096"],
    "ext3": ["-t", "ext3"],
    "ext4": ["-t", "ext4"],
    "ext4 without 64bit": ["-t", "ext4", "-O", "^64bit"],
    "ext4 of 1 KiB": ["-t", "ext4", "-b", "1024"],
    "ext4 with inline data": ["-t", "ext4", "-O", "inline_data", "-I", "256"],
    "ext4 with meta_bg": ["-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode", "-g", "1024"],
    "ext4 with bigalloc": ["-t", "ext4", "-O", "bigalloc", "-C", "16384"],
    "ext4 without extents": ["-t", "ext4", "-O", "^extents,^64bit"],
    "ext4 of small inodes": ["-t", "ext4", "-I", "128"],
    "ext4 with sparse_super2": ["-t", "ext4", "-O", "sparse_super2,^resize_inode,meta_bg", "-b", "1024", "-g", "1024"],
    "ext4 of 64 KiB": ["-t", "ext4", "-b", "65536"],
}
SQUASHFS = {
    **{f"squashfs by {c}": ["-comp", c] for c in ("gzip", "lzma", "xz", "lz4", "zstd")},
    "squashfs of 4 KiB": ["-b", "4096"],
    "squashfs without fragments": ["-no-fragments"],
    "squashfs not compressed": ["-noI", "-noD", "-noF"],
    "squashfs with all ends packed": ["-always-use-fragments", "-b", "1M"],
}
VIRTUAL = {
    "qcow2": ["-O", "qcow2"],
    "qcow2 version 2": ["-O", "qcow2", "-o", "compat=0.10"],
    "qcow2 of 512": ["-O", "qcow2", "-o", "cluster_size=512"],
    "qcow2 of 2 MiB": ["-O", "qcow2", "-o", "cluster_size=2M"],
    "qcow2 compressed": ["-c", "-O", "qcow2"],
    "qcow2 compressed by zstd": ["-c", "-O", "qcow2", "-o", "compression_type=zstd"],
    "vmdk": ["-O", "vmdk"],
    "vmdk for streams": ["-O", "vmdk", "-o", "subformat=streamOptimized"],
    "vhd": ["-O", "vpc"],
    "vhd of fixed size": ["-O", "vpc", "-o", "subformat=fixed"],
    "vdi": ["-O", "vdi"],
    "vdi of fixed size": ["-O", "vdi", "-o", "static=on"],
}


def make_ext(image, tree, options, mib=48):
    image.unlink(missing_ok=True)
    run("mke2fs", "-q", "-F", *options, "-d", tree, image, f"{mib}M")


def make_fat(image, tree, bits, mib):
    image.unlink(missing_ok=True)
    run("mkfs.fat", "-C", "-F", bits, image, mib * 1024)
    run("mcopy", "-s", "-Q", "-i", image, *sorted(tree.iterdir()), "::")


def put(disk, at, part):
    with open(disk, "r+b") as f:
        f.seek(at)
        f.write(part.read_bytes())


def partitioned(disk, script, parts, mib):
    with open(disk, "wb") as f:
        f.truncate(mib * MIB)
    subprocess.run(["sfdisk", "-q", disk], input=script.encode(), env=ENVIRONMENT, check=True, capture_output=True)
    for at, part in parts:
        put(disk, at * MIB, part)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", required=True)
    parser.add_argument("--only-ext", action="store_true", help="which every Debian machine has the tools for")
    args = parser.parse_args()
    same = Comparison(args.list)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        plain = folder / "plain"  # What FAT can hold.
        plain.mkdir()
        make_tree(plain)
        tree = folder / "tree"
        tree.mkdir()
        make_tree(tree)
        add_links(tree)
        image = folder / "image"
        ext = folder / "ext"
        fat = folder / "fat"
        if has("mke2fs"):
            for what, options in EXT.items():
                make_ext(image, tree, options)
                same.check(what, image, contents(tree))
            make_ext(ext, tree, ["-t", "ext4"])
        if args.only_ext:
            return same.result()
        if has("mksquashfs"):
            for what, options in SQUASHFS.items():
                image.unlink(missing_ok=True)
                run("mksquashfs", tree, image, "-quiet", "-no-progress", *options)
                same.check(what, image, contents(tree))
        if has("mkfs.fat", "mcopy"):
            for bits, mib in ((12, 15), (16, 40), (32, 80)):
                make_fat(image, plain, bits, mib)
                same.check(f"FAT{bits}", image, contents(plain))
            make_fat(fat, plain, 16, 40)
        if ext.exists() and fat.exists() and has("sfdisk"):
            disk = folder / "disk"
            tables = {
                "MBR": ("label: dos\n1MiB,40MiB,c\n41MiB,48MiB,L\n90MiB,100MiB,5\n91MiB,48MiB,L\n140MiB,48MiB,L\n", 5, 6),
                "GPT": ('label: gpt\n1MiB,40MiB,U\n41MiB,48MiB,L\n91MiB,48MiB,L\n140MiB,48MiB,L\n', 3, 4),
            }
            for what, (script, third, fourth) in tables.items():
                partitioned(disk, script, [(1, fat), (41, ext), (91, ext), (140, ext)], 200)
                expected = contents(plain, "partition 1/")
                for number in (2, third, fourth):
                    expected |= contents(tree, f"partition {number}/")
                same.check(what, disk, expected)
                if has("qemu-img"):
                    for kind, options in VIRTUAL.items():
                        image.unlink(missing_ok=True)
                        run("qemu-img", "convert", "-f", "raw", *options, disk, image)
                        same.check(f"{kind} with {what}", image, expected, {"boot code"})
    return same.result()


if __name__ == "__main__":
    sys.exit(main())
