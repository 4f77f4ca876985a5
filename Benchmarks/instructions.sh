#!/bin/sh
# Instructions per message, decoding and encoding, beside those of libcbv2g (-O2, measured the same way).
# Each message runs N and 2N times under callgrind; the difference over N leaves start-up out.
set -eu
cd "$(dirname "$0")"
command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 1; }
[ -n "${EXIBENCH:-}" ] || swift build -c release --product exibench >&2
bench="${EXIBENCH:-.build/release/exibench}"
n="${1:-200}"
# Valgrind 3.19 cannot read the debug information of Swift 6.
stripped="$(mktemp)"
trap 'rm -f "$stripped"' EXIT
strip --strip-debug -o "$stripped" "$bench"
chmod +x "$stripped"
bench="$stripped"

count() { # name, decode or encode, times
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" run "$1" "$2" "$3" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

printf '%-44s %9s %9s %7s   %9s %9s %7s\n' message decode libcbv2g ratio encode libcbv2g ratio
for name in $("$bench" names); do
  set -- $("$bench" reference "$name")
  decode=$((($(count "$name" decode $((2 * n))) - $(count "$name" decode "$n")) / n))
  encode=$((($(count "$name" encode $((2 * n))) - $(count "$name" encode "$n")) / n))
  awk -v name="$name" -v d="$decode" -v rd="$1" -v e="$encode" -v re="$2" 'BEGIN {
    printf "%-44s %9d %9d %7.2f   %9d %9d %7.2f\n", name, d, rd, d / rd, e, re, e / re }'
done
