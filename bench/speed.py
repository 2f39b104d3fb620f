#!/usr/bin/env python3
"""The side-by-side tables: what Daylight's speed is claimed to be, measured.

    speed.py [NAME...]          the tables named, or all but those that want to be asked for (--list)
    speed.py --list             which there are

All processes of a side run on one core (--core). Every file is read once before
anything is measured, so it is in the page cache. Sides take turns, and figures are
medians of --repetitions runs (--peer-repetitions for the others). `wall` and `cpu`
are seconds to scan, without what the same side takes for a single small file
(`open`: starting, walls, loading its database); CPU seconds are those of all
processes of the side. Nothing is unpacked but in the tables that are called so. Ratios are the other side's seconds
divided by Daylight's: above 1, Daylight is faster.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time

import engines
import tables
from engines import ROOT, EngineError, Sample, comparison, yarax
from tables import Skip

SLOW_SIDES = (engines.Yara, engines.YaraX, engines.Clamscan)  # Minutes a run.
SHARED = ROOT.parent / "shared"


@dataclasses.dataclass
class Corpus:
    """Files of one kind, listed one path a line in `listing`."""

    label: str
    listing: pathlib.Path
    files: int
    size: int


@dataclasses.dataclass
class Row:
    """What one side took for one corpus: medians, in seconds, without opening."""

    side: str
    corpus: str
    runs: int
    wall_s: float
    cpu_s: float
    open_wall_s: float
    open_cpu_s: float
    detections: int
    largest_rss_mb: float  # Of one process, with what it shares with others.
    wall_of_runs_s: list


class Bench:
    """What the tables are made with: corpora, rule sets, measurements, and the lines printed."""

    def __init__(self, args, scratch):
        self.args, self.scratch, self.data = args, pathlib.Path(scratch), args.data
        self.pin = ["taskset", "-c", str(args.core)]
        self.with_yara = "yara" in args.sides and shutil.which("yarac") is not None
        self.with_yarax = yarax.installed(args.peers) and "yara-x" in args.sides
        self.openings, self.rule_sets, self.counter = {}, {}, 0
        self.small = self.listing("small", [self.small_file()])
        self.result = None

    def small_file(self):
        path = self.scratch / "small.bin"
        path.write_bytes(bytes(range(256)) * 4)
        return str(path)

    def folder(self):
        self.counter += 1
        path = self.scratch / f"side-{self.counter}"
        path.mkdir()
        return path

    def listing(self, label, paths):
        """A corpus of exactly these files; reads them, so they are in the page cache."""
        self.counter += 1
        path = self.scratch / f"files-{self.counter}"
        path.write_bytes(b"".join(os.fsencode(p) + b"\n" for p in paths))
        size = 0
        buffer = bytearray(1 << 20)
        for name in paths:
            with open(name, "rb", buffering=0) as file:
                while got := file.readinto(buffer):
                    size += got
        return Corpus(label, path, len(paths), size)

    def corpus(self, label, *targets, limit=None):
        """The files below the targets that can be read; with `limit`, a sample of so many bytes by a hash of the names."""
        targets = [t for t in targets if os.path.exists(t)]
        if not targets:
            raise Skip(f"none of its files are on this machine ({label})")
        paths = [p for p in comparison.walk(targets) if os.access(p, os.R_OK)]
        if limit:
            chosen, total = [], 0
            for path in sorted(paths, key=lambda p: hashlib.sha256(os.fsencode(p)).digest()):
                size = os.path.getsize(path)
                if total + size <= limit:
                    chosen.append(path)
                    total += size
            if len(chosen) < len(paths):
                label += f" (a sample: {len(chosen)} of {len(paths)} files)"
            paths = sorted(chosen)
        return self.listing(label, paths)

    def programs(self, limit=None):
        return self.corpus(self.args.programs, self.args.programs, limit=limit)

    def rules(self, *names):
        """[(namespace, file)] of the rule sets named that all sides compile; compiled once a run."""
        pairs = []
        for name in names:
            if name not in self.rule_sets:
                folder = getattr(self.args, name.replace("-", "_"))
                if not folder or not folder.exists():
                    raise Skip(f"no rules: name their folder by --{name}")
                self.rule_sets[name] = self.usable_rules(comparison.namespaces([folder]))
            pairs += self.rule_sets[name]
        return pairs

    def usable_rules(self, pairs):
        notes = []
        pairs = engines.common_rules(pairs, self.with_yara, self.args.peers if self.with_yarax else None, notes)
        for note in notes:
            print("note:", note)
        return pairs

    def yara_sides(self, pairs):
        """Daylight and its peers with these rules, compiled; and `cat`, which only reads."""
        sides = [engines.Daylight(self.args.daylight, self.folder())]
        if self.with_yara:
            sides.append(engines.Yara(self.folder()))
        for side in sides:
            side.compile(pairs)
        if self.with_yarax:
            sides.append(engines.YaraX(self.args.peers, pairs))
        if "cat" in self.args.sides:
            sides.append(engines.Tool("cat", "sh", "-c", 'cat "$@" >/dev/null', "sh"))
        return sides

    def measure(self, sides, corpus, pins=None, subtract_open=True):
        """One row a side. The sides take turns, so what else the machine does falls on all of them."""
        pins = pins or {}
        rows, streams = [], []
        for index, side in enumerate(sides):
            pin = pins.get(index, self.pin)
            count = self.args.repetitions if not isinstance(side, SLOW_SIDES) else self.args.peer_repetitions
            opening = self.opening(side, pin, count) if subtract_open else Sample(0, 0)
            streams.append((side, opening, side.samples(corpus.listing, count, pin), []))
        for _ in range(max(self.args.repetitions, self.args.peer_repetitions)):
            for _, _, stream, samples in streams:
                samples += [s for s in [next(stream, None)] if s]
        for side, opening, _, samples in streams:
            wall = statistics.median(s.seconds for s in samples) - opening.seconds
            cpu = statistics.median(s.cpu_seconds for s in samples) - opening.cpu_seconds
            rows.append(Row(side.name, corpus.label, len(samples), max(wall, 1e-4), max(cpu, 1e-4), opening.seconds,
                            opening.cpu_seconds, samples[0].detections, max(s.rss_kb for s in samples) / 1024,
                            [round(s.seconds, 4) for s in samples]))
        return rows

    def opening(self, side, pin, count):
        """What the side takes for one small file: median wall and CPU seconds. YARA-X compiles outside its samples."""
        if isinstance(side, engines.YaraX):
            return Sample(0, 0)
        key = (id(side), tuple(pin))
        if key not in self.openings:
            samples = list(side.samples(self.small.listing, count, pin))
            self.openings[key] = (side, Sample(statistics.median(s.seconds for s in samples),
                                               statistics.median(s.cpu_seconds for s in samples)))
        return self.openings[key][1]

    def compare(self, sides, corpora):
        """Measures, prints and records each corpus, and all together where there are several. Returns {side: total row}."""
        totals = {}
        for corpus in corpora:
            rows = self.measure(sides, corpus)
            self.show(corpus.label, corpus.files, corpus.size, rows)
            for row in rows:
                if row.side not in totals:
                    totals[row.side] = dataclasses.replace(row, corpus="all")
                else:
                    total = totals[row.side]
                    total.wall_s += row.wall_s
                    total.cpu_s += row.cpu_s
                    total.detections += row.detections
                    total.largest_rss_mb = max(total.largest_rss_mb, row.largest_rss_mb)
        if len(corpora) > 1:
            self.show("all of them", sum(c.files for c in corpora), sum(c.size for c in corpora), list(totals.values()))
        return totals

    def show(self, label, files, size, rows):
        """Prints rows of one corpus, the first of which the others are held against, and records them."""
        self.say(f"  {label}: {files:,} files, {size / 1e6:,.1f} MB")
        self.say(f"    {'':18}{'runs':>5}{'wall s':>10}{'cpu s':>10}{'MB/s':>10}{'open s':>9}{'rss MB':>8}{'found':>8}"
                 f"{'wall ratio':>12}{'cpu ratio':>11}")
        first = rows[0]
        for row in rows:
            ratios = "" if row is first else f"{row.wall_s / first.wall_s:>10.2f} x{row.cpu_s / first.cpu_s:>9.2f} x"
            self.say(f"    {row.side:18}{row.runs:>5}{row.wall_s:>10.3f}{row.cpu_s:>10.3f}{size / 1e6 / row.wall_s:>10.1f}"
                     f"{row.open_wall_s:>9.3f}{self.memory(row):>8}{row.detections:>8}{ratios}")
        self.result["corpora"].append({"label": label, "files": files, "bytes": size,
                                       "rows": [dataclasses.asdict(row) for row in rows]})

    def memory(self, row):
        """A child's figure begins at what its parent took when it was started."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return f"<{own:.0f}" if row.largest_rss_mb <= own else f"{row.largest_rss_mb:.0f}"

    def must(self, what, wanted, wall, cpu=None, most=False):
        """Says how a figure stands to what is asked of it. `most`: it may be no more than that."""
        met = wall <= wanted if most else wall >= wanted
        beside = "" if cpu is None else f", by CPU seconds {cpu:.2f}"
        self.say(f"  {'met   ' if met else 'MISSED'} {what}: {wall:.2f}{beside} (asked: at {'most' if most else 'least'} {wanted:g})")
        self.result["asked"].append({"what": what, "wanted": wanted, "at_most": most, "wall": wall, "cpu": cpu, "met": met})

    def must_beat(self, totals, wanted):
        """`wanted`: {side: the least ratio}."""
        ours = totals["daylight"]
        for side, ratio in wanted.items():
            if side in totals:
                theirs = totals[side]
                self.must(f"times as fast as {side}", ratio, theirs.wall_s / ours.wall_s, theirs.cpu_s / ours.cpu_s)

    def say(self, line):
        print(line, flush=True)

    def run(self, name):
        table = tables.TABLES[name]
        self.result = {"what": table.what, "corpora": [], "asked": []}
        self.say(f"\n{name}: {table.what}")
        start = time.monotonic()
        try:
            table.run(self)
        except Skip as reason:
            self.say(f"  skipped: {reason}")
            self.result["skipped"] = str(reason)
        self.result["seconds"] = time.monotonic() - start
        return self.result


def versions(args):
    found = {"daylight": str(args.daylight)}
    for side in (engines.Yara(""), engines.Clamscan(""), engines.YaraX(args.peers, [])):
        there = yarax.installed(args.peers) if side.name == "yara-x" else shutil.which(side.name)
        found[side.name] = side.version() if there else None
    return found


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "cores": os.cpu_count(), "memory_bytes": memory, "kernel": platform.release()}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--daylight", default=str(ROOT / "build" / "release" / "bin" / "daylight"))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--peer-repetitions", type=int, help="of the other scanners (default: as many)")
    parser.add_argument("--sides", default="daylight,yara,yara-x,clamscan,cat", help="which to run (default: %(default)s)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core all sides run on")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "build" / "bench-data", help="where made files are kept")
    parser.add_argument("--programs", default="/usr/bin", help="the programs of the tables that scan /usr/bin")
    parser.add_argument("--sample-bytes", type=int, default=1_000_000_000, help="of /usr/lib; 0: all of it")
    parser.add_argument("--peers", type=pathlib.Path, default=yarax.DEFAULT_FOLDER, help="where npm packages are")
    parser.add_argument("--install-peers", action="store_true", help="install YARA-X there first")
    parser.add_argument("--signature-base", type=pathlib.Path, default=SHARED / "rules" / "signature-base")
    parser.add_argument("--reversinglabs", type=pathlib.Path, default=SHARED / "rules" / "reversinglabs")
    parser.add_argument("--clamav", type=pathlib.Path, help="a folder of signature files (default: made by --clamav-maker)")
    parser.add_argument("--clamav-maker", type=pathlib.Path, default=SHARED / "peers" / "gen_clamav_db.py",
                        help="a script that writes signature files into the folder it is given")
    parser.add_argument("--packages", type=pathlib.Path, help="a folder of Debian packages (default: some, by apt-get download)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the files that are made: 0.01 to try things out")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there too")
    args = parser.parse_args()
    args.peer_repetitions = args.peer_repetitions or args.repetitions
    args.sides = {"daylight", *args.sides.split(",")}
    args.data = args.data.resolve()
    unknown = [name for name in args.names if name not in tables.TABLES]
    if unknown:
        parser.error(f"no table '{unknown[0]}'; there are: {' '.join(tables.TABLES)}")
    return args


def main():
    args = arguments()
    if args.list:
        for name, table in tables.TABLES.items():
            print(f"{name:26}{'(only when asked for) ' if table.on_request else ''}{table.what}")
        return 0
    if args.install_peers:
        yarax.install(args.peers)
    names = args.names or [name for name, table in tables.TABLES.items() if not table.on_request]
    report = {"machine": machine(), "versions": versions(args), "core": args.core, "repetitions": args.repetitions,
              "peer_repetitions": args.peer_repetitions, "tables": {}}
    print(" ".join(f"{k} {v}" for k, v in report["machine"].items()))
    print(", ".join(f"{k} {v or 'is not here'}" for k, v in report["versions"].items()))
    print(f"core {args.core}, medians of {args.repetitions} runs ({args.peer_repetitions} of the peers)")
    if not report["versions"]["yara-x"]:
        print(f"without YARA-X: --install-peers puts it into {args.peers}")
    with tempfile.TemporaryDirectory(prefix="daylight-bench-") as scratch:
        bench = Bench(args, scratch)
        for name in names:
            report["tables"][name] = bench.run(name)
            if args.json:  # After each table: a run takes an hour.
                args.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
