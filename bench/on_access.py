#!/usr/bin/env python3
"""What watching costs whoever opens files: many small files, opened and read by cat, with and without the opener.

    sudo bench/on_access.py [--bin build/release/bin] [--files 100000] [--passes 1] [--rounds 5]

On a file system of its own (ext4 on a loop device). Prints the median time and its ratio to that without marks:
    kernel    verdicts are known to the kernel (an ignore mark under a lease)
    ours      known to the opener only (no file is kept open)
    uncached  each is handed to a stand-in for the daemon, which reads it and says yes, in Python
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/daemon"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--passes", type=int, default=1, help="read them so often; for machines whose RLIMIT_NOFILE is low")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("needs root")
        return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-bench-"))
    mounted = folder / "m"
    try:
        mounted.mkdir()
        image = folder / "image"
        with open(image, "wb") as file:
            file.truncate(options.files * 8192 + (256 << 20))
        subprocess.run(["mkfs.ext4", "-q", "-N", str(options.files + 10_000), image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
        try:
            return measure(options, folder, mounted)
        finally:
            subprocess.run(["umount", "-l", mounted], check=True)
    finally:
        shutil.rmtree(folder)


def measure(options, folder, mounted):
    names = folder / "names"
    with open(names, "wb") as listing:
        for i in range(options.files):
            path = mounted / f"{i // 1000:03}" / f"{i}.c"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"int x;\n" * (i % 300 + 1))
            listing.write(bytes(path) + b"\0")
    time.sleep(2.5)  # Younger files are not kept.

    def read_all():
        began = time.monotonic()
        for _ in range(options.passes):
            with open(names, "rb") as stdin:
                subprocess.run(["xargs", "-0", "-n", "1000", "cat"], stdin=stdin, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began

    def median(rounds):
        return statistics.median(read_all() for _ in range(rounds))

    class Opener:
        def __init__(self, **settings):
            config = folder / "d.toml"
            lines = ["[on_access]", "enabled = true", f'mounts = ["{mounted}"]', f'stable_mounts = ["{mounted}"]',
                     "removable = []", 'events = ["open"]', "wait_ms = 60000", "max_pending = 256"]
            lines += [f"{key} = {value}" for key, value in settings.items()]
            lines += ["[opener]", f'state_folder = "{folder}/state"', 'daemon_user = "root"']
            config.write_text("\n".join(lines) + "\n")
            socket = folder / "s"
            socket.unlink(missing_ok=True)
            self.process = subprocess.Popen([options.bin / "daylight-opener", "--config", config, "--socket", socket],
                                            stderr=open(folder / "log", "ab"))
            self.watchdog = threading.Timer(900, self.process.kill)
            self.watchdog.start()
            while not socket.exists():
                time.sleep(0.01)
            self.daemon = subprocess.Popen([sys.executable, ROOT / "tests/daemon/fake_daemon.py", socket],
                                           cwd=ROOT / "tests/daemon", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.daemon.stdout.readline()  # It is there.
            self.drain = threading.Thread(target=self.daemon.stdout.read)
            self.drain.start()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.process.terminate()
            self.process.wait()
            self.watchdog.cancel()
            self.daemon.stdin.close()
            self.daemon.kill()
            self.daemon.wait()
            self.drain.join()

    read_all()  # Into memory.
    results = [("no marks", median(options.rounds))]
    with Opener(kernel_cache_files=options.files + 1000, cache_files=4 * options.files):
        results.append(("uncached", median(1)))
        results.append(("kernel", median(options.rounds)))
    with Opener(kernel_cache_files=0, cache_files=4 * options.files):
        median(1)
        results.append(("ours", median(options.rounds)))
    results.append(("no marks", median(options.rounds)))
    base = min(results[0][1], results[-1][1])
    for name, seconds in results:
        print(f"{name:10} {seconds:7.3f} s  {seconds / base:6.2f}  {seconds / options.files / options.passes * 1e6:7.1f} us a file")
    return 0


if __name__ == "__main__":
    sys.exit(main())
