// SPDX-License-Identifier: Apache-2.0
// Scripts that collect passwords and keys and send them away.

rule CredTheft_Shadow_Upload : credential_theft
{
  meta:
    description = "Command that sends /etc/shadow over the network"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1003/008/"
    author = "Daylight"
  strings:
    $pipe = /\b(cat|tar|base64|gzip|xxd|tail|head|sudo)\s[^\n|;]{0,80}\/etc\/shadow[^\n;]{0,80}\|\s{0,4}(nc|ncat|netcat|curl|wget|openssl\s{1,4}s_client|socat|telnet)\s/
    $curl = /\bcurl\s[^\n;|]{0,160}(-F|-d|-T|--form|--data|--data-binary|--data-urlencode|--upload-file)\s{0,4}["']?(\w{1,20}=)?@?["']?\/etc\/shadow\b/
    $substitute = /\b(curl|wget)\s[^\n;]{0,160}(\$\(|`)\s{0,4}(cat|base64|sudo\s{1,4}cat)\s[^\n)`]{0,40}\/etc\/shadow\b/
    $wget = /\bwget\s[^\n;|]{0,160}--(post|body)-file[= ]{1,2}["']?\/etc\/shadow\b/
    $socket = /\/etc\/shadow\b[^\n;|]{0,20}>\s{0,4}\/dev\/(tcp|udp)\//
    $copy = /\b(scp|rsync|ftpput)\s[^\n;|]{0,80}\/etc\/shadow\s{1,4}[\w.\-]{1,40}@[\w.\-]{4,80}:/
  condition:
    filesize < 1MB and any of them
}

rule CredTheft_SshKeys_Upload : credential_theft
{
  meta:
    description = "Script that gathers private SSH keys and sends them away"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1552/004/"
    author = "Daylight"
  strings:
    $gather_1 = /\bfind\s{1,4}[^\n|;]{0,80}(-name|-iname)\s{1,4}["']?\*?(id_rsa|id_ed25519|id_ecdsa|id_dsa|\*?\.pem)/
    $gather_2 = /\b(tar|zip|cat|base64)\s[^\n;]{0,100}\.ssh\/(id_rsa|id_ed25519|id_ecdsa|\*)/
    $gather_3 = /\bfor\s{1,4}\w{1,12}\s{1,4}in\s[^\n;]{0,60}\/home\/\*\/\.ssh\/(id_\*|id_rsa|\*)/
    $send_1 = /\bcurl\s[^\n;]{0,160}(-F|-T|--form|--data-binary|--upload-file|-d)\s{0,4}["']?(\w{1,20}=)?[@$\/]/
    $send_2 = /\|\s{0,4}(nc|ncat|netcat|curl|openssl\s{1,4}s_client)\s[^\n]{0,120}\d{1,5}/
    $send_3 = /\bwget\s[^\n;]{0,160}--(post|body)-(file|data)/
    $send_4 = />\s{0,4}\/dev\/tcp\/[\w.\-${}]{4,80}\//
  condition:
    filesize < 128KB and uint16(0) == 0x2123 and any of ($gather_*) and any of ($send_*)
}

rule CredTheft_KeyFiles_Harvester : credential_theft
{
  meta:
    description = "Script that goes through many files known to hold keys and sends them away"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1552/001/"
    author = "Daylight"
  strings:
    $file_01 = ".aws/credentials"
    $file_02 = ".git-credentials"
    $file_03 = ".docker/config.json"
    $file_04 = ".kube/config"
    $file_05 = ".config/gcloud"
    $file_06 = /\.azure\/(accessTokens|azureProfile|msal_token_cache)/
    $file_07 = ".netrc"
    $file_08 = ".pgpass"
    $file_09 = ".npmrc"
    $file_10 = ".pypirc"
    $file_11 = ".my.cnf"
    $file_12 = ".ssh/id_"
    $file_13 = ".bash_history"
    $file_14 = "filezilla" nocase
    $file_15 = "wallet.dat"
    $file_16 = ".vault-token"
    $send_1 = /\bcurl\s[^\n;]{0,160}(-F|-T|--form|--data-binary|--upload-file)\s{0,4}["']?(\w{1,20}=)?[@$\/]/
    $send_2 = /\brequests\.post\s{0,4}\(\s{0,4}[^\n]{0,160}(files|data|json)\s{0,2}=/
    $send_3 = /api\.telegram\.org\/bot[^\n]{0,80}\/send(Document|Message)/
    $send_4 = /discord(app)?\.com\/api\/webhooks\/[\d{$]/
    $send_5 = /\bwget\s[^\n;]{0,160}--(post|body)-(file|data)/
    $send_6 = />\s{0,4}\/dev\/tcp\/[\w.\-${}]{4,80}\//
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and 5 of ($file_*) and any of ($send_*)
}

rule CredTheft_Cloud_Metadata : credential_theft
{
  meta:
    description = "Shell script that takes credentials from a cloud's metadata service and sends them away"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1552/005/"
    author = "Daylight"
  strings:
    $aws = "169.254.169.254/latest/meta-data/iam/security-credentials"
    $ecs = /169\.254\.170\.2["']?\$\{?AWS_CONTAINER_CREDENTIALS_RELATIVE_URI/
    $gcp = "computeMetadata/v1/instance/service-accounts/default/token"
    $azure = "169.254.169.254/metadata/identity/oauth2/token"
    $send_1 = /\bcurl\s[^\n;]{0,160}(-F|-T|--form|--data-binary|--upload-file|-d|--data)\s{0,4}["']?(\w{1,20}=)?[@$\/][^\n]{0,160}https?:\/\/(\d{1,3}\.|[\w\-.]{1,60}\/)/
    $send_2 = /\bcurl\s[^\n;]{0,160}https?:\/\/[\w.\-]{4,60}[^\n;]{0,60}(-F|-T|--form|--data-binary|--upload-file|-d|--data)\s{0,4}["']?(\w{1,20}=)?[@$]/
    $send_3 = /\|\s{0,4}(nc|ncat|netcat)\s[^\n]{0,60}\d{2,5}/
  condition:
    filesize < 128KB and uint16(0) == 0x2123 and any of ($aws, $ecs, $gcp, $azure) and any of ($send_*)
}

rule CredTheft_Strace_Alias : credential_theft
{
  meta:
    description = "Alias or wrapper that records what is typed into ssh, su or sudo"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1056/001/"
    author = "Daylight"
  strings:
    $alias = /\balias\s{1,4}(ssh|su|sudo|scp|passwd)=["'][^\n"']{0,60}\bstrace\s[^\n]{0,120}(-e\s{0,4}(trace=)?read|-o\s)/
    $attach = /\bstrace\s[^\n;]{0,120}-p\s{0,4}["'`$(]{0,4}[^\n]{0,40}sshd[^\n]{0,120}(-e\s{0,4}(trace=)?(read|write)|-o\s|\|\s{0,4}grep)/
    $fake = /\bread\s{1,4}-[a-z]{0,3}s[a-z]{0,3}[^\n]{0,60}\n?[^\n]{0,80}\b(echo|printf)\s[^\n]{0,60}\$\w{1,20}[^\n]{0,40}>{1,2}\s{0,4}\/(tmp|var\/tmp|dev\/shm|var\/log)\/\.[\w\-]{1,30}[^\n]{0,40}\n[^\n]{0,60}\/usr\/bin\/(sudo|su|ssh)\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464C457F and any of them
}

rule CredTheft_Process_Memory : credential_theft
{
  meta:
    description = "Script that searches the memory of log-in programs for passwords"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1003/007/"
    author = "Daylight"
  strings:
    $maps = /\/proc\/[^\n\s]{0,24}\/maps/
    $memory = /\/proc\/[^\n\s]{0,24}\/mem\b/
    $dump = /\bgcore\s|dump\s{1,4}memory\b|\bdd\s[^\n]{0,60}\/mem\b/
    $target_1 = "gnome-keyring-daemon"
    $target_2 = "gdm-password"
    $target_3 = "lightdm"
    $target_4 = "vsftpd"
    $target_5 = /sshd:?[^\w\n]{1,4}/
    $target_6 = "apache2"
    $hash = /\$6\$|\bcrypt\s{0,4}\(|\/etc\/shadow/
    $search = /\bstrings\s|re\.(compile|findall|search)|grep\s/
  condition:
    filesize < 128KB and uint16(0) == 0x2123 and $maps and any of ($memory, $dump) and 3 of ($target_*) and
    $hash and $search
}

rule CredTheft_NodeJs_Environment : credential_theft
{
  meta:
    description = "Small JavaScript file that sends its whole environment to a remote address"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1195/002/"
    author = "Daylight"
  strings:
    $env = /JSON\.stringify\s{0,4}\(\s{0,4}(\{[^}\n]{0,120})?process\.env\s{0,4}[,)}]/
    $encode = /Buffer\.from\s{0,4}\(\s{0,4}JSON\.stringify\s{0,4}\(\s{0,4}process\.env/
    $send_1 = /https?\.request\s{0,4}\(/
    $send_2 = /fetch\s{0,4}\(\s{0,4}["'`]https?:\/\//
    $send_3 = /axios(\.post)?\s{0,4}\(\s{0,4}["'`{]/
    $send_4 = /dns\.(lookup|resolve)\w{0,8}\s{0,4}\(/
    $method = /method\s{0,4}:\s{0,4}["']POST["']|\.post\s{0,4}\(|dns\.(lookup|resolve)/
  condition:
    filesize < 24KB and any of ($env, $encode) and any of ($send_*) and $method
}
