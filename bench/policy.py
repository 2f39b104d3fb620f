#!/usr/bin/env python3
"""What a policy check costs: this machine, a Debian root of 300,000 files, a container image of 2 GB.

    bench/policy.py [--bin build/release/bin] [--data build/bench-data/policy] [--files N] [--image-bytes N] [--rounds N]

The root is made of this machine's own /usr, /etc and dpkg database, /usr again and again as hard links until it has so many files;
the image is an OCI layout of two layers with files of /usr. Each is checked several times, and beside it is measured
what only has to touch the same: `find` over the tree, by names alone, and `sha256sum` of the image.  Times are the least of
the rounds, in seconds.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def make_root(root, wanted):
    done = root / ".files"
    if done.exists() and done.read_text() == str(wanted):
        return
    subprocess.run(["rm", "-rf", root], check=True)
    (root / "var/lib").mkdir(parents=True)
    subprocess.run(["cp", "-a", "/etc", root / "etc"], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["cp", "-a", "/var/lib/dpkg", root / "var/lib/dpkg"], check=True)
    count, copy = 0, 0
    while count < wanted:
        for folder, names, files in os.walk("/usr"):
            target = root / ("usr" if copy == 0 else f"srv/copy{copy}") / os.path.relpath(folder, "/usr")
            target.mkdir(parents=True, exist_ok=True)
            for name in files:
                source = os.path.join(folder, name)
                if os.path.islink(source) or not os.path.isfile(source):
                    continue
                try:
                    if copy == 0:
                        copy_file(source, target / name)
                    else:
                        os.link(root / "usr" / os.path.relpath(source, "/usr"), target / name)
                except OSError:
                    continue
                count += 1
                if count >= wanted:
                    break
            if count >= wanted:
                break
        copy += 1
    done.write_text(str(wanted))


def copy_file(source, target):
    with open(source, "rb") as from_file, open(target, "wb") as to_file:
        size = os.fstat(from_file.fileno()).st_size
        at = 0
        while at < size:
            at += os.copy_file_range(from_file.fileno(), to_file.fileno(), size - at) or size


def make_image(path, wanted):
    if path.exists() and path.stat().st_size >= wanted:
        return
    layers = []
    files = (os.path.join(folder, name) for folder, _, names in os.walk("/usr") for name in names)
    for number in range(2):
        layer = path.parent / f"layer{number}.tar"
        with tarfile.open(layer, "w") as archive:
            for file in files:
                if os.path.isfile(file) and not os.path.islink(file):
                    archive.add(file, arcname=file.lstrip("/"), recursive=False)
                if archive.fileobj.tell() > wanted // 2:
                    break
        layers.append(layer)
    with tarfile.open(path, "w") as archive:
        def add_bytes(name, content):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        def add_blob(content, kind):
            digest = hashlib.sha256(content).hexdigest()
            add_bytes("blobs/sha256/" + digest, content)
            return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(content)}

        add_bytes("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        described = []
        for layer in layers:
            digest = subprocess.run(["sha256sum", layer], check=True, capture_output=True, text=True).stdout.split()[0]
            archive.add(layer, arcname="blobs/sha256/" + digest)
            described.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + digest,
                              "size": layer.stat().st_size})
        config = add_blob(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {
            "type": "layers", "diff_ids": [one["digest"] for one in described]}}).encode(),
            "application/vnd.oci.image.config.v1+json")
        manifest = add_blob(json.dumps({"schemaVersion": 2, "config": config, "layers": described}).encode(),
                            "application/vnd.oci.image.manifest.v1+json")
        add_bytes("index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
    for layer in layers:
        layer.unlink()


def run(command, rounds, codes):
    best = None
    for _ in range(rounds):
        begin = time.monotonic()
        result = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seconds = time.monotonic() - begin
        if result.returncode not in codes:
            raise SystemExit(f"{command}: exit {result.returncode}: {result.stderr.decode()[-500:]}")
        best = seconds if best is None else min(best, seconds)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / "build/release/bin", type=pathlib.Path)
    parser.add_argument("--data", default=ROOT / "build/bench-data/policy", type=pathlib.Path)
    parser.add_argument("--files", default=300_000, type=int)
    parser.add_argument("--image-bytes", default=2 << 30, type=int)
    parser.add_argument("--rounds", default=3, type=int)
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    root, image = options.data / "root", options.data / "image.tar"
    make_root(root, options.files)
    make_image(image, options.image_bytes)
    check = [options.bin / "daylight", "policy", "check", "--format", "json"]
    print(f"{'target':<34}{'policy check':>14}{'beside it':>24}{'ratio':>8}")
    for name, command, beside_name, beside in (
            ("this machine", [*check, "--exclude", f"{options.data.resolve()}/*"], "find /", ["find", "/", "-xdev", "-name", "no-such-name"]),
            (f"root of {options.files} files", [*check, "--root", root], "find", ["find", root, "-name", "no-such-name"]),
            (f"image of {image.stat().st_size / 1e9:.2f} GB", [*check, image], "sha256sum", ["sha256sum", image])):
        other = run(beside, options.rounds, (0, 1))
        seconds = run(command, options.rounds, (0, 1, 2))
        print(f"{name:<34}{seconds:>12.2f} s{f'{beside_name} {other:.2f} s':>24}{seconds / other:>8.1f}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
