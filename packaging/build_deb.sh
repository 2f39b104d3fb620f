#!/usr/bin/env bash
# Makes build/package/daylight_VERSION_ARCH.deb of what is built in build/release. `./dev package` calls it.
# The same tree gives the same bytes: times are the last commit's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:-build/release}
out=build/package
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)}
export SOURCE_DATE_EPOCH

rm -rf "$out"
root=$out/root
mkdir -p "$root/DEBIAN" "$out/shlibs/debian"
umask 022
DESTDIR=$PWD/$root cmake --install "$build" --prefix /usr --strip >/dev/null
# Where Debian 12 has units.
mkdir -p "$root/lib"
mv "$root/usr/lib/systemd" "$root/lib/systemd"

doc=$root/usr/share/doc/daylight
gzip -9nc packaging/debian/changelog >"$doc/changelog.Debian.gz"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
cp packaging/debian/copyright "$doc/copyright"
install -D -m 0644 packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/daylight"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

programs=("$root"/usr/bin/daylight "$root"/usr/sbin/daylightd "$root"/usr/lib/daylight/*)
# It wants a source package around it, if only by name.
printf 'Source: daylight\n\nPackage: daylight\nArchitecture: any\n' >"$out/shlibs/debian/control"
depends=$(cd "$out/shlibs" && dpkg-shlibdeps -O "${programs[@]/#/../../../}" | sed 's/^shlibs:Depends=//')
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@DEPENDS@/$depends/" \
  -e "s/@SIZE@/$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)/" packaging/debian/control.in >"$root/DEBIAN/control"
install -m 0755 packaging/debian/{postinst,prerm,postrm} "$root/DEBIAN/"
(cd "$root" && find etc -type f -printf '/%p\n' | sort >DEBIAN/conffiles)
(cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\n' | sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
chmod 0644 "$root"/DEBIAN/{control,conffiles,md5sums}

dpkg-deb --root-owner-group -Zxz --build "$root" "$out/daylight_${version}_$architecture.deb" >/dev/null
echo "$out/daylight_${version}_$architecture.deb"
