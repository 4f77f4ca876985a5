#!/bin/sh
# run.sh [--json FILE]: everything there is to measure, as one table, and on demand as JSON.
set -eu
case "${1:-}" in
'') json= ;;
--json)
  json="${2:?--json needs a file}"
  case "$json" in /*) ;; *) json="$PWD/$json" ;; esac
  ;;
*)
  echo "usage: $0 [--json FILE]" >&2
  exit 2
  ;;
esac
cd "$(dirname "$0")"
figures="$(mktemp)"
trap 'rm -f "$figures"' EXIT
say() { echo "$@" >&2; }

# All in this package's build folder: each module is compiled once.
for product in couplerbench exibench coupler; do
  say "building $product, release"
  # Static, as it is flashed.
  swift build -c release --static-swift-stdlib --product "$product" >&2
done
bin="$(swift build -c release --show-bin-path)"

say 'SLAC match, SECC, sessions'
"$bin/couplerbench" >>"$figures"

say 'a charger at rest'
./idle.sh "$bin/coupler" >>"$figures"

say 'SLAC match over veth, two minutes'
./match.py "$bin/coupler" >>"$figures"

if command -v valgrind >/dev/null; then
  say 'SLAC match: instructions of the machines'
  COUPLERBENCH="$bin/couplerbench" ./machines.sh >>"$figures"
fi

say 'EXI: time and allocations'
"$bin/exibench" | awk -v OFS='\t' '
  NR == 1 { next }
  {
    split("decode read encode build digest", kinds, " ")
    for (i = 1; i <= 5; i++) if ($(i + 2) != "-") print "exi", $1, kinds[i], $(i + 2), "ns"
    print "exi", $1, "allocations", $8, ""
  }' >>"$figures"

if command -v valgrind >/dev/null; then
  say 'EXI: instructions, with libcbv2g beside it (PEER=0 leaves it out)'
  EXIBENCH="$bin/exibench" ./instructions.sh 400 | awk -v OFS='\t' '
    NR == 1 { next }
    {
      split("decode read peer_decode - encode build peer_encode - digest", kinds, " ")
      for (i = 1; i <= 9; i++)
        if (kinds[i] != "-" && $(i + 1) != "-") {
          sub("_", " ", kinds[i])
          print "exi instructions", $1, kinds[i], $(i + 1), ""
        }
    }' >>"$figures"
else
  say 'EXI: instructions are not counted, as valgrind is not installed'
fi

awk -F '\t' '
  $1 != section { printf "%s\n%s\n", (NR > 1 ? "\n" : ""), $1; section = $1; subject = "" }
  $2 != subject { printf "%s  %-46s", (subject == "" ? "" : "\n"), $2; subject = $2 }
  { printf " %11s %8s %-4s", $3, $4, $5 }
  END { print "" }' "$figures" | sed 's/ *$//'

if [ -n "$json" ]; then
  awk -F '\t' '
    function text(value) { gsub(/["\\]/, "\\\\&", value); return "\"" value "\"" }
    BEGIN { print "[" }
    { printf "%s  {\"section\": %s, \"subject\": %s, \"figure\": %s, \"value\": %s, \"unit\": %s}",
        (NR > 1 ? ",\n" : ""), text($1), text($2), text($3), $4, text($5) }
    END { print "\n]" }' "$figures" >"$json"
  say "figures written to $json"
fi
