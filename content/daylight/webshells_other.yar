// SPDX-License-Identifier: Apache-2.0
// Web shells in JSP, ASP, ASP.NET and CGI.

rule Webshell_JSP_RuntimeExec : webshell
{
  meta:
    description = "JSP page that runs a command taken from a request"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $page_1 = "<%"
    $page_2 = "<jsp:" nocase
    $runtime = /Runtime\s{0,4}\.\s{0,4}getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec\s{0,4}\(/
    $builder = /new\s{1,4}(java\.lang\.)?ProcessBuilder\s{0,4}\(/
    $request = /request\s{0,4}\.\s{0,4}get(Parameter|Header|ParameterValues|InputStream|Reader|Cookies)\s{0,4}\(/
  condition:
    filesize < 256KB and any of ($page_*) and $request and any of ($runtime, $builder)
}

rule Webshell_JSP_ClassLoader : webshell
{
  meta:
    description = "JSP page that defines a class out of bytes sent with the request"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1620/"
    author = "Daylight"
  strings:
    $page_1 = "<%"
    $page_2 = "<jsp:" nocase
    $loader = /extends\s{1,4}(java\.lang\.)?ClassLoader/
    $define = /(super\.)?defineClass\s{0,4}\(/
    $bytes_1 = /request\s{0,4}\.\s{0,4}get(Parameter|Reader|InputStream)\s{0,4}\(/
    $decode_1 = "BASE64Decoder"
    $decode_2 = "Base64"
    $decode_3 = /Cipher\s{0,4}\.\s{0,4}getInstance/
  condition:
    filesize < 64KB and any of ($page_*) and $loader and $define and $bytes_1 and any of ($decode_*)
}

rule Webshell_JSP_ScriptEngine : webshell
{
  meta:
    description = "JSP page that evaluates request data as a script or expression"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $page_1 = "<%"
    $page_2 = "<jsp:" nocase
    $engine = /getEngineBy(Name|Extension|MimeType)\s{0,4}\([^)\n]{1,40}\)\s{0,4}\.\s{0,4}eval\s{0,4}\([^;\n]{0,60}request\s{0,4}\.\s{0,4}get/
    $expression = /(ELProcessor|ExpressionFactory|SpelExpressionParser|GroovyShell)[^;\n]{0,80}\.\s{0,4}(eval|evaluate|parseExpression|createValueExpression)\s{0,4}\([^;\n]{0,60}request\s{0,4}\.\s{0,4}get/
  condition:
    filesize < 256KB and any of ($page_*) and any of ($engine, $expression)
}

rule Webshell_ASPX_ProcessStart : webshell
{
  meta:
    description = "ASP.NET page that starts a command interpreter with request data"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $page = /<%\s{0,4}@\s{0,4}(Page|WebHandler|WebService)/ nocase
    $server = /<script\s[^>\n]{0,60}runat\s{0,4}=\s{0,4}["']?server/ nocase
    $start = /(Process\s{0,4}\.\s{0,4}Start\s{0,4}\(|ProcessStartInfo|new\s{1,4}(System\.Diagnostics\.)?Process\s{0,4}\()/
    $cmd = /["'](cmd(\.exe)?|\/bin\/(ba)?sh|powershell(\.exe)?|[a-z]:\\+windows\\+system32\\+cmd\.exe)["']/ nocase
    $request = /Request\s{0,4}(\.\s{0,4}(Form|QueryString|Params|Item|Headers|Cookies|InputStream)\b|\[\s{0,4}["'])/
  condition:
    filesize < 256KB and any of ($page, $server) and $start and $cmd and $request
}

rule Webshell_ASPX_EvalRequest : webshell
{
  meta:
    description = "ASP or ASP.NET page that evaluates what a request sends"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $page = "<%"
    $server = /<script\s[^>\n]{0,80}runat\s{0,4}=\s{0,4}["']?server/ nocase
    $eval = /\b(eval|execute|executeglobal)[\s(]{1,8}(System\.Text\.Encoding\.[^;\n]{0,80})?(Convert\.FromBase64String\s{0,4}\(\s{0,4})?Request\s{0,4}(\.\s{0,4}(Form|QueryString|Item|Params)\s{0,4})?[\[(]/ nocase
  condition:
    filesize < 256KB and any of ($page, $server) and $eval
}

rule Webshell_ASPX_AssemblyLoad : webshell
{
  meta:
    description = "ASP.NET page that loads an assembly out of bytes sent with the request"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1620/"
    author = "Daylight"
  strings:
    $page = /<%\s{0,4}@\s{0,4}(Page|WebHandler|WebService)/ nocase
    $load = /Assembly[^;\n]{0,60}(\.\s{0,4}Load\s{0,4}\(|GetMethod\s{0,4}\(\s{0,4}["']Load["'])/
    $bytes_1 = /Request\s{0,4}\.\s{0,4}(BinaryRead|InputStream|TotalBytes)/
    $bytes_2 = /FromBase64String\s{0,4}\([^;\n]{0,40}Request\s{0,4}[.\[]/
    $create = /CreateInstance\s{0,4}\(/
  condition:
    filesize < 128KB and $page and $load and $create and any of ($bytes_*)
}

rule Webshell_CGI_QueryExec : webshell
{
  meta:
    description = "CGI script that runs its query string or a parameter as a command"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $header = /Content-type\s{0,4}:\s{0,4}text\/(html|plain)/ nocase
    $sh_eval = /(eval|sh -c|bash -c)\s{1,4}["'`$({]{0,6}[^\n]{0,60}\$\{?(QUERY_STRING|HTTP_[A-Z_]{3,20})/
    $sh_ticks = /`\s{0,4}(echo\s[^`\n]{0,40})?\$\{?QUERY_STRING\}?[^`\n]{0,60}`/
    $perl = /(system|exec|qx|open)\s{0,4}[({\/`]{1,2}[^;\n]{0,30}(\$\w{1,12}->)?param\s{0,4}\(\s{0,4}["']\w{1,16}["']\s{0,4}\)/
    $python = /(os\.(system|popen)|subprocess\.(call|run|Popen|getoutput|check_output))\s{0,4}\(\s{0,4}\w{1,16}\.(getvalue|getfirst)\s{0,4}\(/
  condition:
    filesize < 64KB and uint16(0) == 0x2123 and $header and any of ($sh_*, $perl, $python)
}
