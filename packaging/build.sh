#!/bin/bash
# build.sh [FOLDER]: makes the Debian package, .build/package/coupler_VERSION_ARCHITECTURE.deb. Its path is the last line
# printed. Release, with the Swift library inside, stripped: the machine that it is installed on needs nothing of Swift.
# With FOLDER, of the programs there, for whoever built them elsewhere. Who publishes it says who answers for it:
#
#   DEB_MAINTAINER='Jo Doe <jo@example.org>' DEB_HOMEPAGE=https://example.org/coupler make package
#
# Without DEB_MAINTAINER it is DEBFULLNAME and DEBEMAIL, as for Debian's own tools.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
root=.build/package/root
flags=(-c release --static-swift-stdlib -Xlinker --gc-sections -Xlinker "--version-script=$PWD/packaging/exports.map")
# The daemon is for boards with little flash: every function by itself, equal ones once, relocations packed, no names for
# reflection, no tables to unwind by. `packaging/build.sh --daemon` builds it alone and prints where it is.
small=(-Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -Xfrontend -Xswiftc
  -disable-reflection-metadata -Xswiftc -Xfrontend -Xswiftc -disable-implicit-string-processing-module-import
  -Xswiftc -use-ld=lld -Xlinker --icf=all -Xlinker -z -Xlinker pack-relative-relocs -Xlinker -s
  -Xlinker --no-eh-frame-hdr -Xlinker -T -Xlinker "$PWD/packaging/no-unwind.ld")
daemon() { "$swift" build "${flags[@]}" "${small[@]}" --scratch-path .build/package/small --product couplerd "$@"; }

if [ "${1:-}" = --daemon ]; then
  daemon >&2
  echo "$(daemon --show-bin-path)/couplerd"
  exit
fi

if [ $# -gt 0 ]; then
  binaries=$1
else
  "$swift" build "${flags[@]}" --product coupler >&2
  binaries=$("$swift" build "${flags[@]}" --show-bin-path)
  daemon >&2
  cp "$(daemon --show-bin-path)/couplerd" "$binaries/couplerd"
fi

rm -rf "$root"
put() { install -D -m "$1" "$2" "$root/$3"; } # mode, file, where
page() { gzip -9n <"$1" >"$1.gz.tmp" && put 644 "$1.gz.tmp" "$2" && rm "$1.gz.tmp"; } # file, where

put 755 "$binaries/couplerd" usr/sbin/couplerd
put 755 "$binaries/coupler" usr/bin/coupler
# Swift's build looks for libraries beside the program; there are none.
chrpath --delete "$root"/usr/sbin/couplerd "$root"/usr/bin/coupler >&2
strip --strip-all --remove-section=.comment --remove-section=.note "$root"/usr/sbin/couplerd "$root"/usr/bin/coupler

put 644 packaging/site.yaml etc/coupler/site.yaml
put 644 packaging/couplerd.service lib/systemd/system/couplerd.service
put 644 packaging/coupler.sysusers usr/lib/sysusers.d/coupler.conf
put 644 packaging/coupler.tmpfiles usr/lib/tmpfiles.d/coupler.conf
put 644 udev/60-coupler.rules lib/udev/rules.d/60-coupler.rules
put 644 udev/70-coupler-plc0.link lib/systemd/network/70-coupler-plc0.link

page packaging/couplerd.8 usr/share/man/man8/couplerd.8.gz
page packaging/coupler.1 usr/share/man/man1/coupler.1.gz
page packaging/changelog usr/share/doc/coupler/changelog.gz
put 644 packaging/copyright usr/share/doc/coupler/copyright
put 644 udev/README.md usr/share/doc/coupler/udev.md
for file in udev/examples/* packaging/examples/*; do
  [ -e "$file" ] || continue
  put 644 "$file" "usr/share/doc/coupler/examples/${file##*/}"
done
for name in site-file control-api; do
  if [ -f "docs/$name.md" ]; then put 644 "docs/$name.md" "usr/share/doc/coupler/$name.md"; fi
done

# What each board is: its pins and sources for people, rules and overlays to be put in place on that board alone.
for folder in Boards/*/; do
  board=$(basename "$folder")
  put 644 "$folder/README.md" "usr/share/doc/coupler/boards/$board.md"
  for file in "$folder"*.rules; do
    if [ -f "$file" ]; then put 644 "$file" "usr/share/coupler/udev/${file##*/}"; fi
  done
  for file in "$folder"*.dts; do
    if [ -f "$file" ]; then put 644 "$file" "usr/share/coupler/overlays/${file##*/}"; fi
  done
done
"$root/usr/bin/coupler" --generate-completion-script bash | sed '1{/^#!/d}' >"$root/completion"
put 644 "$root/completion" usr/share/bash-completion/completions/coupler
rm "$root/completion"

# Libraries by what the programs ask for; dpkg-shlibdeps wants to see a source package.
mkdir -p .build/package/debian
printf 'Source: coupler\n\nPackage: coupler\nArchitecture: any\n' >.build/package/debian/control
depends=$(cd .build/package && dpkg-shlibdeps -O --ignore-missing-info root/usr/sbin/couplerd root/usr/bin/coupler 2>/dev/null |
  sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "build.sh: dpkg-shlibdeps found no libraries; is dpkg-dev installed?" >&2; exit 1; }

# Sources/Wire/ProgramVersion.swift has it, and so have the programs.
version=$("$root/usr/sbin/couplerd" --version)
version=${version##* }
for told in "coupler $("$root/usr/bin/coupler" --version)" "packaging/changelog $(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/changelog)"; do
  [ "${told##* }" = "$version" ] ||
    { echo "build.sh: couplerd is $version, but ${told% *} says ${told##* }; a new version needs an entry in packaging/changelog" >&2; exit 1; }
done
architecture=$(dpkg --print-architecture)

mkdir -p "$root/DEBIAN"
maintainer=${DEB_MAINTAINER:-${DEBEMAIL:+${DEBFULLNAME:-The Coupler authors} <$DEBEMAIL>}}
maintainer=${maintainer:-The Coupler authors <coupler@users.noreply.github.com>}
[[ $maintainer =~ ^[^\<\>@]+\ \<[^\ \<\>@]+@[^\ \<\>@]+\.[^\ \<\>@]+\>$ ]] ||
  { echo "build.sh: '$maintainer' is no maintainer; write DEB_MAINTAINER='Name <name@host.domain>'" >&2; exit 1; }
[[ ${DEB_HOMEPAGE:-https://} =~ ^https?:// ]] || { echo "build.sh: DEB_HOMEPAGE=$DEB_HOMEPAGE is no address; begin it with https://" >&2; exit 1; }
# Neither may mean anything to sed.
escaped() { printf %s "$1" | sed 's/[|&\\]/\\&/g'; }
sed -e "s|@VERSION@|$version|" -e "s|@MAINTAINER@|$(escaped "$maintainer")|" \
  -e "${DEB_HOMEPAGE:+s|@HOMEPAGE@|$(escaped "${DEB_HOMEPAGE:-}")|;}/@HOMEPAGE@/d" -e "s|@ARCHITECTURE@|$architecture|" -e "s|@DEPENDS@|$depends|" \
  -e "s|@SIZE@|$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)|" packaging/control.in >"$root/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "packaging/$script" "$root/DEBIAN/$script"; done
echo /etc/coupler/site.yaml >"$root/DEBIAN/conffiles"
(cd "$root" && find . -type f -not -path './DEBIAN/*' -not -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -type d -exec chmod 755 {} +

package=.build/package/coupler_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
echo "$package"
