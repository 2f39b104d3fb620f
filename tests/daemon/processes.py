"""Processes that open files, none of them the daemon's."""

import os


def try_open(path, flags=os.O_RDONLY):
    """What was read, or "denied"."""
    try:
        fd = os.open(path, flags)
    except PermissionError:
        return "denied"
    try:
        return os.read(fd, 1 << 20)
    finally:
        os.close(fd)


def spawn(function, *arguments):
    """Forks; the child's exit code is what the function returns (or 99)."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = function(*arguments)
        finally:
            os._exit(code)
    return pid


def code_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
