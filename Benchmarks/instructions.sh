#!/bin/sh
# Instructions per message and operation, beside those of libcbv2g at -O2 on the same octets in the same run.
# Each message runs N and 2N times under callgrind; the difference over N leaves start-up out.
# PEER=0 leaves libcbv2g out and takes its figures from a run elsewhere; PEER=FOLDER takes it from a clone.
set -eu
# Two runs must do the same work but for the messages: hashes are seeded anew for each process otherwise.
export SWIFT_DETERMINISTIC_HASHING=1
cd "$(dirname "$0")"
command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 1; }
[ -n "${EXIBENCH:-}" ] || swift build -c release --product exibench >&2
bench="${EXIBENCH:-.build/release/exibench}"
n="${1:-200}"
peer=
if [ "${PEER:-1}" != 0 ]; then
  peer="$(./peer.sh)" || echo "the figures of libcbv2g are of a run elsewhere" >&2
fi
# Valgrind 3.19 cannot read the debug information of Swift 6.
stripped="$(mktemp)"
trap 'rm -f "$stripped"' EXIT
strip --strip-debug -o "$stripped" "$bench"
chmod +x "$stripped"
bench="$stripped"

collected() { # program and arguments
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

ours() { # name, operation
  code=0
  "$bench" run "$1" "$2" 1 >&2 || code=$?
  # 3: the message has nothing of this kind; anything else is a wrong result.
  case $code in 0) ;; 3) echo - && return ;; *) exit 1 ;; esac
  echo $((($(collected "$bench" run "$1" "$2" $((2 * n))) - $(collected "$bench" run "$1" "$2" "$n")) / n))
}

theirs() { # program, operation, octets
  echo $((($(collected "$1" "$2" $((2 * n)) "$3") - $(collected "$1" "$2" "$n" "$3")) / n))
}

echo 'message decode read peer encode build peer digest' |
  awk '{ printf "%-36s %9s %9s %9s %7s   %9s %9s %9s %7s   %9s\n", $1, $2, $3, $4, "ratio", $5, $6, $7, "ratio", $8 }'
"$bench" names | while read -r name set; do
  if [ -n "$peer" ]; then
    octets="$("$bench" octets "$name")"
    set -- "$(theirs "$peer/$set" decode "$octets")" "$(theirs "$peer/$set" encode "$octets")"
  else
    set -- $("$bench" reference "$name")
  fi
  decode="$(ours "$name" decode)"
  encode="$(ours "$name" encode)"
  awk -v name="$name" -v d="$decode" -v r="$(ours "$name" read)" -v pd="$1" -v e="$encode" \
    -v b="$(ours "$name" build)" -v pe="$2" -v s="$(ours "$name" digest)" 'BEGIN {
    printf "%-36s %9s %9s %9s %7.3f   %9s %9s %9s %7.3f   %9s\n",
      name, d, r, pd, d / pd, e, b, pe, e / pe, s }'
done
