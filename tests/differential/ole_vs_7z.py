#!/usr/bin/env python3
"""Streams of compound files, read by Daylight and by 7z: the same names, sizes and bytes; and by olefile: the same
sizes and bytes.

    ole_vs_7z.py --list PROGRAM [--count N] [FILE...]

The files are random ones that ole_list makes, of both sizes of sectors, in order and scattered; and those that are
named. Exits 77 without 7z; what there is no python3-olefile for is left out. 7z does not read large sectors.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

try:
    import olefile
except ImportError:
    olefile = None


def ours(program, files):
    found = {f: set() for f in files}
    for start in range(0, len(files), 200):
        lines = subprocess.run([program, *files[start : start + 200]], check=True, capture_output=True).stdout
        for line in lines.decode("utf-8", "replace").splitlines():
            file, crc, size, path = line.split("\t", 3)
            found[file].add((path, int(size), crc))
    return found


def name_as_ours(path):
    """7z writes a control character as its number in brackets."""
    return re.sub(r"\[(\d+)\]", lambda m: f"_{int(m.group(1)):02x}_", path)


def theirs(file):
    with tempfile.TemporaryDirectory() as folder:
        # Its type, lest it opens what is inside.
        subprocess.run(["7z", "x", "-y", "-tcompound", f"-o{folder}", file], check=True, stdout=subprocess.DEVNULL)
        found = set()
        for parent, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(parent, name)
                with open(path, "rb") as f:
                    content = f.read()
                found.add((name_as_ours(os.path.relpath(path, folder)), len(content), str(zlib.crc32(content))))
        return found


def by_olefile(file):
    """Its names are not what is compared: those of installers stay packed."""
    found = []
    with olefile.OleFileIO(file, raise_defects=olefile.DEFECT_INCORRECT) as ole:
        for path in ole.listdir(storages=False):
            content = ole.openstream(path).read()
            found.append((len(content), str(zlib.crc32(content))))
    return sorted(found)


def has_large_sectors(file):
    with open(file, "rb") as f:
        return f.read(31)[30] != 9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", required=True, help="the program ole_list")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if not shutil.which("7z"):
        print("7z is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.list, "--make", folder, str(options.count)], check=True)
        files = [os.path.join(folder, n) for n in sorted(os.listdir(folder))] + options.files
        streams = different = 0
        for file, found in ours(options.list, files).items():
            expected = found if has_large_sectors(file) else theirs(file)
            streams += len(found)
            if olefile and by_olefile(file) != sorted((size, crc) for _, size, crc in found):
                different += 1
                print(f"{file}: other streams by olefile")
            if found != expected:
                different += 1
                print(f"{file}: only here {sorted(found - expected)[:3]}, only by 7z {sorted(expected - found)[:3]}")
    if not olefile:
        print("olefile is not installed: files of large sectors were not compared")
    print(f"{len(files)} files of {streams} streams, {different} differ")
    return 1 if different or streams == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
