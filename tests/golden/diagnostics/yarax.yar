// dialect: yara-x
private private rule twice { condition: filesize > 1 }

rule gone { condition: entrypoint == 0 }

rule negative {
  strings:
    $a = "abc"
    $b = "ab" base64
  condition:
    @a[-1] == 1 or $a in (10..5) or $b
}

rule text {
  strings:
    $a = { 61 62 63 64 }
  condition:
    $a and with x = 1, y = 2 : ( x == 1 ) and filesize
}
