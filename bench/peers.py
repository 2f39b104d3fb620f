#!/usr/bin/env python3
"""Daylight, YARA and YARA-X side by side, on the same rules and files.

    peers.py --rules RULES [--daylight build/release/bin/daylight] TARGET...

Prints rules, compile time, database size, time to open, scan rate on one
pinned core and on all, peak memory and detections, with ratios. Rule files
that one of the engines does not compile are left out for all of them. Files
are read once before anything is measured; figures are medians of
--repetitions runs; scan times are without opening the database, which has a row
of its own. Nothing is unpacked. YARA-X runs from npm (--install-peers puts it
into build/peers); its binding cannot save compiled rules, so opening them is
compiling them.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

from engines import ROOT, Daylight, EngineError, Yara, YaraX, common_rules, comparison, yarax
import yara_source


def measure(engine, args, pairs, listing, empty, size):
    def median(action):
        runs = [action() for _ in range(args.repetitions)]
        return statistics.median(r.seconds for r in runs), runs[0]

    def median_scan(threads, pin):
        runs = [engine.scan(listing, threads, pin) for _ in range(args.repetitions)]
        seconds = [r.scan_seconds if engine.name == "yara-x" else r.seconds - row["open s"] for r in runs]
        return max(statistics.median(seconds), 1e-3), runs[0]

    pin = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    row = {"compile s": median(lambda: engine.compile(pairs))[0]}
    row["database MB"] = os.path.getsize(engine.database) / 1e6 if engine.database else None
    row["open s"], _ = median(lambda: engine.scan(empty, 1, pin))
    row["1 thread s"], one = median_scan(1, pin)
    row["1 thread MB/s"] = size / 1e6 / row["1 thread s"]
    row["all cores s"], every = median_scan(args.threads, [])
    row["all cores MB/s"] = size / 1e6 / row["all cores s"]
    row["largest process MB"] = max(one.rss_kb, every.rss_kb) / 1024
    # A run of its own, since reading smaps_rollup disturbs.
    private = engine.scan(listing, args.threads, [], watch=True).private_kb
    row["private, all processes MB"] = private / 1024 if private else None
    row["detections"] = engine.detections(one)
    return row


def show(rows):
    """The table; ratios are the peer's figure over Daylight's, or the inverse for rates: above 1, Daylight is better."""
    names = list(rows)
    first = names[0]
    labels = list(rows[first])
    heads = names + [f"{first} vs {name}" for name in names[1:]]
    print(f"{'':27}" + "".join(f"{head:>20}" for head in heads))
    for label in labels:
        cells = []
        for name in names:
            value = rows[name][label]
            cells.append("-" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}")
        for name in names[1:]:
            ours, theirs = rows[first][label], rows[name][label]
            if not ours or not theirs or label in ("rules", "detections"):
                cells.append("")
            else:
                cells.append(f"{(ours / theirs if label.endswith('/s') else theirs / ours):.2f} x")
        print(f"{label:27}" + "".join(f"{cell:>20}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", action="append", required=True, help="a rule file or folder (repeatable)")
    parser.add_argument("--daylight", default=str(ROOT / "build" / "release" / "bin" / "daylight"))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for the run on all cores")
    parser.add_argument("--peers", type=pathlib.Path, default=yarax.DEFAULT_FOLDER, help="where npm packages are")
    parser.add_argument("--install-peers", action="store_true", help="install YARA-X there first")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there too")
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    args = parser.parse_args()
    if args.install_peers:
        yarax.install(args.peers)
    args.with_yarax = yarax.installed(args.peers)

    with tempfile.TemporaryDirectory(prefix="daylight-peers-") as folder:
        notes = [] if args.with_yarax else [f"without YARA-X: --install-peers puts it into {args.peers}"]
        pairs = common_rules(comparison.namespaces(args.rules), True, args.peers if args.with_yarax else None, notes)
        if not pairs:
            raise EngineError("no rule file compiles in all engines")
        files = comparison.walk(args.targets)
        size = 0
        for path in files:  # Into the page cache.
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    size += len(block)
        listing, empty = os.path.join(folder, "files"), os.path.join(folder, "one-small-file")
        pathlib.Path(listing).write_bytes(b"".join(os.fsencode(f) + b"\n" for f in files))
        small = os.path.join(folder, "small")
        pathlib.Path(small).write_bytes(b"small\n")
        pathlib.Path(empty).write_bytes(os.fsencode(small) + b"\n")

        engines = [Daylight(args.daylight, folder), Yara(folder)]
        if args.with_yarax:
            engines.append(YaraX(args.peers, pairs))
        count = sum(len(yara_source.parse(yara_source.read_source(p))) for _, p in pairs)
        rows = {e.name: {"rules": count, **measure(e, args, pairs, listing, empty, size)} for e in engines}
    for note in notes:
        print("note:", note)
    print(f"{len(files)} files, {size / 1e6:.1f} MB, {len(pairs)} rule files, {args.repetitions} repetitions, {args.threads} cores\n")
    show(rows)
    if args.json:
        args.json.write_text(json.dumps({"files": len(files), "bytes": size, "engines": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
