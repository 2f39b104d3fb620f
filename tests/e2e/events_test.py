"""Events from outside: what `daylight events` shows of a store that a stand-in for the
daemon writes, is killed at, or has open; what arrives at a syslog server; whether each
line is what its format says, by readers of this test's own; and the calendar against
systemd's."""

import calendar
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import harness

TOOL = str(harness.BIN / "events_tool")
SCHEMA = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "docs/schemas/event.json"

HOSTILE = [
    b"plain", b"a\nb", b"a\r\nb\t", b"]", b'"', b"\\", b"\\n", b"\\x41", b"a=b|c", b"] [evil@1 a=\"b\"] x", b"\xff\xfe",
    b"nul\0inside", b"\x1b[31mred\x07", "\u202egpj.exe".encode(), "\ufeffbom".encode(), "\u00e4\u20ac\U0001f600".encode(),
    b"\xed\xa0\x80", b'{"a":1}', b"<34>1 - - - - - fake", b"src=6.6.6.6 act=none", b" ", b"x" * 300,
]


def unescape(text):
    """Of report/escape.h, back to the bytes."""
    out = bytearray()
    i = 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
            continue
        kind = text[i + 1]
        if kind == "x":
            out.append(int(text[i + 2:i + 4], 16))
            i += 4
        else:
            out += {"\\": b"\\", "n": b"\n", "r": b"\r", "t": b"\t"}[kind]
            i += 2
    return bytes(out)


# RFC 5424, 6: from its ABNF, not from our writer.
SD_NAME = r'[!#-<>-\\^-~]{1,32}'
PARAM = SD_NAME + r'="(?:[^"\\\]]|\\["\\\]])*"'
MESSAGE = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    r"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128}) (?P<msgid>[!-~]{1,32}) "
    r"(?P<sd>-|(?:\[" + SD_NAME + "(?: " + PARAM + r")*\])+)(?: (?P<msg>.*))?", re.S)


def parse_syslog(datagram):
    text = datagram.decode("utf-8")  # 6.3.3: PARAM-VALUE is UTF-8, whatever a file is called.
    match = MESSAGE.fullmatch(text)
    assert match, text[:300]
    params = {}
    for name, value in re.findall("(" + SD_NAME + r')="((?:[^"\\\]]|\\["\\\]])*)"', match["sd"]):
        params.setdefault(name, []).append(re.sub(r'\\(["\\\]])', r"\1", value))
    message = match["msg"] or ""
    if any(ord(c) > 127 for c in message):
        assert message[0] == "\ufeff", message[:50]
    return match, params, message.removeprefix("\ufeff")


def problems(value, schema, where="event"):
    """As much of JSON Schema as docs/schemas/event.json uses."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return [f"{where}: not {schema['type']}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of the values")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not match")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{where}: {value!r} is too small")
    if schema["type"] == "array":
        for i, item in enumerate(value):
            found += problems(item, schema["items"], f"{where}[{i}]")
    if schema["type"] == "object":
        found += [f"{where}: no {key}" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            if key in schema["properties"]:
                found += problems(item, schema["properties"][key], f"{where}.{key}")
            elif not schema.get("additionalProperties", True):
                found.append(f"{where}: {key} is not known")
    return found


class Events(harness.Case):
    def setUp(self):
        super().setUp()
        self.db = str(self.folder / "events.db")

    def tool(self, *arguments, **more):
        return subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)

    def write_names(self, names, *arguments):
        done = self.tool("write", "--hex", *arguments, input=b"".join(name.hex().encode() + b"\n" for name in names))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().split(), done.stderr.decode()

    def events(self, *arguments, code=0):
        done = self.run_daylight("events", "--db", self.db, *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.decode()

    def lines(self, *arguments):
        return [json.loads(line) for line in self.events("--format", "jsonl", *arguments).splitlines()]


class Command(Events):
    def test_formats_and_filters(self):
        ids, _ = self.write_names(HOSTILE, "--db", self.db)
        self.assertEqual([line["id"] for line in self.lines()], ids)
        for form in ("text", "jsonl", "ecs", "ocsf", "cef"):
            out = self.events("--format", form)
            self.assertEqual(out.count("\n"), len(HOSTILE), form)
            self.assertFalse(harness.CONTROL & set(out.encode()), form)
            self.assertNotIn("\u202e", out)
        for form in ("jsonl", "ecs", "ocsf"):
            for line in self.events("--format", form).splitlines():
                json.loads(line)
        self.assertEqual([line["id"] for line in self.lines("-n", "3")], ids[-3:])
        self.assertEqual(self.lines("-n", "0"), [])
        self.assertEqual(len(self.lines("--path", "/a")), sum(name.startswith(b"a") for name in HOSTILE))
        self.assertEqual(len(self.lines("--kind", "detection")), len(HOSTILE))
        self.assertEqual(self.lines("--kind", "gap"), [])
        self.assertEqual(len(self.lines("--since", "1h ago", "--until", "now")), len(HOSTILE))
        self.assertEqual(self.lines("--until", "yesterday"), [])
        self.assertEqual(self.lines("--since", "2100-01-01"), [])
        self.assertIn("high detection:", self.events("-n", "1"))

    def test_folder(self):
        self.write_names([b"a"], "--db", self.db)
        done = self.run_daylight("events", "--folder", str(self.folder))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    def test_what_cannot_be_read_is_2(self):
        for arguments in (["--db", self.db], ["--db", str(self.folder)], ["--db", "/dev/null"], ["--since", "soon"],
                          ["--kind", "none"], ["-n", "x"], ["--format", "xml"], ["extra"]):
            done = self.run_daylight("events", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.write("garbage.db", b"g" * 100_000)
        done = self.run_daylight("events", "--db", "garbage.db")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.write("empty.db")
        done = self.run_daylight("events", "--db", "empty.db")
        self.assertEqual(done.returncode, 2)

    def test_schema(self):
        schema = json.loads(SCHEMA.read_text())
        self.write_names(HOSTILE, "--db", self.db, "--file", f"jsonl:{self.folder}/e.jsonl")
        lines = [json.loads(line) for line in (self.folder / "e.jsonl").read_text().splitlines()]
        self.assertEqual(len(lines), len(HOSTILE))
        golden = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "src/daylight/events/goldens/events.jsonl"
        lines += [json.loads(line) for line in golden.read_text().splitlines()]
        for line in lines + self.lines():
            self.assertEqual(problems(line, schema), [])
        # The check itself can fail.
        self.assertNotEqual(problems({**lines[0], "new": 1}, schema), [])
        self.assertNotEqual(problems({**lines[0], "kind": "none"}, schema), [])

    @unittest.skipUnless(shutil.which("jq"), "no jq here")
    def test_jq_reads_it(self):
        self.write_names(HOSTILE, "--db", self.db)
        for form in ("jsonl", "ecs", "ocsf"):
            done = subprocess.run(["jq", "-c", "."], input=self.events("--format", form).encode(), stdout=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stdout.count(b"\n")), (0, len(HOSTILE)))

    def test_follow(self):
        self.write_names([b"first"], "--db", self.db)
        process = self.start("events", "--db", self.db, "--follow", "--format", "jsonl")
        self.assertEqual(json.loads(process.stdout.readline())["path"], "/first")
        self.write_names([b"second"], "--db", self.db)
        self.assertEqual(json.loads(process.stdout.readline())["path"], "/second")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_reads_while_it_is_written(self):
        writer = subprocess.Popen([TOOL, "write", "--db", self.db, "--count", "100000000"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.stdout.close)
        self.addCleanup(writer.kill)
        for _ in range(100):
            writer.stdout.readline()
        seen = 0
        for _ in range(5):
            n = len(self.lines())
            self.assertGreaterEqual(n, max(seen, 100))
            seen = n
            for _ in range(50):
                writer.stdout.readline()

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
    def test_by_somebody_who_may_only_read(self):
        self.write_names([b"a", b"b"], "--db", self.db)
        os.chmod(self.db, 0o644)
        reader = dict(user=65534, group=65534, extra_groups=[])
        before = sorted(os.listdir(self.folder))
        done = self.run_daylight("events", "--db", self.db, **reader)
        self.assertEqual((done.returncode, done.stdout.count(b"\n")), (0, 2), done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        # And of a daemon that was killed, whose log is still there.
        writer = subprocess.Popen([TOOL, "write", "--db", self.db, "--count", "100000000"], stdout=subprocess.PIPE)
        writer.stdout.readline()
        done = self.run_daylight("events", "--db", self.db, **reader)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(done.stdout.count(b"\n"), 3)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        done = self.run_daylight("events", "--db", self.db, **reader)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(done.stdout.count(b"\n"), 3)
        os.chmod(self.db, 0o600)
        done = self.run_daylight("events", "--db", self.db, **reader)
        self.assertEqual(done.returncode, 2)


class Damaged(Events):
    def test_a_damaged_store_is_shown_or_refused(self):
        self.write_names([b"name-%d" % i for i in range(300)], "--db", self.db)
        whole = pathlib.Path(self.db).read_bytes()
        random.seed(11)
        refused = 0
        for _ in range(80):
            damaged = bytearray(whole)
            for _ in range(random.choice([1, 3, 30, 300])):
                damaged[random.randrange(len(damaged))] = random.randrange(256)
            self.write("damaged.db", bytes(damaged[:random.choice([len(damaged), random.randrange(len(damaged))])]))
            done = self.run_daylight("events", "--db", "damaged.db", "--format", "jsonl")
            self.assertIn(done.returncode, (0, 2), done.stderr)
            for line in done.stdout.splitlines():
                json.loads(line)
            refused += done.returncode == 2
        self.assertGreater(refused, 0)

    def test_no_writer_stops_at_a_damaged_one(self):
        self.write("events.db", b"SQLite format 3\0" + b"g" * 10_000)
        ids, said = self.write_names([b"a", b"b"], "--db", self.db, "--file", f"jsonl:{self.folder}/e.jsonl")
        self.assertEqual(len((self.folder / "e.jsonl").read_text().splitlines()), 2)
        self.assertEqual(len(ids), 2)
        self.assertEqual(said.count("events: store"), 1, said)  # Told once.


class Killed(Events):
    def test_what_was_said_to_be_written_is_there_once(self):
        random.seed(7)
        said = []
        for _ in range(20):
            writer = subprocess.Popen(
                [TOOL, "write", "--db", self.db, "--file", f"jsonl:{self.folder}/e.jsonl", "--count", "100000000"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(random.randrange(1, 30)):
                said.append(writer.stdout.readline().decode().strip())
            time.sleep(random.random() / 50)
            writer.kill()
            # A line that was cut short was not said.
            rest = writer.stdout.read().decode()
            said += rest[:rest.rfind("\n") + 1].split()
            writer.wait()
            writer.stdout.close()
        stored = [line["id"] for line in self.lines()]
        self.assertEqual(len(stored), len(set(stored)))
        self.assertFalse(set(said) - set(stored))
        self.assertLessEqual(len(stored), len(said) + 20)
        # One write() a line: all are whole.
        lines = [json.loads(line)["id"] for line in (self.folder / "e.jsonl").read_text().splitlines()]
        self.assertFalse(set(said) - set(lines))


class Syslog(Events):
    def check(self, datagrams):
        self.assertEqual(len(datagrams), len(HOSTILE))
        for name, datagram in zip(HOSTILE, datagrams):
            match, params, message = parse_syslog(datagram)
            self.assertEqual((match["pri"], match["host"], match["app"], match["msgid"]),
                             ("27", "testhost", "daylightd", "detection"))
            self.assertEqual(unescape(params["path"][0]), b"/" + name)
            self.assertEqual([unescape(value) for value in params["detection"]], [name[:1024]])
            self.assertNotIn("evil@1", [key for key in params])
            if len(name) < 1000:
                self.assertIn(b"/" + name, unescape(message))

    def test_unix_datagrams(self):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(str(self.folder / "log"))
        server.settimeout(60)
        writer = subprocess.Popen([TOOL, "write", "--hex", "--syslog", f"text:unix:{self.folder}/log"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        writer.stdin.write(b"".join(name.hex().encode() + b"\n" for name in HOSTILE))
        writer.stdin.close()
        datagrams = [server.recv(1 << 16) for _ in HOSTILE]
        self.assertEqual(writer.wait(timeout=60), 0)
        self.check(datagrams)

    def test_tcp_with_octet_counting(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        target = f"text:tcp:127.0.0.1:{server.getsockname()[1]}"
        writer = subprocess.Popen([TOOL, "write", "--hex", "--syslog", target], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        writer.stdin.write(b"".join(name.hex().encode() + b"\n" for name in HOSTILE))
        writer.stdin.close()
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        data = b""
        while chunk := connection.recv(700):
            data += chunk
        self.assertEqual(writer.wait(timeout=60), 0)
        frames = []
        while data:
            length, _, data = data.partition(b" ")
            self.assertRegex(length, rb"^[1-9]\d*$")  # RFC 6587, 3.4.1: no leading zero.
            frames.append(data[:int(length)])
            data = data[int(length):]
        self.check(frames)

    def test_json_messages_are_ascii(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        for form in ("jsonl", "ecs", "ocsf"):
            ids, _ = self.write_names(["\u00e4\U0001f600".encode()], "--syslog",
                                      f"{form}:udp:127.0.0.1:{server.getsockname()[1]}")
            datagram = server.recv(1 << 16)
            self.assertLessEqual(len(datagram), 2048)
            match, _, message = parse_syslog(datagram)
            self.assertEqual(match["sd"], "-")
            self.assertTrue(message.isascii())
            self.assertIn(ids[0], message)
            self.assertIn("\u00e4\U0001f600", json.dumps(json.loads(message), ensure_ascii=False))
        # Too long however short its parts are cut: the id is what is left.
        ids, _ = self.write_names(["\U0001f600".encode() * 100_000], "--syslog",
                                  f"ocsf:udp:127.0.0.1:{server.getsockname()[1]}")
        datagram = server.recv(1 << 16)
        self.assertLessEqual(len(datagram), 2048)
        _, params, _ = parse_syslog(datagram)
        self.assertEqual((params["id"], params["cut"]), (ids, ["all"]))

    def test_a_megabyte_of_name(self):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(str(self.folder / "log"))
        server.settimeout(60)
        self.write_names([b"y" * (1 << 20)], "--db", self.db, "--syslog", f"text:unix:{self.folder}/log")
        datagram = server.recv(1 << 20)
        self.assertLessEqual(len(datagram), 8192)
        _, params, _ = parse_syslog(datagram)
        self.assertIn("path", params["cut"][0].split(","))
        line = self.lines()[0]
        self.assertEqual(line["path"], "/" + "y" * 8191)
        self.assertIn("path", line["cut"].split(","))


@unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
class CalendarAgainstSystemd(Events):
    EXPRESSIONS = [
        "minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "Mon..Fri 02:30",
        "*-*-01 03:00", "Sat,Sun 4:00", "*:0/15", "02:30", "02:00", "03:00", "1/3:00", "Sun 02:30", "*-*~1 3:00",
        "*-*~7/1 1:00", "*-02-29", "Mon *-*-1..7 3:00", "2..4:10,20:5", "*-1,7-1/10 12:00", "*:*:0/30", "0/2:59:59",
        "Mon,Wed..Fri *-*-10..20 0:0", "*-12-24..26 18:00", "2027..2029-1-1", "*-*-31 23:59:59", "Fri *-*-13 13:13",
        "daily UTC", "02:30 UTC", "*-*~1..1", "Mon-Fri 5:00", "monday", "2026-03-29 02:30", "25:00", "Fri..Mon 1:00",
        "*-*-5..3", "1:00/0", "*/2:00", "sometimes", "*-13-01", "",
    ]
    BASES = [("Europe/Berlin", 1774710000), ("Europe/Berlin", 1792880000), ("America/New_York", 1772930000),
             ("America/New_York", 1793490000), ("Australia/Lord_Howe", 1775300000), ("UTC", 1796045405),
             ("Asia/Kathmandu", 1796045405), ("Africa/Casablanca", 1771120000)]

    def test_each_expression(self):
        compared = 0
        for zone, base in self.BASES:
            environment = {**os.environ, "TZ": zone, "LC_ALL": "C"}
            ours = self.tool("calendar", str(base), "12", input="\n".join(self.EXPRESSIONS).encode() + b"\n",
                             env=environment).stdout.decode().splitlines()
            for expression, line in zip(self.EXPRESSIONS, ours):
                theirs = subprocess.run(
                    ["systemd-analyze", "calendar", f"--base-time=@{base}", "--iterations=12", expression],
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
                if theirs.returncode != 0:
                    self.assertEqual(line, "invalid", (zone, expression))
                    continue
                # Each elapse, and below it the same in UTC where the zone is another.
                found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) \S+(?:\n\s+\(in UTC\): \w+ (\S+ \S+) UTC)?",
                                   theirs.stdout)
                seconds = [calendar.timegm(time.strptime(utc or local, "%Y-%m-%d %H:%M:%S")) for local, utc in found]
                self.assertEqual(line.split(), [str(s) for s in seconds], (zone, base, expression))
                compared += len(seconds)
        self.assertGreater(compared, 2000)


if __name__ == "__main__":
    unittest.main()
