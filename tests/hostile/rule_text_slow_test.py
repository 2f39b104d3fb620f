"""Rule files of 50 MB."""

import unittest

from hostile import Case, MIB, repeat_rule, string_rule

SIZE = 50 * MIB


class HugeRuleText(Case):
    def test_one_of_something(self):
        for text, code in ((string_rule('"' + "ab" * (SIZE // 2) + '"'), "E608"),
                           (string_rule("{" + "ab " * (SIZE // 3) + "}"), "E608"),
                           (string_rule("/" + "ab" * (SIZE // 2) + "/"), "E608"),
                           ('rule S { strings: $a = "' + "ab" * (SIZE // 2), "E102"),
                           ("rule S { /*" + "ab " * (SIZE // 3), "E104"),
                           (repeat_rule(" or ".join(["filesize == 12"] * (SIZE // 18))), "E604"),
                           (repeat_rule("(" * (SIZE // 2) + "true" + ")" * (SIZE // 2)), "E602"),
                           (repeat_rule("not " * (SIZE // 4) + "true"), "E602"),
                           ("rule " + "S" * SIZE + " { condition: true }", "E110"),
                           ("rule " * (SIZE // 5), "E101")):
            result = self.refused(text, f"error[{code}]")
            self.assertLess(result.seconds, 20, code)

    def test_one_comment(self):
        self.clear_scan("rule S { /*" + "ab " * (SIZE // 3) + "*/ condition: true }", codes=(1,))

    def test_many_rules(self):
        rule = ('rule R%d { meta: a = "text %d" strings: $a = "string number %d" $b = { %08x 11 ?? 22 } $c = /ab%d[0-9]+x/ '
                "condition: any of them }\n")
        parts = [rule % (n, n, n, n * 2654435761 % 2**32, n) for n in range(330000)]
        self.assertGreater(sum(map(len, parts)), 45 * MIB)
        self.refused("".join(parts), "error[E605]", within=120)
        self.clear_scan("".join(parts[:100000]), codes=(0,), within=120)


if __name__ == "__main__":
    unittest.main()
