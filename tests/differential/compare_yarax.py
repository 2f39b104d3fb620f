#!/usr/bin/env python3
"""Compares Daylight's matches in the yara-x dialect with those of YARA-X.

    compare_yarax.py --daylight build/release/bin/daylight --rules RULES TARGET...

As compare_yara.py, with the npm package @litko/yara-x as the peer (--install
puts it into build/peers). Rule files that it does not compile are left out,
with a note: so does --dialect yara-x refuse what YARA-X refuses.
"""

import argparse
import pathlib
import sys

import comparison
import yarax


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    comparison.add_common_arguments(parser)
    parser.add_argument("--peers", type=pathlib.Path, default=yarax.DEFAULT_FOLDER, help="where node_modules is")
    parser.add_argument("--install", action="store_true", help="install the package there first")
    args = parser.parse_args()
    if args.install:
        yarax.install(args.peers)
    if not yarax.installed(args.peers):
        print(f"{yarax.PACKAGE} is not in {args.peers}; --install puts it there", file=sys.stderr)
        return 77  # Skipped: no peer to compare with.

    def make(pairs, folder):
        usable, notes = yarax.usable(args.peers, pairs, relaxed=False)
        groups, owners = yarax.group(usable)

        def scan(files):
            job = {"groups": [[str(p) for _, p in rows] for rows in groups], "files": files,
                   "defines": comparison.EXTERNALS, "matches": True}
            answer, problems = {}, []
            for row in yarax.run(args.peers, job):
                if "error" in row:
                    problems.append(f"yara-x: {row['file']}: {row['error']}")
                for rule, strings in row.get("rules", ()):
                    rows = answer.setdefault(row["file"], {}).setdefault((owners[row["group"]][rule], rule), set())
                    rows.update((s, o, n) for s, o, n in strings)
            return answer, problems

        return usable, scan, notes

    return comparison.compare(args, make, "yara-x", "yara-x")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (comparison.EngineError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
