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
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "differential"))
import comparison  # noqa: E402
import yara_source  # noqa: E402
import yarax  # noqa: E402


def children(pid):
    """`pid` and all its descendants."""
    found, open_ = [], [pid]
    while open_:
        current = open_.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{task}/children") as file:
                    open_ += [int(p) for p in file.read().split()]
        except OSError:
            pass
    return found


def private_kb(pid):
    """What no file backs: the pages of a database are shared by all that map it."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))
    except OSError:
        return 0


class Run:
    """One run of a command: wall time, output, and the largest resident set of any of its processes."""

    def __init__(self, command, stdin=None, watch=False, good=(0, 1)):
        self.private_kb = 0
        self.scan_seconds = None  # Where the engine itself says what scanning took.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            start = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                                       stdout=out, stderr=errors)
            done = threading.Event()
            watcher = threading.Thread(target=self.watch, args=(process.pid, done)) if watch else None
            if watcher:
                watcher.start()
            if stdin is not None:
                process.stdin.write(stdin)
                process.stdin.close()
            # wait4's figure covers the child and everything that it waited for.
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            done.set()
            if watcher:
                watcher.join()
            self.rss_kb = usage.ru_maxrss
            out.seek(0)
            self.output = out.read()
            errors.seek(0)
            self.errors = errors.read().decode(errors="replace")
        if process.returncode not in good:
            raise comparison.EngineError(f"{' '.join(command[:6])} ...: exit {process.returncode}\n{self.errors[:2000]}")

    def watch(self, pid, done):
        """Samples the private memory of the whole tree; off while times are taken, as it costs time itself."""
        while not done.wait(0.05):
            self.private_kb = max(self.private_kb, sum(private_kb(p) for p in children(pid)))


class Daylight:
    name = "daylight"

    def __init__(self, program, folder):
        self.program, self.database = program, os.path.join(folder, "rules.dldb")

    def compile(self, pairs, folder):
        source = pathlib.Path(folder) / "daylight-rules"
        if not source.exists():
            for number, (namespace, path) in enumerate(pairs):
                copy = source / str(number) / f"{namespace}.yar"
                copy.parent.mkdir(parents=True)
                copy.write_bytes(pathlib.Path(path).read_bytes())
        defines = [word for k, v in comparison.EXTERNALS.items() for word in ("--define", f"{k}={v}")]
        return Run([self.program, "rules", "compile", "--rules", str(source), "-o", self.database, *defines], good=(0,))

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, self.program, "scan", "--db", self.database, "--threads", str(threads), "--no-unpack",
                    "--on-incomplete", "pass", "--format", "jsonl", "--files-from", listing], watch=watch)

    def detections(self, run):
        rows = [json.loads(line) for line in run.output.splitlines()]
        return sum(len(row.get("detections", ())) for row in rows)


class Yara:
    name = "yara"

    def __init__(self, folder):
        self.database = os.path.join(folder, "rules.yarc")
        self.defines = [word for k, v in comparison.EXTERNALS.items() for word in ("-d", f"{k}={v}")]

    def compile(self, pairs, folder):
        return Run(["yarac", "-w", *self.defines, *(f"{n}:{p}" for n, p in pairs), self.database], good=(0,))

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, "yara", "-C", "-w", "-f", "-p", str(threads), "--scan-list", *self.defines, self.database, listing],
                   watch=watch, good=(0,))

    def detections(self, run):
        return len(run.output.splitlines())


class YaraX:
    name = "yara-x"
    database = None

    def __init__(self, peers, pairs):
        self.peers = peers
        groups, _ = yarax.group(pairs)
        self.groups = [[str(p) for _, p in rows] for rows in groups]

    def job(self, files):
        job = {"groups": self.groups, "files": files, "defines": comparison.EXTERNALS, "relaxed": True}
        return json.dumps(job).encode()

    def run(self, files, pin=(), watch=False):
        run = Run([*pin, "node", str(yarax.DRIVER), str(self.peers)], stdin=self.job(files), watch=watch, good=(0,))
        run.scan_seconds = json.loads(run.output.splitlines()[-1])["scan_ms"] / 1000
        return run

    def compile(self, pairs, folder):
        run = self.run([])
        run.seconds = json.loads(run.output.splitlines()[0])["compile_ms"] / 1000
        return run

    def scan(self, listing, threads, pin, watch=False):
        files = [os.fsdecode(line) for line in pathlib.Path(listing).read_bytes().splitlines()]
        if threads == 1 or len(files) < threads:
            return self.run(files, pin, watch)
        # The binding scans on one thread, so all cores means as many processes.
        runs, failures = [], []

        def part(index):
            try:
                runs.append(self.run(files[index::threads], (), watch))
            except comparison.EngineError as error:
                failures.append(error)

        parts = [threading.Thread(target=part, args=(i,)) for i in range(threads)]
        for thread in parts:
            thread.start()
        for thread in parts:
            thread.join()
        if failures:
            raise failures[0]
        whole = runs[0]
        whole.scan_seconds = max(r.scan_seconds for r in runs)
        whole.output = b"\n".join(r.output for r in runs)
        whole.rss_kb, whole.private_kb = max(r.rss_kb for r in runs), sum(r.private_kb for r in runs)
        return whole

    def detections(self, run):
        return sum(json.loads(line).get("detections", 0) for line in run.output.splitlines() if line)


def common_rules(args, folder, notes):
    """The rule files that all engines at hand compile."""
    pairs = comparison.namespaces(args.rules)
    yara = Yara(folder)
    try:
        yara.compile(pairs, folder)
    except comparison.EngineError:
        good = []
        for pair in pairs:
            try:
                yara.compile([pair], folder)
                good.append(pair)
            except comparison.EngineError:
                notes.append(f"left out, yara does not compile it: {pair[1]}")
        pairs = good
    if args.with_yarax:
        pairs, more = yarax.usable(args.peers, pairs, relaxed=True)
        notes += more
    return pairs


def measure(engine, args, pairs, listing, empty, folder, size):
    def median(action):
        runs = [action() for _ in range(args.repetitions)]
        return statistics.median(r.seconds for r in runs), runs[0]

    def median_scan(threads, pin):
        runs = [engine.scan(listing, threads, pin) for _ in range(args.repetitions)]
        seconds = [r.seconds - row["open s"] if r.scan_seconds is None else r.scan_seconds for r in runs]
        return max(statistics.median(seconds), 1e-3), runs[0]

    pin = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    row = {"compile s": median(lambda: engine.compile(pairs, folder))[0]}
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
        pairs = common_rules(args, folder, notes)
        if not pairs:
            raise comparison.EngineError("no rule file compiles in all engines")
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
        rows = {e.name: {"rules": count, **measure(e, args, pairs, listing, empty, folder, size)} for e in engines}
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
    except (comparison.EngineError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
