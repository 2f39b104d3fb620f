"""The tables of speed.py, one for each thing that Daylight's speed is claimed to be."""

import dataclasses
import pathlib
import typing

import datasets

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
    bench.must_beat(bench.compare(sides, [bench.corpus("/usr/bin", "/usr/bin")]), {"yara": 10, "yara-x": YARAX_RATIO})


@table("yara-bin-reversinglabs", "YARA rules on programs: reversinglabs on /usr/bin")
def yara_bin_reversinglabs(bench):
    sides = bench.yara_sides(bench.rules("reversinglabs"))
    bench.must_beat(bench.compare(sides, [bench.corpus("/usr/bin", "/usr/bin")]), {"yara": 10, "yara-x": YARAX_RATIO})


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
    corpora = [bench.corpus("/usr/bin", "/usr/bin", limit=int(20e6 * bench.args.scale)),
               bench.corpus("/usr/include", "/usr/include", limit=int(5e6 * bench.args.scale)),
               bench.corpus("a log", datasets.log(bench.data, int(5e6 * bench.args.scale)))]
    source = pathlib.Path(__file__).with_name("bad_expressions.yar")
    counted = bench.folder() / "counted.yar"
    counted.write_text(source.read_text().replace("condition: $a", "condition: #a > 1000000000"))
    for what, path in (("first matches", source), ("all matches", counted)):
        bench.say(f"  {what}")
        totals = bench.compare(bench.yara_sides([("default", path)]), corpora)
        bench.must_beat(totals, {"yara": 1, "yara-x": 1})
