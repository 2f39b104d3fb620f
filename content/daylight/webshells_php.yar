// SPDX-License-Identifier: Apache-2.0
// PHP web shells, each family by what it does with the request.

rule Webshell_PHP_EvalRequest : webshell
{
  meta:
    description = "PHP code that evaluates what a request sends"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $open = "<?"
    $eval = /\b(eval|assert)\s{0,8}\(\s{0,8}@?((base64_decode|stripslashes|gzinflate|gzuncompress|str_rot13|urldecode|rawurldecode|trim|hex2bin|strrev)\s{0,4}\(\s{0,4}@?){0,4}\$(_|\{["']_)(GET|POST|REQUEST|COOKIE)\b/ nocase
    $header = /\b(eval|assert)\s{0,8}\(\s{0,8}@?((base64_decode|stripslashes|gzinflate|str_rot13)\s{0,4}\(\s{0,4}@?){0,4}\$_[S]ERVER\s{0,4}\[\s{0,4}['"]HTTP_/ nocase
    $input = /\b(eval|assert)\s{0,8}\(\s{0,8}@?((base64_decode|stripslashes|gzinflate|str_rot13)\s{0,4}\(\s{0,4}@?){0,4}file_get_contents\s{0,4}\(\s{0,4}['"]php:\/\/input/ nocase
  condition:
    // Development servers evaluate their input too, in longer files.
    filesize < 1MB and $open and (any of ($eval, $header) or ($input and filesize < 4KB))
}

rule Webshell_PHP_CommandRequest : webshell
{
  meta:
    description = "PHP code that runs a command taken from a request"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $open = "<?"
    $run = /\b(system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s{0,8}\(\s{0,8}@?((base64_decode|stripslashes|str_rot13|urldecode|trim|hex2bin|strrev)\s{0,4}\(\s{0,4}@?){0,3}\$(_|\{["']_)(GET|POST|REQUEST|COOKIE)\b/ nocase
    $header = /\b(system|exec|shell_exec|passthru|popen|proc_open)\s{0,8}\(\s{0,8}@?((base64_decode|stripslashes)\s{0,4}\(\s{0,4}){0,2}\$_[S]ERVER\s{0,4}\[\s{0,4}['"]HTTP_/ nocase
    $ticks = /(echo|print|return|=|\()\s{0,4}`\s{0,4}(\{\s{0,4})?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]`\n]{1,40}\][^`\n]{0,40}`/
  condition:
    filesize < 1MB and $open and any of ($run, $header, $ticks)
}

rule Webshell_PHP_CreateFunction : webshell
{
  meta:
    description = "PHP code that builds a function out of what a request sends"
    severity = "critical"
    reference = "https://www.php.net/manual/en/function.create-function.php"
    author = "Daylight"
  strings:
    $open = "<?"
    $create = /\bcreate_function\s{0,8}\(\s{0,8}['"][^'"\n]{0,60}['"]\s{0,8},[^;\n]{0,120}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    $split = /\bcreate_function\s{0,8}\([^;\n]{0,60}['"]e['"]\s{0,4}\.\s{0,4}['"]v?a?l?/ nocase
  condition:
    filesize < 1MB and $open and any of ($create, $split)
}

rule Webshell_PHP_EncodedEval : webshell
{
  meta:
    description = "PHP code that evaluates a long literal after at least two decoders"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/"
    author = "Daylight"
  strings:
    $open = "<?"
    $chain = /\b(eval|assert)\s{0,8}\(\s{0,8}@?['"]?(\?>['"]\s{0,4}\.\s{0,4})?@?((base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|convert_uudecode|rawurldecode|hex2bin)\s{0,4}\(\s{0,4}@?){2,8}['"][A-Za-z0-9+\/=%]{100,}/ nocase
  condition:
    filesize < 4MB and $open and $chain
}

rule Webshell_PHP_VariableFunction : webshell
{
  meta:
    description = "PHP code in which the request names the function that is called"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $open = "<?"
    $call = /[^\w>]@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,40}\]\s{0,4}\(\s{0,4}@?(stripslashes\s{0,4}\(\s{0,4})?\$_(GET|POST|REQUEST|COOKIE)\b/
    $braces = /\$\{\s{0,4}['"]_[^'"\n]{1,20}['"]\s{0,4}\}\s{0,4}\[[^\]\n]{1,40}\]\s{0,4}\(\s{0,4}\$\{?\s{0,4}['"]?_/
  condition:
    filesize < 1MB and $open and any of ($call, $braces)
}

rule Webshell_PHP_CallbackRequest : webshell
{
  meta:
    description = "PHP code that hands a function named by the request to a function that calls it"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $open = "<?"
    $first = /\b(call_user_func|call_user_func_array|array_map|register_shutdown_function|register_tick_function|forward_static_call|forward_static_call_array|iterator_apply)\s{0,8}\(\s{0,8}@?(base64_decode\s{0,4}\(\s{0,4})?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    $second = /\b(array_filter|usort|uasort|uksort|array_walk|array_reduce|array_walk_recursive|preg_replace_callback|mb_ereg_replace_callback)\s{0,8}\([^;\n]{1,80},\s{0,4}@?(base64_decode\s{0,4}\(\s{0,4})?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    $named = /\b(array_map|call_user_func|call_user_func_array|array_filter|usort)\s{0,8}\(\s{0,8}['"](assert|system|shell_exec|passthru|exec)['"][^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
  condition:
    filesize < 1MB and $open and any of ($first, $second, $named)
}

rule Webshell_PHP_PregReplaceEval : webshell
{
  meta:
    description = "PHP code that evaluates request data through the /e modifier of preg_replace"
    severity = "critical"
    reference = "https://www.php.net/manual/en/reference.pcre.pattern.modifiers.php"
    author = "Daylight"
  strings:
    $open = "<?"
    $replace = /\bpreg_replace\s{0,8}\(\s{0,8}['"]([\/#~|@])[^'"\n]{0,60}[\/#~|@][imsxADSUXu]{0,6}e[imsxADSUXu]{0,6}['"]\s{0,8},[^;\n]{0,80}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
  condition:
    filesize < 1MB and $open and $replace
}

rule Webshell_PHP_TinyAssigned : webshell
{
  meta:
    description = "Very small PHP file that takes a request value into a variable and executes the variable"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1505/003/"
    author = "Daylight"
  strings:
    $open = "<?"
    $take = /\$\w{1,24}\s{0,4}=\s{0,4}@?((base64_decode|stripslashes|trim|urldecode|hex2bin)\s{0,4}\(\s{0,4}@?){0,3}\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[/
    $run = /\b(eval|assert|system|shell_exec|passthru|popen|proc_open)\s{0,4}\(\s{0,4}@?((base64_decode|gzinflate|stripslashes)\s{0,4}\(\s{0,4}){0,3}["']?\$\w{1,24}["']?\s{0,4}[,)]/
    $guard_1 = "escapeshellarg" nocase
    $guard_2 = "escapeshellcmd" nocase
    $guard_3 = "in_array" nocase
  condition:
    filesize < 1536 and $open and $take and $run and none of ($guard_*)
}

rule Webshell_PHP_RequestFileWriter : webshell
{
  meta:
    description = "PHP code that writes request data to a file that the request names"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1105/"
    author = "Daylight"
  strings:
    $open = "<?"
    $put = /\bfile_put_contents\s{0,8}\(\s{0,8}@?((base64_decode|basename|stripslashes)\s{0,4}\(\s{0,4})?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,40}\]\)?\s{0,4},\s{0,4}@?((base64_decode|stripslashes|gzinflate|file_get_contents)\s{0,4}\(\s{0,4}@?){0,3}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    $fwrite = /\bfwrite\s{0,8}\(\s{0,8}@?fopen\s{0,4}\(\s{0,4}\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,40}\][^;\n]{1,40},\s{0,4}@?((base64_decode|stripslashes)\s{0,4}\(\s{0,4}){0,2}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
  condition:
    filesize < 1MB and $open and any of ($put, $fwrite)
}

rule Webshell_PHP_BareUploader : webshell
{
  meta:
    description = "Very small PHP page that stores any upload under the name its sender chose"
    severity = "medium"
    reference = "https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html"
    author = "Daylight"
  strings:
    $open = "<?"
    $copy = /\b(copy|move_uploaded_file)\s{0,4}\(\s{0,4}\$_FILES\s{0,4}\[[^\]\n]{1,30}\]\s{0,4}\[\s{0,4}['"]?tmp_name['"]?\s{0,4}\]\s{0,4},\s{0,4}(['"]?[\w.\/]{0,20}['"]?\s{0,4}\.\s{0,4})?\$_FILES\s{0,4}\[[^\]\n]{1,30}\]\s{0,4}\[\s{0,4}['"]?name['"]?\s{0,4}\]\s{0,4}\)/ nocase
  condition:
    filesize < 2KB and $open and $copy
}

rule Webshell_PHP_HiddenNames : webshell
{
  meta:
    description = "PHP code that spells a dangerous function's name in escapes or single characters"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/"
    author = "Daylight"
  strings:
    $open = "<?"
    // "\x65\x76\x61\x6c" and so on: eval, assert, system, base64_decode, gzinflate.
    $hex_eval = "\\x65\\x76\\x61\\x6c" nocase
    $hex_assert = "\\x61\\x73\\x73\\x65\\x72\\x74" nocase
    $hex_system = "\\x73\\x79\\x73\\x74\\x65\\x6d" nocase
    $hex_base64 = "\\x62\\x61\\x73\\x65\\x36\\x34" nocase
    $chr_eval = /chr\(\s?101\s?\)\s?\.\s?chr\(\s?118\s?\)\s?\.\s?chr\(\s?97\s?\)\s?\.\s?chr\(\s?108\s?\)/ nocase
    $chr_assert = /chr\(\s?97\s?\)\s?\.\s?chr\(\s?115\s?\)\s?\.\s?chr\(\s?115\s?\)\s?\.\s?chr\(\s?101\s?\)\s?\.\s?chr\(\s?114\s?\)/ nocase
    $chr_system = /chr\(\s?115\s?\)\s?\.\s?chr\(\s?121\s?\)\s?\.\s?chr\(\s?115\s?\)\s?\.\s?chr\(\s?116\s?\)\s?\.\s?chr\(\s?101\s?\)/ nocase
    $cut_eval_single = /'e'\s?\.\s?'v'\s?\.\s?'a'\s?\.\s?'l'/ nocase
    $cut_eval_double = /"e"\s?\.\s?"v"\s?\.\s?"a"\s?\.\s?"l"/ nocase
    $cut_assert_single = /'a'\s?\.\s?'s'\s?\.\s?'s'\s?\.\s?'e'\s?\.\s?'r'\s?\.\s?'t'/ nocase
    $cut_assert_double = /"a"\s?\.\s?"s"\s?\.\s?"s"\s?\.\s?"e"\s?\.\s?"r"\s?\.\s?"t"/ nocase
    $request = /\$(_|\{["'](\\x5f|_))(GET|POST|REQUEST|COOKIE|SERVER|\\x)/ nocase
  condition:
    filesize < 1MB and $open in (0..4096) and $request and any of ($hex_*, $chr_*, $cut_*)
}

rule Webshell_PHP_InImage : webshell
{
  meta:
    description = "Image header followed by PHP code that evaluates, runs or includes something"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/003/"
    author = "Daylight"
  strings:
    $open = "<?php" nocase
    $do = /\b(eval|assert|system|shell_exec|passthru|include|require|file_put_contents|base64_decode)\s{0,4}\(\s{0,4}@?(\$|['"]|base64_decode|gzinflate)/ nocase
  condition:
    filesize < 8MB and
    (uint32(0) == 0x38464947 or uint32(0) == 0x474E5089 or (uint16(0) == 0xD8FF and uint8(2) == 0xFF)) and
    for any i in (1..#open) : ($do in (@open[i]..@open[i] + 4096))
}

rule Webshell_Htaccess_Handler : webshell
{
  meta:
    description = "Apache directory file that makes pictures, text or itself run as PHP"
    severity = "medium"
    reference = "https://httpd.apache.org/docs/2.4/mod/mod_mime.html"
    author = "Daylight"
  strings:
    $add = /(AddType|AddHandler)\s{1,8}[\w\-\/.+]{0,40}php[\w\-\/.+]{0,20}(\s{1,4}\.\w{1,8}){0,4}\s{1,4}\.(jpe?g|png|gif|ico|txt|css|js|svg|bmp|htaccess)\b/ nocase
    $files = /<Files(Match)?\s[^>\n]{0,80}(jpe?g|png|gif|ico|txt|htaccess)[^>\n]{0,20}>\s{0,40}(ForceType|SetHandler)\s{1,8}[\w\-\/.+]{0,40}php/ nocase
    $prepend = /php_value\s{1,8}auto_(prepend|append)_file\s{1,8}["']?(\.htaccess|\/tmp\/|data:|https?:|[^\s"']{1,80}\.(jpe?g|png|gif|ico|txt))/ nocase
  condition:
    filesize < 16KB and any of them
}
