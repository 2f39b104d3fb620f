// SPDX-License-Identifier: Apache-2.0
// Coin miners: their configuration, their programs, and what installs them.

rule Miner_XMRig_Config : miner
{
  meta:
    description = "Configuration of the XMRig coin miner (or a fork) with a mining pool set"
    severity = "medium"
    reference = "https://xmrig.com/docs/miner/config"
    author = "Daylight"
  strings:
    $donate = /"donate-level"\s{0,4}:\s{0,4}\d/
    $pools = /"pools"\s{0,4}:\s{0,8}\[\s{0,16}\{/
    $url = /"url"\s{0,4}:\s{0,4}"[^"\s]{4,120}:\d{2,5}"/
    $coin_rx = "\"randomx\""
    $coin_cn = "\"cn/"
    $coin_key = "\"rig-id\""
    $coin_algo = "\"algo\""
  condition:
    filesize < 64KB and $donate and $pools and $url and any of ($coin_*)
}

rule Miner_Stratum_CommandLine : miner
{
  meta:
    description = "Script that starts a coin miner against a stratum pool with a wallet or worker name"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1496/"
    author = "Daylight"
  strings:
    $pool = /(-o|--url)[ =]{1,4}["']?stratum2?\+(tcp|ssl|tls):\/\/[\w.\-]{4,80}:\d{2,5}/
    $user = /(-u|--user)[ =]{1,4}["']?[\w.\-+]{8,140}/
    $quiet_background = /(nohup|setsid|disown|screen -dmS|> ?\/dev\/null)/
    $quiet_option = /(--background|--donate-level|--cpu-priority)/
  condition:
    filesize < 128KB and uint32(0) != 0x464C457F and $pool and $user and any of ($quiet_*)
}

rule Miner_Shell_CompetitorKiller : miner
{
  meta:
    description = "Shell script that kills rival coin miners and fetches a program of its own"
    severity = "critical"
    reference = "https://attack.mitre.org/techniques/T1496/"
    author = "Daylight"
  strings:
    $kill = /(pkill|killall)\s{1,4}(-9\s{1,4})?(-f\s{1,4})?["']?(xmrig|xmr-stak|kinsing|kdevtmpfsi|minerd|cryptonight|sysupdate|networkservice|watchbog|ddgs|qW3xT|wnTKYg|sysrv|kthrotlds|cpuminer|stratum)/
    $grep = /grep\s{1,4}["']?(xmrig|xmr-stak|kinsing|kdevtmpfsi|minerd|cryptonight|watchbog|ddgs|sysrv|stratum|:3333|:5555|:14444)["']?[^\n]{0,120}\|\s{0,4}xargs\s[^\n]{0,20}kill/
    $get = /(curl|wget)\s[^\n]{0,80}https?:\/\//
    $run = /chmod\s{1,4}(\+x|0?7[0-7]{2})\s/
  condition:
    filesize < 256KB and uint16(0) == 0x2123 and (#kill + #grep) >= 3 and $get and $run
}

rule Miner_ELF_Program : miner
{
  meta:
    description = "ELF program with the protocol and options of a stratum coin miner"
    severity = "medium"
    reference = "https://attack.mitre.org/techniques/T1496/"
    author = "Daylight"
  strings:
    $url = /stratum\+tcp:\/\//
    $donate = "donate-level"
    $share = "mining.submit"
    $login = "\"method\":\"login\""
    $algo_1 = "cryptonight"
    $algo_2 = "randomx"
    $algo_3 = "rx/0"
    $algo_4 = "ethash"
    $algo_5 = "kawpow"
  condition:
    uint32(0) == 0x464C457F and filesize < 64MB and $url and 2 of ($donate, $share, $login) and any of ($algo_*)
}

rule Miner_Monero_Wallet_Script : miner
{
  meta:
    description = "Script that carries a Monero address together with a pool and a downloaded program"
    severity = "high"
    reference = "https://docs.getmonero.org/public-address/standard-address/"
    author = "Daylight"
  strings:
    $wallet = /(-u|--user|--wallet|wallet|WALLET|user|USER|login|address|ADDR)["']?[ =:"'\t]{1,6}[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
    $pool_1 = "pool." nocase
    $pool_2 = "stratum" nocase
    $pool_3 = "xmr" nocase
    $get = /(curl|wget|Invoke-WebRequest|DownloadFile|urlopen|urlretrieve)[\s(]/
    $run_1 = "chmod"
    $run_2 = "nohup"
    $run_3 = "Start-Process"
    $run_4 = "subprocess"
  condition:
    filesize < 128KB and uint32(0) != 0x464C457F and $wallet and any of ($pool_*) and $get and any of ($run_*)
}

rule Miner_Systemd_Unit : miner
{
  meta:
    description = "systemd unit that runs a coin miner"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1543/002/"
    author = "Daylight"
  strings:
    $unit = "[Service]"
    $exec_pool = /ExecStart[=][^\n]{1,200}stratum2?\+(tcp|ssl|tls):\/\//
    $exec_name = /ExecStart[=][^\n]{0,120}(xmrig|xmr-stak|minerd|cpuminer|nbminer|lolMiner|t-rex)[^\n]{0,200}(-o|--url|--pool|-c|--config)[ =]/
    $exec_option = /ExecStart[=][^\n]{1,200}--donate-level/
  condition:
    filesize < 16KB and $unit and any of ($exec_*)
}

rule Miner_Browser_Script : miner
{
  meta:
    description = "Web page or script that mines coins in its visitor's browser"
    severity = "medium"
    reference = "https://attack.mitre.org/techniques/T1496/001/"
    author = "Daylight"
  strings:
    $new = /new\s{1,4}(CoinHive|CryptoLoot|Client|CRLT|Coinimp|deepMiner|WMP|ProjectPoi)\.(Anonymous|User|Token)\s{0,4}\(\s{0,4}['"][\w\-]{16,64}['"]/
    $start = /\.start\s{0,4}\(/
  condition:
    filesize < 2MB and $new and $start
}
