// SPDX-License-Identifier: Apache-2.0
// What removes traces or switches protection off.

rule AntiForensics_LogWiper_Script : antiforensics
{
  meta:
    description = "Script that empties several log-in records and switches the shell history off"
    severity = "medium"
    reference = "https://attack.mitre.org/techniques/T1070/002/"
    author = "Daylight"
  strings:
    $wipe = /(cat\s{1,4}\/dev\/null\s{0,4}>|echo\s{1,4}(-n\s{1,4})?["']{0,2}\s{0,4}>|:\s{0,4}>|\n\s{0,8}>|rm\s{1,4}-[rf]{1,2}|shred\s[^\n]{0,20}|truncate\s{1,4}-s\s{0,2}0)\s{0,4}["']?(\/var\/log\/(wtmp|btmp|lastlog|auth\.log|secure|messages|syslog|maillog|cron|xferlog|utmp)|\/var\/run\/utmp|\/run\/utmp)/
    $history_1 = /\bhistory\s{1,4}-c\b/
    $history_2 = /\b(unset|export)\s{1,4}HISTFILE(=\/dev\/null)?/
    $history_3 = /HIST(FILE)?SIZE=0/
    $history_4 = /(>|rm\s{1,4}-[rf]{1,2}|ln\s{1,4}-sf\s{1,4}\/dev\/null)\s{0,4}[~\/\w$]{0,30}\/\.bash_history/
    $history_5 = /HISTFILE=\/dev\/null/
  condition:
    filesize < 128KB and uint16(0) == 0x2123 and #wipe >= 4 and any of ($history_*)
}

rule AntiForensics_LogWiper_ELF : antiforensics
{
  meta:
    description = "ELF program that removes log-in records"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1070/002/"
    author = "Daylight"
  strings:
    $file_1 = /\/(var\/run|run|etc|var\/adm)\/utmp\b/
    $file_2 = /\/var\/(log|adm)\/wtmp\b/
    $file_3 = /\/var\/(log|adm)\/lastlog\b/
    $say = /(zap(ped|ping|2)?|wip(ed?|ing)|clean(ed|ing)?|eras(ed?|ing)|remov(ed?|ing)\s\w{0,8}\s?(entries|records)\sfrom)[^\n\x00]{0,24}\b(utmpx?|wtmpx?|lastlog)\b/ nocase
    $done = /\b(utmpx?|wtmpx?|lastlog)\s(\w{1,12}\s){0,2}(zapped|wiped|cleaned|erased|cleared)\b/ nocase
  condition:
    uint32(0) == 0x464C457F and filesize < 2MB and 2 of ($file_*) and any of ($say, $done)
}

rule AntiForensics_Protection_Off : antiforensics
{
  meta:
    description = "Shell script that removes cloud security agents or switches several protections off before it fetches something"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1562/001/"
    author = "Daylight"
  strings:
    $agent_1 = /(aegis|aliyun-?service|AliYunDun)[^\n]{0,60}(uninstall|stop|disable|kill|rm\s)|(uninstall|stop|disable|kill|rm\s)[^\n]{0,60}(aegis|aliyun|AliYunDun)/
    $agent_2 = "/usr/local/qcloud/stargate/admin/uninstall.sh"
    $agent_3 = /\/usr\/local\/qcloud\/(YunJing|monitor)[^\n]{0,60}uninst/
    $agent_4 = /(bcm-agent|cloudmonitor|hostguard|falcon-sensor|ossec)[^\n]{0,40}(stop|remove|uninstall)|(stop|remove|uninstall|disable)\s[^\n]{0,40}(bcm-agent|cloudmonitor|hostguard|falcon-sensor|ossec)/
    $off_1 = /\bsetenforce\s{1,4}0\b/
    $off_2 = /\bSELINUX=disabled\b/
    $off_3 = /\bufw\s{1,4}disable\b/
    $off_4 = /\biptables\s{1,4}(-F|-P\s{1,4}INPUT\s{1,4}ACCEPT|--flush)\b/
    $off_5 = /\becho\s{1,4}["']?0["']?\s{0,4}>\s{0,4}\/proc\/sys\/kernel\/nmi_watchdog/
    $off_6 = /service\s[^\n]{0,20}(apparmor|auditd|rsyslog|firewalld)[^\n]{0,20}(stop|disable)|systemctl\s{1,4}(stop|disable)\s[^\n]{0,20}(apparmor|auditd|rsyslog|firewalld)/
    $off_7 = /\bchattr\s{1,4}-[ai]{1,2}[^\n]{0,60}(\/etc\/ld\.so\.preload|\/var\/spool\/cron|\/etc\/crontab|authorized_keys)/
    $get = /\b(curl|wget)\s[^\n]{0,120}https?:\/\/|\bchmod\s{1,4}\+x\s/
  condition:
    filesize < 256KB and uint16(0) == 0x2123 and $get and
    ((any of ($agent_*) and any of ($off_*)) or 2 of ($agent_*) or 4 of ($off_*))
}
