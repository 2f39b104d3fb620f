#!/usr/bin/env bash
# The package under a booted systemd: a virtual machine with Debian 12's own kernel, which boot_guest.sh looks at from inside.
# Needs root, the release programs, qemu-system-x86 and e2fsprogs; no network but Debian's archive, none inside.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/package/root.sh

[ "$(id -u)" = 0 ] || skip "not root"
for program in debootstrap qemu-system-x86_64 mke2fs; do
  command -v "$program" >/dev/null || skip "there is no $program"
done
[ "$(uname -m)" = x86_64 ] || skip "only for x86-64"
[ -x build/release/bin/daylightd ] || skip "no release build (./dev build)"

work=$(mktemp -d /var/tmp/dlboot.XXXXXX)
root=$work/root
finish() {
  umount -l "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT

deb=$(packaging/build_deb.sh build/release)
say "a root with a kernel"
fresh_root "$root"
in_root "$root" apt-get install -y --no-install-recommends systemd-sysv udev procps python3-minimal libpython3-stdlib \
  linux-image-cloud-amd64 initramfs-tools >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
cp "$deb" "$root/root/daylight.deb"
cp tests/package/client.py tests/package/boot_guest.sh "$root/root/"
in_root "$root" apt-get install -y --no-install-recommends /root/daylight.deb >"$work/install.log" 2>&1 || { tail -20 "$work/install.log"; exit 1; }
cat >"$root/etc/systemd/system/boot-guest.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=-/root/boot_guest.sh
ExecStopPost=/bin/systemctl --no-block --force poweroff
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=graphical.target multi-user.target
UNIT
in_root "$root" systemctl enable -q boot-guest.service
in_root "$root" systemctl mask -q serial-getty@ttyS0.service  # It would hang up on us.
echo '/dev/vda / ext4 rw 0 0' >"$root/etc/fstab"
umount -l "$root/proc"
cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd"
mke2fs -q -t ext4 -d "$root" "$work/disk" 4G

say "booted"
# Without the help of the processor: that is some ten times slower, and the same everywhere.
timeout 1500 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 -nographic -no-reboot -nic none \
  -kernel "$work/vmlinuz" -initrd "$work/initrd" -append "root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.show_status=no" \
  -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" </dev/null 2>&1 | tr -d '\r' | tee "$work/console" |
  grep --line-buffered -v '^$' || true
grep -qx GOOD "$work/console"
