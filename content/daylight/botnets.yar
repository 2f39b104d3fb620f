// SPDX-License-Identifier: Apache-2.0
// Bots that attack others or spread from machine to machine.

rule Botnet_ELF_Mirai_Plain : botnet
{
  meta:
    description = "ELF program with the command words of a Mirai-like telnet bot in the clear"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1498/"
    author = "Daylight"
  strings:
    $dog_1 = "/dev/misc/watchdog"
    $dog_2 = "/dev/watchdog"
    $dog_3 = "/dev/FTWDT101_watchdog"
    $shell_1 = /\/bin\/busybox [A-Z]{4,12}\b/
    $shell_2 = /[A-Z]{4,12}: applet not found/
    $shell_3 = "linuxshell"
    $shell_4 = "ncorrect"
    $attack_1 = "TSource Engine Query"
    $attack_2 = "/proc/net/tcp"
    $attack_3 = "listening tun0"
    $attack_4 = "dvrHelper"
    $attack_5 = "GET /bins/"
    $attack_6 = /POST \/cdn-cgi\/|GET \/shell\?cd\+\/tmp|POST \/GponForm\/diag_Form/
  condition:
    uint32(0) == 0x464C457F and filesize < 2MB and
    ((any of ($dog_*) and any of ($shell_*) and any of ($attack_*)) or (2 of ($shell_*) and 2 of ($attack_*)))
}

rule Botnet_ELF_Mirai_Obfuscated : botnet
{
  meta:
    description = "ELF program whose Mirai command words are hidden by XOR with one byte"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1027/013/"
    author = "Daylight"
  strings:
    $word_1 = "/dev/watchdog" xor(0x01-0xff)
    $word_2 = "/dev/misc/watchdog" xor(0x01-0xff)
    $word_3 = "TSource Engine Query" xor(0x01-0xff)
    $word_4 = "/proc/net/tcp" xor(0x01-0xff)
    $word_5 = "listening tun0" xor(0x01-0xff)
    $word_6 = ": applet not found" xor(0x01-0xff)
    $word_7 = "/bin/busybox " xor(0x01-0xff)
    $word_8 = "assword" xor(0x01-0xff)
  condition:
    uint32(0) == 0x464C457F and filesize < 2MB and 3 of them and
    not (#word_8 > 0 and #word_1 + #word_2 + #word_3 + #word_5 == 0)
}

rule Botnet_ELF_Gafgyt : botnet
{
  meta:
    description = "ELF program with the command words of a Gafgyt-like flooding bot"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1498/001/"
    author = "Daylight"
  strings:
    $word_1 = "LOLNOGTFO"
    $word_2 = "KILLATTK"
    $word_3 = "GETLOCALIP"
    $word_4 = /(JUNK|HOLD|UDP|TCP|STD|HTTP) Flooding %s/
    $word_5 = /SCANNER (ON|OFF)/
    $word_6 = "BOTKILL"
    $word_7 = /BUILD (MIPS|ARM|X86|%s)/
    $word_8 = "PONG!"
    $word_9 = "My IP: %s"
    $word_10 = /Failed opening raw socket|Invalid flag "%s"/
  condition:
    uint32(0) == 0x464C457F and filesize < 2MB and 4 of them
}

rule Botnet_ELF_Tsunami : botnet
{
  meta:
    description = "ELF program with the IRC command words of a Tsunami-like flooding bot"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1498/001/"
    author = "Daylight"
  strings:
    $irc_1 = /NOTICE %s :/
    $irc_2 = "PRIVMSG %s :"
    $irc_3 = /NICK %s\nUSER %s/
    $irc_4 = "MODE %s -xi"
    $word_1 = "TSUNAMI <target> <secs>"
    $word_2 = "PAN <target> <port> <secs>"
    $word_3 = "UNKNOWN <target> <secs>"
    $word_4 = /UDP <target> (<port> )?<secs>/
    $word_5 = /GETSPOOFS|SPOOFS <subnet>/
    $word_6 = "GET <http address> <save as>"
    $word_7 = "KILLALL"
    $word_8 = "Killing pid %d."
  condition:
    uint32(0) == 0x464C457F and filesize < 4MB and 2 of ($irc_*) and 2 of ($word_*)
}

rule Botnet_Perl_IrcBot : botnet
{
  meta:
    description = "Perl IRC bot that runs commands or floods on request"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1071/003/"
    author = "Daylight"
  strings:
    $socket = "IO::Socket::INET"
    $irc_1 = /["']\s{0,2}PRIVMSG\b/
    $irc_2 = /["']\s{0,2}JOIN\s/
    $irc_3 = /["']\s{0,2}NICK\s/
    $do_1 = /\b(udp|tcp|http|syn|ack|std)_?flood(er)?\b/ nocase
    $do_2 = /\bportscan\b/ nocase
    $do_3 = /=~\s{0,4}\/\^!(\\s\+|\w|@)[^\n\/]{0,40}\//
    $do_4 = /\bback(connect|door)\b/ nocase
    $run_1 = /=\s{0,4}`\$\w{1,20}(\s2>&1)?`/
    $run_2 = /\bsystem\s{0,4}\(?\s{0,4}["']?\$\w{1,20}/
    $hide = /\$0\s{0,4}=\s{0,4}["'$][^\n]{1,60}["'.x;]/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and $socket and 2 of ($irc_*) and
    ((2 of ($do_*) and any of ($run_*)) or (any of ($do_*) and any of ($run_*) and $hide))
}

rule Botnet_Ssh_BruteForcer : botnet
{
  meta:
    description = "Script that tries lists of user names and passwords over SSH and installs something where it gets in"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1110/001/"
    author = "Daylight"
  strings:
    $client_1 = "paramiko"
    $client_2 = /\bsshpass\s{1,4}-p\b/
    $client_3 = "Net::SSH2"
    $try_1 = /AuthenticationException|auth_password\s{0,4}\(|Permission denied/
    $list_1 = /["']root["']?\s{0,4}[:,]\s{0,4}["']?(root|toor|admin|123456|password|12345)["']/
    $list_2 = /["']admin["']?\s{0,4}[:,]\s{0,4}["']?(admin|1234|password|123456)["']/
    $list_3 = /["'](ubnt|pi|oracle|test|guest)["']?\s{0,4}[:,]\s{0,4}["']?(ubnt|raspberry|oracle|test|guest)["']/
    $install = /(exec_command|->exec|ssh)\s{0,4}\(?[^\n]{0,80}(wget|curl|tftp)\s[^\n]{0,120}/
    $range = /random(int)?|rand\s{0,4}\(|\$RANDOM|\bmasscan\b|\bzmap\b/
  condition:
    filesize < 128KB and uint32(0) != 0x464C457F and any of ($client_*) and $try_1 and 2 of ($list_*) and
    $install and $range
}
