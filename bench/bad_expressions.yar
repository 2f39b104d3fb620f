// Fifty badly written expressions, as found in rule sets that nobody measured: no literal to search for, or only one or
// two common bytes of it, runs that overlap themselves, large counted repeats, alternations of nothing in common.
// bench/README.md tells how they are measured. Every rule is true or false by one string, so that no engine may skip it.

rule bad_01_words_around_at { strings: $a = /\w+@\w+/ condition: $a }
rule bad_02_mail_address { strings: $a = /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,4}/ condition: $a }
rule bad_03_any_then_word { strings: $a = /.*password/ condition: $a }
rule bad_04_any_between { strings: $a = /a.*b/ condition: $a }
rule bad_05_base64_long { strings: $a = /[A-Za-z0-9+\/]{40,}/ condition: $a }
rule bad_06_base64_end { strings: $a = /[A-Za-z0-9+\/]{64,}={1,2}/ condition: $a }
rule bad_07_base64_counted { strings: $a = /([A-Za-z0-9+\/]{4}){16,64}/ condition: $a }
rule bad_08_hex_run { strings: $a = /[0-9a-fA-F]{32}/ condition: $a }
rule bad_09_hex_run_bounded { strings: $a = /\b[0-9a-f]{64}\b/ condition: $a }
rule bad_10_url { strings: $a = /https?:\/\/[^\s"'<>]+/ condition: $a }
rule bad_11_ip_address { strings: $a = /[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/ condition: $a }
rule bad_12_ip_and_port { strings: $a = /\d+\.\d+\.\d+\.\d+:\d+/ condition: $a }
rule bad_13_two_bytes { strings: $a = /MZ.{10,400}PE/s condition: $a }
rule bad_14_two_bytes_jump { strings: $a = { 4D 5A [2-300] 50 45 00 00 } condition: $a }
rule bad_15_zero_pairs { strings: $a = { 00 00 [1-8] 00 01 [1-8] 00 02 [1-8] 00 03 } condition: $a }
rule bad_16_ff_run { strings: $a = { FF FF ?? ?? FF FF ?? ?? 8B } condition: $a }
rule bad_17_one_byte { strings: $a = { 90 ?? 90 ?? 90 ?? 90 ?? 90 } condition: $a }
rule bad_18_masked { strings: $a = { 8? 4? 2? 8? 4? 2? 8? 4? } condition: $a }
rule bad_19_dots { strings: $a = /.{200}end/ condition: $a }
rule bad_20_dots_twice { strings: $a = /x.{100}y.{100}z/ condition: $a }
rule bad_21_optional_row { strings: $a = /(a?){30}a{30}/ condition: $a }
rule bad_22_run_of_a { strings: $a = /a{1,200}b?c/ condition: $a }
rule bad_23_nested_plus { strings: $a = /(x+x+)+y/ condition: $a }
rule bad_24_nested_word { strings: $a = /(\w+\s?)+;;/ condition: $a }
rule bad_25_alternation_short { strings: $a = /(ab|cd|ef|gh|ij|kl)+xyz/ condition: $a }
rule bad_26_alternation_prefix { strings: $a = /(get|set|put|del)[A-Z]\w+Handler/ condition: $a }
rule bad_27_alternation_none { strings: $a = /([a-z]+|[0-9]+)_([a-z]+|[0-9]+)_\d{4}/ condition: $a }
rule bad_28_caseless_two { strings: $a = /re\w+x\d+/ nocase condition: $a }
rule bad_29_caseless_words { strings: $a = /cmd\s*\/c\s*.{1,100}del/ nocase condition: $a }
rule bad_30_quoted { strings: $a = /"[^"]{20,}"\s*=>\s*"[^"]+"/ condition: $a }
rule bad_31_assignment { strings: $a = /\w+\s*=\s*\w+\(\w+\)\s*;/ condition: $a }
rule bad_32_dollar_names { strings: $a = /\$\w+\s*=\s*\$\w+\(\$\w+\)/ condition: $a }
rule bad_33_html_tag { strings: $a = /<[^>]+on\w+=[^>]+>/ nocase condition: $a }
rule bad_34_script { strings: $a = /<script.*>.*eval.*<\/script>/s condition: $a }
rule bad_35_wide_words { strings: $a = /\w+\\\w+\.exe/ wide condition: $a }
rule bad_36_wide_and_ascii { strings: $a = /[a-z]+=[0-9]+&/ ascii wide condition: $a }
rule bad_37_path { strings: $a = /[A-Z]:\\.*\\.*\.pdb/ condition: $a }
rule bad_38_unix_path { strings: $a = /\/\w+\/\w+\/\w+\.so/ condition: $a }
rule bad_39_guid { strings: $a = /[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}/ nocase condition: $a }
rule bad_40_domain { strings: $a = /\b[a-z0-9]{10,30}\.(com|net|org|info|ru)\b/ condition: $a }
rule bad_41_non_ascii { strings: $a = /[\x80-\xff]{30,}\x00/ condition: $a }
rule bad_42_printable { strings: $a = /[\x20-\x7e]{120,}\x00/ condition: $a }
rule bad_43_blanks { strings: $a = /\s{100,}\S/ condition: $a }
rule bad_44_digits { strings: $a = /\d{12,19}/ condition: $a }
rule bad_45_lazy { strings: $a = /a.*?b.*?c.*?d.*?e\d\d\d/ condition: $a }
rule bad_46_upper_snake { strings: $a = /[A-Z]+_[A-Z]+_[A-Z]+_[A-Z]+/ condition: $a }
rule bad_47_user_pass { strings: $a = /(user|login|name)\s*[:=]\s*\S+\s+(pass|pwd)\w*\s*[:=]\s*\S+/ nocase condition: $a }
rule bad_48_xor_loop { strings: $a = { ( 30 | 31 | 32 | 33 ) ?? ( 40 | 41 | 42 | 43 ) [0-4] ( E2 | 75 | 7? ) ?? } condition: $a }
rule bad_49_call_pop { strings: $a = { E8 00 00 00 00 [0-20] 5? [0-20] 81 } condition: $a }
rule bad_50_counted { strings: $a = /#[0-9]+ of [0-9]+: .{1,1000}#/ condition: $a }
