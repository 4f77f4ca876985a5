#!/bin/sh
# Everything there is to measure, as one table. `--json FILE` writes the figures there too.
set -eu
cd "$(dirname "$0")"
json=
case "${1:-}" in
  --json) json="${2:?--json needs a file}" ;;
  '') ;;
  *) echo "usage: $0 [--json FILE]" >&2; exit 2 ;;
esac
case "$json" in '' | /*) ;; *) json="$OLDPWD/$json" ;; esac

figures="$(mktemp)"
trap 'rm -f "$figures"' EXIT
say() { echo "$@" >&2; }

# One build for all three: each module is compiled once.
say 'building, release ...'
for product in couplerbench exibench coupler; do
  swift build -c release --product "$product" >&2
done
bin="$(swift build -c release --show-bin-path)"

say 'SLAC match, SECC, sessions ...'
"$bin/couplerbench" >>"$figures"

say 'coupler evse at rest ...'
./idle.sh "$bin/coupler" >>"$figures"

say 'EXI: time and allocations ...'
"$bin/exibench" | awk -v OFS='\t' 'NR > 1 {
  print "exi", $1 ": decode", $3, "ns"
  print "exi", $1 ": encode", $4, "ns"
  print "exi", $1 ": allocations, both", $5, "" }' >>"$figures"

if command -v valgrind >/dev/null; then
  say 'EXI: instructions ...'
  EXIBENCH="$bin/exibench" ./instructions.sh 50 | awk -v OFS='\t' 'NR > 1 {
    print "instructions", $1 ": decode", $2, "(libcbv2g " $3 ", ratio " $4 ")"
    print "instructions", $1 ": encode", $5, "(libcbv2g " $6 ", ratio " $7 ")" }' >>"$figures"
else
  say 'EXI: no valgrind, so no instruction counts (apt-get install valgrind)'
fi

awk -F '\t' '
  $1 != section { section = $1; print "\n" section }
  { printf "  %-64s %12s %s\n", $2, $3, $4 }' "$figures"
if [ -n "$json" ]; then
  awk -F '\t' '
    BEGIN { print "[" }
    { gsub(/["\\]/, "\\\\&", $2)
      gsub(/["\\]/, "\\\\&", $4)
      printf "%s  {\"section\": \"%s\", \"name\": \"%s\", \"value\": %s, \"unit\": \"%s\"}", \
        (NR > 1 ? ",\n" : ""), $1, $2, $3, $4 }
    END { print "\n]" }' "$figures" >"$json"
  say "figures written to $json"
fi
