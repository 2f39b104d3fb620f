#!/usr/bin/env python3
"""daylightd and clamd side by side: the same signatures, the same requests, one after the other.

    bench/daemon.py [--bin build/release/bin] [--clamav FOLDER] [--seconds N]

Prints three tables. Requests: INSTREAM and FILDES of a 10 KB file over a Unix socket, one connection a
request, as mail filters do it, at 1, 8 and 64 connections; with one file again and again, where both answer
from what they remember, and with other bytes each time. Memory: the sum of the proportional set sizes of all
processes, and what of it is private. Reload: requests that go on while the content is exchanged.
The load takes part of the processors, the same for both.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import datasets

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
MODES = ("instream", "fildes", "instream-new", "fildes-new")


def start(command, socket, log, seconds=1200):
    with open(log, "wb") as file:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    end = time.monotonic() + seconds
    while not os.path.exists(socket) or not answers(socket):
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{command[0]} does not answer: {pathlib.Path(log).read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)
    return process


def answers(path):
    import socket
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(path))
            client.sendall(b"zPING\0")
            return client.recv(16) == b"PONG\0"
    except OSError:
        return False


def load(args, socket, mode, connections, seconds, pause=None):
    command = [args.bin / "clamd_load", socket, mode, connections, seconds, args.file] + ([pause] if pause else [])
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if not result.stdout:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout)


def family(pid):
    pids = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pids += family(int(child))
    return pids


def memory_mb(pid):
    sums = {"Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for one in family(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            name = line.split(":")[0]
            if name in sums:
                sums[name] += int(line.split()[1])
    return sums["Pss"] / 1024, (sums["Private_Clean"] + sums["Private_Dirty"]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--clamav", type=pathlib.Path, help="a folder of signature files (default: made by --clamav-maker)")
    parser.add_argument("--clamav-maker", type=pathlib.Path, default=SHARED / "peers" / "gen_clamav_db.py")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "build" / "bench-data")
    parser.add_argument("--modes", default=",".join(MODES), help="of %(default)s")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    clamd = shutil.which("clamd") or "/usr/sbin/clamd"
    signatures = args.clamav or datasets.clamav(args.data, args.clamav_maker, 1)
    report = {"requests": [], "memory": {}, "reload": {}}
    with tempfile.TemporaryDirectory(prefix="daylight-bench-") as scratch:
        folder = pathlib.Path(scratch)
        os.chmod(folder, 0o755)
        args.file = folder / "file"
        # Of a program: neither text, whose every line has a meaning to some signature, nor noise.
        args.file.write_bytes(pathlib.Path(sys.executable).resolve().read_bytes()[:10240])
        (folder / "db").mkdir()
        for file in signatures.iterdir():
            os.symlink(file, folder / "db" / file.name)
        ours, theirs = folder / "daylight.sock", folder / "clamd.sock"
        (folder / "state").mkdir()
        (folder / "daylightd.toml").write_text(f"""
[daemon]
user = ""
state_folder = "{folder}/state"
run_folder = "{folder}/run"
opener_socket = ""
[content]
built_in = false
clamav = ["{folder}/db"]
[clamd]
socket = "{ours}"
[http]
listen = []
""")
        (folder / "clamd.conf").write_text(
            f"LocalSocket {theirs}\nDatabaseDirectory {folder}/db\nForeground yes\nMaxThreads 10\nMaxConnectionQueueLength 200\n")
        sides = {}
        try:
            sides["daylightd"] = (start([args.bin / "daylightd", "--config", folder / "daylightd.toml", "--foreground"], ours,
                                        folder / "daylightd.log"), ours)
            if os.path.exists(clamd):
                sides["clamd"] = (start([clamd, "-c", folder / "clamd.conf"], theirs, folder / "clamd.log"), theirs)
            print(f"{'':24}{'':12}{'requests/s':>12}{'median us':>12}{'p99 us':>12}{'ratio':>9}")
            for mode in args.modes.split(","):
                for connections in (1, 8, 64):
                    figures = {}
                    for _ in range(args.repetitions):  # In turns, so that a slow minute is everybody's.
                        for side, (_, socket) in sides.items():
                            figures.setdefault(side, []).append(load(args, socket, mode, connections, args.seconds))
                    middle = {side: sorted(runs, key=lambda run: run["requests_per_s"])[len(runs) // 2]
                              for side, runs in figures.items()}
                    for side, run in middle.items():
                        ratio = middle["daylightd"]["requests_per_s"] / run["requests_per_s"]
                        print(f"{mode + ' x ' + str(connections):24}{side:12}{run['requests_per_s']:12.0f}{run['median_us']:12.0f}"
                              f"{run['p99_us']:12.0f}{ratio:9.2f}", flush=True)
                        report["requests"].append({"mode": mode, "connections": connections, "side": side, **run})
            print(f"\n{'memory of all processes':24}{'':12}{'PSS MB':>12}{'private MB':>12}")
            for side, (process, _) in sides.items():
                pss, private = memory_mb(process.pid)
                report["memory"][side] = {"pss_mb": pss, "private_mb": private}
                print(f"{'':24}{side:12}{pss:12.1f}{private:12.1f}", flush=True)
            print(f"\n{'reload under requests':24}{'':12}{'requests':>12}{'failed':>12}{'slowest ms':>12}")
            for side, (process, socket) in sides.items():
                calm = load(args, socket, "instream-new", 2, 3, 20)
                # A signature more: other content, and all of it compiled anew.
                (folder / "db" / "new.ndb").write_text(f"Bench.Reload.{side}:0:*:{os.urandom(12).hex()}\n")
                log = pathlib.Path(folder / f"{side}.log")
                since = len(log.read_bytes())
                process.send_signal(signal.SIGHUP if side == "daylightd" else signal.SIGUSR2)
                slowest, requests, failed = 0, 0, 0
                end = time.monotonic() + 180
                while time.monotonic() < end:
                    run = load(args, socket, "instream-new", 2, 1, 20)
                    slowest = max(slowest, run["max_us"] / 1000)
                    requests += run["requests"]
                    failed += run["failed"] + sum(n for answer, n in run["answers"].items() if answer != "stream: OK")
                    said = log.read_bytes()[since:]
                    if b"reloaded: content" in said or b"Database correctly reloaded" in said:
                        break
                report["reload"][side] = {"requests": requests, "failed": failed, "slowest_ms": slowest, "calm_slowest_ms": calm["max_us"] / 1000}
                print(f"{'':24}{side:12}{requests:12}{failed:12}{slowest:12.1f}   (before it: {calm['max_us'] / 1000:.1f})", flush=True)
                pss, private = memory_mb(process.pid)
                print(f"{'':24}{side:12}memory after it: PSS {pss:.1f} MB, private {private:.1f} MB")
        finally:
            for process, _ in sides.values():
                process.terminate()
            for process, _ in sides.values():
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
