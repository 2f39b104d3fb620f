#!/bin/bash
# Runs inside of the machine that boot_test.sh boots, as a unit of its own; says "GOOD" at the end, or what was not.
set -uo pipefail
cd /root
client() { python3 /root/client.py "$@"; }
say() { printf '== %s\n' "$*"; }
trouble() {
  echo "NOT GOOD: $*"
  systemctl status --no-pager -l daylightd.service daylight-opener.service | cut -c1-200
  journalctl --no-pager -o cat -n 40 -u daylightd -u daylight-opener
  exit 1
}
expect() {  # expect WHAT COMMAND...
  local what=$1
  shift
  "$@" || trouble "$what"
  echo "ok: $what"
}
main_of() { systemctl show -P MainPID "$1"; }
restarts_of() { systemctl show -P NRestarts "$1"; }
socket=/run/daylight/clamd.sock

say "booted: $(uname -r), $(systemctl --version | head -1)"
expect "clients are served after the boot" client ping "$socket"
for _ in $(seq 300); do systemctl -q is-active daylightd && break; sleep 0.2; done
expect "daylightd is active" systemctl -q is-active daylightd
pid=$(main_of daylightd)
expect "it is not root" test "$(stat -c %U "/proc/$pid")" = daylight
expect "it has no capability" grep -qx 'CapBnd:.0000000000000000' "/proc/$pid/status"
expect "it has a network of its own" test "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/1/ns/net)"
expect "EICAR is found in a stream" client streams "$socket"
if journalctl -o cat -u daylightd | grep -i 'fewer walls'; then trouble "a wall is missing"; fi
echo "ok: all walls hold"
worker=$(pgrep -o daylight-worker)
expect "a worker has its own process numbers" grep -q 'NSpid:.*[[:space:]]1$' "/proc/$worker/status"
expect "a worker has its filter" grep -qx 'Seccomp:.2' "/proc/$worker/status"
for kind in mnt net ipc uts cgroup user; do
  expect "a worker has its own $kind" test "$(readlink "/proc/$worker/ns/$kind")" != "$(readlink "/proc/$pid/ns/$kind")"
done

say "paths, with the rights of who asks"
python3 -c 'import client; open("/root/eicar.com", "wb").write(client.EICAR)'
cp /root/eicar.com /var/tmp/eicar.com
useradd -m -G daylight user
cp client.py /home/user/
as_user() { setpriv --reuid=user --regid=user --init-groups python3 /home/user/client.py "$@"; }
expect "root's file for root" grep -q FOUND <(client path "$socket" /root/eicar.com)
expect "a file that a user may read" grep -q FOUND <(as_user path "$socket" /var/tmp/eicar.com)
answer=$(as_user path "$socket" /root/eicar.com)
expect "not root's file for a user: $answer" grep -qv FOUND <<<"$answer"
opener=$(main_of daylight-opener)
expect "the opener sees the machine's mounts" test "$(readlink "/proc/$opener/ns/mnt")" = "$(readlink /proc/1/ns/mnt)"

say "a protected folder"
mkdir -p /srv/files
expect "daylight-protect" daylight-protect /srv/files
sleep 3
client ping "$socket"
for _ in $(seq 100); do journalctl -o cat -u daylightd | grep -q 'files are scanned as they are opened' && break; sleep 0.2; done
expect "EICAR cannot be opened there" client protected /srv/files
mkdir -p /srv/other
expect "EICAR can be opened elsewhere" cp /root/eicar.com /srv/other/

say "reload, kill -9, restart"
expect "reload" systemctl reload daylightd
sleep 2
expect "served after the reload" client streams "$socket"
expect "the same process" test "$(main_of daylightd)" = "$pid"
kill -9 "$pid"
expect "served after kill -9" client ping "$socket"
expect "systemd started it again" test "$(restarts_of daylightd)" = 1
kill -9 "$(main_of daylight-opener)"
sleep 4
expect "the opener is there again" systemctl -q is-active daylight-opener
expect "what is protected is so again" client protected /srv/files
kill -STOP "$(main_of daylightd)"
sleep 40
expect "the watchdog ended a hanging one" test "$(restarts_of daylightd)" = 2
expect "served after the watchdog" client ping "$socket"
expect "an open while it is away does not hang" timeout 30 cat /srv/files/good.txt

say "on_daemon_down = deny: the daemon itself comes back"
sed -i 's/^#on_daemon_down.*/on_daemon_down = "deny"/' /etc/daylight/daylightd.toml
systemctl restart daylight-opener
sleep 3
before=$(restarts_of daylightd)
kill -9 "$(main_of daylightd)"
expect "served again" client ping "$socket"
expect "at the first try" test "$(restarts_of daylightd)" = $((before + 1))

say "events, TCP"
expect "events were written" grep -q "eicar.com" <(daylight events)
systemctl enable -q daylightd-clamd-tcp.socket
systemctl restart daylightd
expect "clamd's protocol by TCP" python3 - <<'PY'
import socket, time
with socket.create_connection(("127.0.0.1", 3310), 30) as client:
    client.sendall(b"zPING\0")
    assert client.recv(16) == b"PONG\0"
PY

say "security"
systemd-analyze security --no-pager | grep daylight
systemctl show -P MemoryCurrent daylightd daylight-opener | paste -sd' '

say "stopped, purged"
expect "stop" systemctl stop daylightd.socket daylightd-clamd-tcp.socket daylightd
expect "purge" dpkg --purge daylight
expect "no process is left" test -z "$(pgrep daylight)"
echo GOOD
