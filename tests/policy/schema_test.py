#!/usr/bin/env python3
"""Holds policy files against the JSON Schemas of docs/schemas.

All shipped files and those of tests/policy/base pass; those of tests/policy/bad-shape
do not, and policy_set_test.cc shows that the loader refuses the same. What only the
loader can see (bad-meaning: unknown roles, overlapping dates) passes here.
"""

import datetime
import json
import pathlib
import sys

try:
    import jsonschema
    import tomllib
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMAS = ROOT / "docs" / "schemas"


def plain(value):
    """TOML as JSON has it: dates are texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    return value


def schema_of(document):
    # As the loader decides it.
    if "instrument" in document:
        return "instrument"
    if "entity" in document or "product" in document:
        return "product"
    return "terms"


def main():
    validators = {}
    for name in ("instrument", "product", "terms"):
        schema = json.loads((SCHEMAS / f"policy-{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validators[name] = jsonschema.Draft202012Validator(schema)

    def errors(path):
        document = plain(tomllib.loads(path.read_text()))
        validator = validators[schema_of(document)]
        return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]

    failures = []
    counts = {}
    for folder, passes in (
        (ROOT / "content" / "policies", True),
        (ROOT / "tests" / "policy" / "base", True),
        (ROOT / "tests" / "policy" / "bad-meaning", True),
        (ROOT / "tests" / "policy" / "bad-shape", False),
    ):
        for path in sorted(folder.rglob("*.toml")):
            found = errors(path)
            counts[folder.name] = counts.get(folder.name, 0) + 1
            if passes and found:
                failures.append(f"{path.relative_to(ROOT)}: {found[0]}")
            elif not passes and not found:
                failures.append(f"{path.relative_to(ROOT)}: passes the schema")
    for failure in failures:
        print(failure)
    print(counts)
    return 1 if failures or len(counts) != 4 else 0


if __name__ == "__main__":
    sys.exit(main())
