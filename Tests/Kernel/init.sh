#!/bin/sh
# Process 1 of the test kernel: mounts what is needed, runs one scenario, powers off. The host's files are the root file
# system and stay unwritten; the log folder and what is below /run can be written.
# The kernel's command line sets SCENARIO, LOGS (host folder) and the paths of the programs.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LANG=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t configfs configfs /sys/kernel/config
mount -t debugfs debugfs /sys/kernel/debug
# The kernel mounts /dev itself only for an initrd.
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /run/lock
export TMPDIR=/run/tmp
mount -t hostfs -o "$LOGS" hostfs "$LOGS"
ip link set lo up
python3 "$(dirname "$0")/guest.py" >"$LOGS/guest.log" 2>&1
echo $? >"$LOGS/status"
sync
echo o >/proc/sysrq-trigger
sleep 5
