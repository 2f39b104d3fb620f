include "part.yar"
include "missing.yar"
include "/etc/passwd"
include "again.yar"

rule fine { condition: filesize > 1 }
