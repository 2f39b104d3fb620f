# Shared by the tests of the package: a fresh root of Debian 12, from where this machine has its packages.

say() { printf '== %s\n' "$*"; }
skip() {
  echo "skipped: $*"
  exit 77
}

# "URI SUITE COMPONENT" of Debian's archives, as this machine's apt knows them.
archives() {
  apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)|$(ORIGIN)' |
    awk -F'|' '$4 == "Packages" && $3 == "main" && $2 ~ /^bookworm(-|$)/ {print $1, $2, $3}' | sort -u
}

# fresh_root DIR
fresh_root() {
  local root=$1 mirror
  mirror=$(archives | awk '$2 == "bookworm" {print $1; exit}')
  [ -n "$mirror" ] || skip "apt knows no archive of Debian 12"
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail -5 "$root.log"; return 1; }
  archives | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  mount -t proc proc "$root/proc"
  in_root "$root" apt-get update -qq
}

in_root() {
  local root=$1
  shift
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C ${http_proxy:+http_proxy="$http_proxy"} \
    chroot "$root" "$@"
}
