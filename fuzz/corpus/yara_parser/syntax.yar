rule missing_parenthesis {
  condition:
    (filesize > 1 and
    uint16(0) == 0x5a4d
}

rule missing_brace {
  condition:
    filesize > 1

rule chained {
  condition:
    0 < filesize < 10
}

rule old_style {
  strings:
    $a = "C:\Users\x"
  condition:
    $a
}

rlue typo { condition: true }

rule unterminated {
  strings:
    $a = "abc
  condition:
    $a
}

rule fine { condition: filesize > 1 }
