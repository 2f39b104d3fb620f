// SPDX-License-Identifier: Apache-2.0
// Reverse and bind shells: a command interpreter tied to a socket.

rule ReverseShell_Bash_DevTcp : reverse_shell
{
  meta:
    description = "Shell whose input and output are a /dev/tcp or /dev/udp connection"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1059/004/"
    author = "Daylight"
  strings:
    $redirect = /(ba|z|k|da|)sh\s{1,4}-[il]{1,2}\s{0,4}[0-9]{0,2}[<>&]{1,3}\s{0,4}\/dev\/(tcp|udp)\/[\w.\-${}]{1,80}\/[\w${}]{1,12}/
    $exec = /exec\s{1,4}[0-9]{1,3}<>\s{0,4}\/dev\/(tcp|udp)\/[\w.\-${}]{1,80}\/[\w${}]{1,12}[^\n]{0,4}[;\n&][^\n]{0,120}(cat\s{0,4}<&\s{0,2}[0-9]{1,3}\s{0,4}\|\s{0,4}while\s{1,4}read|while\s{1,4}read\s[^\n]{0,40}<&\s{0,2}[0-9]{1,3}|(ba)?sh\s{0,4}<&\s{0,2}[0-9]{1,3})/
    $zero = /0<&\d{1,3}-?\s{0,4};\s{0,4}exec\s{1,4}\d{1,3}<>\s{0,4}\/dev\/(tcp|udp)\/[^\n]{1,100}(ba)?sh\s{1,4}<&\d/
  condition:
    filesize < 1MB and any of them
}

rule ReverseShell_Netcat_Exec : reverse_shell
{
  meta:
    description = "netcat, ncat or telnet that hands a connection to a shell"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/nc/"
    author = "Daylight"
  strings:
    $after = /\b(nc|ncat|netcat|nc\.traditional)\s{1,4}(-[a-z]{1,6}\s{1,4}){0,4}[\w.\-${}]{4,80}\s{1,4}[\d${}A-Za-z_]{2,12}\s{1,4}-(e|c|-exec|-sh-exec)\s{1,4}["']?\/bin\/(ba|da|z|k)?sh\b/
    $before = /\b(nc|ncat|netcat|nc\.traditional)\s{1,4}(-[a-z]{1,6}\s{1,4}){0,4}-[a-z]{0,5}(e|c)\s{1,4}["']?\/bin\/(ba|da|z|k)?sh["']?\s{1,4}(-[a-z]{1,6}\s{1,4}){0,3}[\w.\-${}]{4,80}\s{1,4}\d{2,5}/
    $listen = /\b(nc|ncat|netcat)\s{1,4}-[a-z]{0,3}l[a-z]{0,5}\s{1,4}(-p\s{1,4})?\d{2,5}\s{1,4}-(e|c|-exec|-sh-exec)\s{1,4}["']?\/bin\/(ba|da|z|k)?sh\b/
    $telnet = /\btelnet\s{1,4}[\w.\-${}]{4,80}\s{1,4}\d{2,5}\s{0,4}\|\s{0,4}\/bin\/(ba)?sh\s{0,4}\|\s{0,4}telnet\s{1,4}[\w.\-${}]{4,80}\s{1,4}\d{2,5}/
  condition:
    // Listening shells are also shown in the manuals of network tools.
    filesize < 1MB and (any of ($after, $before, $telnet) or ($listen and (uint16(0) == 0x2123 or filesize < 4KB)))
}

rule ReverseShell_Fifo_Pipe : reverse_shell
{
  meta:
    description = "Named pipe that connects an interactive shell with netcat, telnet or openssl"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/openssl/"
    author = "Daylight"
  strings:
    $make = /\b(mkfifo|mknod)\s{1,4}[\w.\/\-${}]{1,80}/
    $cat = /\bcat\s{1,4}[\w.\/\-${}]{1,80}\s{0,4}\|\s{0,4}(\/bin\/)?(ba|da|z|k)?sh\s{1,4}(-i\s{1,4})?2>\s{0,2}&1\s{0,4}\|\s{0,4}(nc|ncat|netcat|telnet|openssl\s{1,4}s_client|socat)\s[^\n]{3,120}>\s{0,4}[\w.\/\-${}]{1,80}/
    $in = /(\/bin\/)?(ba|da|z|k)?sh\s{1,4}-i\s{0,4}<\s{0,4}[\w.\/\-${}]{1,80}\s{0,4}2>\s{0,2}&1\s{0,4}\|\s{0,4}(nc|ncat|netcat|telnet|openssl\s{1,4}s_client|socat)\s[^\n]{3,120}>\s{0,4}[\w.\/\-${}]{1,80}/
  condition:
    filesize < 1MB and $make and any of ($cat, $in)
}

rule ReverseShell_Python : reverse_shell
{
  meta:
    description = "Python code that connects out and puts a shell on the socket"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1059/006/"
    author = "Daylight"
  strings:
    $connect = /\.connect\s{0,4}\(\s{0,4}\(\s{0,4}[^)\n]{3,100}\)\s{0,4}\)/
    $dup = /(\bos\.)?dup2\s{0,4}\(\s{0,4}\w{1,20}\.fileno\(\)\s{0,4},\s{0,4}(0|f|fd|i)\b/
    $dup_all = /for\s{1,4}(f|fd|i)\s{1,4}in\s{0,4}\(\s{0,4}0\s{0,4},\s{0,4}1\s{0,4},\s{0,4}2\s{0,4}\)/
    $shell_1 = /\bpty\s{0,4}\.\s{0,4}spawn\s{0,4}\(\s{0,4}[\["']{1,2}(\/bin\/)?(ba|da|z)?sh/
    $shell_2 = /(subprocess\.)?(call|run|Popen)\s{0,4}\(\s{0,4}\[\s{0,4}["'](\/bin\/)?(ba|da|z)?sh["']\s{0,4},\s{0,4}["']-i["']/
    $shell_3 = /os\.(system|execl|execv|execve)\s{0,4}\(\s{0,4}["'](\/bin\/)?(ba|da|z)?sh["']/
  condition:
    filesize < 64KB and $connect and any of ($dup, $dup_all) and any of ($shell_*)
}

rule ReverseShell_Perl : reverse_shell
{
  meta:
    description = "Perl code that connects out and puts a shell on the socket"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/perl/"
    author = "Daylight"
  strings:
    $connect_1 = /connect\s{0,4}\(\s{0,4}\w{1,10}\s{0,4},\s{0,4}sockaddr_in\s{0,4}\(/
    $connect_2 = /IO::Socket::INET\s{0,4}->\s{0,4}new\s{0,4}\(|new\s{1,4}IO::Socket::INET\b/
    $in_1 = /open\s{0,4}\(\s{0,4}STDIN\s{0,4},\s{0,4}["']\s{0,4}[<>]&/
    $in_2 = /STDIN\s{0,4}->\s{0,4}fdopen\s{0,4}\(/
    $shell_1 = /exec\s{0,4}[({]?\s{0,4}\{?\s{0,4}["']\/bin\/(ba|da|z)?sh(\s{1,4}-i)?["']/
    $shell_2 = /system\s{0,4}\(?\s{0,4}\$_\s{1,4}while\s{0,4}<>/
    $shell_3 = /\$~->fdopen\s{0,4}\(\s{0,4}\$\w{1,8}\s{0,4},\s{0,4}w\s{0,4}\)\s{0,4};\s{0,4}system/
  condition:
    filesize < 64KB and any of ($connect_*) and any of ($in_*) and any of ($shell_*)
}

rule ReverseShell_PHP : reverse_shell
{
  meta:
    description = "PHP code that connects out and puts a shell on the socket"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/php/"
    author = "Daylight"
  strings:
    $connect = /\b(fsockopen|pfsockopen|stream_socket_client)\s{0,4}\(/ nocase
    $fd = /\b(exec|shell_exec|system|passthru|popen)\s{0,4}\(\s{0,4}["'](\/bin\/)?(ba|da|z)?sh\s{1,4}(-i\s{1,4})?<&\s{0,2}\d{1,2}\s{1,4}>&\s{0,2}\d{1,2}/ nocase
    $ticks = /`(\/bin\/)?(ba|da|z)?sh\s{1,4}-i\s{1,4}<&\s{0,2}\d{1,2}\s{1,4}>&\s{0,2}\d{1,2}/
    $proc = /\bproc_open\s{0,4}\(\s{0,4}(["'](\/bin\/)?(ba|da|z)?sh(\s{1,4}-i)?["']|\$shell)\s{0,4},\s{0,4}(\$descriptorspec|array\s{0,4}\(\s{0,4}0\s{0,4}=>\s{0,4}\$\w{1,12}\s{0,4},|\[\s{0,4}0\s{0,4}=>\s{0,4}\$\w)/ nocase
    $uname = /uname\s{1,4}-a\s{0,4};[^'"\n]{0,40}(\/bin\/)?(ba)?sh\s{1,4}-i/
  condition:
    filesize < 128KB and $connect and (any of ($fd, $ticks) or ($proc and ($uname or filesize < 4KB)))
}

rule ReverseShell_Ruby : reverse_shell
{
  meta:
    description = "Ruby code that connects out and puts a shell on the socket"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/ruby/"
    author = "Daylight"
  strings:
    $connect = /TCPSocket\.(new|open)\s{0,4}\(/
    $exec = /exec\s{0,4}\(?\s{0,4}(sprintf|format)?\s{0,4}\(?\s{0,4}["'](\/bin\/)?(ba|da|z)?sh\s{1,4}(-i\s{1,4})?<&\s{0,2}%d\s{1,4}>&\s{0,2}%d/
    $spawn = /(spawn|exec)\s{0,4}\(?\s{0,4}["'](\/bin\/)?(ba|da|z)?sh["'][^\n]{0,20}\[\s{0,4}:in\s{0,4},\s{0,4}:out\s{0,4},\s{0,4}:err\s{0,4}\]\s{0,4}=>\s{0,4}TCPSocket/
    $popen = /while\s{0,4}\(?\s{0,4}\w{1,12}\s{0,4}=\s{0,4}\w{1,12}\.gets\s{0,4}\)?[^\n]{0,20}[;\n]\s{0,20}IO\.popen\s{0,4}\(\s{0,4}\w{1,12}\s{0,4},\s{0,4}["']r["']/
  condition:
    filesize < 64KB and $connect and any of ($exec, $spawn, $popen)
}

rule ReverseShell_Socat : reverse_shell
{
  meta:
    description = "socat that ties a shell with a terminal to a network address"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/socat/"
    author = "Daylight"
  strings:
    $exec_first = /\bsocat\s[^\n|]{0,120}exec:["']{0,2}(\/bin\/)?(ba|da|z)?sh(\s{1,4}-[li]{1,2})?["']{0,2},[^\n|]{0,60}pty[^\n|]{0,80}\s(tcp|tcp4|tcp6|openssl|udp)(-connect)?:[\w.\-${}]{4,80}:/ nocase
    $address_first = /\bsocat\s[^\n|]{0,80}(tcp|tcp4|tcp6|openssl|udp)(-connect)?:[\w.\-${}]{4,80}:[\w${}]{1,12}[^\n|]{0,60}\sexec:["']{0,2}(\/bin\/)?(ba|da|z)?sh(\s{1,4}-[li]{1,2})?["']{0,2},[^\n|]{0,60}pty/ nocase
  condition:
    filesize < 256KB and any of them
}

rule ReverseShell_Awk : reverse_shell
{
  meta:
    description = "GNU awk program that runs what arrives over a network connection"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/gawk/"
    author = "Daylight"
  strings:
    $inet = /["']\/inet\d?\/(tcp|udp)\/\d{1,5}\/[\w.\-${}'"]{1,80}\/[\w${}'"]{1,16}["']/
    $read = /\|&\s{0,4}getline\s{1,4}\w{1,12}/
    $run = /while\s{0,4}\(\s{0,4}\(\s{0,4}\w{1,12}\s{0,4}\|&?\s{0,4}getline(\s{1,4}\w{1,12})?\s{0,4}\)\s{0,4}>\s{0,4}0\s{0,4}\)\s{0,4}\{?\s{0,40}print\s[^\n]{0,20}\|&/
  condition:
    filesize < 16KB and $inet and $read and $run
}

rule ReverseShell_NodeJs : reverse_shell
{
  meta:
    description = "JavaScript for Node.js that connects out and pipes a shell through the socket"
    severity = "critical"
    reference = "https://gtfobins.github.io/gtfobins/node/"
    author = "Daylight"
  strings:
    $spawn = /\b(spawn|exec|execFile)\s{0,4}\(\s{0,4}["'](\/bin\/)?((ba|da|z)?sh|cmd(\.exe)?)["']/
    $net = /require\s{0,4}\(\s{0,4}["']net["']\s{0,4}\)/
    $connect = /\.\s{0,4}(connect|createConnection)\s{0,4}\(/
    $in = /\.pipe\s{0,4}\(\s{0,4}\w{1,20}\.stdin\s{0,4}\)/
    $out = /\.(stdout|stderr)\.pipe\s{0,4}\(\s{0,4}\w{1,20}\s{0,4}\)/
  condition:
    filesize < 64KB and all of them
}

rule ReverseShell_ELF_Stub : reverse_shell
{
  meta:
    description = "Tiny ELF of one writable and executable segment that covers its own header and makes socket calls: a shellcode stub"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/004/"
    author = "Daylight"
  strings:
    // x86-64: mov eax/al or push 41 (socket), 42 (connect), 49 (bind).
    $x64_socket = { 6A 29 58 }
    $x64_connect = { 6A 2A 58 }
    $x64_bind = { 6A 31 58 }
    $x64_call = { 0F 05 }
    // i386: push 102 (socketcall); pop eax; ... int 0x80
    $x86_socketcall_1 = { 6A 66 58 }
    $x86_socketcall_2 = { B0 66 }
    $x86_call = { CD 80 }
  condition:
    filesize < 4KB and uint32(0) == 0x464C457F and
    (
      // 64 bits: one PT_LOAD from offset 0 with flags 7, no sections.
      (uint8(4) == 2 and uint16(56) == 1 and uint16(60) == 0 and uint32(64) == 1 and uint32(68) == 7 and
       uint32(72) == 0 and $x64_socket and $x64_call and any of ($x64_connect, $x64_bind))
      or
      (uint8(4) == 1 and uint16(44) == 1 and uint16(48) == 0 and uint32(52) == 1 and uint32(76) == 7 and
       uint32(56) == 0 and $x86_call and any of ($x86_socketcall_*))
    )
}
