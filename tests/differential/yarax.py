"""YARA-X from npm, by way of bench/yarax.mjs."""

import json
import pathlib
import re
import subprocess

import comparison
import yara_source

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = ROOT / "bench" / "yarax.mjs"
PACKAGE = "@litko/yara-x"
DEFAULT_FOLDER = ROOT / "build" / "peers"


def install(folder):
    """Installs the package into `folder`, as asked for on the command line."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE], check=True)


def installed(folder):
    return (pathlib.Path(folder) / "node_modules" / PACKAGE).is_dir()


def run(folder, job, prefix=()):
    """The driver's answers to one job, as a list of objects."""
    command = [*prefix, "node", str(DRIVER), str(folder)]
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise comparison.EngineError("yara-x: " + done.stderr.decode(errors="replace")[:4000])
    return [json.loads(line) for line in done.stdout.splitlines()]


def usable(folder, pairs, relaxed):
    """The (namespace, file) pairs that YARA-X compiles by themselves, and notes on the others."""
    job = {"check": [str(p) for _, p in pairs], "defines": comparison.EXTERNALS, "relaxed": relaxed}
    errors = {row["file"]: row["error"] for row in run(folder, job)}
    notes = [f"left out, yara-x does not compile it: {p}: {errors[str(p)]}" for _, p in pairs if errors[str(p)]]
    return [pair for pair in pairs if not errors[str(pair[1])]], notes


def group(pairs):
    """Puts files together whose rules may share a namespace: the binding has only one for each compilation.

    Returns [[(namespace, file)]] and, for each group, {rule: namespace}.
    """
    groups, owners = [], []
    for pair in pairs:
        text = yara_source.read_source(pair[1])
        names = {rule.name for rule in yara_source.parse(text)}
        # A global rule rules over its own file only.
        alone = re.search(r"\bglobal\s+(private\s+)?rule\b", text) is not None
        place = None
        for index, owner in enumerate(owners):
            if not alone and "" not in owner and not names & owner.keys():
                place = index
                break
        if place is None:
            groups.append([])
            owners.append({"": pair[0]} if alone else {})
            place = len(groups) - 1
        groups[place].append(pair)
        owners[place].update({name: pair[0] for name in names})
    return groups, owners
