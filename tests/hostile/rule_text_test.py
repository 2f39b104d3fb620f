"""Rule text made to break a compiler: deep, long, many."""

import unittest

from hostile import Case, repeat_rule, string_rule


class RuleText(Case):
    def test_nesting_is_refused_by_name(self):
        for text in ("(" * 10000 + "true" + ")" * 10000, "(" * 1000000, "not " * 10000 + "true", "-" * 10000 + "1 == 1",
                     "~" * 10000 + "1 == 1", "defined " * 10000 + "filesize", "uint8(" * 10000 + "0" + ")" * 10000 + " == 1"):
            self.refused(repeat_rule(text), "error[E602]", "nested too deeply")

    def test_nested_loops(self):
        loops = "".join(f"for all i{n} in (1..2) : (" for n in range(5000))
        self.refused(repeat_rule(loops + "true" + ")" * 5000), "error[E")

    def test_nested_patterns(self):
        for string in ("/" + "(" * 10000 + "abc" + ")" * 10000 + "/", "/" + "(" * 10000 + "abc" + "+)+" * 10000 + "/",
                       "{ 00 " + "(" * 10000 + "61 | 62" + ")" * 10000 + " }"):
            self.refused(string_rule(string), "error[E")

    def test_a_hundred_thousand_terms(self):
        numbers = range(100000)
        self.clear_scan(repeat_rule(" or ".join(f"filesize == {n}" for n in numbers)), codes=(1,))
        self.clear_scan(repeat_rule(" and ".join(f"filesize != {n + 1000}" for n in numbers)), codes=(1,))
        self.clear_scan(repeat_rule(" + ".join("0" for n in numbers) + " == 0"), codes=(1,))

    def test_a_set_that_names_one_string_very_often(self):
        # Was quadratic: 40 s.
        result = self.clear_scan(string_rule('"xyz"', "any of (" + ",".join(["$a*"] * 200000) + ")"), codes=(1,))
        self.assertLess(result.seconds, 15)

    def test_sets_times_sets(self):
        strings = "\n".join(f'$a{n} = "xy{n}"' for n in range(3000))
        rules = "rule S { strings: " + strings + " condition: " + " or ".join(["any of ($a*)"] * 3000) + " }"
        self.refused(rules, "error[E604]")

    def test_many_of_everything(self):
        self.clear_scan('import "pe"\n' * 100000 + repeat_rule("true"), codes=(1,))
        self.clear_scan("rule S { meta: " + "\n".join(f'm{n} = "x"' for n in range(100000)) + " condition: true }", codes=(1,))
        self.refused("rule S : " + " ".join(f"t{n}" for n in range(100000)) + " { condition: true }", "error[E604]")
        self.refused("rule S { strings: " + "\n".join(f'$a{n} = "text {n}"' for n in range(110000)) +
                     " condition: any of them }", "error[E605]")

    def test_many_errors_are_cut_short(self):
        result = self.refused("\n".join(f"rule E{n} {{ condition: $nope }}" for n in range(100000)), "error[E202]")
        self.assertLess(result.stderr.count(b"\n"), 3000)

    def test_chains_of_rules(self):
        text = "rule R0 { condition: filesize > 0 }\n" + "\n".join(f"rule R{n} {{ condition: {{}}R{n - 1} }}" for n in range(1, 20000))
        self.assertEqual(self.clear_scan(text.replace("{}", ""), codes=(1,)).stdout.count(b"\n"), 20000)
        self.assertEqual(self.clear_scan(text.replace("{}", "not "), codes=(1,)).stdout.count(b"\n"), 10000)

    def test_what_is_not_text(self):
        for content in (b"\x00" * 1000, b"\xff\xfe" * 1000, bytes(range(256)) * 100, b"rule \x1b[31mX { condition: true }", b"@" * 100000,
                        b'rule X { strings: $a = "\x1b]0;gone\x07" condition: $a and $nope }', b'include "\x1b[2J"', b"rule \xe2\x80\xae { }"):
            self.refused(content, "error[E")

    def test_names_of_rule_files(self):
        self.write("d/\x1b[2Ja\nb.yar", "rule X { condition: $nope }")
        self.write(b"d/\xff\xfe.yar", "rule X { condition: $nope }")
        for arguments in (("scan", "--rules", "d", "r.yar"), ("rules", "check", "d")):
            self.clear(*arguments, codes=(2,))


if __name__ == "__main__":
    unittest.main()
