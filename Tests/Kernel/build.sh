#!/bin/bash
# Builds the test kernel, a User Mode Linux from Debian's linux-source, and prints its path on standard output.
# One build per version of the sources and per content of uml.fragment and drivers/; afterwards the program from the
# cache is used.
#
#   COUPLER_KERNEL=FILE      use this kernel, build nothing
#   COUPLER_KERNEL_CACHE=DIR where kernels are kept (default: ~/.cache/coupler/kernel)
#   TMPDIR=DIR               where sources are unpacked, 1 GB that goes away again (default: the cache)
#   --cached                 print the path if the kernel is there already, never build
#
# Exit code 0: the path is printed. 77: no kernel can be had here, the reason is on standard error. Others: the build failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
unavailable=77

refuse() {
	printf 'no test kernel: %s\n' "$1" >&2
	exit $unavailable
}

if [ -n "${COUPLER_KERNEL:-}" ]; then
	[ -x "$COUPLER_KERNEL" ] || refuse "COUPLER_KERNEL=$COUPLER_KERNEL is no program"
	printf '%s\n' "$COUPLER_KERNEL"
	exit 0
fi
case $(uname -m) in
x86_64) ;;
*) refuse "User Mode Linux runs on x86-64 only, this is $(uname -m)" ;;
esac

# The newest linux-source that is installed; tests ask nothing of the kernel that 6.1 has not.
archive=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' 2>/dev/null | sort -V | tail -1)
[ -n "$archive" ] || refuse "there are no kernel sources; install them: apt-get install linux-source-6.1 flex bison bc"
name=$(basename "$archive" .tar.xz)
for tool in flex bison bc make gcc xz python3; do
	command -v "$tool" >/dev/null || refuse "the program $tool is missing; install it: apt-get install $tool"
done

version=$(dpkg-query -W -f '${Version}' "$name" 2>/dev/null || true)
[ -n "$version" ] || version=$(stat -c %s-%Y "$archive")
recipe=2 # goes up when this script builds another kernel from the same sources, fragment and drivers
inputs=$recipe-$(cat "$here/uml.fragment" "$here"/drivers/* | sha256sum | cut -c 1-12)
cache=${COUPLER_KERNEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coupler/kernel}
kernel=$cache/$name-$(printf %s "$version" | tr -c 'A-Za-z0-9.+-' _)-$inputs/linux
if [ -x "$kernel" ]; then
	printf '%s\n' "$kernel"
	exit 0
fi
[ "${1:-}" != --cached ] || refuse "none is built yet; make kernel-test builds it in some minutes"

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[ ! -x "$kernel" ] || { printf '%s\n' "$kernel" && exit 0; }

# 1.5 GB of sources, gone afterwards.
work=$(mktemp -d -p "${TMPDIR:-$cache}" kernel-build.XXXXXX)
trap 'rm -rf "$work"' EXIT
started=$SECONDS
printf 'building the test kernel from %s %s, once; some minutes\n' "$name" "$version" >&2
# Without what no option of ours reads, which is a third of it.
tar -C "$work" -xf "$archive" --exclude="$name/Documentation/*/*" --exclude="$name/drivers/gpu/drm/amd/include/*" \
	--exclude="$name/tools/testing/*/*" --exclude="$name/arch/*/boot/dts/*/*"
cd "$work/$name"
# The timer tick delivers the edges of simulated lines: 1 ms instead of 10.
sed -i '/^config HZ$/,/default/ s/default 100/default 1000/' arch/um/Kconfig
grep -A3 '^config HZ$' arch/um/Kconfig | grep -q 'default 1000'
# Simulated lines that obey what is outside, and devices of boards that the kernel has no simulation of.
python3 "$here/drivers/gpio_sim.py" drivers/gpio/gpio-sim.c >&2
cp "$here/drivers/bench_devices.c" drivers/misc/
echo 'obj-y += bench_devices.o' >>drivers/misc/Makefile

log=$work/log
build() {
	make -s ARCH=um O="$work/out" "$@" >>"$log" 2>&1 9>&- || {
		tail -n 30 "$log" >&2
		printf 'the test kernel does not build: make ARCH=um %s\n' "$*" >&2
		exit 1
	}
}
build tinyconfig
scripts/kconfig/merge_config.sh -m -O "$work/out" "$work/out/.config" "$here/uml.fragment" >>"$log" 2>&1
build olddefconfig
for option in HOSTFS GPIO_SIM GPIO_CDEV_V1 IIO_SIMPLE_DUMMY NET_SCH_NETEM VETH PACKET IPV6 PCI_MSI SOFT_WATCHDOG EVENT_TRACING \
	UML_TIME_TRAVEL_SUPPORT EPOLL SIGNALFD TIMERFD EVENTFD SECCOMP_FILTER CGROUP_BPF CGROUP_PIDS MEMCG OVERLAY_FS FHANDLE \
	TMPFS_XATTR TMPFS_POSIX_ACL IIO_TRIGGERED_BUFFER IIO_HRTIMER_TRIGGER; do
	grep -q "^CONFIG_$option=y" "$work/out/.config" || {
		printf 'the test kernel would lack CONFIG_%s: uml.fragment does not fit %s\n' "$option" "$name" >&2
		exit 1
	}
done
build -j"${COUPLER_KERNEL_JOBS:-2}" linux

mkdir -p "$(dirname "$kernel")"
cp "$work/out/.config" "$(dirname "$kernel")/config"
cp "$work/out/linux" "$kernel.part"
strip --strip-debug "$kernel.part"
mv "$kernel.part" "$kernel"
printf 'built in %d s: %s\n' $((SECONDS - started)) "$kernel" >&2
printf '%s\n' "$kernel"
