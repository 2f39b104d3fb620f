import "pe" import "math"
include "b"
global private rule r : t1 t2 {
  meta: a = "b\x41" c = -1 d = true
  strings: $a = "x\n" wide xor(1-2) $b = { 01 ?? [2-4] ( 02 | ~03 ) } private $c = /a[b-c]{1,3}d/is fullword $ = "y" base64
  condition: (b and all of them at 10 or #a in (0..10) > @b[2] + !c) and for 50% i in (1, 2, 3) : ( i == 2 )
    and for any k, v in pe.version_info : ( k contains v ) and 2 of ($a*, $b) in (0..filesize)
    and with x = pe.sections[0] : ( x.name matches /a/ ) and math.entropy(0, filesize) \ 2 > 1.5e
    and any of (ext_i == 1, not defined uint16be(ext_i << 2)) and for all s in pe.sections : ( s.name.len() > 1 )
    and ext_s iequals "a" and for none of ($a, $b) : ( # > 1 and $ at 0 ) and -1 ^ ~2 | 3 & 4 != 5 % 6
}
