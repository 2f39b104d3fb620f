#!/usr/bin/env python3
"""Our own rules on files made of their own strings: Daylight and yara must agree, string by string.

    content_vs_yara.py --daylight build/release/bin/daylight [--max-mb 16]

Exits 77 where there is no yara.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parents[1] / "content" / "daylight"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daylight", required=True)
    parser.add_argument("--max-mb", default="16")
    options = parser.parse_args()
    if shutil.which("yara") is None:
        print("there is no yara to compare with", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        corpus = pathlib.Path(folder) / "corpus"
        made = subprocess.run([sys.executable, HERE / "make_corpus.py", RULES, corpus, "--max-mb", options.max_mb],
                              check=False)
        if made.returncode != 0:
            return made.returncode
        return subprocess.run([sys.executable, HERE / "compare_yara.py", "--daylight", options.daylight,
                               "--rules", RULES, corpus], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
