#!/bin/bash
# check.sh PACKAGE: installs the package in a copy of this machine's root that is thrown away, and checks what it brings,
# what it leaves, and what lintian and systemd think of it. As root, because it mounts; the machine itself is not touched.
set -euo pipefail
package=$(realpath "${1:?usage: packaging/check.sh .build/package/coupler_VERSION_ARCHITECTURE.deb}")
name=$(basename "$package")
exposure_max=2.5

fail() { echo "check.sh: $*" >&2; exit 1; }

if [ "${2:-}" != inside ]; then
  [ "$(id -u)" -eq 0 ] || fail "needs root, to mount a copy of / that is thrown away"
  echo "== lintian"
  lintian --fail-on error --allow-root --tag-display-limit 0 "$package"
  scratch=$(mktemp -d)
  trap 'rmdir "$scratch"' EXIT
  # Mounts end with their name space.
  unshare --mount --pid --fork --kill-child "$0" "$package" inside "$scratch"
  exit
fi

scratch=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root" ||
  fail "no overlay file system here: the kernel needs CONFIG_OVERLAY_FS"
root=$scratch/root
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/dev"
mount --rbind /dev "$root/dev"
cp "$package" "$root/tmp/$name"
# Services as they are on a machine that runs systemd, but with programs that only write down what they were asked: a
# maintainer script is half tested where it thinks that there is no systemd.
mkdir -p "$root/run/systemd/system" "$root/run/udev" "$root/run/stubs"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(sys.argv[1])' "$root/run/udev/control"
for name_of_stub in systemctl deb-systemd-invoke udevadm; do
  printf '#!/bin/sh\necho "%s $*" >>/run/stubs/log\n' "$name_of_stub" >"$root/run/stubs/$name_of_stub"
  chmod 755 "$root/run/stubs/$name_of_stub"
done
asked() { # what: has been asked since the last look
  grep -qx -- "$1" "$root/run/stubs/log" 2>/dev/null || fail "nobody asked for: $1. Asked was: $(cat "$root/run/stubs/log" 2>/dev/null)"
}
not_asked() { ! grep -q -- "$1" "$root/run/stubs/log" 2>/dev/null || fail "somebody asked for: $1"; }
within() { env -i PATH="${stubs:-}"/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
within dpkg --purge coupler >/dev/null 2>&1 || true
within sh -c 'getent passwd coupler >/dev/null' && fail "this machine has a user coupler already: the check would prove nothing"

stubs=/run/stubs:
echo "== install"
within dpkg -i "/tmp/$name" >/dev/null || fail "the package does not install"
asked "systemctl --system daemon-reload"
asked "udevadm control --reload"
asked "udevadm trigger --subsystem-match=gpio --subsystem-match=pwm --subsystem-match=iio --subsystem-match=watchdog --subsystem-match=misc --subsystem-match=spidev --action=change"
not_asked "start\|stop\|enable"
within dpkg --audit coupler | grep . && fail "dpkg finds the package broken"
is() { # mode, owner, group, path
  local found
  found=$(within stat -c '%a %U %G' "$4" 2>&1) || fail "$4 is missing"
  [ "$found" = "$1 $2 $3" ] || fail "$4 is $found, not $1 $2 $3"
}
is 755 root root /usr/sbin/couplerd
is 755 root root /usr/bin/coupler
is 750 root coupler /etc/coupler
is 644 root root /etc/coupler/site.yaml
is 750 coupler coupler /var/lib/coupler
is 644 root root /lib/systemd/system/couplerd.service
is 644 root root /lib/udev/rules.d/60-coupler.rules
is 644 root root /lib/systemd/network/70-coupler-plc0.link
is 644 root root /usr/share/man/man8/couplerd.8.gz
is 644 root root /usr/share/man/man1/coupler.1.gz
boards=$(within sh -c 'ls /usr/share/doc/coupler/boards' | wc -l)
rules=$(within sh -c 'ls /usr/share/coupler/udev' | wc -l)
[ "$boards" -ge 9 ] && [ "$rules" -ge 9 ] || fail "$boards boards and $rules rules, there are nine of each"
within id coupler
for group in gpio dialout; do
  within id -nG coupler | tr ' ' '\n' | grep -qx "$group" || fail "coupler is not in group $group"
done
[ "$(within getent passwd coupler | cut -d: -f7)" = /usr/sbin/nologin ] || fail "coupler can log in"
find "$scratch/upper/etc/systemd" -name 'couplerd*' 2>/dev/null | grep . && fail "the installation enabled something"
within pgrep -x couplerd >/dev/null && fail "the installation started the daemon"
within dpkg --verify coupler | grep . && fail "files differ from the package"

echo "== programs"
as_coupler() { within setpriv --reuid=coupler --regid=coupler --init-groups "$@"; }
as_coupler /usr/sbin/couplerd --version
as_coupler /usr/bin/coupler --version
as_coupler /usr/sbin/couplerd --site /etc/coupler/site.yaml --check || fail "the delivered site file is not right"
for example in $(within sh -c 'ls /usr/share/doc/coupler/examples/*.yaml 2>/dev/null'); do
  as_coupler /usr/sbin/couplerd --site "$example" --check || fail "the example $example is not right"
done
as_coupler /usr/sbin/couplerd --site /etc/coupler/site.yaml --safe-state || fail "couplerd --safe-state failed"
within sh -c 'ldd /usr/sbin/couplerd /usr/bin/coupler' | grep -i 'swift\|not found' && fail "a library is missing, or Swift's is not inside"
within stat -c '%n: %s octets' /usr/sbin/couplerd /usr/bin/coupler
stat -c '%n: %s octets' "$package" | sed 's|.*/||'

echo "== systemd"
# What it does not understand it only warns of.
stubs=
warnings=$(within systemd-analyze verify /lib/systemd/system/couplerd.service 2>&1) || fail "systemd-analyze verify: $warnings"
[ -z "$warnings" ] || fail "systemd-analyze verify: $warnings"
exposure=$(within systemd-analyze security --offline=true --no-pager couplerd.service | sed -n 's/.*Overall exposure level for couplerd.service: \([0-9.]*\).*/\1/p')
echo "systemd-analyze security: $exposure (at most $exposure_max)"
awk "BEGIN { exit !($exposure > 0 && $exposure <= $exposure_max) }" || fail "the unit is exposed more than it was"
if within sh -c 'udevadm verify --help' >/dev/null 2>&1; then
  within sh -c 'udevadm verify /lib/udev/rules.d/60-coupler.rules /usr/share/coupler/udev/*.rules' || fail "udevadm verify"
else
  echo "udevadm verify: not on this machine (systemd 254 has it)"
fi

echo "== update, removal, purge"
stubs=/run/stubs:
rm -f "$root/run/stubs/log"
echo '# of this site' >>"$root/etc/coupler/site.yaml"
within dpkg -i "/tmp/$name" >/dev/null </dev/null || fail "it does not install over itself"
grep -q '# of this site' "$root/etc/coupler/site.yaml" || fail "an update lost the site file"
asked "systemctl --system daemon-reload"
not_asked "stop"
touch "$root/var/lib/coupler/events"
within dpkg --remove coupler >/dev/null || fail "it cannot be removed"
# Stopped in order, which opens the contactors.
asked "deb-systemd-invoke stop couplerd.service"
[ ! -e "$root/usr/sbin/couplerd" ] && [ ! -e "$root/lib/systemd/system/couplerd.service" ] || fail "a removal leaves programs"
grep -q '# of this site' "$root/etc/coupler/site.yaml" || fail "a removal took the site file"
[ -e "$root/var/lib/coupler/events" ] || fail "a removal took the journal"
within dpkg --purge coupler >/dev/null || fail "it cannot be purged"
within dpkg -l coupler 2>/dev/null | grep -q '^.[ic]' && fail "dpkg still knows the package"
# All that was written is in the upper layer. Users stay, as Debian wants; caches and dpkg's own records are not ours.
left=$(cd "$scratch/upper" && find . \( -type f -o -type l \) -newer "$root/tmp/$name" \
  ! -path './var/lib/dpkg/*' ! -path './var/log/*' ! -path './var/cache/*' ! -path './tmp/*' \
  ! -name 'passwd*' ! -name 'group*' ! -name 'shadow*' ! -name 'gshadow*' ! -name .pwd.lock \
  ! -name 'sub[ug]id*' ! -path './etc/ld.so.cache')
[ -z "$left" ] || fail "a purge leaves: $left"
[ ! -e "$root/etc/coupler" ] && [ ! -e "$root/var/lib/coupler" ] || fail "a purge leaves folders"
echo "installed, updated, removed and purged cleanly"
