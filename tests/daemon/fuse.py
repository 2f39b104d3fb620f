"""A file system that never answers what it does not like: what any user may mount and hand to the daemon."""

import ctypes
import os
import pathlib
import signal
import struct
import time

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 18, 25, 26
STATFS, OPENDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 17, 27, 29, 36, 42
HEADER = struct.Struct("<IIQQIIII")
NO_REPLY = (FORGET, INTERRUPT, BATCH_FORGET)
SIZE = 1000
DIRECT_IO = 1  # FOPEN_DIRECT_IO: each read() is a question.


def keep_mounts_to_ourselves():
    """What is mounted from now on is seen by this process and its children only: a FUSE file system changes how
    other tests, which may be running, walk their folders. Without the rights for it, nothing can be mounted either."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns, ms_rec_private = 0x20000, 0x4000 | 0x40000
    if libc.unshare(clone_newns) == 0:
        libc.mount(None, b"/", None, ms_rec_private, None)


class StuckFileSystem:
    """Mounted at `folder`, with one file in it: "file". Whoever else than this process asks for one of `stuck`
    waits until end() is called. Needs root; PermissionError or FileNotFoundError where that cannot be had."""

    def __init__(self, folder, stuck=(FLUSH,)):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.stuck = stuck
        self.server = None
        libc = ctypes.CDLL(None, use_errno=True)
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if libc.mount(b"stuck", str(folder).encode(), b"fuse", 0, options.encode()) != 0:
            os.close(device)
            raise PermissionError(ctypes.get_errno(), "cannot mount a FUSE file system")
        self.libc = libc
        client = os.getpid()
        self.server = os.fork()
        if self.server == 0:
            try:
                self.serve(device, client)
            finally:
                os._exit(0)
        os.close(device)

    def end(self):
        """Whoever waits is let go: the kernel answers for a server that is gone."""
        if self.server is None:
            return
        os.kill(self.server, signal.SIGKILL)
        os.waitpid(self.server, 0)
        self.server = None
        self.libc.umount2(str(self.folder).encode(), 2)  # MNT_DETACH

    def open(self, flags=os.O_RDONLY):
        for _ in range(100):
            try:
                return os.open(self.folder / "file", flags)
            except OSError:
                time.sleep(0.02)
        return os.open(self.folder / "file", flags)

    @staticmethod
    def attributes(node):
        mode, size = (0o40755, 0) if node == 1 else (0o100666, SIZE)
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, 1, 1, 1, 1, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer(self, opcode, node):
        if opcode == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 16, 12, 65536, 1, 0, 0, 0)
        if opcode == LOOKUP:
            return struct.pack("<QQQQII", 2, 0, 3600, 3600, 0, 0) + self.attributes(2)
        if opcode == GETATTR:
            return struct.pack("<QII", 3600, 0, 0) + self.attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 1, DIRECT_IO, 0)
        if opcode == STATFS:
            return struct.pack("<QQQQQIIII24x", 1, 1, 1, 1, 1, 4096, 255, 4096, 0)
        if opcode == READ:
            return b"x" * SIZE
        if opcode in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        return None

    def serve(self, device, client):
        while True:
            request = os.read(device, 1 << 17)
            _, opcode, unique, node, _, _, pid, _ = HEADER.unpack_from(request)
            if opcode in NO_REPLY or (opcode in self.stuck and pid != client):
                continue
            body = self.answer(opcode, node)
            error = 0 if body is not None else -38  # ENOSYS
            body = body or b""
            os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
