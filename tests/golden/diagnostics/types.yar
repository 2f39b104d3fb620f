import "pe"

rule operators {
  condition:
    "abc" + 1 == 2 or -"a" == 0 or 1 << 2.0 == 4 or "a" == 1
}

rule module {
  condition:
    pe.sections and pe.machine.name == "x" and pe.number_of_sections[0] == 1
    and pe.section_index(1.5) == 0
}

rule loops {
  condition:
    for any i, j in (1..3) : ( i == j ) and
    for any s in pe.version_info : ( s == "a" ) and
    for any x in pe.machine : ( x == 1 )
}

rule numbers {
  condition:
    filesize \ 0 == 1 or filesize << -1 == 2 or 0x7fffffffffffffff + filesize - (0x7fffffffffffffff + 1) == 0
}
