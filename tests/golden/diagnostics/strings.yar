rule modifiers {
  strings:
    $a = "abc" xor nocase
    $b = { 01 02 } wide
    $c = /abc/ base64
    $d = "abc" xor(300)
    $e = "abc" base64("short")
    $f = ""
    $f = "again"
  condition:
    all of them
}

rule patterns {
  strings:
    $a = { 01 [5-2] 02 }
    $b = { 01 0 02 }
    $c = /ab(c/
    $d = /a.*b.*?c/
    $e = /abc/g
  condition:
    all of them
}

rule unused {
  strings:
    $used = "abc"
    $not_used = "def"
    $ = "ghi"
  condition:
    $used
}
