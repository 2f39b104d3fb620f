"""The scanners that the benchmarks run, and what one run of each costs.

    run = Run(["taskset", "-c", "0", "yara", ...])
    run.seconds, run.cpu_seconds, run.rss_kb, run.output

    daylight = Daylight(program, folder)   # compiles into `folder`
    daylight.compile(pairs)                # [(namespace, rule file)]
    for sample in daylight.samples(listing, 5, pin): sample.seconds, sample.cpu_seconds

A sample is one scan of the files in `listing`, one path a line, from the start of
the command to its end; YARA-X, which has no saved rules, is timed inside its process.
"""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "differential"))
import comparison  # noqa: E402
import yarax  # noqa: E402
from comparison import EngineError  # noqa: E402

# What keeps clamscan from looking into containers; programs' headers are still read.
CLAMSCAN_AS_THEY_ARE = [f"--scan-{kind}=no" for kind in
                        ("archive", "mail", "ole2", "pdf", "swf", "hwp3", "xmldocs", "onenote")]
# ClamAV skips what is larger than its limits, and what is behind so many files of a container.
CLAMSCAN_NO_LIMITS = ["--max-filesize=2000M", "--max-scansize=2000M", "--max-scantime=0", "--max-files=0"]


def descendants(pid):
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


@dataclasses.dataclass
class Sample:
    seconds: float
    cpu_seconds: float
    detections: int = 0
    rss_kb: int = 0


class Run:
    """One run of a command: wall time, CPU time of all its processes, output, and the largest resident set of any."""

    def __init__(self, command, stdin=None, watch=False, good=(0, 1), env=None):
        self.private_kb = 0  # Of all processes together.
        self.largest_private_kb = 0  # Of the largest one.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            start = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                                       stdout=out, stderr=errors, env=env)
            done = threading.Event()
            watcher = threading.Thread(target=self.watch, args=(process.pid, done)) if watch else None
            if watcher:
                watcher.start()
            if stdin is not None:
                process.stdin.write(stdin)
                process.stdin.close()
            # wait4's figures cover the child and everything that it waited for.
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.monotonic() - start
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
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
            raise EngineError(f"{' '.join(command[:6])} ...: exit {process.returncode}\n{self.errors[:2000]}")

    def watch(self, pid, done):
        """Samples the private memory of the whole tree; off while times are taken, as it costs time itself."""
        while not done.wait(0.05):
            sizes = [private_kb(p) for p in descendants(pid)]
            self.private_kb = max(self.private_kb, sum(sizes))
            self.largest_private_kb = max(self.largest_private_kb, *sizes)


class Command:
    """What the engines share: samples by running scan() again and again."""

    threads = 1

    def samples(self, listing, count, pin):
        for _ in range(count):
            run = self.scan(listing, self.threads, pin)
            yield Sample(run.seconds, run.cpu_seconds, self.detections(run), run.rss_kb)


class Daylight(Command):
    name = "daylight"

    def __init__(self, program, folder, extra=("--no-unpack",)):
        self.program, self.folder, self.extra = program, pathlib.Path(folder), list(extra)
        self.database = str(self.folder / "rules.dldb")

    def version(self):
        return ""

    def compile(self, pairs, clamav=None):
        """`pairs`: [(namespace, rule file)]; `clamav`: a folder of signature files."""
        words = ["--clamav", str(clamav)] if clamav else []
        if pairs:
            source = self.folder / "daylight-rules"
            if not source.exists():
                for number, (namespace, path) in enumerate(pairs):
                    copy = source / str(number) / f"{namespace}.yar"
                    copy.parent.mkdir(parents=True)
                    copy.write_bytes(pathlib.Path(path).read_bytes())
            words += ["--rules", str(source)]
        defines = [word for k, v in comparison.EXTERNALS.items() for word in ("--define", f"{k}={v}")]
        return Run([self.program, "rules", "compile", *words, "-o", self.database, *defines], good=(0,))

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, self.program, "scan", "--db", self.database, "--threads", str(threads), "--on-incomplete",
                    "pass", "--format", "jsonl", *self.extra, "--files-from", str(listing)], watch=watch)

    @staticmethod
    def records(run):
        return [json.loads(line) for line in run.output.splitlines()]

    def detections(self, run):
        """What is found in several objects of a file counts once."""
        return sum(len({tuple(found.get(key) for key in ("engine", "namespace", "rule", "name"))
                        for found in row.get("detections", ())}) for row in self.records(run))


class Yara(Command):
    name = "yara"

    def __init__(self, folder):
        self.database = os.path.join(folder, "rules.yarc")
        self.defines = [word for k, v in comparison.EXTERNALS.items() for word in ("-d", f"{k}={v}")]

    def version(self):
        return subprocess.run(["yara", "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def compile(self, pairs):
        return Run(["yarac", "-w", *self.defines, *(f"{n}:{p}" for n, p in pairs), self.database], good=(0,))

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, "yara", "-C", "-w", "-f", "-p", str(threads), "--scan-list", *self.defines, self.database,
                    str(listing)], watch=watch, good=(0,))

    def detections(self, run):
        return len(run.output.splitlines())


class YaraX:
    name = "yara-x"
    database = None

    def __init__(self, peers, pairs):
        self.peers = peers
        groups, _ = yarax.group(pairs)
        self.groups = [[str(p) for _, p in rows] for rows in groups]

    def version(self):
        """Of the engine in the package, as its library's paths say: the package has a number of its own."""
        for library in (self.peers / "node_modules").rglob("*.node"):
            found = re.search(rb"yara-x-(\d+\.\d+\.\d+)", library.read_bytes())
            if found:
                return found[1].decode()
        return "?"

    def answers(self, files, pin=(), repeat=1, watch=False):
        """The run of the driver, and its lines as objects."""
        job = {"groups": self.groups, "files": files, "defines": comparison.EXTERNALS, "relaxed": True, "repeat": repeat}
        run = Run([*pin, "node", str(yarax.DRIVER), str(self.peers)], stdin=json.dumps(job).encode(), watch=watch, good=(0,))
        return run, [json.loads(line) for line in run.output.splitlines()]

    def compile(self, pairs):
        run, rows = self.answers([])
        run.seconds = rows[0]["compile_ms"] / 1000
        return run

    def scan(self, listing, threads, pin, watch=False):
        files = read_listing(listing)
        if threads == 1 or len(files) < threads:
            return self.part(files, pin, watch)
        # The binding scans on one thread, so all cores means as many processes.
        runs, failures = [], []

        def work(index):
            try:
                runs.append(self.part(files[index::threads], (), watch))
            except EngineError as error:
                failures.append(error)

        parts = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
        for thread in parts:
            thread.start()
        for thread in parts:
            thread.join()
        if failures:
            raise failures[0]
        whole = runs[0]
        whole.scan_seconds = max(r.scan_seconds for r in runs)
        whole.found = sum(r.found for r in runs)
        whole.rss_kb, whole.private_kb = max(r.rss_kb for r in runs), sum(r.private_kb for r in runs)
        return whole

    def part(self, files, pin, watch):
        run, rows = self.answers(files, pin, watch=watch)
        run.scan_seconds, run.found = rows[-1]["scan_ms"] / 1000, rows[-1]["detections"]
        return run

    def samples(self, listing, count, pin):
        """All in one process, which compiles once: what the engine finds warm, it finds warm."""
        _, rows = self.answers(read_listing(listing), pin, repeat=count)
        for row in rows:
            if "scan_ms" in row:
                yield Sample(row["scan_ms"] / 1000, row["scan_cpu_ms"] / 1000, row["detections"], row["rss_kb"])

    def detections(self, run):
        return run.found


class Clamscan(Command):
    name = "clamscan"

    def __init__(self, database, extra=tuple(CLAMSCAN_AS_THEY_ARE)):
        self.database, self.extra = str(database), extra

    def version(self):
        text = subprocess.run(["clamscan", "--version"], capture_output=True, text=True, check=True).stdout
        return text.split()[1].split("/")[0]

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, "clamscan", "-d", self.database, "--no-summary", "--infected", "--allmatch",
                    *self.extra, *CLAMSCAN_NO_LIMITS, "-f", str(listing)], watch=watch)

    def detections(self, run):
        """What is found in several objects of a file counts once."""
        return len(set(run.output.splitlines()))


class Tool(Command):
    """A program that reads the files and does one thing with them: how far down the floor is."""

    def __init__(self, name, *command):
        self.name, self.command = name, command

    def version(self):
        return ""

    def scan(self, listing, threads, pin, watch=False):
        return Run([*pin, "xargs", "-d", "\\n", "-a", str(listing), *self.command], watch=watch, good=(0, 1, 123))

    def detections(self, run):
        return 0


def read_listing(path):
    return [os.fsdecode(line) for line in pathlib.Path(path).read_bytes().splitlines()]


def common_rules(pairs, with_yara, yarax_folder, notes):
    """Those of the rule files that yara and YARA-X compile, if they are asked. `yarax_folder`: None, or where it is."""
    if with_yara:
        with tempfile.TemporaryDirectory(prefix="daylight-bench-") as folder:
            yara = Yara(folder)
            try:
                yara.compile(pairs)
            except EngineError:
                pairs = [pair for pair in pairs if compiles(yara, pair, notes)]
    if yarax_folder:
        pairs, more = yarax.usable(yarax_folder, pairs, relaxed=True)
        notes += more
    return pairs


def compiles(yara, pair, notes):
    try:
        yara.compile([pair])
        return True
    except EngineError:
        notes.append(f"left out, yara does not compile it: {pair[1]}")
        return False
