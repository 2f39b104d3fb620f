// SPDX-License-Identifier: Apache-2.0
// How an intruder comes back: cron, systemd, keys, accounts, profiles, set-uid shells.

rule Persistence_Cron_Download : persistence
{
  meta:
    description = "Cron line that fetches something and runs it"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1053/003/"
    author = "Daylight"
  strings:
    $fields = /(^|[\n"'(])\s{0,4}((\*|\d{1,2})([\/,\-]\d{1,2}){0,12}[ \t]{1,4}){5}(root[ \t]{1,4})?[^\n]{0,60}\b(curl|wget|lwp-download)\s[^\n]{0,200}\|\s{0,4}(\/bin\/)?((ba|da)?sh|python[23]?|perl)\b/
    $reboot = /(^|[\n"'(])@(reboot|hourly|daily)[ \t]{1,4}(root[ \t]{1,4})?[^\n]{0,60}\b(curl|wget)\s[^\n]{0,200}\|\s{0,4}(\/bin\/)?((ba|da)?sh|python[23]?|perl)\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}

rule Persistence_Cron_Installer : persistence
{
  meta:
    description = "Script that adds a cron job which runs something from a temporary or hidden folder"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1053/003/"
    author = "Daylight"
  strings:
    $pipe = /(echo|printf)\s{1,4}[^\n]{0,20}((\*|\d{1,2})([\/,\-]\d{1,2}){0,6}[ \t]{1,4}){5}[^\n|]{0,40}\/(tmp|var\/tmp|dev\/shm|[\w\/]{1,40}\/\.[\w\-]{1,40})\/?[^\n|]{0,120}\|\s{0,4}crontab\s{1,4}(-u\s{1,4}\w{1,20}\s{1,4})?-/
    $reboot = /(echo|printf)\s{1,4}[^\n]{0,20}@reboot[ \t]{1,4}[^\n|]{0,40}\/(tmp|var\/tmp|dev\/shm|[\w\/]{1,40}\/\.[\w\-]{1,40})\/?[^\n|]{0,120}\|\s{0,4}crontab\s{1,4}(-u\s{1,4}\w{1,20}\s{1,4})?-/
    $file = /(echo|printf)\s{1,4}[^\n>]{0,20}((\*|\d{1,2})([\/,\-]\d{1,2}){0,6}[ \t]{1,4}){5}[^\n>]{0,40}\/(tmp|var\/tmp|dev\/shm|[\w\/]{1,40}\/\.[\w\-]{1,40})\/?[^\n]{0,120}>{1,2}\s{0,4}\/(etc\/cron|var\/spool\/cron)/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}

rule Persistence_Systemd_HiddenProgram : persistence
{
  meta:
    description = "systemd unit that keeps a program from a temporary or hidden folder running"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1543/002/"
    author = "Daylight"
  strings:
    $service = "[Service]"
    $exec = /\nExecStart(Pre)?=[\-@:+!]{0,3}(\/bin\/(ba)?sh\s{1,4}(-c\s{1,4})?["']?)?\/(tmp|var\/tmp|dev\/shm|run\/\.|([\w\-]{1,20}\/){0,4}\.[\w\-]{2,40})[\/\s\n.\w]/
    $stay_1 = /\nRestart=(always|on-failure)/
    $stay_2 = /\nWantedBy=(multi-user|default|basic|sysinit)\.target/
  condition:
    filesize < 16KB and $service and $exec and any of ($stay_*)
}

rule Persistence_Systemd_Shell : persistence
{
  meta:
    description = "systemd unit that opens a network shell or pipes a download into a shell"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1543/002/"
    author = "Daylight"
  strings:
    $service = "[Service]"
    $socket = /\nExecStart(Pre|Post)?=[^\n]{0,120}\/dev\/(tcp|udp)\/[\w.\-]{3,80}\/\d/
    $pipe = /\nExecStart(Pre|Post)?=[^\n]{0,120}\b(curl|wget)\s[^\n|]{0,200}\|\s{0,4}(\/bin\/)?((ba|da)?sh|python[23]?|perl)\b/
    $decode = /\nExecStart(Pre|Post)?=[^\n]{0,400}base64\s{1,4}(-d|--decode)[^\n|]{0,40}\|\s{0,4}(\/bin\/)?((ba|da)?sh|python[23]?|perl)\b/
  condition:
    filesize < 16KB and $service and any of ($socket, $pipe, $decode)
}

rule Persistence_SSH_KeyInstaller : persistence
{
  meta:
    description = "Script that adds an SSH key and then locks the file, opens root log-in or hides its traces"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1098/004/"
    author = "Daylight"
  strings:
    $key = /(echo|printf)\s{1,4}(-[ne]\s{1,4})?["']?(\\n)?(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp\d{3})\s{1,4}AAAA[0-9A-Za-z+\/]{20,800}[^\n]{0,100}>{1,2}\s{0,4}["']?[^\n]{0,60}authorized_keys2?\b/
    $lock = /chattr\s{1,4}(-R\s{1,4})?[+\-][aiu]{1,3}\s{1,4}[^\n]{0,60}(authorized_keys|\.ssh)/
    $root = /(sed|echo|printf)\s[^\n]{0,80}PermitRootLogin\s{1,4}yes/
    $trace_1 = /\bhistory\s{1,4}-[cw]/
    $trace_2 = /unset\s{1,4}HISTFILE|HISTFILE=\/dev\/null|HISTSIZE=0/
    $trace_3 = /\btouch\s{1,4}-(r|acmr|t|d)\s[^\n]{0,60}authorized_keys/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and $key and any of ($lock, $root, $trace_*)
}

rule Persistence_Profile_Download : persistence
{
  meta:
    description = "Script that makes a log-in profile fetch and run something or open a network shell"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1546/004/"
    author = "Daylight"
  strings:
    $fetch = /(echo|printf)\s{1,4}[^\n>]{0,40}\b(curl|wget)\s[^\n]{0,200}\|\s{0,4}(ba|da|z)?sh\b[^\n]{0,40}>>\s{0,4}["']?[^\n]{0,40}(\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/profile|\/etc\/bash\.bashrc|\/etc\/rc\.local)/
    $socket = /(echo|printf)\s{1,4}[^\n]{0,80}\/dev\/(tcp|udp)\/[^\n]{3,120}>>\s{0,4}["']?[^\n]{0,40}(\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/profile|\/etc\/bash\.bashrc|\/etc\/rc\.local)/
    $hidden = /(echo|printf)\s{1,4}[^\n>]{0,40}\/(tmp|var\/tmp|dev\/shm)\/\.[\w\-]{1,40}[^\n]{0,80}>>\s{0,4}["']?[^\n]{0,40}(\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/profile|\/etc\/bash\.bashrc|\/etc\/rc\.local)/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}

rule Persistence_Account_Root : persistence
{
  meta:
    description = "Script that makes a second account with the rights of root"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1136/001/"
    author = "Daylight"
  strings:
    $useradd = /\b(useradd|adduser)\s[^\n;|]{0,80}(-o\s{1,4}-u\s{0,4}0|-u\s{0,4}0\s{1,4}(-\w\s{1,4}[\w\/]{1,20}\s{1,4}){0,3}-o|-ou\s{0,4}0|--non-unique\s{1,4}--uid[ =]0)\b/
    $passwd = /(echo|printf)\s{1,4}["']?[a-z_][\w\-]{0,30}:[^:\n]{0,120}:0+:0+:[^:\n]{0,60}:[^\n]{1,60}>>\s{0,4}["']?\/etc\/passwd\b/
    $sed = /\bsed\s{1,4}-i[^\n]{0,120}:0:0:[^\n]{0,60}\/etc\/passwd\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}

rule Persistence_Suid_Shell : persistence
{
  meta:
    description = "Script that leaves a set-uid copy of a shell behind"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1548/001/"
    author = "Daylight"
  strings:
    $copy = /\bcp\s{1,4}(-\w{1,4}\s{1,4})?\/(usr\/)?bin\/(ba|da|z|k)?sh\s{1,4}["']?(\/(tmp|var\/tmp|dev\/shm|home\/[\w.\-]{1,32})\/[\w.\-\/]{1,60}|[\w\/.\-${}]{0,60}\/\.[\w.\-]{1,40})["']?\s{0,4}(;|&&|\n)[^\n]{0,80}\n?[^\n]{0,40}\bchmod\s{1,4}([ug]?\+s|u=rwxs|0?[46][0-7]{3}|\+xs)\s{1,4}["']?(\/(tmp|var\/tmp|dev\/shm|home\/[\w.\-]{1,32})\/[\w.\-\/]{1,60}|[\w\/.\-${}]{0,60}\/\.[\w.\-]{1,40})/
    $direct = /\bchmod\s{1,4}(u?\+s|\+xs|0?[46]7[0-7]{2})\s{1,4}["']?\/(usr\/)?bin\/(ba|da|z|k)?sh\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}
