"""The tables of speed.py, one for each thing that Daylight's speed is claimed to be."""

import copy
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import typing

import altered_rules
import datasets
import documents
import engines
from engines import comparison

TABLES = {}


class Skip(Exception):
    """Why a table cannot be made here."""


@dataclasses.dataclass
class Table:
    what: str
    run: typing.Callable
    on_request: bool


def table(name, what, on_request=False):
    def add(function):
        TABLES[name] = Table(what, function, on_request)
        return function

    return add


YARAX_RATIO = 20


@table("yara-bin-signature-base", "YARA rules on programs: signature-base on /usr/bin")
def yara_bin_signature_base(bench):
    sides = bench.yara_sides(bench.rules("signature-base"))
    bench.must_beat(bench.compare(sides, [bench.programs()]), {"yara": 10, "yara-x": YARAX_RATIO})


@table("yara-bin-reversinglabs", "YARA rules on programs: reversinglabs on /usr/bin")
def yara_bin_reversinglabs(bench):
    sides = bench.yara_sides(bench.rules("reversinglabs"))
    bench.must_beat(bench.compare(sides, [bench.programs()]), {"yara": 10, "yara-x": YARAX_RATIO})


@table("yara-windows", "YARA rules on Windows programs: both sets on libwine and mingw-w64")
def yara_windows(bench):
    sides = bench.yara_sides(bench.rules("signature-base", "reversinglabs"))
    corpora = [bench.corpus("libwine", "/usr/lib/x86_64-linux-gnu/wine", "/usr/lib/wine"),
               bench.corpus("mingw-w64", "/usr/i686-w64-mingw32", "/usr/x86_64-w64-mingw32",
                            "/usr/lib/gcc/i686-w64-mingw32", "/usr/lib/gcc/x86_64-w64-mingw32")]
    bench.must_beat(bench.compare(sides, corpora), {"yara": 8, "yara-x": YARAX_RATIO})


@table("yara-text", "YARA rules on text: both sets on documentation, headers, a log and a mailbox")
def yara_text(bench):
    sides = bench.yara_sides(bench.rules("signature-base", "reversinglabs"))
    size = int(100e6 * bench.args.scale)
    corpora = [bench.corpus("/usr/share/doc", "/usr/share/doc"), bench.corpus("/usr/include", "/usr/include"),
               bench.corpus("a log", datasets.log(bench.data, size)),
               bench.corpus("a mailbox", datasets.mailbox(bench.data, size))]
    bench.must_beat(bench.compare(sides, corpora), {"yara": 5, "yara-x": YARAX_RATIO})


@table("yara-lib", "YARA rules on libraries: both sets on /usr/lib")
def yara_lib(bench):
    sides = bench.yara_sides(bench.rules("signature-base", "reversinglabs"))
    corpus = bench.corpus("/usr/lib", "/usr/lib", limit=bench.args.sample_bytes)
    bench.must_beat(bench.compare(sides, [corpus]), {"yara": 8, "yara-x": YARAX_RATIO})


@table("bad-expressions", "fifty badly written expressions on programs and text, for the first match of each and for all")
def bad_expressions(bench):
    corpora = [bench.programs(limit=int(20e6 * bench.args.scale)),
               bench.corpus("/usr/include", "/usr/include", limit=int(5e6 * bench.args.scale)),
               bench.corpus("a log", datasets.log(bench.data, int(5e6 * bench.args.scale)))]
    source = pathlib.Path(__file__).with_name("bad_expressions.yar")
    counted = bench.folder() / "counted.yar"
    counted.write_text(source.read_text().replace("condition: $a", "condition: #a > 1000000000"))
    for what, path in (("first matches", source), ("all matches", counted)):
        bench.say(f"  {what}")
        totals = bench.compare(bench.yara_sides([("default", path)]), corpora)
        bench.must_beat(totals, {"yara": 1, "yara-x": 1})


def signature_base(bench):
    """Daylight alone with signature-base."""
    side = engines.Daylight(bench.args.daylight, bench.folder())
    side.compile(bench.rules("signature-base"))
    return side


def signatures(bench):
    """The folder of ClamAV signatures to measure with."""
    if bench.args.clamav:
        return bench.args.clamav
    if not bench.args.clamav_maker.exists():
        raise Skip("no signatures: name their folder by --clamav, or a script that makes some by --clamav-maker")
    return datasets.clamav(bench.data, bench.args.clamav_maker, bench.args.scale)


@table("clamav", "ClamAV signatures (3.66 million when made here) on /usr/bin, against clamscan; and what hashing alone takes")
def clamav(bench):
    folder = signatures(bench)
    ours = engines.Daylight(bench.args.daylight, bench.folder())
    compiled = ours.compile([], clamav=folder)
    bench.say(f"  compiled in {compiled.seconds:.1f} s ({compiled.cpu_seconds:.1f} s of CPU), largest process "
              f"{compiled.rss_kb / 1024:.0f} MB, database {os.path.getsize(ours.database) / 1e6:.0f} MB")
    sides = [ours]
    if "clamscan" in bench.args.sides and shutil.which("clamscan"):
        sides.append(engines.Clamscan(folder))
    # A signature of any size asks for the digest of every file; sections have digests of their own.
    sides += [engines.Tool(f"openssl {name}", "openssl", "dgst", f"-{name}") for name in ("sha256", "md5")]
    corpus = bench.programs()
    bench.must_beat(bench.compare(sides, [corpus]), {"clamscan": 100})
    watched = ours.scan(corpus.listing, 1, bench.pin, watch=True)
    bench.say(f"  private memory of the largest process: {watched.largest_private_kb / 1024:.0f} MB")


@table("clamav-and-yara", "signature-base and ClamAV signatures in one database, against the slower of the two alone")
def clamav_and_yara(bench):
    folder, rules = signatures(bench), bench.rules("signature-base")
    both, yara_only, clamav_only = (engines.Daylight(bench.args.daylight, bench.folder()) for _ in range(3))
    both.name, yara_only.name, clamav_only.name = "daylight, both", "daylight, YARA", "daylight, ClamAV"
    both.compile(rules, clamav=folder)
    yara_only.compile(rules)
    clamav_only.compile([], clamav=folder)
    rows = bench.compare([both, yara_only, clamav_only], [bench.programs()])
    together, *alone = rows.values()
    bench.must("times the slower alone", 1.3, together.wall_s / max(r.wall_s for r in alone),
               together.cpu_s / max(r.cpu_s for r in alone), most=True)


@table("growth", "the rate with ten times the rules: signature-base and nine altered copies of it")
def growth(bench):
    pairs = bench.rules("signature-base")
    digest = hashlib.sha256(b"".join(path.read_bytes() for _, path in pairs)).hexdigest()[:16]
    copies = altered_rules.write_copies(pairs, 10, bench.data / f"copies-{digest}")
    ten, one = (engines.Daylight(bench.args.daylight, bench.folder()) for _ in range(2))
    ten.name, one.name = "ten times", "once"
    ten.compile(copies)
    one.compile(pairs)
    bench.say(f"  databases: {os.path.getsize(ten.database) / 1e6:.1f} MB and {os.path.getsize(one.database) / 1e6:.1f} MB")
    rows = bench.compare([ten, one], [bench.programs()])
    bench.must("of the rate", 0.6, rows["once"].wall_s / rows["ten times"].wall_s, rows["once"].cpu_s / rows["ten times"].cpu_s)


@table("file-size", "the rate by the size of the files, 64 KiB to 4 GiB, all of the same content, with signature-base")
def file_size(bench):
    side = signature_base(bench)
    total = max(16 << 20, int(bench.args.scale * (256 << 20)) >> 24 << 24)
    rates = []
    for size in (64 << 10, 1 << 20, 16 << 20, total, 16 * total):
        folder = datasets.equal_files(bench.data, size, total)
        try:
            rows = bench.compare([side], [bench.corpus(f"files of {size / 1048576:g} MiB", folder)])
            scanned = max(size, total)
            rates.append((scanned / rows["daylight"].wall_s, scanned / rows["daylight"].cpu_s))
        finally:
            if size > total:
                shutil.rmtree(folder)
    walls, cpus = zip(*rates)
    bench.must("slowest rate of the fastest", 0.8, min(walls) / max(walls), min(cpus) / max(cpus))


@table("workers", "two workers on two cores against one on one, with signature-base on /usr/bin")
def workers(bench):
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        raise Skip("there is one core only")
    one = signature_base(bench)
    two = copy.copy(one)
    one.name, two.name, two.threads = "one worker", "two workers", 2
    corpus = bench.programs()
    rows = bench.measure([two, one], corpus, pins={0: ["taskset", "-c", ",".join(map(str, cores))]})
    bench.show(corpus.label, corpus.files, corpus.size, rows)
    bench.must("times as fast as one", 1.9, rows[1].wall_s / rows[0].wall_s)


@table("small-files", "100,000 files of 4 KiB, one worker, signature-base: files a second from start to end, walls included")
def small_files(bench):
    side = signature_base(bench)
    count = max(1000, int(100_000 * bench.args.scale))
    corpus = bench.corpus("small files", datasets.small_files(bench.data, count))
    rows = bench.measure([side], corpus, subtract_open=False)
    bench.show(corpus.label, corpus.files, corpus.size, rows)
    bench.must("files a second", 40_000, corpus.files / rows[0].wall_s, corpus.files / rows[0].cpu_s)


@table("cache", "a second scan of /usr with the verdict cache, against `find`")
def cache(bench):
    words = subprocess.run([bench.args.daylight, "scan", "--help"], capture_output=True, text=True, check=False).stdout
    if "--cache" not in words:
        raise Skip("this `daylight scan` has no --cache")
    target = "/usr" if bench.args.scale >= 1 else "/usr/share/doc"
    side = signature_base(bench)
    environment = {**os.environ, "XDG_CACHE_HOME": str(bench.folder())}
    command = [*bench.pin, bench.args.daylight, "scan", "--db", side.database, "--cache", "--threads", "1", "--no-unpack",
               "--on-incomplete", "pass", "--quiet", target]
    bench.listing(target, comparison.walk([target]))
    first = engines.Run(command, env=environment)
    find = [*bench.pin, "find", target, "-printf", "%s %T@ %C@\\n"]
    seconds, listed = [], []
    for _ in range(bench.args.repetitions):
        seconds.append(engines.Run(command, env=environment))
        listed.append(engines.Run(find))
    ours, theirs = (statistics.median(r.seconds for r in runs) for runs in (seconds, listed))
    ours_cpu, theirs_cpu = (statistics.median(r.cpu_seconds for r in runs) for runs in (seconds, listed))
    bench.say(f"  {target}: first scan {first.seconds:.3f} s, second {ours:.3f} s (CPU {ours_cpu:.3f}), "
              f"find {theirs:.3f} s (CPU {theirs_cpu:.3f}), start to end")
    bench.must("times find", 2, ours / theirs, ours_cpu / theirs_cpu, most=True)
    if shutil.which("strace"):
        trace = bench.folder() / "opens"
        engines.Run(["strace", "-f", "-qq", "-s", "1", "-e", "trace=open,openat,openat2", "-e", "status=successful", "-o",
                     str(trace), *command], env=environment)
        opened = [line for line in trace.read_text(errors="replace").splitlines() if "O_DIRECTORY" not in line]
        bench.must("opens of anything but folders in a second scan", 200, len(opened), most=True)


def incomplete(side, corpus, bench):
    """Says how many files were not read whole by Daylight, and why the first of them."""
    reasons = [row["incomplete"] for row in side.records(side.scan(corpus.listing, 1, bench.pin)) if row.get("incomplete")]
    bench.say(f"  not read whole by daylight: {len(reasons)}" + (f", such as {reasons[0][0]}" if reasons else ""))


# How deep the files of a package lie in each kind of archive, and what the archives are.
DEPTHS = {"deb": (3, "Debian packages"), "gzip.deb": (3, "with gzip"), "zstd.deb": (3, "with zstd"), "tar.gz": (2, "as .tar.gz"),
          "tar.zst": (2, "as .tar.zst"), "zip": (1, "as .zip"), "7z": (1, "as .7z")}


@table("unpack-packages", "unpacking Debian packages and the same files in other archives, with a rule that never holds, against bsdtar")
def unpack_packages(bench):
    if not shutil.which("bsdtar"):
        raise Skip("there is no bsdtar")
    source = bench.args.packages
    try:
        source = source or datasets.packages(bench.data)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skip(f"no packages: name a folder of some by --packages ({error})") from error
    rule = bench.folder() / "never.yar"
    rule.write_text("rule Never { condition: false }")
    for ending, (depth, label) in DEPTHS.items():
        # As deep as bsdtar goes, and all that is in the files.
        ours = engines.Daylight(bench.args.daylight, bench.folder(), ["--max-depth", str(depth)])
        ours.compile([("default", rule)])
        whole = copy.copy(ours)
        whole.name, whole.extra = "daylight, all", []
        inner = "bsdtar -xOf \"$f\" 'data.tar*' | bsdtar -xOf -" if ending.endswith("deb") else 'bsdtar -xOf "$f"'
        peer = engines.Tool("bsdtar", "sh", "-c", f"for f; do {inner} >/dev/null; done", "sh")
        folder = source if ending == "deb" else datasets.repacked(bench.data, source, ending)
        corpus = bench.corpus(label, folder)
        rows = bench.compare([ours, whole, peer], [corpus])
        mine, theirs = rows["daylight"], rows["bsdtar"]
        bench.must("times bsdtar's time", 1.3, mine.wall_s / theirs.wall_s, mine.cpu_s / theirs.cpu_s, most=True)
        incomplete(whole, corpus, bench)


@table("unpack-documents", "a mailbox of 10,000 messages, 1,000 office documents and 1,000 PDFs, all unpacked, with ClamAV signatures, "
                           "against clamscan")
def unpack_documents(bench):
    made, marks, planted = [], {}, []
    for kind, label, build, count in (("mailbox", "a mailbox", documents.mailbox, 10_000),
                                      ("office", "office documents", documents.office, 1000),
                                      ("pdf", "PDFs", documents.pdfs, 1000)):
        count = max(80, int(count * bench.args.scale))
        made.append(bench.corpus(f"{label} ({count:,})", build(bench.data, count)))
        planted.append(documents.marks(kind, count))
        marks |= planted[-1]
    folder = documents.write_signatures(bench.folder(), signatures(bench), marks)
    ours = engines.Daylight(bench.args.daylight, bench.folder(), [])
    ours.compile([], clamav=folder)
    sides = [ours]
    if "clamscan" in bench.args.sides and shutil.which("clamscan"):
        sides.append(engines.Clamscan(folder, []))
    for corpus, names in zip(made, planted):
        rows = bench.compare(sides, [corpus])
        bench.must_beat(rows, {"clamscan": 10})
        bench.must(f"of {len(names)} marks found", len(names), rows["daylight"].detections)
        if "clamscan" in rows:
            bench.must("times as many marks as clamscan found", 1,
                       rows["daylight"].detections / max(rows["clamscan"].detections, 1))
        incomplete(ours, corpus, bench)


@table("huge-file", "a file of 20 GB, a hole and dense: time to its end and the private memory of the largest process",
       on_request=True)
def huge_file(bench):
    side = signature_base(bench)
    size = int(20e9 * bench.args.scale)
    free = shutil.disk_usage(bench.data.parent).free
    if free < size * 3 // 2:
        raise Skip(f"it takes {size / 1e9:.0f} GB of disk and {free / 1e9:.0f} GB are free")
    for sparse in (True, False):
        path = datasets.huge_file(bench.data, size, sparse)
        try:
            listing = bench.folder() / "files"
            listing.write_text(f"{path}\n")
            run = side.scan(listing, 1, bench.pin, watch=True)
        finally:
            path.unlink()
        records = [json.loads(line) for line in run.output.splitlines()]
        whole = len(records) == 1 and not records[0].get("incomplete")
        bench.say(f"  {'a hole' if sparse else 'dense'}: {run.seconds:.1f} s ({run.cpu_seconds:.1f} s of CPU), "
                  f"{size / 1e6 / run.seconds:.0f} MB/s, {'to its end' if whole else 'INCOMPLETE: ' + str(records)[:300]}")
        bench.must("MB of private memory", 200, run.largest_private_kb / 1024, most=True)
