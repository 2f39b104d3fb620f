// SPDX-License-Identifier: Apache-2.0
// Ransom notes and what encrypts files on servers.

rule Ransom_Note : ransomware
{
  meta:
    description = "Ransom note: files are encrypted, a payment or contact is demanded"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1486/"
    author = "Daylight"
  strings:
    $done = /(your|all( of)? your|the)\s{1,4}(\w{1,20}\s{1,4}){0,4}(files|data|documents|databases?|servers?|network|systems?|backups?|virtual machines)\s{1,4}(\w{1,20},?\s{1,4}){0,4}(have|has|are|were|was|is)\s{1,4}(been\s{1,4})?(\w{1,20}\s{1,4}){0,2}(encrypted|locked|stolen|leaked|exfiltrated)/ nocase
    $pay_1 = "bitcoin" nocase
    $pay_2 = "monero" nocase
    $pay_3 = /\bBTC\b/
    $pay_4 = /\bXMR\b/
    $reach_1 = /[a-z2-7]{16,56}\.onion\b/ nocase
    $reach_2 = "tor browser" nocase
    $reach_3 = /(protonmail|tutanota|proton\.me|onionmail|qtox|tox id|session id|telegram)/ nocase
    $threat_1 = /(do not|don't|never)\s{1,4}(\w{1,12}\s{1,4}){0,4}(rename|modify|delete|decrypt|restore|recover|shut\s?down|reboot|contact the police|use third)/ nocase
    $threat_2 = /(decrypt(ion|or|er)?)\s{1,4}(key|tool|software|program|service|price)/ nocase
    $threat_3 = /(will be|be)\s{1,4}(published|leaked|sold|deleted|destroyed|made public|doubled)/ nocase
    $threat_4 = /private key\s{1,4}[^\n]{0,60}(our|secret|server)/ nocase
    $threat_5 = /(decrypt|free)[^\n]{0,40}(one|two|three|1|2|3)\s{1,4}(\w{1,12}\s{1,4}){0,2}files?[^\n]{0,20}(free|guarantee|proof|test)?/ nocase
  condition:
    filesize < 32KB and uint32(0) != 0x464C457F and $done and any of ($pay_*, $reach_*) and 2 of ($threat_*)
}

rule Ransom_Database_Note : ransomware
{
  meta:
    description = "Ransom demand left behind in a database that was emptied"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1485/"
    author = "Daylight"
  strings:
    $taken = /(all\s{1,4})?your\s{1,4}(data|databases?|db|collections?|tables?|indexes)\s{1,4}(\w{1,20}\s{1,4}){0,3}(is|are|has been|have been|was|were)\s{1,4}(a\s{1,4})?(backed\s{1,4}up|downloaded|dumped|exfiltrated|saved on our)/ nocase
    $recover = /to\s{1,4}(recover|restore|get back)\s{1,4}(\w{1,20}\s{1,4}){0,4}(send|pay|transfer)|you\s{1,4}must\s{1,4}(pay|send)\s{1,4}[\d.]{1,8}\s{0,4}(BTC|bitcoin)/ nocase
    $address = /(address|wallet|BTC|bitcoin)\b[^\n]{0,80}\b(bc1[a-z0-9]{20,60}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b/ nocase
  condition:
    $taken and $recover and $address and filesize < 4MB
}

rule Ransom_ELF_VirtualMachines : ransomware
{
  meta:
    description = "ELF program that powers off virtual machines and looks for their disks"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1486/"
    author = "Daylight"
  strings:
    $stop_1 = /esxcli\s{1,4}(--formatter=\w{1,8}\s{1,4}(--format-param=\S{1,40}\s{1,4})?)?vm\s{1,4}process\s{1,4}(kill|list)/
    $stop_2 = "vim-cmd vmsvc/power.off"
    $stop_3 = "vim-cmd vmsvc/getallvms"
    $stop_4 = "vim-cmd vmsvc/snapshot.removeall"
    $disk_1 = ".vmdk"
    $disk_2 = ".vmem"
    $disk_3 = ".vswp"
    $disk_4 = ".vmsn"
    $disk_5 = "/vmfs/volumes"
    $note_1 = /(README|RECOVER|DECRYPT|RESTORE|HOW[_ ]TO)[\w \-]{0,40}\.(txt|html|hta)/ nocase
    $note_2 = /files\s(have\sbeen|are|were)\s(\w{1,12}\s)?encrypted/ nocase
    $note_3 = ".onion"
  condition:
    uint32(0) == 0x464C457F and filesize < 16MB and any of ($stop_*) and 2 of ($disk_*) and any of ($note_*)
}

rule Ransom_Shell_Encryptor : ransomware
{
  meta:
    description = "Shell script that encrypts found files with openssl or gpg, removes the originals and leaves a note"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1486/"
    author = "Daylight"
  strings:
    $walk_1 = /\bfind\s{1,4}[\w\/.\-${}"']{1,60}\s[^\n]{0,200}(-type\s{1,4}f|-name|-iname|-regex)/
    $walk_2 = /\bgrep\s{1,4}-[rilIE]{1,5}\s[^\n]{1,100}\|\s{0,4}(xargs|while)/
    $enc_1 = /openssl\s{1,4}(enc\s{1,4})?-?(aes-?256|chacha20|aes-?128)[^\n]{0,160}(-k|-pass|-K|-kfile)\b/
    $enc_2 = /gpg2?\s{1,4}[^\n]{0,120}(--symmetric|-c|--encrypt|-e)\s[^\n]{0,80}(--passphrase|--recipient|-r)/
    $enc_3 = /gpg2?\s{1,4}[^\n]{0,120}(--passphrase|--recipient|-r)[^\n]{0,120}(--symmetric|-c|--encrypt|-e)\s/
    $enc_4 = /(zip|7z|7za|rar)\s{1,4}[^\n]{0,40}(-P|-p|-hp)\s{0,2}["']?\$?\w{4,}/
    $remove = /\b(rm\s{1,4}-[rf]{1,2}|shred\s{1,4}-\w{0,6}u|srm|wipe)\s/
    $note_1 = /(decrypt|encrypted|ransom|bitcoin|\.onion)[^\n]{0,200}(motd|README|index\.html|\.txt|HOW_TO)/ nocase
    $note_2 = /(motd|README|index\.html|\.txt|HOW_TO)[^\n]{0,200}(decrypt|encrypted|ransom|bitcoin|\.onion)/ nocase
    $demand = /(bitcoin|\bBTC\b|monero|\.onion|ransom)/ nocase
  condition:
    filesize < 64KB and uint16(0) == 0x2123 and any of ($walk_*) and any of ($enc_*) and $remove and
    any of ($note_*) and $demand
}
