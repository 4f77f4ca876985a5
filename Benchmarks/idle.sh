#!/bin/sh
# A waiting charger: memory and wake-ups of `coupler evse` on an interface where nothing happens, without SLAC and
# with it. Prints figures as couplerbench does; needs root, for a network namespace of its own.
set -eu
coupler="$1"
seconds="${2:-5}"
space="coupler-bench-$$"
work="$(mktemp -d)"

figure() { printf 'idle\t%s\t%s\t%s\n' "$1" "$2" "$3"; }
field() { sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$1/status"; }

cp "$coupler" "$work/coupler"
strip "$work/coupler"
figure 'binary, stripped' "$(($(stat -c %s "$work/coupler") / 1024))" KiB
figure 'binary, sections text + data + bss' \
  "$(size "$work/coupler" | awk 'NR == 2 { printf "%d", $4 / 1024 }')" KiB

if [ "$(id -u)" -ne 0 ] || ! ip netns add "$space" 2>/dev/null; then
  echo "idle.sh: not root, or no network namespaces here: the running charger is not measured" >&2
  rm -rf "$work"
  exit 0
fi
pid=
finish() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  ip netns del "$space" || true
  rm -rf "$work"
}
trap finish EXIT
ip -n "$space" link add plc0 type veth peer name plc1
ip -n "$space" link set plc0 up
ip -n "$space" link set plc1 up

for mode in --no-slac ''; do
  # shellcheck disable=SC2086
  ip netns exec "$space" "$work/coupler" evse --interface plc0 $mode >"$work/log" 2>&1 &
  pid=$!
  name="evse${mode:+ $mode}"
  # Duplicate address detection of the link-local address takes 1 to 2 s; then it is at rest.
  sleep 4
  if ! [ -d "/proc/$pid" ]; then
    echo "idle.sh: coupler evse ended by itself:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  before=$(field "$pid" voluntary_ctxt_switches)
  ticks=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
  sleep "$seconds"
  after=$(field "$pid" voluntary_ctxt_switches)
  ticks=$(($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - ticks))
  figure "$name: VmRSS" "$(field "$pid" VmRSS)" KiB
  figure "$name: VmHWM" "$(field "$pid" VmHWM)" KiB
  figure "$name: of it private" "$(awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$pid/smaps_rollup")" KiB
  figure "$name: wake-ups" "$(awk "BEGIN { printf \"%.1f\", ($after - $before) / $seconds }")" 1/s
  figure "$name: processor time" "$((ticks * 10 / seconds))" ms/s
  figure "$name: threads" "$(field "$pid" Threads)" ''
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  pid=
done
