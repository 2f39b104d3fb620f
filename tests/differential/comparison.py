"""What the comparisons with other engines share.

An engine's answer is {file: {(namespace, rule): {(string id, offset, length)}}}.
"""

import base64
import collections
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yara_source

# yara takes externals as constants only, so every engine gets the same ones.
EXTERNALS = {
    "filename": "sample.bin",
    "filepath": "/srv/sample.bin",
    "extension": ".bin",
    "filetype": "data",
    "owner": "root",
}
ANY_LENGTH = None  # An engine that does not say the length.


class EngineError(Exception):
    pass


def namespaces(paths):
    """[(namespace, file)] by Daylight's rule: the stem, or `default` for a single file."""
    files = [f for path in paths for f in yara_source.rule_files(path)]
    if len(files) == 1:
        return [("default", files[0])]
    return [(f.stem, f) for f in files]


def walk(targets):
    """Every regular file below the targets, sorted; names that a list of lines cannot carry are left out."""
    found = []
    for target in targets:
        if os.path.isfile(target):
            found.append(os.path.abspath(target))
            continue
        for folder, folders, names in os.walk(os.path.abspath(target)):
            folders.sort()
            found += [os.path.join(folder, n) for n in sorted(names)]
    good = [p for p in found if "\n" not in p and os.path.isfile(p) and not os.path.islink(p)]
    return good


def relax(pairs, folder):
    """Copies of the rule files in which every rule with strings asks for any of them.

    Engines print the strings of matching rules only; so all strings are compared,
    whatever the conditions ask for. Rules without strings stay as they are.
    """
    changed = []
    for number, (namespace, path) in enumerate(pairs):
        text = yara_source.read_source(path)
        for rule in reversed(yara_source.parse(text)):
            if rule.strings and rule.condition:
                text = text[: rule.span[0]] + "\n    any of them\n" + text[rule.span[1] :]
        copy = pathlib.Path(folder) / str(number) / f"{namespace}.yar"
        copy.parent.mkdir()
        copy.write_bytes(text.encode("utf-8", "surrogateescape"))
        changed.append((namespace, copy))
    return changed


class Daylight:
    def __init__(self, program, pairs, folder, dialect, extra=()):
        self.program, self.extra, self.folder = program, list(extra), folder
        self.database = os.path.join(folder, "rules.dldb")
        # One folder of copies, so that each file's stem is its namespace; a single file keeps `default`.
        source = pathlib.Path(folder) / "daylight-rules"
        source.mkdir()
        for number, (namespace, path) in enumerate(pairs):
            (source / str(number)).mkdir()
            shutil.copyfile(path, source / str(number) / f"{namespace}.yar")
        if len(pairs) == 1:
            source = os.path.abspath(pairs[0][1])
        defines = [word for k, v in EXTERNALS.items() for word in ("--define", f"{k}={v}")]
        self.defines = defines
        command = [program, "rules", "compile", "--rules", str(source), "--dialect", dialect, "-o", self.database, *defines]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            raise EngineError("daylight rules compile: " + done.stderr.decode(errors="replace")[:4000])

    def scan(self, files):
        listing = os.path.join(self.folder, "daylight-files")
        pathlib.Path(listing).write_bytes("".join(f + "\n" for f in files).encode("utf-8", "surrogateescape"))
        command = [self.program, "scan", "--db", self.database, "--files-from", listing, "--matches=all",
                   "--format", "jsonl", "--no-unpack", *self.defines, *self.extra]
        done = subprocess.run(command, capture_output=True, check=False)
        answer, notes = {}, []
        for line in done.stdout.splitlines():
            record = json.loads(line)
            if "path" not in record:
                continue
            path = os.fsdecode(base64.b64decode(record["path_b64"])) if "path_b64" in record else record["path"]
            rules = answer.setdefault(path, {})
            for detection in record.get("detections", ()):
                strings = rules.setdefault((detection["namespace"], detection["rule"]), set())
                strings.update((s["id"], s["offset"], s["length"]) for s in detection.get("strings", ()))
                if detection.get("truncated"):
                    notes.append(f"{path}: {detection['rule']}: truncated")
            if record.get("incomplete") or record.get("verdict") in ("incomplete", "failed"):
                notes.append(f"{path}: daylight says {record.get('verdict')}: {record.get('incomplete', record.get('error', ''))}")
        if not done.stdout and files:
            raise EngineError("daylight scan: " + done.stderr.decode(errors="replace")[:4000])
        missing = [f for f in files if f not in answer]
        notes += [f"{path}: daylight gave no record" for path in missing]
        return answer, notes


class Exceptions:
    """Known differences, one a line: NAMESPACE RULE STRING [FILE]  # why. Each may be a glob; `*` as the string
    also covers the rule as a whole."""

    def __init__(self, path):
        self.rows, self.used = [], collections.Counter()
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines() if path else (), 1):
            words = line.split("  #")[0].split()
            if not words or words[0].startswith("#"):
                continue
            if "#" not in line or not 3 <= len(words) <= 4:
                raise EngineError(f"{path}:{number}: expected NAMESPACE RULE STRING [FILE]  # why")
            self.rows.append(words + ["*"] * (4 - len(words)))

    def covers(self, path, namespace, rule, string):
        for index, row in enumerate(self.rows):
            if all(fnmatch.fnmatchcase(value, glob) for value, glob in zip((namespace, rule, string, path), row)):
                self.used[index] += 1
                return True
        return False

    def unused(self):
        return [" ".join(row) for index, row in enumerate(self.rows) if index not in self.used]


class Comparison:
    """Collects the differences between an engine (`peer`) and Daylight."""

    def __init__(self, peer_name, exceptions):
        self.peer_name, self.exceptions = peer_name, exceptions
        self.counts = collections.Counter()
        self.differences = collections.defaultdict(list)  # (kind, namespace, rule, string): [(file, offset, length)]

    def add(self, path, peer, daylight):
        self.counts["files"] += 1
        for rule in peer.keys() | daylight.keys():
            self.counts["rules"] += rule in peer
            if rule not in daylight or rule not in peer:
                kind = f"only {self.peer_name}" if rule in peer else "only daylight"
                self.note(kind, path, rule, "-", 0, 0)
                continue
            theirs, ours = peer[rule], daylight[rule]
            self.counts["strings"] += len(theirs)
            unknown = {(s, o) for s, o, n in theirs if n is ANY_LENGTH}
            known = {row for row in theirs if row[2] is not ANY_LENGTH}
            mine = {row for row in ours if (row[0], row[1]) not in unknown}
            # Strings without a name share one identifier, so a place may have several lengths.
            our_lengths = {(s, o): n for s, o, n in ours}
            their_places = {(s, o) for s, o, _ in known}
            for string, offset, length in known - mine:
                other = our_lengths.get((string, offset))
                text = f"only {self.peer_name}" if other is None else f"length {length} in {self.peer_name}, {other} in daylight"
                self.note(text, path, rule, string, offset, length)
            for string, offset, length in mine - known:
                if (string, offset) not in their_places:
                    self.note("only daylight", path, rule, string, offset, length)
            for string, offset in unknown - our_lengths.keys():
                self.note(f"only {self.peer_name}", path, rule, string, offset, 0)

    def note(self, kind, path, rule, string, offset, length):
        if self.exceptions.covers(path, rule[0], rule[1], string):
            self.counts["excepted"] += 1
            return
        self.differences[(kind, *rule, string)].append((path, offset, length))

    def report(self, show=40, out=sys.stdout):
        total = sum(map(len, self.differences.values()))
        for (kind, namespace, rule, string), rows in sorted(self.differences.items(), key=lambda item: -len(item[1]))[:show]:
            what = "the rule" if string == "-" else string
            print(f"{namespace}:{rule} {what}: {kind}, {len(rows)} times, e.g.", file=out)
            for path, offset, length in rows[:3]:
                place = "" if string == "-" else f" at {offset:#x}, length {length}"
                print(f"    {path}{place}", file=out)
        if len(self.differences) > show:
            print(f"... and {len(self.differences) - show} more kinds", file=out)
        for row in self.exceptions.unused():
            print(f"exception not needed: {row}", file=out)
        print(f"{self.counts['files']} files, {self.counts['rules']} rule matches, {self.counts['strings']} string matches "
              f"compared with {self.peer_name}: {total} differences, {self.counts['excepted']} excepted", file=out)
        return 1 if total else 0


def add_common_arguments(parser):
    parser.add_argument("--daylight", required=True, help="the daylight program")
    parser.add_argument("--rules", action="append", required=True, help="a rule file or folder (repeatable)")
    parser.add_argument("--exceptions", help="a file of known differences")
    parser.add_argument("--relax", action="store_true", help="compare all strings: conditions become `any of them`")
    parser.add_argument("--batch", type=int, default=2000, help="files scanned in one go (default 2000)")
    parser.add_argument("--show", type=int, default=40, help="kinds of differences to show (default 40)")
    parser.add_argument("--daylight-option", action="append", default=[], help="passed to `daylight scan` as it is")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a file or folder to scan")


def compare(args, make_peer, peer_name, dialect):
    """Runs both engines over the targets. `make_peer(pairs, folder)` gives (usable pairs, scan function, notes)."""
    comparison = Comparison(peer_name, Exceptions(args.exceptions))
    with tempfile.TemporaryDirectory(prefix="daylight-compare-") as folder:
        pairs = namespaces(args.rules)
        if not pairs:
            raise EngineError("no rule files there")
        if args.relax:
            relaxed = os.path.join(folder, "relaxed")
            os.mkdir(relaxed)
            pairs = relax(pairs, relaxed)
        pairs, scan_peer, notes = make_peer(pairs, folder)
        if not pairs:
            raise EngineError(f"{peer_name} compiles none of the rule files")
        daylight = Daylight(args.daylight, pairs, folder, dialect, args.daylight_option)
        files = walk(args.targets)
        for start in range(0, len(files), args.batch):
            batch = files[start : start + args.batch]
            theirs, peer_notes = scan_peer(batch)
            ours, our_notes = daylight.scan(batch)
            notes += peer_notes + our_notes
            for path in batch:
                comparison.add(path, theirs.get(path, {}), ours.get(path, {}))
    for note in notes[:20]:
        print("note:", note)
    if len(notes) > 20:
        print(f"note: ... and {len(notes) - 20} more")
    return comparison.report(args.show)
