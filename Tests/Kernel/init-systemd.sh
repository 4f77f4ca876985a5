#!/bin/sh
# Process 1 of the test kernel for scenarios with systemd: lays a file system that is thrown away over the host's, puts a
# unit in it that runs the scenario, and becomes systemd. Of the host's system only what Debian's systemd, udev and base
# packages bring takes part: not its fstab, not what is enabled there, not its journal.
# The kernel's command line sets SCENARIO, LOGS (host folder) and the paths of the programs.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
here=$(dirname "$0")
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/upper /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work overlay /run/root || exit
root=/run/root
mount -t hostfs -o "$LOGS" hostfs "$root$LOGS"

# The host's own choices stay out. A reader other than root cannot see its passwords: there are none here.
rm -f "$root/.dockerenv" "$root/etc/shadow" "$root/etc/gshadow" "$root/etc/fstab" "$root/etc/crypttab" "$root/etc/machine-id"
sed 's/:.*/:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
sed 's/^\([^:]*\):.*/\1:!::/' "$root/etc/group" >"$root/etc/gshadow"
chmod 640 "$root/etc/shadow" "$root/etc/gshadow"
touch "$root/etc/fstab"
echo 5f1d0c1e0c5d4f0e9a6b3c2d1e0f4a5b >"$root/etc/machine-id"
echo bench >"$root/etc/hostname"
for folder in system network journald.conf.d; do
	rm -rf "$root/etc/systemd/$folder"
	mkdir -p "$root/etc/systemd/$folder"
done
rm -rf "$root"/etc/udev/rules.d "$root"/var/log/journal "$root"/etc/systemd/system-generators
mkdir -p "$root/etc/udev/rules.d" "$root/etc/tmpfiles.d"
# Nobody cleans /tmp: this repository may be there.
ln -sf /dev/null "$root/etc/tmpfiles.d/tmp.conf"
printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n' >"$root/etc/systemd/journald.conf.d/bench.conf"

# Of all that sysinit.target would start, what a board's system has.
wanted=" dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
 systemd-journald.service systemd-journal-flush.service systemd-sysusers.service systemd-tmpfiles-setup.service
 systemd-tmpfiles-setup-dev.service systemd-udevd.service systemd-udev-trigger.service systemd-random-seed.service "
for unit in "$root"/lib/systemd/system/sysinit.target.wants/*; do
	case "$wanted" in
	*"$(basename "$unit")"*) ;;
	*) rm -f "$unit" ;;
	esac
done
units=$root/etc/systemd/system
cat >"$units/bench.target" <<UNIT
[Unit]
Requires=basic.target bench.service
After=basic.target
AllowIsolate=yes
UNIT
cat >"$units/bench.service" <<UNIT
[Unit]
Requires=sysinit.target
After=basic.target systemd-udev-trigger.service
[Service]
Type=exec
EnvironmentFile=/etc/bench.environment
ExecStart=/bin/sh -c 'python3 $here/guest.py >\$\$LOGS/guest.log 2>&1; echo \$\$? >\$\$LOGS/status; journalctl --no-pager -o short-monotonic >\$\$LOGS/journal.log; sync; echo o >/proc/sysrq-trigger'
KillMode=process
TimeoutStopSec=5
UNIT
{
	printf 'PYTHONDONTWRITEBYTECODE=1\nPYTHONUNBUFFERED=1\nHOME=/run\nTMPDIR=/tmp\nLANG=C.UTF-8\n'
	for name in SCENARIO LOGS COUPLER COUPLERD PROBE PROBE2 TESTS TESTS2 PACKAGE; do
		eval "value=\${$name:-}"
		[ -z "$value" ] || echo "$name=$value"
	done
} >"$root/etc/bench.environment"

cd "$root" || exit
mount --move . /
exec chroot . /lib/systemd/systemd --unit=bench.target --log-target=journal-or-kmsg --show-status=no
