#!/bin/sh
# idle.sh COUPLER [SECONDS]: memory and wake-ups of a charger to which nobody comes, and the size of its binary.
# Prints figures as couplerbench does. Needs root, for an interface in a network namespace of its own.
set -eu
seconds="${2:-5}"
space="coupler-bench-$$"
work="$(mktemp -d)"
pid=
finish() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  ip netns del "$space" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

figure() { printf 'idle\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"; }
field() { sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$pid/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }

cp "$1" "$work/coupler"
strip "$work/coupler"
figure 'coupler, stripped' size "$(($(stat -c %s "$work/coupler") / 1024))" KiB

if [ "$(id -u)" -ne 0 ] || ! ip netns add "$space" 2>/dev/null; then
  echo "not root, or no network namespaces here: the running charger is not measured" >&2
  exit 0
fi
ip -n "$space" link add plc0 type veth peer name plc1
ip -n "$space" link set plc0 up
ip -n "$space" link set plc1 up

ip netns exec "$space" "$work/coupler" evse --interface plc0 --no-slac >"$work/log" 2>&1 &
pid=$!
# Duplicate address detection takes 1 to 2 s; then the charger listens and is at rest.
tries=0
until grep -q 'listening on' "$work/log"; do
  tries=$((tries + 1))
  if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 100 ]; then
    echo "coupler evse does not listen:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
sleep 1
switches=$(field voluntary_ctxt_switches)
used=$(ticks)
sleep "$seconds"
switches=$(($(field voluntary_ctxt_switches) - switches))
used=$(($(ticks) - used))
name='coupler evse --no-slac'
figure "$name" VmRSS "$(field VmRSS)" KiB
figure "$name" VmHWM "$(field VmHWM)" KiB
figure "$name" RssAnon "$(field RssAnon)" KiB
figure "$name" wake-ups "$(awk "BEGIN { print $switches / $seconds }")" 1/s
figure "$name" processor "$((used * 1000 / $(getconf CLK_TCK) / seconds))" ms/s
