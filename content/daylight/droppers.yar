// SPDX-License-Identifier: Apache-2.0
// Scripts that fetch and run the next stage on a server.

rule Dropper_Shell_DownloadPipe : dropper
{
  meta:
    description = "Script that pipes a download from a bare IP address into a shell or interpreter"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1105/"
    author = "Daylight"
  strings:
    $pipe = /\b(curl|wget|lwp-download|fetch)\s[^\n|;]{0,160}\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}[:\/][^\n|;]{0,120}\|\s{0,4}(sudo\s{1,4})?(\/bin\/)?(ba|da|z|k)?sh\b/
    $interpreter = /\b(curl|wget)\s[^\n|;]{0,160}\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}[:\/][^\n|;]{0,120}\|\s{0,4}(sudo\s{1,4})?(python[23]?|perl|php|ruby)\b/
    $substitute = /\b(ba)?sh\s{1,4}(-c\s{1,4}["']?\$|<\s{0,2})\(\s{0,2}(curl|wget)\s[^\n)]{0,120}\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}[:\/]/
    // Not the loopback and the networks of one's own.
    $local = /\b(curl|wget)\s[^\n|;]{0,160}\b(127\.\d{1,3}|10\.\d{1,3}|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}[:\/]/
  condition:
    filesize < 256KB and (#pipe + #interpreter + #substitute) > #local
}

rule Dropper_Shell_TmpExecute : dropper
{
  meta:
    description = "Shell script that looks for a writable folder, fetches a program from a bare IP address, runs and deletes it"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1105/"
    author = "Daylight"
  strings:
    $cd = /\bcd\s{1,4}\/(tmp|var\/run|var\/tmp|dev\/shm|mnt|root|run)\/?\s{0,4}(\|\||;|&&)\s{0,4}cd\s{1,4}\//
    $get = /\b(wget|curl|tftp|ftpget|busybox\s{1,4}wget)\s[^\n;&|]{0,60}\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
    $mode = /\bchmod\s{1,4}(\+x|0?777|0?7[0-7]{2})\s/
    $remove = /\brm\s{1,4}-[rf]{1,2}\s/
  condition:
    filesize < 64KB and uint32(0) != 0x464C457F and all of them
}

rule Dropper_Shell_ManyArchitectures : dropper
{
  meta:
    description = "Shell script that fetches and runs one program for many processor architectures"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1584/005/"
    author = "Daylight"
  strings:
    $get = /\b(wget|curl|tftp|ftpget)\s[^\n;&|]{0,60}(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|:\/\/[\w.\-]{4,60})[^\n;&|]{0,60}[.\/_\-](mips|mipsel|mpsl|arm[4-7]?|armv[4-7]l|sh4|ppc|m68k|spc|sparc|i[56]86|x86(_64)?|arc)\b/
    $arch_mips = /[.\/_\-](mips|mpsl|mipsel)\b/
    $arch_arm = /[.\/_\-]arm(v?[4-7]l?)?\b/
    $arch_sh4 = /[.\/_\-](sh4|superh)\b/
    $arch_ppc = /[.\/_\-](ppc|powerpc)\b/
    $arch_old = /[.\/_\-](m68k|spc|sparc|arc)\b/
    $mode = /\bchmod\s{1,4}(\+x|0?777|0?7[0-7]{2})\s/
    $run = /[;&\n]\s{0,8}\.\/[\w.\-${}]{1,60}/
  condition:
    filesize < 64KB and uint32(0) != 0x464C457F and #get >= 4 and 3 of ($arch_*) and $mode and $run
}

rule Dropper_Shell_Base64Pipe : dropper
{
  meta:
    description = "Script that decodes a long base64 literal straight into a shell or interpreter"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1140/"
    author = "Daylight"
  strings:
    $echo = /(echo|printf)\s{1,4}(-n\s{1,4})?["']?[A-Za-z0-9+\/]{48,}={0,2}["']?\s{0,4}\|\s{0,4}(base64|openssl\s{1,4}(enc\s{1,4})?-?base64)\s{1,4}(-d|-D|--decode|-di)[^\n|;]{0,10}\|\s{0,4}(sudo\s{1,4})?(\/bin\/)?((ba|da|z)?sh|python[23]?|perl)\b/
    $here = /base64\s{1,4}(-d|-D|--decode)\s{0,4}<<<\s{0,4}["']?[A-Za-z0-9+\/]{48,}={0,2}["']?\s{0,4}\|\s{0,4}(sudo\s{1,4})?(\/bin\/)?((ba|da|z)?sh|python[23]?|perl)\b/
    $eval = /\b(eval|(ba)?sh\s{1,4}-c)\s{1,4}["']?(\$\(|`)\s{0,4}(echo|printf)\s{1,4}(-n\s{1,4})?["']?[A-Za-z0-9+\/]{48,}={0,2}["']?\s{0,4}\|\s{0,4}base64\s{1,4}(-d|-D|--decode)/
  condition:
    filesize < 4MB and uint32(0) != 0x464C457F and any of them
}

rule Dropper_Shell_DevShmHidden : dropper
{
  meta:
    description = "Shell script that fetches a program into a hidden or shared-memory path and runs it there"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1564/001/"
    author = "Daylight"
  strings:
    $get = /\b(curl|wget)\s[^\n;&|]{0,160}(-o|-O|--output|>)\s{0,4}["']?\/(tmp|var\/tmp|dev\/shm)\/(\.[\w\-]{1,40}|[\w\-]{1,20}\/\.[\w\-]{1,40})/
    $shm = /\b(curl|wget)\s[^\n;&|]{0,160}(-o|-O|--output|>)\s{0,4}["']?\/dev\/shm\/[\w.\-]{1,40}/
    $mode = /\bchmod\s{1,4}(\+x|[ugoa]\+rwx|0?7[0-7]{2})\s{1,4}["']?\/(tmp|var\/tmp|dev\/shm)\//
    $run = /(\n|;|&&|nohup|setsid)\s{0,8}(nohup\s{1,4}|setsid\s{1,4})?["']?\/(tmp|var\/tmp|dev\/shm)\/\.?[\w.\-\/]{1,60}["']?[^\n]{0,80}(&|>\s{0,2}\/dev\/null)/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of ($get, $shm) and $mode and $run
}

rule Dropper_Python_ExecDecoded : dropper
{
  meta:
    description = "Python code that executes a long literal after decoding or decompressing it"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/"
    author = "Daylight"
  strings:
    $exec = /\bexec\s{0,4}\(\s{0,4}(\(?_?\w{0,20}\(?_?\)?\(?|compile\s{0,4}\(\s{0,4})?((__import__\s{0,4}\(\s{0,4}['"](zlib|base64|marshal|gzip|lzma|codecs)['"]\s{0,4}\)|zlib|base64|marshal|gzip|lzma|codecs)\s{0,4}\.\s{0,4}(decompress|b64decode|b32decode|b85decode|loads|decode|urlsafe_b64decode)\s{0,4}\(\s{0,4}){1,5}b?['"]{1,3}[^\n]{80,}/
  condition:
    filesize < 8MB and uint32(0) != 0x464C457F and $exec
}

rule Dropper_Python_ExecRemote : dropper
{
  meta:
    description = "Python code that executes what a web address answers"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/006/"
    author = "Daylight"
  strings:
    $urllib = /\bexec\s{0,4}\(\s{0,4}(compile\s{0,4}\(\s{0,4})?(base64\.b64decode\s{0,4}\(\s{0,4})?(urllib\d?\.(request\.)?)?urlopen\s{0,4}\(\s{0,4}["'(\w][^\n]{0,160}\)\s{0,4}\.\s{0,4}read\s{0,4}\(/
    $requests = /\bexec\s{0,4}\(\s{0,4}(base64\.b64decode\s{0,4}\(\s{0,4})?requests\.(get|post)\s{0,4}\(\s{0,4}["'][^\n]{0,160}\)\s{0,4}\.\s{0,4}(text|content)\b/
    $import = /\bexec\s{0,4}\(\s{0,4}__import__\s{0,4}\(\s{0,4}['"](urllib|urllib2|requests)(\.request)?['"][^\n]{0,160}\.\s{0,4}(read\s{0,4}\(|text|content)/
  condition:
    filesize < 2MB and uint32(0) != 0x464C457F and any of them
}

rule Dropper_Perl_EvalDecoded : dropper
{
  meta:
    description = "Perl code that evaluates a long packed or encoded literal"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/"
    author = "Daylight"
  strings:
    $unpack = /\beval\s{0,4}\(?\s{0,4}unpack\s{0,4}\(?\s{0,4}["']?[uH]\*?["']?\s{0,4}(,|=>)\s{0,4}(q\{|qq\{|["'])[^\n]{60,}/
    $base64 = /\beval\s{0,4}\(?\s{0,4}(MIME::Base64::)?decode_base64\s{0,4}\(?\s{0,4}["'][A-Za-z0-9+\/]{60,}/
  condition:
    filesize < 2MB and uint32(0) != 0x464C457F and any of them
}

rule Dropper_Desktop_Entry : dropper
{
  meta:
    description = "Desktop entry whose command fetches or decodes something and runs it"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1204/002/"
    author = "Daylight"
  strings:
    $entry = "[Desktop Entry]"
    $fetch = /\nExec=[^\n]{0,200}(curl|wget)\s[^\n]{0,200}(\|\s{0,4}(ba)?sh\b|chmod\s{1,4}(\+x|7)|&&\s{0,4}(ba)?sh\s|;\s{0,4}(ba)?sh\s)/
    $decode = /\nExec=[^\n]{0,200}(base64\s{1,4}(-d|--decode)|xxd\s{1,4}-r)[^\n]{0,120}(\|\s{0,4}(ba)?sh\b|chmod\s{1,4}(\+x|7))/
    $socket = /\nExec=[^\n]{0,200}\/dev\/tcp\//
  condition:
    filesize < 1MB and $entry and any of ($fetch, $decode, $socket)
}
