"""Documents about handmade facts, some of them hostile, are what their formats ask for.

    documents_test.py --program build/dev/bin/inventory-documents [--npm]

SPDX: by our schema, with python3-jsonschema. CycloneDX: with --npm, by the official schema and its own library's
validator, which npm installs into a folder that is thrown away; 77 (skipped) where there is no npm or no network.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def check_spdx(folder):
    try:
        import jsonschema
    except ImportError:
        print("skipped: python3-jsonschema is not installed")
        return SKIPPED
    schema = json.loads((HERE / "spdx-2.3.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures = 0
    files = sorted(folder.glob("*.spdx.json"))
    for file in files:
        document = json.loads(file.read_text(encoding="utf-8"))
        for error in list(validator.iter_errors(document))[:10]:
            print(file.name, list(error.absolute_path), error.message[:300])
            failures += 1
        # What must fail, so that it is known that something was looked at.
        document["packages"].append({"name": "x"})
        if validator.is_valid(document):
            print(file.name, "a package without an identifier passes")
            failures += 1
    print(f"{len(files)} SPDX documents, {failures} failures")
    return 1 if failures or not files else 0


def check_cyclonedx(folder):
    if not shutil.which("npm") or not shutil.which("node"):
        print("skipped: npm is not installed")
        return SKIPPED
    place = folder / "npm"
    place.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, place / name)
    installed = subprocess.run(["npm", "ci", "--no-progress"], cwd=place, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, timeout=600)
    if installed.returncode != 0:
        print("skipped: npm could not install the validators:", installed.stdout.decode(errors="replace")[-500:])
        return SKIPPED
    files = sorted(folder.glob("*.cdx.json"))
    return subprocess.run(["node", HERE / "validate.mjs", place, *files], timeout=600).returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--npm", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daylight-inventory-") as name:
        folder = pathlib.Path(name)
        subprocess.run([options.program, name], check=True)
        return check_cyclonedx(folder) if options.npm else check_spdx(folder)


if __name__ == "__main__":
    sys.exit(main())
