"""What the trusted program is linked with: nothing that reads hostile bytes.

Three looks, each shown to be able to fail by giving it daylight-worker, which
does link all of that: the symbols (`nm -C`), the shared libraries that are
loaded with the program (`readelf -d`, and `ldd` for theirs), and the archives
on its link line. Which namespaces are meant is read from the sources, so a new
room or format is covered the day it comes.
"""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

BIN = pathlib.Path(os.environ["DAYLIGHT_BIN"])
SOURCE = pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"])
CONTAINED_ROOMS = ("match", "formats", "unpack", "rules", "scan", "contain")
TRUSTED_ROOMS = ("base", "bytes", "os", "crypto", "report", "database", "sandbox", "quarantine", "events", "config", "opener", "daemon")
# Loaded by the trusted program itself. libsqlite3 has the quarantine's index and the store of events, files of our
# own. libfmt may come; whatever parses (libmagic, libpugixml, libz) or is only the worker's (libseccomp) may not.
ALLOWED_LIBRARIES = {
    "libxxhash.so", "libcrypto.so", "libsqlite3.so", "libfmt.so", "libstdc++.so", "libm.so", "libgcc_s.so", "libc.so",
    "ld-linux-x86-64.so", "ld-linux-aarch64.so",
    "libasan.so", "libubsan.so", "libtsan.so",  # Builds with sanitizers.
}
# What those load in turn, as ldd shows it.
ALLOWED_BELOW = ALLOWED_LIBRARIES | {"linux-vdso.so", "libdl.so", "libpthread.so", "librt.so"}
NAMESPACE = re.compile(r"^namespace dl::([a-z_0-9]+)", re.M)
SYMBOL = re.compile(r"\bdl::([a-z_0-9]+)::")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, errors="replace").stdout


def declared_namespaces(rooms):
    found = set()
    for room in rooms:
        for path in (SOURCE / "src/daylight" / room).rglob("*"):
            if path.suffix in {".h", ".cc"}:
                found |= set(NAMESPACE.findall(path.read_text(errors="replace")))
    return found


def contained_namespaces():
    # The worker's own code stands in apps/worker.
    return declared_namespaces(CONTAINED_ROOMS) - declared_namespaces(TRUSTED_ROOMS) | {"worker"}


def symbol_namespaces(program):
    return set(SYMBOL.findall(output("nm", "-C", str(program))))


def plain(library):
    return re.sub(r"(\.so)(\.\d+)*$", r"\1", os.path.basename(library))


def needed_libraries(program):
    return {plain(name) for name in re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-dW", str(program)))}


def loaded_libraries(program):
    return {plain(line.split()[0]) for line in output("ldd", str(program)).splitlines() if line.strip()}


def linked_archives(program):
    """Rooms of our archives on the link line, from build.ninja; None when it was not built by ninja."""
    build = BIN.parent / "build.ninja"
    if not build.exists():
        return None
    text = build.read_text(errors="replace")
    statement = re.search(rf"^build bin/{re.escape(program)}: .*?LINK_LIBRARIES = ([^\n]*)", text, re.M | re.S)
    return set(re.findall(r"src/daylight/([a-z]+)/", statement.group(1)))


class Links(unittest.TestCase):
    def test_which_namespaces_are_meant(self):
        meant = contained_namespaces()
        self.assertLessEqual({"match", "formats", "elf", "pe", "yara", "scan", "contain", "worker"}, meant)
        self.assertFalse(meant & {"os", "report", "sandbox", "database"}, meant)

    @unittest.skipUnless(shutil.which("nm"), "nm (binutils) is not there")
    def test_symbols(self):
        trusted = symbol_namespaces(BIN / "daylight")
        if not trusted:
            self.skipTest("daylight is stripped: its symbols cannot be looked at, its link line and libraries are")
        # nm does see our code in it ...
        self.assertLessEqual({"sandbox", "report", "os"}, trusted)
        # ... and none of the contained.
        self.assertFalse(trusted & contained_namespaces(), trusted)

    @unittest.skipUnless(shutil.which("nm"), "nm (binutils) is not there")
    def test_symbols_control(self):
        worker = symbol_namespaces(BIN / "daylight-worker")
        if not worker:
            self.skipTest("daylight-worker is stripped")
        self.assertLessEqual({"match", "elf", "pe", "yara", "scan", "contain"}, worker & contained_namespaces())

    def test_libraries(self):
        self.assertLessEqual(needed_libraries(BIN / "daylight"), ALLOWED_LIBRARIES)
        self.assertLessEqual(loaded_libraries(BIN / "daylight"), ALLOWED_BELOW)

    def test_libraries_control(self):
        for libraries in (needed_libraries(BIN / "daylight-worker"), loaded_libraries(BIN / "daylight-worker")):
            self.assertLessEqual({"libmagic.so", "libpugixml.so"}, libraries - ALLOWED_BELOW)

    def test_archives(self):
        rooms = linked_archives("daylight")
        if rooms is None:
            self.skipTest("there is no build.ninja beside the programs")
        self.assertIn("sandbox", rooms)
        self.assertFalse(rooms & set(CONTAINED_ROOMS), rooms)
        control = linked_archives("daylight-worker")
        self.assertLessEqual({"match", "formats", "rules", "scan", "contain"}, control)


if __name__ == "__main__":
    unittest.main()
