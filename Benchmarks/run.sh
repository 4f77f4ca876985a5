#!/bin/sh
# Measures: time, allocations and instructions per message of the EXI codec.
set -eu
cd "$(dirname "$0")"
swift build -c release --product exibench >&2
bench="$(swift build -c release --show-bin-path)/exibench"
"$bench"
if command -v valgrind >/dev/null; then
  echo
  echo "Instructions per message, beside libcbv2g at -O2:"
  EXIBENCH="$bench" ./instructions.sh
else
  echo "No instruction counts: valgrind is not installed."
fi
