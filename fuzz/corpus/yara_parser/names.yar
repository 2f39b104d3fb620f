import "math"
import "maths"

rule first {
  meta:
    author = "x"
  strings:
    $apple = "apple"
    $pear = "pear"
  condition:
    $aple or #pear > 1 or math.entrophy(0, filesize) > 7.0
}

rule second {
  condition:
    first and filesise < 10KB
}

rule second : again again {
  condition:
    filesize > 1
}
