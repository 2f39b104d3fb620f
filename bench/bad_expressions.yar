// Fifty expressions as they are found in rule sets that nobody reviewed: without a literal to look for, with the
// commonest bytes there are, with repetitions that may begin anywhere. The benchmark runs them as they stand, where a
// scanner may stop at the first match of each, and with conditions that count all matches.
rule word_at_word { strings: $a = /\w+@\w+/ condition: $a }
rule word_at_word_dot { strings: $a = /\w+@\w+\.\w+/ condition: $a }
rule mail_address { strings: $a = /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,6}/ condition: $a }
rule two_letters_any { strings: $a = /ab.*yz/ condition: $a }
rule any_then_word { strings: $a = /.*password/ condition: $a }
rule word_then_any { strings: $a = /password.*/ condition: $a }
rule any_in_between { strings: $a = /user.*pass/ nocase condition: $a }
rule any_long { strings: $a = /http.{0,200}\.exe/ condition: $a }
rule base64_run { strings: $a = /[A-Za-z0-9+\/]{40,}/ condition: $a }
rule base64_run_padded { strings: $a = /[A-Za-z0-9+\/]{40,}={1,2}/ condition: $a }
rule base64_exact { strings: $a = /[A-Za-z0-9+\/]{64}/ condition: $a }
rule hex_run { strings: $a = /[0-9a-f]{32}/ condition: $a }
rule hex_run_nocase { strings: $a = /[0-9a-f]{40}/ nocase condition: $a }
rule hex_run_fullword { strings: $a = /[0-9a-fA-F]{64}/ fullword condition: $a }
rule digits { strings: $a = /\d{16}/ condition: $a }
rule ip_address { strings: $a = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/ condition: $a }
rule ip_and_port { strings: $a = /[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}:[0-9]{2,5}/ condition: $a }
rule guid { strings: $a = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/ nocase condition: $a }
rule assignment { strings: $a = /\w+\s*=\s*\w+/ condition: $a }
rule call { strings: $a = /\w+\(\w*\)/ condition: $a }
rule quoted { strings: $a = /"[^"]*"/ condition: $a }
rule spaces { strings: $a = /\s+\w+\s+/ condition: $a }
rule variable { strings: $a = /\$\w+/ condition: $a }
rule array_item { strings: $a = /\$\w+\[\d+\]/ condition: $a }
rule path_windows { strings: $a = /[a-zA-Z]:\\[^\s"]+/ condition: $a }
rule path_unix { strings: $a = /\/\w+\/\w+\/\w+/ condition: $a }
rule domain { strings: $a = /[a-z0-9-]{4,20}\.(com|net|org|info)/ condition: $a }
rule url { strings: $a = /https?:\/\/[^\s"'<>]+/ condition: $a }
rule escaped_hex { strings: $a = /(\\x[0-9a-f]{2})+/ condition: $a }
rule escaped_percent { strings: $a = /(%[0-9A-F]{2}){4,}/ condition: $a }
rule two_bytes { strings: $a = /MZ/ condition: $a }
rule two_bytes_any { strings: $a = /PE.{2,60}/ condition: $a }
rule two_bytes_nocase { strings: $a = /th/ nocase condition: $a }
rule two_bytes_wide { strings: $a = "do" wide ascii condition: $a }
rule two_zeros { strings: $a = { 00 00 [2-6] 01 } condition: $a }
rule call_jump { strings: $a = { E8 ?? ?? ?? ?? [0-8] 85 C0 } condition: $a }
rule push_mov { strings: $a = { 55 [1-3] 8B } condition: $a }
rule load_address { strings: $a = { 48 8D ?? ?? ?? ?? ?? E8 } condition: $a }
rule nibbles { strings: $a = { 4? 8? C? [2] ?F } condition: $a }
rule long_jump { strings: $a = { 48 89 [0-300] C3 CC } condition: $a }
rule alternatives { strings: $a = /(a|e|i|o|u)(n|r|s|t)(d|e|g|s)\b/ condition: $a }
rule alternatives_short { strings: $a = /(cmd|sh|py|pl|js|vb)\s*[\/-]\w/ nocase condition: $a }
rule optional { strings: $a = /p?o?w?e?r?s?h?e?l?l\s/ nocase condition: $a }
rule nested { strings: $a = /(\w{1,8}\.){3,}\w+/ condition: $a }
rule nested_lines { strings: $a = /(\w+:[^\n]*\n){3}/ condition: $a }
rule class_run { strings: $a = /[a-z]{12,30}[0-9]{2,4}/ condition: $a }
rule not_printable { strings: $a = /[^\x20-\x7e]{8,16}MZ/ condition: $a }
rule end_of_line { strings: $a = /;\s*\r?\n\s*\}/ condition: $a }
rule lazy { strings: $a = /<.+?>/ condition: $a }
rule dots { strings: $a = /.{3,9}=.{3,9};/s condition: $a }
