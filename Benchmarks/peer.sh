#!/bin/sh
# peer.sh: fetches libcbv2g (Apache-2.0, https://github.com/EVerest/libcbv2g), builds it at -O2 with a program that runs
# one message many times, and prints the folder of those programs: appprotocol, din70121, iso2, iso20-common, iso20-dc.
# Nothing of it is kept outside .build. PEER may name a clone to take it from instead of GitHub.
set -eu
cd "$(dirname "$0")"
commit=54fed4de61d54aef497e1e3d5863bd8d4ea7d168
out="$PWD/.build/peer"
source="$out/libcbv2g"
case "${PEER:-1}" in
1) from=https://github.com/EVerest/libcbv2g ;;
*) from="$PEER" ;;
esac

if [ ! -d "$source/lib" ]; then
  rm -rf "$source"
  mkdir -p "$source"
  git -C "$source" init -q
  git -C "$source" fetch -q --depth 1 "$from" "$commit" || {
    rm -rf "$source"
    echo "libcbv2g cannot be fetched from $from; PEER may name a local clone" >&2
    exit 2
  }
  git -C "$source" -c advice.detachedHead=false checkout -q FETCH_HEAD
fi

# Set, begin of the files' names, begin of the names in C.
build() {
  program="$out/$1"
  if [ "$program" -nt peer/peer.c ]; then return; fi
  echo "building libcbv2g for $1, -O2" >&2
  "${CC:-cc}" -O2 -w -I "$source/include" -o "$program" \
    -DHEADER_DECODER="<cbv2g/$2Decoder.h>" -DHEADER_ENCODER="<cbv2g/$2Encoder.h>" \
    -DDOCUMENT="$3_exiDocument" -DDECODE="decode_$3_exiDocument" -DENCODE="encode_$3_exiDocument" \
    peer/peer.c "$source"/lib/cbv2g/common/*.c "$source/lib/cbv2g/$2"*.c
}
build appprotocol app_handshake/appHand_ appHand
build din70121 din/din_msgDef din
build iso2 iso_2/iso2_msgDef iso2
build iso20-common iso_20/iso20_CommonMessages_ iso20
build iso20-dc iso_20/iso20_DC_ iso20_dc
echo "$out"
