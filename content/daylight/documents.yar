// SPDX-License-Identifier: Apache-2.0
// What mail and upload gateways meet: macros, shortcuts, Windows scripts, documents.

rule Dropper_PowerShell_Encoded : dropper
{
  meta:
    description = "Hidden PowerShell command with an encoded argument"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/001/"
    author = "Daylight"
  strings:
    $encoded = /powershell(\.exe)?["']?\s[^\n]{0,160}[\-\/](e|ec|en|enc|enco|encod|encode|encoded|encodedc|encodedco|encodedcom|encodedcomm|encodedcommand)\s{1,4}["']?[A-Za-z0-9+\/]{64,}/ nocase ascii wide
    $hidden = /[\-\/]w[a-z]{0,10}\s{1,4}["']?hidden\b/ nocase ascii wide
    $quiet = /[\-\/](nop|noprofile|noni|noninteractive|ep|exec|executionpolicy)\b/ nocase ascii wide
  condition:
    filesize < 8MB and uint32(0) != 0x464C457F and $encoded and any of ($hidden, $quiet)
}

rule Dropper_PowerShell_Cradle : dropper
{
  meta:
    description = "PowerShell that executes what it downloads without TLS or from a bare IP address"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/001/"
    author = "Daylight"
  strings:
    // Well-known installers do this over https from a named host, and so say their manuals.
    $before = /\b(iex|invoke-expression)[\s(&"']{1,8}(\()?\s{0,4}(new-object\s{1,4}(system\.)?net\.webclient|iwr|irm|invoke-webrequest|invoke-restmethod|\[(system\.)?net\.webclient\]::new)[^\n]{0,60}(http:\/\/|https?:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})/ nocase ascii wide
    $after = /(\.\s{0,2}downloadstring\s{0,4}\(\s{0,4}["'](http:\/\/|https:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})[^\n"']{1,200}["']\s{0,4}\)|(iwr|irm|invoke-webrequest|invoke-restmethod)\s[^\n|]{0,60}\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}[^\n|]{0,100})\s{0,4}\)?(\.content)?\s{0,4}\|\s{0,4}(iex|invoke-expression)\b/ nocase ascii wide
    $run = /\.\s{0,2}downloadfile\s{0,4}\(\s{0,4}["'][^\n"']{8,200}["']\s{0,4},\s{0,4}[^\n)]{4,120}\)\s{0,4};?[^\n]{0,40}(start-process|invoke-item|\bsaps\b|\bstart\s)/ nocase ascii wide
  condition:
    filesize < 4MB and uint32(0) != 0x464C457F and any of them
}

rule Dropper_VBA_AutoDownload : dropper
{
  meta:
    description = "VBA macro that starts by itself, downloads a file and runs it"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1204/002/"
    author = "Daylight"
  strings:
    $auto = /\bSub\s{1,4}(Auto_?Open|Auto_?Exec|Auto_?Close|AutoNew|Document_Open|Document_Close|DocumentOpen|Workbook_Open|Workbook_Activate|Document_New)\s{0,4}\(/ nocase
    $get_1 = "URLDownloadToFile" nocase
    $get_2 = /(MSXML2|Microsoft|WinHttp)\.(ServerXMLHTTP|XMLHTTP|WinHttpRequest)/ nocase
    $get_3 = /\.\s{0,2}Download(File|String)\s{0,4}\(/ nocase
    $save_1 = "ADODB.Stream" nocase
    $save_2 = "SaveToFile" nocase
    $save_3 = /Put\s{1,4}#\w{1,10}\s{0,4},/ nocase
    $save_4 = "URLDownloadToFile" nocase
    $run_1 = /\bShell\s{0,4}[\(\s]\s{0,4}["'\w]/ nocase
    $run_2 = "WScript.Shell" nocase
    $run_3 = "Shell.Application" nocase
    $run_4 = "ShellExecute" nocase
    $run_5 = "Win32_Process" nocase
  condition:
    filesize < 4MB and $auto and any of ($get_*) and any of ($save_*) and any of ($run_*)
}

rule Dropper_VBA_CommandLine : dropper
{
  meta:
    description = "VBA macro that starts by itself and runs a command interpreter or a system tool known for abuse"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/005/"
    author = "Daylight"
  strings:
    $auto = /\bSub\s{1,4}(Auto_?Open|Auto_?Exec|Auto_?Close|AutoNew|Document_Open|Document_Close|DocumentOpen|Workbook_Open|Workbook_Activate|Document_New)\s{0,4}\(/ nocase
    $shell_1 = /\bShell\s{0,4}[\(\s]\s{0,4}["'\w]/ nocase
    $shell_2 = /(CreateObject|GetObject)\s{0,4}\(\s{0,4}["'](WScript\.Shell|Shell\.Application|winmgmts:|new:)/ nocase
    $shell_3 = "MacScript" nocase
    $tool = /\b(powershell(\.exe)?\s{1,4}[\-\/]|cmd(\.exe)?\s{1,4}\/[ck]\s|mshta(\.exe)?\s{1,4}(https?|vbscript|javascript)|certutil(\.exe)?\s{1,4}-(urlcache|decode)|regsvr32(\.exe)?\s{1,4}\/s|rundll32(\.exe)?\s{1,4}[\w\\:%.]{3,}|bitsadmin(\.exe)?\s{1,4}\/transfer|curl(\.exe)?\s{1,4}-[so])/ nocase
  condition:
    filesize < 4MB and $auto and any of ($shell_*) and $tool
}

rule Dropper_LNK_Command : dropper
{
  meta:
    description = "Windows shortcut that starts an interpreter with download, encoding or hiding options"
    severity = "high"
    reference = "https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/16cb4ca1-9339-4d0c-a68d-bf1d6cc0f943"
    author = "Daylight"
  strings:
    $tool_1 = "powershell" nocase ascii wide
    $tool_2 = "mshta" nocase ascii wide
    $tool_3 = "cmd.exe" nocase ascii wide
    $tool_4 = "wscript" nocase ascii wide
    $tool_5 = "rundll32" nocase ascii wide
    $tool_6 = "certutil" nocase ascii wide
    $do_1 = /[\-\/]w[a-z]{0,10}\s{1,4}["']?hidden\b/ nocase ascii wide
    $do_2 = /\s[\-\/]enc[a-z]{0,12}\s{1,4}[A-Za-z0-9+\/]{40,}/ nocase ascii wide
    $do_9 = /\s-ec?\s{1,4}(JAB|SQB|aQB|cABv|UwB|KAB|WwB|IAB)[A-Za-z0-9+\/]{40,}/ ascii wide
    $do_3 = "downloadstring" nocase ascii wide
    $do_4 = "downloadfile" nocase ascii wide
    $do_5 = /(iwr|irm|curl|invoke-webrequest)\s[^\n\x00]{0,40}https?:\/\// nocase ascii wide
    $do_6 = "-urlcache" nocase ascii wide
    $do_7 = /mshta(\.exe)?["']?\s{1,4}["']?(https?:|javascript:|vbscript:)/ nocase ascii wide
    $do_8 = /\/c\s{1,4}[^\x00]{0,200}(start|copy|findstr|forfiles)\s[^\x00]{0,200}\.(vbs|js|hta|dll|ps1|bat)\b/ nocase ascii wide
  condition:
    uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and uint32(12) == 0x000000C0 and filesize < 8MB and
    any of ($tool_*) and any of ($do_*)
}

rule Dropper_HTA_Script : dropper
{
  meta:
    description = "HTML application whose script runs a program that it fetches or decodes"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1218/005/"
    author = "Daylight"
  strings:
    $hta = "<hta:application" nocase
    $script = /<script[^>\n]{0,80}(vbscript|jscript|javascript)/ nocase
    $object_1 = /(CreateObject|ActiveXObject)\s{0,4}\(?\s{0,4}["']WScript\.Shell["']/ nocase
    $object_2 = /(CreateObject|ActiveXObject)\s{0,4}\(?\s{0,4}["']Shell\.Application["']/ nocase
    $run = /\.\s{0,2}(Run|Exec|ShellExecute)\s{0,4}[(\s"']/ nocase
    $stage_1 = "powershell" nocase
    $stage_2 = /cmd(\.exe)?\s{1,4}\/c/ nocase
    $stage_3 = /https?:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
    $stage_4 = "XMLHTTP" nocase
    $stage_5 = "certutil" nocase
  condition:
    filesize < 4MB and any of ($hta, $script) and any of ($object_*) and $run and any of ($stage_*) and
    ($hta or filesize < 64KB)
}

rule Dropper_JScript_Download : dropper
{
  meta:
    description = "Windows script in JavaScript that downloads, saves and runs a program"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/007/"
    author = "Daylight"
  strings:
    $create = /(new\s{1,4}ActiveXObject|WScript\s{0,4}\.\s{0,4}CreateObject)\s{0,4}\(/ nocase
    $http = /["'](MSXML2\.(Server)?XMLHTTP(\.\d\.0)?|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest\.5\.1)["']/ nocase
    $stream = /["'](ADODB\.Stream|Scripting\.FileSystemObject)["']/ nocase
    $shell = /["'](WScript\.Shell|Shell\.Application)["']/ nocase
    $save = /\.\s{0,2}(SaveToFile|ResponseBody|CreateTextFile)\b/ nocase
    $run = /\.\s{0,2}(Run|Exec|ShellExecute)\s{0,4}\(/ nocase
  condition:
    filesize < 2MB and all of them
}

rule Dropper_VBScript_Download : dropper
{
  meta:
    description = "Windows script in VBScript that downloads, saves and runs a program"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1059/005/"
    author = "Daylight"
  strings:
    $http = /CreateObject\s{0,4}\(\s{0,4}["'](MSXML2\.(Server)?XMLHTTP(\.\d\.0)?|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest\.5\.1)["']/ nocase
    $stream = /CreateObject\s{0,4}\(\s{0,4}["']ADODB\.Stream["']/ nocase
    $shell = /CreateObject\s{0,4}\(\s{0,4}["'](WScript\.Shell|Shell\.Application)["']/ nocase
    $save = /\.\s{0,2}SaveToFile\b/ nocase
    $run = /\.\s{0,2}(Run|Exec|ShellExecute)[\s(]{1,4}/ nocase
    $macro = /\bSub\s{1,4}(Auto_?Open|Auto_?Exec|Document_Open|Workbook_Open)\s{0,4}\(/ nocase
  condition:
    filesize < 2MB and not $macro and all of ($http, $stream, $shell, $save, $run)
}

rule Exploit_RTF_EquationObject : exploit
{
  meta:
    description = "RTF document with an embedded equation editor object"
    severity = "high"
    reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
    author = "Daylight"
  strings:
    $data = /\\objdata\b/
    $update = "\\objupdate"
    $embed = "\\objemb"
    // "Equation.3" as RTF hex digits, and the class identifier 0002CE02-0000-0000-C000-000000000046.
    $class_name = "4571756174696f6e2e33" nocase
    $class_id = "02ce020000000000c000000000000046" nocase
    $class_text = "Equation.3" nocase
  condition:
    uint32(0) == 0x74725C7B and filesize < 8MB and $data and any of ($update, $embed) and any of ($class_*)
}

rule Dropper_PDF_Launch : dropper
{
  meta:
    description = "PDF with an action that starts a command interpreter"
    severity = "high"
    reference = "https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf"
    author = "Daylight"
  strings:
    // ISO 32000-1, 12.6.4.5: launch actions.
    $launch = /\/S\s{0,4}\/Launch\b/
    $program = /\/F\s{0,4}\(\s{0,4}[^)\n]{0,80}(cmd(\.exe)?|powershell(\.exe)?|mshta(\.exe)?|wscript(\.exe)?|\/bin\/(ba)?sh)\s{0,4}\)/ nocase
  condition:
    uint32(0) == 0x46445025 and $launch and $program
}

rule Dropper_Office_RemoteTemplate : dropper
{
  meta:
    description = "Office relationship part that loads a template from a bare IP address or an oddly named host"
    severity = "medium"
    reference = "https://attack.mitre.org/techniques/T1221/"
    author = "Daylight"
  strings:
    $relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    $template = /<Relationship\s[^>]{0,200}relationships\/attachedTemplate["'][^>]{0,400}TargetMode\s{0,2}=\s{0,2}["']External["']/
    $target = /Target\s{0,2}=\s{0,2}["']https?:\/\/(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[^"'\/]{1,60}@|[^"'\/]{1,60}:\d{2,5}\/)/
  condition:
    filesize < 64KB and all of them
}
