"""A stand-in for daylightd: speaks the opener's messages (src/daylight/opener/messages.h)."""

import array
import os
import socket
import struct

MAGIC = 0x314F4C44
WALK_REQUEST, VERDICT, GENERATION, TAKE = 1, 2, 3, 4
HELLO, WALK_STARTED, ACCESS, GENERATION_DONE, TAKEN, NOTICE = 101, 102, 103, 104, 105, 106
WALK_FILE, WALK_END = 201, 202
OPEN, EXEC, WRITTEN = 0, 1, 2
TIMED_OUT, QUEUE_FULL, DAEMON_DOWN, WRITES_LOST, GAP, MARK_FAILED, WATCHING, KERNEL_REFUSED = range(8)


def text(value):
    value = os.fsencode(value)
    return struct.pack("<I", len(value)) + value


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0]

    def text(self):
        size = self.take("I")
        value = self.data[self.at : self.at + size]
        self.at += size
        return value


class Message:
    def __init__(self, data, fd):
        magic, self.kind, zero, length, self.id = struct.unpack_from("<IHHIQ", data)
        assert magic == MAGIC and zero == 0 and length == len(data) - 20, data
        self.fd = fd
        body = Reader(data[20:])
        if self.kind == HELLO:
            self.version, self.on_access, self.on_written = body.take("I"), body.take("B"), body.take("B")
            self.wait_ms, self.generation = body.take("I"), body.take("Q")
            self.allow_on_timeout = body.take("B")
        elif self.kind == WALK_STARTED:
            self.started, self.reason = body.take("B"), body.text()
        elif self.kind == ACCESS:
            self.access, self.foreign, self.deleted = body.take("B"), body.take("B"), body.take("B")
            self.pid, self.uid = body.take("I"), body.take("I")
            self.path, self.program = body.text(), body.text()
        elif self.kind == TAKEN:
            self.outcome, self.name, self.reason = body.take("B"), body.text(), body.text()
        elif self.kind == NOTICE:
            self.notice, self.allowed, self.count = body.take("B"), body.take("B"), body.take("Q")
            self.pid, self.path, self.text = body.take("I"), body.text(), body.text()
            self.since, self.until = body.take("q"), body.take("q")
        elif self.kind == WALK_FILE:
            self.path, self.failed, self.reason = body.text(), body.take("B"), body.text()
            self.size, self.modified, self.owner = body.take("Q"), body.take("q"), body.take("I")
        elif self.kind == WALK_END:
            self.files, self.failed, self.skipped = body.take("Q"), body.take("Q"), body.take("Q")
            self.limit_reached = body.take("B")
        assert body.at == len(body.data), "more than it has fields"

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def receive(sock):
    """The next message; None at the end."""
    data, ancillary, flags, _ = sock.recvmsg(65536, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
    assert not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC), flags
    fds = array.array("i")
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(value)
    return Message(data, fds[0] if fds else -1) if data else None


def pack(kind, number, body=b""):
    return struct.pack("<IHHIQ", MAGIC, kind, 0, len(body), number) + body


class Peer:
    """One connection."""

    def __init__(self, sock):
        self.sock = sock

    def receive(self):
        return receive(self.sock)

    def send(self, kind, number, body=b"", fd=None):
        extra = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.sock.sendmsg([pack(kind, number, body)], extra)

    def verdict(self, number, allow=True, cacheable=True, generation=0):
        self.send(VERDICT, number, struct.pack("<BBQ", allow, cacheable, generation))

    def generation(self, number):
        self.send(GENERATION, number)

    def walk(self, number, uid, gid, groups, path, exclude=(), recursive=True, follow=False, one=False, idle=False, limit=0):
        body = struct.pack("<III", uid, gid, len(groups)) + b"".join(struct.pack("<I", g) for g in groups)
        body += text(path) + struct.pack("<I", len(exclude)) + b"".join(text(e) for e in exclude)
        body += struct.pack("<II", 0, 0)  # Neither exclude_masks nor only_masks.
        body += struct.pack("<BBBBQ", recursive, follow, one, idle, limit)
        self.send(WALK_REQUEST, number, body)

    def take(self, number, path, fd, insist=False):
        detection = text("yara") + text("Test") + text("local") + text("")
        body = text(path) + struct.pack("<I", 1) + detection + text("a test") + text("tests")
        self.send(TAKE, number, body + bytes([insist, 0, 0]), fd)
