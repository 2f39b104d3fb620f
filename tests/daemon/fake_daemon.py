#!/usr/bin/env python3
"""daylightd as far as the opener is concerned: whatever contains BAD is denied.

Prints a line of JSON for each message, takes commands on standard input:
    silent 0|1, delay SECONDS, cacheable 0|1, generation N, open PATH, raw HEX
"""

import json
import math
import os
import select
import socket
import sys
import time

import opener_peer as op


def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(sys.argv[1])
    peer = op.Peer(sock)
    state = {"silent": 0, "delay": 0.0, "cacheable": 1, "generation": 0}
    held = []  # (when, message)
    commands = b""
    while True:
        first = min((when for when, _ in held), default=math.inf)
        wait = None if first == math.inf else max(0, first - time.monotonic())
        ready, _, _ = select.select([sock, 0], [], [], wait)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return
            commands += data
            while b"\n" in commands:
                line, commands = commands.split(b"\n", 1)
                word, value = line.decode().split(" ", 1)
                if word == "open":
                    with open(value, "rb") as file:
                        say(opened=len(file.read()))
                elif word == "raw":
                    sock.send(bytes.fromhex(value))
                else:
                    state[word] = type(state[word])(float(value))
                    if word == "generation":
                        peer.generation(state[word])
                    elif word == "silent" and not state[word]:
                        # What was held back is answered late.
                        held = [(0, message) for _, message in held]
                    say(set=word)
        if sock in ready:
            message = peer.receive()
            if message is None:
                say(ended=True)
                return
            if message.kind == op.ACCESS:
                say(access=message.access, path=os.fsdecode(message.path), pid=message.pid, uid=message.uid,
                    program=os.fsdecode(message.program), foreign=message.foreign, deleted=message.deleted)
                due = math.inf if state["silent"] else time.monotonic() + state["delay"]
                held.append((due, message))
            elif message.kind == op.NOTICE:
                say(notice=message.notice, allowed=message.allowed, count=message.count,
                    path=os.fsdecode(message.path), text=os.fsdecode(message.text))
            elif message.kind == op.HELLO:
                say(hello=message.version, on_access=message.on_access, generation=message.generation)
            elif message.kind == op.GENERATION_DONE:
                say(generation_done=message.id)
        now = time.monotonic()
        due = [message for when, message in held if when <= now]
        held = [(when, message) for when, message in held if when > now]
        for message in due:
            content = os.pread(message.fd, 1 << 20, 0)
            message.close()
            peer.verdict(message.id, b"BAD" not in content, state["cacheable"], state["generation"])


main()
