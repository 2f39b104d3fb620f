#!/usr/bin/env bash
# The package: built, looked at by lintian, installed in a fresh root of Debian 12, "two commands from nothing to a protected
# folder", and purged so that nothing is left. Needs root, and the release programs. (boot_test.sh: the same under systemd.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/package/root.sh

[ "$(id -u)" = 0 ] || skip "not root"
for program in debootstrap lintian dpkg-parsechangelog; do
  command -v "$program" >/dev/null || skip "there is no $program"
done
[ -x build/release/bin/daylightd ] || skip "no release build (./dev build)"

work=$(mktemp -d /tmp/dlpkg.XXXXXX)  # Short: paths of sockets may have 107 bytes.
root=$work/root
finish() {
  if [ -s "$root/run/daylightd.pid" ]; then kill "$(cat "$root/run/daylightd.pid")" 2>/dev/null || true; fi
  umount -l "$root/srv/files" "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT

say "the package, twice the same"
deb=$(packaging/build_deb.sh build/release)
sum=$(sha256sum <"$deb")
[ "$(sha256sum <"$(packaging/build_deb.sh build/release)")" = "$sum" ]

say "lintian"
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$deb"

say "units"
for unit in packaging/systemd/*.service; do
  systemd-analyze security --offline=true --threshold=100 "$unit" | tail -1
done
systemd-analyze security --offline=true --threshold=20 packaging/systemd/daylightd.service >/dev/null

say "a fresh root"
fresh_root "$root"
mkdir -p "$root/srv/files"
# A mount of its own, the only one that is watched.
mount -t tmpfs none "$root/srv/files"
cp "$deb" "$root/tmp/daylight.deb"
passwd_before=$(cat "$root/etc/passwd" "$root/etc/group")

say "command 1: apt-get install ./daylight.deb"
in_root "$root" apt-get install -y --no-install-recommends /tmp/daylight.deb >"$work/install.log" 2>&1 || { tail -20 "$work/install.log"; exit 1; }
in_root "$root" daylightd --check-config
in_root "$root" systemd-analyze verify --man=no daylightd.service daylightd.socket daylightd-icap.socket daylightd-clamd-tcp.socket \
  daylightd-http-tcp.socket daylight-opener.service daylight-opener.socket
for unit in sockets.target.wants/daylightd.socket sockets.target.wants/daylight-opener.socket multi-user.target.wants/daylightd.service; do
  [ -L "$root/etc/systemd/system/$unit" ] || { echo "$unit is not enabled"; exit 1; }
done
[ "$(stat -c '%U %a' "$root/var/lib/daylight")" = "root 1770" ]

say "policies, their schemas and the pages are there"
in_root "$root" daylight policy list --format json >"$work/policies.json"
python3 - "$work/policies.json" <<'PYTHON'
import json
import sys
policies = json.load(open(sys.argv[1]))
assert len(policies["instruments"]) > 10 and len(policies["products"]) > 10, policies
PYTHON
in_root "$root" daylight policy check --root / --only clamav --fail-on mention >"$work/check.txt" || { cat "$work/check.txt"; exit 1; }
in_root "$root" daylight inventory --root / >"$work/inventory.txt"
grep -Eq '^ii +dpkg +daylight +' "$work/inventory.txt"
for name in share/daylight/policies/terms.toml share/bash-completion/completions/daylight share/man/man1/daylight-{policy,inventory,migrate}.1.gz; do
  [ -e "$root/usr/$name" ] || { echo "$name is not there"; exit 1; }
done
# Files below /usr/share/doc may be left out when a root is made (dpkg.cfg.d); the package has them.
dpkg-deb -c "$deb" >"$work/contents"
for name in policy-{instrument,product,terms,assessment}.schema; do
  grep -q "/usr/share/doc/daylight/schemas/$name.json" "$work/contents" || { echo "$name.json is not in the package"; exit 1; }
done

say "command 2: daylight-protect /srv/files"
in_root "$root" daylight-protect /srv/files
in_root "$root" daylight-protect /srv /srv/files  # Not twice.
grep -qx 'folders = \["/srv/files", "/srv"\]' "$root/etc/daylight/daylightd.toml"
sed -i 's/^folders = .*/folders = ["\/srv\/files"]/' "$root/etc/daylight/daylightd.toml"

say "daylightd, as root would start it where no systemd is"
in_root "$root" sh -c 'daylightd --foreground >/tmp/daylightd.log 2>&1 & echo $! >/run/daylightd.pid'
pid=$(cat "$root/run/daylightd.pid")
python3 tests/package/client.py ping "$root/run/daylight/clamd.sock" || { cat "$root/tmp/daylightd.log"; exit 1; }
[ "$(stat -c %U "/proc/$pid")" != root ]
! grep -i "fewer walls" "$root/tmp/daylightd.log"
python3 tests/package/client.py streams "$root/run/daylight/clamd.sock"
python3 tests/package/client.py protected "$root/srv/files" || { cat "$root/tmp/daylightd.log"; exit 1; }
kill "$pid"
for _ in $(seq 100); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
[ ! -e "/proc/$pid" ]
rm "$root/run/daylightd.pid"

say "installed again: the changed configuration stays"
in_root "$root" apt-get install -y --reinstall --no-install-recommends /tmp/daylight.deb >"$work/again.log" 2>&1
grep -qx 'enabled = true' "$root/etc/daylight/daylightd.toml"

say "removed, and purged while a file is in quarantine"
cp "$root/etc/hostname" "$root/srv/a-file"
in_root "$root" daylight quarantine add /srv/a-file --reason test >/dev/null
in_root "$root" apt-get remove -y daylight >/dev/null 2>&1
[ -e "$root/etc/daylight/daylightd.toml" ] && [ ! -e "$root/usr/sbin/daylightd" ]
in_root "$root" dpkg --purge daylight 2>&1 | grep 'stay: /var/lib/daylight/quarantine'
[ -n "$(ls "$root/var/lib/daylight/quarantine/items")" ]

say "purged without one: nothing is left"
in_root "$root" apt-get install -y --no-install-recommends /tmp/daylight.deb >/dev/null 2>&1
rm -rf "$root"/var/lib/daylight/quarantine/*
in_root "$root" apt-get purge -y daylight >/dev/null 2>&1
left=$(find "$root" -xdev -name '*daylight*' ! -path "$root/tmp/*" ! -path "$root/var/cache/apt/*")
[ -z "$left" ] || { echo "left: $left"; exit 1; }
! grep -r --exclude='*-' daylight "$root/etc"  # But for the backups that useradd(8) makes of its files.
say "good"
