"""The reports of the policy check, read by others' readers: JSON by its schema, CSV by Python's csv, HTML by Python's
parser, and each against the others."""

import copy
import csv
import html.parser
import io
import json
import os
import pathlib
import subprocess
import sys
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

TOOL = os.environ["DAYLIGHT_REPORT_TOOL"]
SCHEMA = json.loads((pathlib.Path(os.environ["DAYLIGHT_SOURCE_DIR"]) / "docs/schemas/policy-assessment.schema.json").read_text())
NAMES = ("full", "nothing", "incomplete", "hostile", "hostile-url", "many")


def report(form, name):
    return subprocess.run([TOOL, form, name], check=True, stdout=subprocess.PIPE).stdout.decode()


def closed(schema):
    """The same schema with no other fields allowed: what is written is what is documented."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items()}
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        schema = [closed(part) for part in schema]
    return schema


class Words(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self.styled = [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.styled = tag == "style"

    def handle_endtag(self, _):
        self.styled = False

    def handle_data(self, data):
        if not self.styled:
            self.words.append(data)


@unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
class SchemaTest(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_what_is_written_is_valid(self):
        validator = jsonschema.Draft202012Validator(closed(SCHEMA))
        for name in NAMES + ("empty",):
            with self.subTest(name=name):
                validator.validate(json.loads(report("json", name)))

    def test_what_contradicts_itself_is_not(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        full, nothing = json.loads(report("json", "full")), json.loads(report("json", "nothing"))

        def bad(document, change):
            document = copy.deepcopy(document)
            change(document)
            self.assertFalse(validator.is_valid(document))

        bad(full, lambda d: d.update(schema=2))
        bad(full, lambda d: d.pop("notice"))
        bad(full, lambda d: d.update(forbidden=False))
        bad(full, lambda d: d.update(answer="nothing-prohibited"))
        bad(full, lambda d: d.update(on="29.9.2024"))
        bad(full, lambda d: d["findings"][0].update(grade="mention"))
        bad(full, lambda d: d["findings"][0].update(forbidden=False))
        bad(full, lambda d: d["findings"][0]["clauses"][0].pop("citation"))
        bad(nothing, lambda d: d.update(more_unread=1))
        bad(nothing, lambda d: d.update(answer="incomplete"))
        bad(nothing, lambda d: d["targets"][0]["counts"].update(files=-1))


class FormatsTest(unittest.TestCase):
    def test_the_bytes_are_the_same_each_time(self):
        for form in ("text", "json", "html", "sarif", "csv"):
            self.assertEqual(report(form, "full"), report(form, "full"))

    def test_keys_are_given_once(self):
        def pairs(items):
            self.assertEqual(len(items), len({key for key, _ in items}))
            return dict(items)
        for form in ("json", "sarif"):
            for name in NAMES:
                json.loads(report(form, name), object_pairs_hook=pairs)

    def test_csv_agrees_with_json(self):
        for name in NAMES:
            with self.subTest(name=name):
                document = json.loads(report("json", name))
                text = report("csv", name)
                rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
                self.assertTrue(all(None not in row and None not in row.values() for row in rows))
                # A row is a line, and no cell is a formula.
                self.assertEqual(text.count("\n"), len(rows) + 1)
                self.assertFalse([cell for row in rows for cell in row.values() if cell.lstrip().startswith(("=", "+", "-", "@"))])
                found = [row for row in rows if row["record"] == "finding"]
                expected = [(f["grade"], c["standing"], c["effective"]) for f in document["findings"] for c in f["clauses"]]
                self.assertEqual([(r["grade"], r["standing"], r["effective"]) for r in found], expected)
                self.assertEqual(rows[-1]["answer"], document["answer"])

    def test_sarif_agrees_with_json(self):
        levels = {"forbids": "error", "advises": "warning", "reported": "note", "not-yet": "note"}
        for name in NAMES:
            with self.subTest(name=name):
                document = json.loads(report("json", name))
                run = json.loads(report("sarif", name))["runs"][0]
                expected = [levels.get(c["standing"], "none") for f in document["findings"] for c in f["clauses"]]
                results = [r for r in run["results"] if r["ruleId"] != "daylight/unread"]
                self.assertEqual([r["level"] for r in results], expected)
                for result in run["results"]:
                    for location in result["locations"]:
                        uri = location["physicalLocation"]["artifactLocation"]["uri"]
                        self.assertRegex(uri, r"^(file://)?[A-Za-z0-9%._~/!$&'()*+,;=@-]+$")
                identifiers = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
                self.assertEqual(len(identifiers), len(set(identifiers)))

    def test_html_has_no_element_that_does_anything(self):
        for name in NAMES:
            with self.subTest(name=name):
                words = Words(report("html", name))
                self.assertLessEqual(set(words.tags), set(
                    "html head meta title style body main header nav section article footer div span p h1 h2 h3 h4 ul li dl "
                    "dt dd table thead tbody tr th td a bdi wbr".split()))
                self.assertIn(json.loads(report("json", name))["summary"], "".join(words.words))

    def test_people_get_each_finding_in_each_format(self):
        document = json.loads(report("json", "full"))
        page = "".join(Words(report("html", "full")).words)
        text = report("text", "full")
        for finding in document["findings"]:
            for part in (finding["product_name"], finding["entity_name"], *(e["path"] for e in finding["evidence"]),
                         *(e["sha256"] for e in finding["evidence"])):
                self.assertIn(part, page)
                self.assertIn(part, text)
            for clause in finding["clauses"]:
                for part in (clause["title"], clause["citation"], clause["url"], *clause["exempt"], *clause["binds"]):
                    self.assertIn(" ".join(part.split()), " ".join(page.split()))
                    self.assertIn(" ".join(part.split()), " ".join(text.split()))


if __name__ == "__main__":
    unittest.main()
