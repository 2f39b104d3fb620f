"""Groups of cases: one set of signature files, many objects, and what clamscan says of them.

A group whose signatures clamscan refuses is repaired line by line: clamscan gives up a whole folder for one malformed
line, Daylight warns and goes on, so each refused line becomes a record of its own and the rest stays a group.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import tempfile

# What switches unpacking off in clamscan and nothing else. Not --scan-pe, --scan-elf, --scan-html or --scan-image:
# with PE off section and import hashes are not looked at, with HTML off target 3 never matches.
UNPACKING_OFF = ["--scan-archive=no", "--scan-mail=no", "--scan-ole2=no", "--scan-pdf=no", "--scan-swf=no",
                 "--scan-xmldocs=no", "--scan-hwp3=no", "--scan-onenote=no"]
# Answers that come from no signature.
HEURISTICS_OFF = ["--heuristic-alerts=no", "--phishing-scan-urls=no"]
PUA = "--detect-pua=yes"
SUFFIX = ".UNOFFICIAL"


class ClamscanError(Exception):
    pass


class ClamscanCrash(ClamscanError):
    pass


def unique(name, size=4):
    """Bytes of a name's own: none is text, none is another name's by chance."""
    digest = hashlib.shake_128(name.encode()).digest(size)
    return bytes(0x80 | (b & 0x3F) for b in digest)


class Group:
    def __init__(self, name, options=()):
        self.name, self.options = name, list(options)
        self.files = {}    # file name: [line]
        self.objects = {}  # object name: bytes
        self.refused = []  # (file name, line, message)
        self.expect, self.first = {}, {}
        self.large = False   # Left out of the golden.
        self.unpack = False  # What is inside containers counts too.

    def sig(self, line, file="sigs.ndb"):
        self.files.setdefault(file if "." in file else "sigs." + file, []).append(line)

    def obj(self, name, data):
        if name in self.objects and self.objects[name] != data:
            raise ValueError(f"{self.name}: two objects {name}")
        self.objects[name] = bytes(data)

    def write(self, folder):
        """The group's files below `folder`; gives (database folder, {path: object name})."""
        base = pathlib.Path(folder) / self.name
        database, objects = base / "db", base / "objects"
        for path in (database, objects):
            path.mkdir(parents=True, exist_ok=True)
        for file, lines in self.files.items():
            write_lines(database / file, lines)
        paths = {}
        for name, data in self.objects.items():
            (objects / name).write_bytes(data)
            paths[str(objects / name)] = name
        return database, paths

    def solve(self, folder):
        """Writes the group and asks clamscan, without the lines that it refuses."""
        database = pathlib.Path(folder) / self.name / "db"
        database.mkdir(parents=True, exist_ok=True)
        for file in os.listdir(database):
            (database / file).unlink()
        # So that no file is ever empty.
        self.files.setdefault("control.ndb", []).append("T.Control:0:*:" + unique("control", 12).hex())
        for file, lines in self.files.items():
            write_lines(database / file, lines)
        while error := load_error(database, whole=True):
            self._drop(database, error)
        database, paths = self.write(folder)
        while True:
            try:
                found = clamscan([database], list(paths), self.options, True, self.unpack)
                break
            except ClamscanCrash:
                self._drop_crash(database, list(paths))
        first = clamscan([database], list(paths), self.options, False, self.unpack)
        for path, name in paths.items():
            self.expect[name] = sorted(set(found.get(path, ())))
            self.first[name] = next(iter(first.get(path, ())), None)

    def _drop(self, database, message):
        """Takes out the line that a load fails for."""
        named = re.search(r"Can't load \S*?([^/\s]+): ", message)
        number = re.search(r"(?:at line|line:?|\(line)\s+(\d+)", message)
        rows = []
        if named and number and int(number.group(1)) <= len(self.files.get(named.group(1), ())):
            file = named.group(1)
            rows = [(file, self.files[file][int(number.group(1)) - 1])]
            # Ignore lists are not read alone.
            why = alone_error(rows) or message
        if not rows or not why:
            # Found by halving: some errors come without a line, when everything is read.
            rows, why = [(f, line) for f, lines in self.files.items() for line in lines], ""
            while len(rows) > 1 or not why:
                half = (len(rows) + 1) // 2
                for part in (rows[:half], rows[half:]) if len(rows) > 1 else (rows,):
                    why = alone_error(part)
                    if why:
                        rows = part
                        break
                else:
                    raise ClamscanError(f"{self.name}: {message}")
        file, line = rows[0]
        self._remove(database, file, line, why)

    def _remove(self, database, file, line, why):
        self.refused.append((file, line, why))
        self.files[file].remove(line)
        write_lines(database / file, self.files[file])
        if not self.files[file]:  # An empty file would be refused too.
            del self.files[file]
            (database / file).unlink()

    def _drop_crash(self, database, paths):
        """Takes out one line with which clamscan itself dies, found by halving."""
        rows = [(file, line) for file, lines in self.files.items() for line in lines]
        message = ""
        while len(rows) > 1 or not message:
            half = (len(rows) + 1) // 2
            for part in (rows[:half], rows[half:]) if len(rows) > 1 else (rows,):
                message = crash(part, paths, self.options)
                if message:
                    rows = part
                    break
            else:
                raise ClamscanError(f"{self.name}: clamscan dies, but with no single line")
        file, line = rows[0]
        self._remove(database, file, line, message)


def alone_error(rows):
    """What clamscan says when it does not load these lines."""
    with tempfile.TemporaryDirectory() as folder:
        for file in {file for file, _ in rows}:
            write_lines(pathlib.Path(folder) / file, [line for f, line in rows if f == file])
        return load_error(folder)


def crash(rows, paths, options):
    """How clamscan dies with these signatures; nothing if it lives."""
    with tempfile.TemporaryDirectory() as folder:
        for file in {file for file, _ in rows}:
            write_lines(pathlib.Path(folder) / file, [line for f, line in rows if f == file])
        try:
            clamscan([folder], paths, options)
        except ClamscanCrash as error:
            return str(error)
    return ""


def write_lines(path, lines):
    path.write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"))


def run(command):
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


def load_error(database, whole=False):
    """What clamscan says when it does not load a folder; nothing when it does."""
    with tempfile.NamedTemporaryFile() as empty:
        done = run(["clamscan", "--no-summary", "-d", str(database), empty.name])
    if done.returncode != 2:
        return ""
    if whole:  # With the name of the file and the line in it.
        return done.stderr.decode(errors="replace") or "refused"
    lines = [l for l in done.stderr.decode(errors="replace").splitlines() if "rror:" in l or "LibClamAV Warning" in l]
    return lines[0].replace("LibClamAV Error: ", "") if lines else "refused"


def clamscan(databases, files, options=(), all_matches=True, unpack=False):
    """{path: [names in clamscan's order]}; a path without a detection is absent."""
    command = ["clamscan", "--no-summary", "--infected", *HEURISTICS_OFF, *([] if unpack else UNPACKING_OFF)]
    command += [f"--allmatch={'yes' if all_matches else 'no'}", *options]
    for database in databases:
        command += ["-d", str(database)]
    with tempfile.NamedTemporaryFile("wb") as listing:
        listing.write(b"".join(os.fsencode(f) + b"\n" for f in files))
        listing.flush()
        done = run(command + ["-f", listing.name])
    if done.returncode < 0:
        raise ClamscanCrash(f"clamscan dies by signal {-done.returncode}")
    if done.returncode not in (0, 1):
        raise ClamscanError(done.stderr.decode(errors="replace"))
    found = {}
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        if not line.endswith(" FOUND"):
            continue
        path, name = line[: -len(" FOUND")].split(": ", 1)
        found.setdefault(path, []).append(name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name)
    return found


def solve_all(groups, folder, workers=1):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(lambda group: group.solve(folder), groups):
            pass
