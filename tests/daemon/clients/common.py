"""What the tests of real clients share: daylightd with all its listeners, the four samples that each client
gets, and the clients' own services, private to a test."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from daemon import EICAR, Case, free_port  # noqa: E402

NAME = "Eicar-Test-Signature"
# Anywhere in a file: mails and forms carry the file as it is.
NDB = f"{NAME}:0:*:{EICAR.hex()}\n"
CLEAN = b"A letter in which there is nothing.\n" * 40
PASSWORD = "nobody-guesses-this"
MEGABYTE = 1 << 20


def need(*programs):
    """Skips what needs a program that is not installed. Answers with the path of the first."""
    found = []
    for program in programs:
        path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/nagios/plugins")
        if path is None:
            raise unittest.SkipTest(f"{program} is not installed")
        found.append(path)
    return found[0]


def need_file(path, package):
    if not pathlib.Path(path).exists():
        raise unittest.SkipTest(f"{package} is not installed")
    return path


def need_root(why):
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"needs root: {why}")


def need_user(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise unittest.SkipTest(f"there is no user {name}") from None


def large(megabytes, found=False):
    """Some tens of megabytes that do not compress to nothing; a found one has its mark at the very end."""
    block = bytes(range(256)) * 4096
    data = b"".join(number.to_bytes(4, "big") + block[4:] for number in range(megabytes))
    return data[:-len(EICAR)] + EICAR if found else data


class Samples:
    """The files, in a folder that everybody may read."""

    def __init__(self, folder, megabytes=32):
        self.folder = pathlib.Path(folder) / "samples"
        self.folder.mkdir(mode=0o755)
        self.megabytes = megabytes
        self.eicar = self.write("eicar.com", EICAR)
        self.clean = self.write("clean.txt", CLEAN)

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def large(self, found=False):
        return self.write("large-found.bin" if found else "large.bin", large(self.megabytes, found))

    def over(self, megabytes):
        """A clean one of another size, for a limit."""
        return self.write(f"over-{megabytes}.bin", large(megabytes))

    @property
    def encrypted(self):
        need("zip")
        path = self.folder / "encrypted.zip"
        if not path.exists():
            subprocess.run(["zip", "-q", "-j", "-P", PASSWORD, path, self.eicar], check=True)
            path.chmod(0o644)
        return path


class ClientCase(Case):
    """One daemon for each test, and the services that a test starts; all of it ends with the test."""

    megabytes = 32

    def setUp(self):
        super().setUp()
        self.samples = Samples(self.folder, self.megabytes)

    def scanner(self, sections="", tcp=False, icap=False, http=False, kav=False, **more):
        """daylightd that knows EICAR, with the listeners asked for: .socket, .tcp, .icap, .http, .kav."""
        ports = {name: free_port() for name, wanted in
                 (("tcp", tcp), ("icap", icap), ("http", http), ("kav", kav)) if wanted}
        if tcp:
            sections += f"\n[clamd+]\ntcp = [\"127.0.0.1:{ports['tcp']}\"]\n" if "[clamd+]" not in sections else ""
        for name, key in (("icap", "listen"), ("http", "listen"), ("kav", "http")):
            if name in ports:
                line = f"{key} = [\"127.0.0.1:{ports[name]}\"]\n"
                mark = f"[{name}]\n"
                sections = sections.replace(mark, mark + line) if mark in sections else f"{sections}\n{mark}{line}"
        daemon = self.daemon(sections, ndb=NDB, **more)
        for name in ("tcp", "icap", "http", "kav"):
            setattr(daemon, name, ports.get(name))
        return daemon.start()

    def service(self, command, ready, name=None, seconds=60, **more):
        """Starts a service in the foreground and waits until `ready` says so (a port, a socket's path, or a
        function). What it writes is in .log."""
        name = name or pathlib.Path(str(command[0])).name
        log = self.folder / f"{name}.out"
        with open(log, "ab") as output:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, start_new_session=True, **more)
        process.log = log
        self.addCleanup(self.end, process)
        end = time.monotonic() + seconds
        while not is_ready(ready):
            if process.poll() is not None:
                self.fail(f"{name} ended ({process.returncode}): {log.read_text(errors='replace')[-4000:]}")
            if time.monotonic() > end:
                self.fail(f"{name} is not ready: {log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)
        return process

    def end(self, process):
        """A service with its children: they are a session of their own."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        process.wait()

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def own_folder(self, name, user=None):
        """A folder that a service writes to as its own user."""
        path = self.folder / name
        path.mkdir(mode=0o755)
        if user is not None and os.geteuid() == 0:
            os.chown(path, user.pw_uid, user.pw_gid)
        return path


def is_ready(ready):
    if callable(ready):
        return ready()
    try:
        if isinstance(ready, int):
            socket.create_connection(("127.0.0.1", ready), 1).close()
        else:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(ready))
        return True
    except OSError:
        return False


def run(*command, timeout=120, **more):
    """What a client says: .returncode, .stdout and .stderr as text."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout,
                          errors="replace", **more)
