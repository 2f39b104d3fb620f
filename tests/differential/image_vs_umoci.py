#!/usr/bin/env python3
"""Images of random layers: what Daylight says is there in the end is what umoci unpacks.

    tests/differential/image_vs_umoci.py --program build/dev/bin/image_paths [--cases 150]

Each layer creates, replaces, deletes and links at random in a small tree, so that all of them meet. skopeo
turns some into what `docker save` writes, which has to say the same.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile

NAMES = ["a", "b", "c", "dd"]


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Tree:
    """What is there after some layers, so that layers are such as builders write: parents exist, and whiteouts
    name what is there."""

    def __init__(self):
        self.nodes = {"": "d"}

    def folders(self):
        return [path for path, kind in self.nodes.items() if kind == "d"]

    def remove(self, path):
        for other in list(self.nodes):
            if other == path or other.startswith(path + "/"):
                del self.nodes[other]


def join(folder, name):
    return f"{folder}/{name}" if folder else name


def make_layer(chance, tree):
    """One tar. Lower content that is hidden goes first, as diffs do not name one path twice."""
    out = io.BytesIO()
    archive = tarfile.open(fileobj=out, mode="w", format=chance.choice([tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT]))
    lower = dict(tree.nodes)
    touched = set()

    def add(path, kind=tarfile.REGTYPE, data=b"", target=""):
        info = tarfile.TarInfo(chance.choice(["", "./"]) + path)
        info.type, info.linkname, info.size = kind, target, len(data)
        info.mode = 0o755
        archive.addfile(info, io.BytesIO(data))

    def is_free(path):
        return not any(path == t or path.startswith(t + "/") or t.startswith(path + "/") for t in touched)

    for _ in range(chance.randrange(3)):
        candidates = [p for p in lower if p and is_free(p)]
        if candidates:
            path = chance.choice(candidates)
            touched.add(path)
            parent, _, name = path.rpartition("/")
            if lower[path] == "d" and chance.random() < 0.4:
                add(path, tarfile.DIRTYPE)
                add(join(path, ".wh..wh..opq"))
                tree.remove(path)
                tree.nodes[path] = "d"
            else:
                add(join(parent, ".wh." + name))
                tree.remove(path)
    files = []
    for _ in range(chance.randrange(1, 9)):
        folder = chance.choice(tree.folders())
        # Below a link of a lower layer, which a runtime follows.
        links = [p for p, k in lower.items() if k == "l" and tree.nodes.get(p) == "l"]
        if links and chance.random() < 0.2:
            folder = chance.choice(links)
        path = join(folder, chance.choice(NAMES))
        if not is_free(path) or path.count("/") > 4:
            continue
        kind = chance.choice("ddffffllh")
        if kind == "h" and not files:
            kind = "f"
        if kind == "d" and tree.nodes.get(path) == "d":
            add(path, tarfile.DIRTYPE)
            continue
        touched.add(path)
        tree.remove(path)
        if kind == "d":
            touched.discard(path)  # Things may follow in it.
            add(path, tarfile.DIRTYPE)
        elif kind == "l":
            add(path, tarfile.SYMTYPE, target=chance.choice(NAMES + ["/a", "../b", "/dd/c"]))
        elif kind == "h":
            add(path, tarfile.LNKTYPE, target=chance.choice(files))
        else:
            head = chance.choice([b"\x7fELF", b"text "])
            add(path, data=head + chance.randbytes(chance.randrange(1, 3000)))
            files.append(path)
        tree.nodes[path] = "d" if kind == "d" else kind
        files = [f for f in files if tree.nodes.get(f) == "f"]
    archive.close()
    return out.getvalue()


def write_layout(folder, layers, chance):
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(data):
        (blobs / digest(data)).write_bytes(data)
        return {"digest": "sha256:" + digest(data), "size": len(data)}

    described = []
    for tar in layers:
        if chance.random() < 0.5:
            described.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", **blob(tar)})
        else:
            packed = gzip.compress(tar, 1, mtime=0)
            described.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **blob(packed)})
    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(tar) for tar in layers]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(json.dumps(config).encode())},
                "layers": described}
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **blob(json.dumps(manifest).encode()),
             "annotations": {"org.opencontainers.image.ref.name": "latest"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def unpacked(root):
    lines = []
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, root)
            if os.path.islink(path):
                lines.append(f"l {relative} {os.readlink(path)}")
            elif os.path.isdir(path):
                lines.append(f"d {relative}")
            else:
                data = pathlib.Path(path).read_bytes()
                lines.append(f"f {relative}" + (f" {digest(data)}" if data.startswith(b"\x7fELF") else ""))
    return sorted(lines)


def ours(program, path):
    done = subprocess.run([program, str(path)], capture_output=True, check=False)
    return sorted(done.stdout.decode().split("\0")[:-1]), done.stderr.decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not shutil.which("umoci"):
        print("skipped: umoci is not installed")
        return 77
    saved = refused = 0
    for case in range(args.cases):
        chance = random.Random(args.seed * 1_000_003 + case)
        tree = Tree()
        layers = [make_layer(chance, tree) for _ in range(chance.randrange(1, 6))]
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            write_layout(folder / "oci", layers, chance)
            done = subprocess.run(["umoci", "unpack", "--rootless", "--image", f"{folder}/oci:latest", str(folder / "out")],
                                  capture_output=True, text=True, check=False)
            # Links in circles, and through files.
            if done.returncode != 0:
                refused += 1
                continue
            expected = unpacked(folder / "out/rootfs")
            # Folders that no layer names are made on the way, and no facts.
            named = set()
            for layer in layers:
                with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                    named.update(member.name.removeprefix("./") for member in archive if member.isdir())
            expected = [line for line in expected if not line.startswith("d ") or line[2:] in named]
            subprocess.run(["tar", "-C", str(folder / "oci"), "-cf", str(folder / "oci.tar"), "."], check=True)
            targets = [folder / "oci", folder / "oci.tar"]
            if shutil.which("skopeo") and case % 5 == 0:
                copied = subprocess.run(["skopeo", "copy", "--insecure-policy", f"oci:{folder}/oci:latest",
                                         f"docker-archive:{folder}/docker.tar:x:y"], capture_output=True, check=False)
                if copied.returncode == 0:
                    targets.append(folder / "docker.tar")
                    saved += 1
            for target in targets:
                found, errors = ours(args.program, target)
                # A folder that a layer names is known by another name where it is reached through a link.
                found = [line for line in found if not line.startswith("d ") or line[2:] in named]
                if found != expected or errors:
                    print(f"case {case} {target.name} (--seed {args.seed}): {errors}")
                    print("  only umoci:", sorted(set(expected) - set(found)))
                    print("  only Daylight:", sorted(set(found) - set(expected)))
                    for number, layer in enumerate(layers):
                        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                            print(f"  layer {number}:", [(m.name, m.type, m.linkname) for m in archive])
                    return 1
    if refused > args.cases // 2:
        print(f"umoci refused {refused} of {args.cases} images")
        return 1
    print(f"{args.cases - refused} images agree, {saved} of them also as docker save writes them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
