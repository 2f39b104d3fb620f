#!/usr/bin/env python3
"""Daylight and clamscan side by side, with the same signatures and files.

    clamscan.py --db FOLDER [--daylight build/release/bin/daylight] TARGET...

FOLDER holds signature files as both read them. Prints compile time, size on
disk, time to open (clamscan: to load), memory, the rate on each target and the
time for one small file from start to end, with ratios. All processes of a side
are pinned to one core; every file is read once before anything is measured; figures
are medians of --repetitions runs of Daylight and of --clamscan-repetitions of
clamscan, which takes minutes a run. Scan times are without opening or
loading, which have rows of their own. Nothing is unpacked.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from peers import Run  # noqa: E402

# What keeps clamscan from looking into containers; programs' headers are still read.
AS_THEY_ARE = [f"--scan-{kind}=no" for kind in
               ("archive", "mail", "ole2", "pdf", "swf", "hwp3", "xmldocs", "onenote")]


def files_below(target):
    found = []
    for folder, folders, names in os.walk(target):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                found.append(path)
    return found if os.path.isdir(target) else [target]


def median(runs, figure):
    return statistics.median(figure(run) for run in runs)


class Bench:
    def __init__(self, arguments, scratch):
        self.arguments = arguments
        self.scratch = pathlib.Path(scratch)
        self.database = str(self.scratch / "bench.dldb")
        self.pin = ["taskset", "-c", str(arguments.core)]
        self.empty = self.scratch / "small.bin"
        self.empty.write_bytes(bytes(range(256)) * 4)

    def daylight(self, *words, watch=False):
        return [Run([*self.pin, self.arguments.daylight, *words], watch=watch)
                for _ in range(self.arguments.repetitions)]

    def clamscan(self, *words):
        command = [*self.pin, "clamscan", "-d", self.arguments.db, "--no-summary", "--infected", "--allmatch",
                   *AS_THEY_ARE, *words]
        return [Run(command) for _ in range(self.arguments.clamscan_repetitions)]

    def scan_words(self, *words):
        return ["scan", "--db", self.database, "--no-unpack", "--threads", "1", "--on-incomplete", "pass", *words]

    def row(self, what, ours, theirs, unit="s"):
        ratio = f"{theirs / ours:10.1f}" if ours and theirs else ""
        theirs_text = f"{theirs:12.3f}" if theirs is not None else " " * 12
        print(f"{what:34}{ours:12.3f}{theirs_text}  {unit:4}{ratio}", flush=True)

    def run(self):
        print(f"{'':34}{'Daylight':>12}{'clamscan':>12}  {'':4}{'ratio':>10}")
        compiled = Run([*self.pin, self.arguments.daylight, "rules", "compile", "--clamav", self.arguments.db, "-o",
                        self.database])
        self.row("compile", compiled.seconds, None)
        self.row("  largest process", compiled.rss_kb / 1024, None, "MB")
        self.row("database", os.path.getsize(self.database) / 1e6, None, "MB")
        opened = self.daylight(*self.scan_words(str(self.empty)))
        loaded = self.clamscan(str(self.empty))
        opening = median(opened, lambda run: run.seconds)
        loading = median(loaded, lambda run: run.seconds)
        self.row("open or load, one small file", opening, loading)
        self.row("  largest process", median(opened, lambda run: run.rss_kb) / 1024,
                 median(loaded, lambda run: run.rss_kb) / 1024, "MB")
        for target in self.arguments.targets:
            listing = self.scratch / "files"
            paths = files_below(target)
            listing.write_text("".join(path + "\n" for path in paths))
            size = sum(os.path.getsize(path) for path in paths)
            for path in paths:
                with open(path, "rb") as file:
                    while file.read(1 << 20):
                        pass
            ours = self.daylight(*self.scan_words("--files-from", str(listing)))
            watched = Run([*self.pin, self.arguments.daylight, *self.scan_words("--files-from", str(listing))],
                          watch=True)
            theirs = self.clamscan("-f", str(listing))
            print(f"{target}: {len(paths)} files, {size / 1e6:.0f} MB")
            self.row("  scan", median(ours, lambda run: run.seconds) - opening,
                     median(theirs, lambda run: run.seconds) - loading)
            self.row("  private memory of a process", watched.private_kb / 1024, None, "MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", required=True)
    parser.add_argument("--daylight", default="build/release/bin/daylight")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--clamscan-repetitions", type=int, default=1)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("targets", nargs="*")
    with tempfile.TemporaryDirectory() as scratch:
        Bench(parser.parse_args(), scratch).run()


if __name__ == "__main__":
    main()
