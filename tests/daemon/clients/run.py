#!/usr/bin/env python3
"""Real clients, unchanged, against daylightd: `run.py clamdscan squid` runs clamdscan_client.py and
squid_client.py, and without names all of them. What is not installed is skipped and named; when nothing was
left to run, that is exit 77."""

import importlib
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def main(names):
    sys.path.insert(0, str(HERE))
    known = sorted(path.name.removesuffix("_client.py") for path in HERE.glob("*_client.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no client {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    suite = unittest.TestSuite()
    for name in names or known:
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"{name}_client")))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, why in result.skipped:
        print(f"skipped {test}: {why}", file=sys.stderr)
    if not result.wasSuccessful():
        return 1
    # A class that is skipped as a whole does not count as run.
    return 77 if result.skipped and result.testsRun <= len(result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
