import "hash"

global rule small { condition: filesize < 1MB }

rule slow {
  strings:
    $a = { 01 ?? ?? 02 }
    $b = /abcd.*efgh/
    $c = { 01 02 03 [4] [0-7] 05 06 07 }
    $d = "same"
    $e = "same"
  condition:
    all of them and small
}

rule odd {
  strings:
    $s1 = "one"
    $s2 = "two"
    $start = { 4D 5A }
  condition:
    0 of ($s*) or 4 of them or all of them at 0 or
    $start and any of ($s*)
}

rule never {
  condition:
    hash.md5(0, filesize) == "D41D8CD98F00B204E9800998ECF8427E" or
    hash.sha256(0, filesize) == "1234"
}

rule always { condition: 1 + 1 == 2 or "text" }

rule copy {
  strings:
    $s1 = "one"
  condition:
    $s1 and filesize > 100
}

rule copy_again {
  strings:
    $s1 = "one"
  condition:
    $s1 and filesize > 100
}
