"""What the tests of the package ask of a running daylightd, as clients do, with nothing but Python's own library.

    client.py ping SOCKET            waits until it answers
    client.py streams SOCKET         EICAR and a clean stream by INSTREAM
    client.py path SOCKET FILE       what SCAN says of a path
    client.py protected FOLDER       EICAR cannot be read there, a clean file can
"""

import errno
import os
import socket
import struct
import sys
import time

# In two halves, so that no scanner trips over this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(120)
        client.connect(path)
        client.sendall(request)
        answer = b""
        while not answer.endswith(b"\0"):
            part = client.recv(4096)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0").decode()


def stream(path, content):
    return ask(path, b"zINSTREAM\0" + struct.pack(">I", len(content)) + content + struct.pack(">I", 0))


def ping(path):
    for _ in range(600):
        try:
            if ask(path, b"zPING\0") == "PONG":
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"{path}: no answer in two minutes")


def streams(path):
    found = stream(path, EICAR)
    assert found.startswith("stream: ") and found.endswith(" FOUND"), found
    clean = stream(path, b"nothing in here\n")
    assert clean == "stream: OK", clean
    print(found)


def protected(folder):
    bad, good = os.path.join(folder, "eicar.com"), os.path.join(folder, "good.txt")
    # A file that is there already is not to be opened for writing either.
    for name, content in ((good, b"nothing in here\n"), (bad, EICAR)):
        if os.path.exists(name):
            continue
        with open(name, "wb") as file:
            file.write(content)
    with open(good, "rb") as file:
        assert file.read() == b"nothing in here\n"
    try:
        with open(bad, "rb") as file:
            sys.exit(f"{bad} could be read: {file.read(8)!r}")
    except OSError as error:
        assert error.errno == errno.EPERM, error
    print(f"{bad}: Operation not permitted")


def main():
    command, *arguments = sys.argv[1:]
    if command == "path":
        print(ask(arguments[0], b"zSCAN " + os.fsencode(arguments[1]) + b"\0"))
    else:
        {"ping": ping, "streams": streams, "protected": protected}[command](*arguments)


if __name__ == "__main__":
    main()
