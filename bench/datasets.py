"""Files for the benchmarks, made of the files of this machine: the same bytes each time on the same machine.

Each function returns the path of what it made, and makes nothing that is there already.
"""

import base64
import os
import pathlib
import random
import shutil
import subprocess
import sys
import textwrap


def made(path, build):
    """`path`, built under another name first, so that what is there is whole."""
    path = pathlib.Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        if partial.is_dir():  # Of a run that was ended.
            shutil.rmtree(partial)
        build(partial)
        partial.rename(path)
    return path


def sources(folder, smallest=2000, most=500, endings=("",)):
    """Some files below `folder`: always the same ones."""
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [os.path.join(place, name) for name in sorted(names) if name.endswith(endings)]
    found = [p for p in found if os.path.isfile(p) and not os.path.islink(p) and os.access(p, os.R_OK)
             and os.path.getsize(p) >= smallest]
    random.Random(1).shuffle(found)
    return found[:most]


def log(data, size):
    """A log of a mail and web server: lines of a few shapes, with names and paths of this machine."""

    def build(path):
        rng = random.Random(2)
        paths = sources("/usr/share", 1)
        hosts = [f"host{n}.example.org" for n in range(40)]
        agents = ["Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0", "curl/7.88.1",
                  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"]
        seconds, written = 0, 0
        with open(path, "w", encoding="utf-8", errors="replace") as out:
            while written < size:
                seconds += rng.randrange(3)
                clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
                address = f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
                kind, name, host = rng.randrange(4), rng.choice(paths), rng.choice(hosts)
                if kind == 0:
                    line = f"Mar {1 + seconds // 86400 % 28:2} {clock} {host} sshd[{rng.randrange(1000, 32768)}]: " \
                           f"Failed password for invalid user admin from {address} port {rng.randrange(1024, 65536)} ssh2"
                elif kind == 1:
                    line = f"Mar {1 + seconds // 86400 % 28:2} {clock} {host} postfix/smtp[{rng.randrange(1000, 32768)}]: " \
                           f"{rng.getrandbits(40):010X}: to=<user{rng.randrange(500)}@example.org>, relay={host}[{address}]:25, " \
                           f"delay={rng.random() * 9:.1f}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {rng.getrandbits(40):010X})"
                else:
                    line = f'{address} - - [{1 + seconds // 86400 % 28:02}/Mar/2024:{clock} +0000] "GET {name} HTTP/1.1" ' \
                           f'{rng.choice((200, 200, 200, 304, 404))} {rng.randrange(100000)} "https://{host}/" "{rng.choice(agents)}"'
                out.write(line + "\n")
                written += len(line) + 1

    return made(data / f"server-{size}.log", build)


def mail(number, rng, body, attach=None):
    """One mail of an mbox; `attach`: what gives the Content-Type and the bytes of an attachment."""
    mark = f"=_part_{number:08x}"
    head = textwrap.dedent(f"""\
        From user{number % 97}@example.org Mon Mar  4 10:{number // 60 % 60:02}:{number % 60:02} 2024
        Received: from mx{number % 9}.example.org (mx{number % 9}.example.org [192.0.2.{number % 250 + 1}])
        \tby mail.example.com with ESMTPS id {rng.getrandbits(48):012x}
        From: User {number % 97} <user{number % 97}@example.org>
        To: list@example.com
        Subject: Report {number}
        Message-ID: <{rng.getrandbits(64):016x}@example.org>
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="{mark}"

        --{mark}
        Content-Type: text/plain; charset=utf-8

        """)
    whole = head.encode() + body + b"\n"
    if attach:
        kind, content = attach()
        whole += f"--{mark}\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n".encode()
        whole += base64.encodebytes(content)
    return whole + f"--{mark}--\n\n".encode()


def mailbox(data, size):
    """An mbox: mails of text from /usr/share/doc, every fourth with a program of /usr/bin in base64."""

    def build(path):
        rng = random.Random(3)
        texts = [p for p in sources("/usr/share/doc") if not p.endswith((".gz", ".png", ".pdf"))]
        programs = sources("/usr/bin")
        number, written = 0, 0

        def program():
            code = pathlib.Path(rng.choice(programs)).read_bytes()[: rng.randrange(5000, 100000)]
            return "application/octet-stream", code

        with open(path, "wb") as out:
            while written < size:
                number += 1
                body = pathlib.Path(rng.choice(texts)).read_bytes()[: rng.randrange(1000, 20000)]
                whole = mail(number, rng, body, program if number % 4 == 0 else None)
                out.write(whole)
                written += len(whole)

    return made(data / f"mailbox-{size}", build)


PIECE = 64 << 10


def pieces(count, size=PIECE):
    """Pieces of programs and texts of this machine, from their middles: three of four are of programs."""
    rng = random.Random(4)
    programs, texts = sources("/usr/bin", 2 * PIECE + 1), sources("/usr/share/doc", 2 * size) + sources("/usr/include", 2 * size)
    for number in range(count):
        path = rng.choice(texts if number % 4 == 3 else programs)
        with open(path, "rb") as file:
            # Not the first bytes: what a file begins with says which rules can match.
            file.seek(rng.randrange(16, os.path.getsize(path) - size + 1))
            yield file.read(size)


def content(data, size):
    """One file of such pieces, which other files are made of."""

    def build(path):
        with open(path, "wb") as out:
            for piece in pieces(size // PIECE):
                out.write(piece)

    return made(data / f"content-{size}", build)


def append(out, path):
    with open(path, "rb") as file:
        shutil.copyfileobj(file, out, 1 << 20)


def equal_files(data, file_size, total):
    """A folder of `total` bytes of the same content in files of `file_size`; a file larger than `total` repeats it."""

    def build(folder):
        folder.mkdir()
        whole = content(data, total)
        if file_size > total:
            with open(folder / "0", "wb") as out:
                for _ in range(file_size // total):
                    append(out, whole)
            return
        with open(whole, "rb") as file:
            for number in range(total // file_size):
                with open(folder / str(number), "wb") as out:
                    for _ in range(file_size // PIECE):
                        out.write(file.read(PIECE))

    return made(data / f"files-of-{file_size}-{total}", build)


def small_files(data, count, size=4096):
    """A folder of `count` files, a thousand in each of its folders."""

    def build(folder):
        folder.mkdir()
        for number, piece in enumerate(pieces(count, size)):
            if number % 1000 == 0:
                place = folder / f"{number // 1000:04}"
                place.mkdir()
            (place / f"{number:07}").write_bytes(piece)

    return made(data / f"small-files-{count}", build)


def huge_file(data, size, sparse):
    """One file: of content, or of a hole with content at its begin, middle and end."""

    def build(path):
        whole = content(data, 256 << 20)
        with open(path, "wb") as out:
            if not sparse:
                while out.tell() < size:
                    append(out, whole)
                out.truncate(size)
                return
            for at in (0, size // 2, size - os.path.getsize(whole)):
                out.seek(at)
                append(out, whole)

    return made(data / f"huge-{'sparse' if sparse else 'dense'}-{size}", build)


# Of Debian, of many sizes; programs, libraries, headers, scripts, texts, data.
PACKAGES = ("hello", "tzdata", "man-db", "bash", "libc6-dev", "libgtk-3-0", "perl-modules-5.36", "coreutils", "adwaita-icon-theme",
            "git", "libclang-cpp14", "g++-mingw-w64-x86-64-win32", "libllvm14")


def packages(data):
    """A folder of Debian packages, as the machine's archive has them."""

    def build(folder):
        folder.mkdir()
        # As the user that apt would fetch with, the folder could not be written.
        subprocess.run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *PACKAGES], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)

    return made(data / "packages", build)


def sh(script, *words, cwd=None):
    subprocess.run(["sh", "-ec", script, "sh", *map(str, words)], check=True, cwd=cwd, stdout=subprocess.DEVNULL)


# {ending: a command that packs the folder it runs in into "$1"; $2 is a folder for a package}
REPACKED = {
    "gzip.deb": 'dpkg-deb --root-owner-group -Zgzip -b "$2" "$1"',
    "zstd.deb": 'dpkg-deb --root-owner-group -Zzstd -b "$2" "$1"',
    "tar.gz": 'tar -czf "$1" .',
    "tar.zst": 'tar -c . | zstd -q -o "$1"',
    "zip": 'zip -qry "$1" .',
    "7z": '7z a -bd -snl -mx3 -mmt1 "$1" .',
}


def repacked(data, source, ending):
    """A folder with the content of each package in `source` in an archive of another kind."""

    def build(folder):
        folder.mkdir()
        for package in sorted(source.glob("*.deb")):
            whole, files = folder / "whole", folder / "files"
            sh('dpkg-deb -R "$1" "$2"; dpkg-deb -x "$1" "$3"', package, whole, files)
            sh(REPACKED[ending], folder / f"{package.stem}.{ending}", whole, cwd=files)
            shutil.rmtree(whole)
            shutil.rmtree(files)

    return made(data / f"{source.name}-{ending}", build)


def clamav(data, maker, scale):
    """A folder of signature files, written by the script `maker`."""

    def build(folder):
        subprocess.run([sys.executable, str(maker), str(folder), str(scale)], check=True)

    return made(data / f"clamav-{scale:g}", build)
