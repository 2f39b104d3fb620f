// SPDX-License-Identifier: Apache-2.0
// What hides on a Linux machine: preloaded libraries, kernel modules, eBPF, PAM.

rule Rootkit_Preload_ReaddirHook : rootkit
{
  meta:
    description = "Shared library that wraps directory listing and knows /etc/ld.so.preload: a user-space rootkit"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1574/006/"
    author = "Daylight"
  strings:
    $preload = "/etc/ld.so.preload"
    $dlsym = "dlsym" fullword
    $hook_1 = "readdir" fullword
    $hook_2 = "readdir64" fullword
    $more_1 = "fopen64" fullword
    $more_2 = "__xstat" fullword
    $more_3 = "__lxstat" fullword
    $more_4 = "lstat64" fullword
    $more_5 = "openat" fullword
    $more_6 = "accept" fullword
    $more_7 = "unlinkat" fullword
    $more_8 = "pam_authenticate" fullword
    $more_9 = "pcap_loop" fullword
    $proc_1 = "/proc/self/fd/%d"
    $proc_2 = "/proc/net/tcp"
    $proc_3 = "/proc/%s/cmdline"
    $proc_4 = "/proc/%s/stat"
    $proc_5 = "/proc/self/maps"
  condition:
    uint32(0) == 0x464C457F and uint16(16) == 3 and filesize < 2MB and
    $preload and $dlsym and all of ($hook_*) and 2 of ($more_*) and any of ($proc_*)
}

rule Rootkit_Preload_Installer : rootkit
{
  meta:
    description = "Script that puts a library into /etc/ld.so.preload from a place for temporary or hidden files, or locks the file"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1574/006/"
    author = "Daylight"
  strings:
    $temporary = /(echo|printf)\s{1,4}[^\n>]{0,20}(\/tmp|\/var\/tmp|\/dev\/shm|\/[\w\/]{0,40}\/\.[\w\-]{1,40})\/?[^\n>]{0,60}>{1,2}\s{0,4}["']?\/etc\/ld\.so\.preload/
    $any = /(echo|printf)\s{1,4}[^\n>]{0,100}\.so[^\n>]{0,20}>{1,2}\s{0,4}["']?\/etc\/ld\.so\.preload/
    $lock = /chattr\s{1,4}\+[aiu]{1,3}\s{1,4}[^\n]{0,60}\/etc\/ld\.so\.preload/
    $fetch = /(curl|wget)\s[^\n]{0,160}(-o|-O|>)\s{0,4}["']?[^\n]{0,60}\.so\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and ($temporary or ($any and any of ($lock, $fetch)))
}

rule Rootkit_KernelModule_SyscallTable : rootkit
{
  meta:
    description = "Kernel module that looks up the system call table and speaks of listing directories or hiding"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1014/"
    author = "Daylight"
  strings:
    $module = "vermagic="
    $table = "sys_call_table"
    $find_1 = "kallsyms_lookup_name"
    $find_2 = "kallsyms_on_each_symbol"
    $find_3 = "register_kprobe"
    $find_4 = "/proc/kallsyms"
    $find_5 = "/boot/System.map"
    $hide_1 = "getdents"
    $hide_2 = "tcp4_seq_show"
    $hide_3 = "prepare_creds"
    $hide_4 = "hide" nocase
    $hide_5 = "invisible" nocase
  condition:
    uint32(0) == 0x464C457F and uint16(16) == 1 and filesize < 4MB and
    $module and $table and any of ($find_*) and 2 of ($hide_*)
}

rule Rootkit_KernelModule_FtraceHook : rootkit
{
  meta:
    description = "Kernel module that places ftrace hooks on directory listing and on kill"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1014/"
    author = "Daylight"
  strings:
    $module = "vermagic="
    $ftrace_1 = "ftrace_set_filter_ip"
    $ftrace_2 = "register_ftrace_function"
    $call_1 = "__x64_sys_getdents64"
    $call_2 = "__x64_sys_getdents"
    $call_3 = "__x64_sys_kill"
    $call_4 = "tcp4_seq_show"
    $call_5 = "tcp6_seq_show"
    $call_6 = "__x64_sys_init_module"
    $call_7 = "__x64_sys_finit_module"
  condition:
    uint32(0) == 0x464C457F and uint16(16) == 1 and filesize < 4MB and
    $module and all of ($ftrace_*) and 2 of ($call_*)
}

rule Rootkit_eBPF_DirectoryHiding : rootkit
{
  meta:
    description = "eBPF object that traces directory listing and writes into the memory of the program that asked"
    severity = "high"
    reference = "https://man7.org/linux/man-pages/man7/bpf-helpers.7.html"
    author = "Daylight"
  strings:
    $listing_1 = "sys_exit_getdents64"
    $listing_2 = "sys_enter_getdents64"
    $listing_3 = "__x64_sys_getdents64"
    // BPF_CALL of helper 36, bpf_probe_write_user.
    $write_user = { 85 00 00 00 24 00 00 00 }
  condition:
    uint32(0) == 0x464C457F and uint16(18) == 247 and filesize < 4MB and any of ($listing_*) and $write_user
}

rule Rootkit_PAM_PasswordLogger : rootkit
{
  meta:
    description = "PAM module that can write user names and passwords into a hidden or temporary file"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1556/003/"
    author = "Daylight"
  strings:
    $pam_1 = "pam_sm_authenticate" fullword
    $pam_2 = "pam_get_authtok" fullword
    $pam_3 = "pam_get_item" fullword
    $file = /\x00\/(tmp|var\/tmp|dev\/shm|var\/log|usr\/(lib|include|share|bin|games)(\/[\w\-]{1,30}){0,3})\/\.[\w.\-]{1,40}\x00/
    $format = /[%]s\s{0,2}[:|@ ]\s{0,2}%s[^\x00]{0,20}\n/
    $write_1 = "fopen" fullword
    $write_2 = "fprintf" fullword
    $write_3 = "__fprintf_chk" fullword
  condition:
    uint32(0) == 0x464C457F and uint16(16) == 3 and filesize < 2MB and
    $pam_1 and any of ($pam_2, $pam_3) and $file and $format and $write_1 and any of ($write_2, $write_3)
}

rule Rootkit_Process_HideByMount : rootkit
{
  meta:
    description = "Script that mounts something over a process's folder under /proc to hide the process"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1564/013/"
    author = "Daylight"
  strings:
    $bind = /\bmount\s{1,4}(-o\s{0,4}bind|--bind|-B|-t\s{1,4}tmpfs)\s{1,4}[\w\/.\-${}"']{1,80}\s{1,4}["']?\/proc\/(\$\$|\$\{?\w{1,20}\}?|\$\([^)\n]{1,60}\)|\d{1,7})["']?\s{0,4}(\n|;|&|$|>)/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and $bind
}
