#!/bin/sh
# machines.sh [N]: instructions of a SLAC match of the machines alone, codec included: N and 2N matches under callgrind, the
# difference over N. Prints figures as couplerbench does.
set -eu
# Two runs must do the same work but for the matches: hashes are seeded anew for each process otherwise.
export SWIFT_DETERMINISTIC_HASHING=1
cd "$(dirname "$0")"
n="${1:-100}"
[ -n "${COUPLERBENCH:-}" ] || swift build -c release --product couplerbench >&2
# Valgrind 3.19 cannot read the debug information of Swift 6.
bench="$(mktemp)"
trap 'rm -f "$bench"' EXIT
strip --strip-debug -o "$bench" "${COUPLERBENCH:-.build/release/couplerbench}"
chmod +x "$bench"

collected() { # side, matches
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" machine "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

for side in ev evse; do
  printf 'match\t%s machine and codec, a match\tinstructions\t%s\t\n' "$(echo "$side" | tr a-z A-Z)" \
    $((($(collected "$side" $((2 * n))) - $(collected "$side" "$n")) / n))
done
