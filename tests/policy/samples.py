"""Inert samples for the tests of policies: systems, packages, images, programs with made-up signatures."""

import hashlib
import io
import json
import os
import pathlib
import struct
import subprocess
import tarfile

ELF = b"\x7fELF\x02\x01\x01" + bytes(57) + b"inert"


def write(root, files):
    """Files below `root`: {path: bytes or str}; a path with a slash at its end is a folder."""
    for path, content in files.items():
        target = pathlib.Path(root) / path
        if path.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return pathlib.Path(root)


OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'


def stanza(name, status="install ok installed", version="1.0", maintainer="Debian <a@debian.org>", **more):
    lines = [f"Package: {name}", f"Status: {status}", f"Maintainer: {maintainer}", "Architecture: amd64",
             f"Version: {version}", f"Description: {more.pop('description', name)}"]
    lines += [f"{key}: {value}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


def dpkg(*stanzas):
    return "\n".join([stanza("base-files"), *stanzas])


KESL_UNIT = "[Unit]\nDescription=Kaspersky Endpoint Security for Linux\n[Service]\nExecStart=/opt/kaspersky/kesl/libexec/kesl\n"


def deb(name, files, maintainer="Debian <a@debian.org>", version="1.0"):
    """A package file, as dpkg-deb writes it."""
    def tar(members):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for path, content in members.items():
                info = tarfile.TarInfo("./" + path)
                info.size, info.mode = len(content), 0o755
                archive.addfile(info, io.BytesIO(content))
        return out.getvalue()

    control = stanza(name, maintainer=maintainer, version=version).replace("Status: install ok installed\n", "")
    members = [("debian-binary", b"2.0\n"), ("control.tar.gz", tar({"control": control.encode()})),
               ("data.tar.gz", tar(files))]
    out = b"!<arch>\n"
    for member, content in members:
        out += f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def layer(files):
    """A layer of an image; a path that ends with a slash is a folder, `.wh.` names delete."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path.rstrip("/"))
            if path.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
                continue
            content = content if isinstance(content, bytes) else content.encode()
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def oci_blobs(layers, name="app:1", config=None):
    """The files of an OCI image layout: {path: bytes}."""
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(content)}

    described = [blob(one, "application/vnd.oci.image.layer.v1.tar") for one in layers]
    content = {"architecture": "amd64", "os": "linux", "config": config or {},
               "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in described]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(json.dumps(content).encode(), "application/vnd.oci.image.config.v1+json"),
                "layers": described}
    entry = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    return files


def oci_tar(path, layers, **more):
    with tarfile.open(path, "w") as archive:
        for name, content in oci_blobs(layers, **more).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def docker_tar(path, layers, name="app:1"):
    """What `docker save` wrote before it wrote OCI layouts."""
    with tarfile.open(path, "w") as archive:
        def add(member, content):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        names = []
        for i, content in enumerate(layers):
            names.append(f"{i:064x}/layer.tar")
            add(names[-1], content)
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers]}}).encode()
        add("config.json", config)
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": names}]).encode())
    return path


def _version_block(key, value=b"", children=(), text=True):
    body = key.encode("utf-16-le") + b"\0\0"
    body += bytes(-(6 + len(body)) % 4) + value
    for child in children:
        body += bytes(-(6 + len(body)) % 4) + child
    length = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", 6 + len(body), length, 1 if text else 0) + body


def pe(texts):
    """The smallest PE file with version information: {"CompanyName": "…"}. VS_VERSIONINFO and the resource
    directory as in "PE Format" (Microsoft)."""
    strings = [_version_block(key, (value + "\0").encode("utf-16-le")) for key, value in texts.items()]
    table = _version_block("040904b0", children=strings)
    fixed = struct.pack("<IIIIIIIIIIIII", 0xFEEF04BD, 0x10000, 0x10000, 0, 0x10000, 0, 0x3F, 0, 0x40004, 1, 0, 0, 0)
    info = _version_block("VS_VERSION_INFO", fixed, [_version_block("StringFileInfo", children=[table])], text=False)
    rva = 0x1000
    directory = b""
    for kind, below in ((16, 0x80000018), (1, 0x80000030), (0x409, 72)):
        directory += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", kind, below)
    directory += struct.pack("<IIII", rva + 88, len(info), 0, 0)
    section = directory + info
    raw = (len(section) + 511) // 512 * 512
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, raw, 0, 0, 0)
    optional += struct.pack("<QIIHHHHHHIIIIHHQQQQII", 0x140000000, 4096, 512, 6, 0, 0, 0, 6, 0, 0, 4096 + raw + 4096,
                            512, 0, 3, 0, 0x100000, 4096, 0x100000, 4096, 0, 16)
    directories = [(0, 0)] * 16
    directories[2] = (rva, len(section))
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    header = struct.pack("<8sIIIIIIHHI", b".rsrc", len(section), rva, raw, 512, 0, 0, 0, 0, 0x40000040)
    head = dos + coff + optional + header
    return head + bytes(512 - len(head)) + section + bytes(raw - len(section))


class Signer:
    """Signs programs with a made-up certificate of this name."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.key, self.certificate = self.folder / "signer.key", self.folder / "signer.pem"
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out",
                        self.certificate, "-days", "30", "-subj", f"/C=RU/O={name}/CN={name}", "-addext",
                        "extendedKeyUsage=codeSigning"], check=True, capture_output=True)

    def sign(self, program):
        source, target = self.folder / "unsigned.exe", self.folder / "signed.exe"
        source.write_bytes(program)
        if target.exists():
            target.unlink()
        subprocess.run(["osslsigncode", "sign", "-h", "sha256", "-certs", self.certificate, "-key", self.key, "-in",
                        source, "-out", target], check=True, capture_output=True)
        return target.read_bytes()


def rpm_root(root, packages):
    """An rpm database below `root` with {name: vendor} in it, made by rpm itself."""
    root = pathlib.Path(root)
    work = root.parent / (root.name + "-rpmbuild")
    for name, vendor in packages.items():
        spec = work / f"{name}.spec"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(f"Name: {name}\nVersion: 2.5\nRelease: 1\nSummary: {name}\nLicense: x\nVendor: {vendor}\n"
                        "BuildArch: noarch\n%description\nx\n%files\n")
        subprocess.run(["rpmbuild", "--define", f"_topdir {work}", "--define", "_build_id_links none", "-bb", spec],
                       check=True, capture_output=True)
    files = sorted(str(path) for path in work.glob("RPMS/*/*.rpm"))
    (root / "var/lib/rpm").mkdir(parents=True, exist_ok=True)
    subprocess.run(["rpm", "--dbpath", os.path.abspath(root / "var/lib/rpm"), "-i", "--justdb", "--nodeps",
                    "--noscripts", "--ignorearch", "--ignoreos", *files], check=True, capture_output=True)
    return root


def cyclonedx(components, subject=None):
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
                       "metadata": {"component": subject or {"type": "application", "name": "gateway"}},
                       "components": components})
