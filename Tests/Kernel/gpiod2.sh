#!/bin/bash
# Builds against libgpiod 2.x where the system has 1.x (Debian 12): gpiod2.sh COMMAND [SWIFT-BUILD-OPTIONS]
#
#   fetch         unpacks Debian's backports packages, unchanged and uninstalled, and prints the folder
#   build         runs `swift build` against them: gpiod2.sh build --product couplerd
#   tests         builds the GPIO tests by themselves and prints the test program, which is for the test kernel
#   tests-system  the same against the system's own libgpiod
#
# COUPLER_GPIOD_SUITE=trixie takes those of Debian 13 instead. They are kept in ~/.cache/coupler (COUPLER_CACHE), builds in
# .build-gpiod2, .build-gpiod2-tests and .build-gpio-tests. Exit status 77 where the packages cannot be had.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${COUPLER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coupler}
suite=${COUPLER_GPIOD_SUITE:-bookworm-backports}
prefix=$cache/libgpiod-$suite
unavailable=77

fetch() {
  [ -e "$prefix/complete" ] && return
  local work
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$cache"
  # apt with lists of its own: neither the system's sources nor what is installed change.
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" \
    >"$work/sources.list"
  local apt=(apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=)
  if ! { "${apt[@]}" update && (cd "$work" && "${apt[@]}" download libgpiod-dev libgpiod3); } >"$work/log" 2>&1; then
    echo "libgpiod 2.x cannot be fetched from $suite:" >&2
    tail -3 "$work/log" >&2
    exit $unavailable
  fi
  rm -rf "$prefix"
  mkdir -p "$prefix"
  for package in "$work"/*.deb; do dpkg-deb -x "$package" "$prefix"; done
  # Its pkg-config file says where the package would have been installed.
  sed -i "s|^prefix=.*|prefix=$prefix/usr|" "$prefix"/usr/lib/*/pkgconfig/libgpiod.pc
  touch "$prefix/complete"
}

folder() { dirname "$(echo "$prefix"/usr/lib/*/libgpiod.so)"; }

build() { # package, scratch folder, then options for swift build
  local package=$1 scratch=$root/$2
  shift 2
  PKG_CONFIG_PATH=$(folder)/pkgconfig swift build --package-path "$package" --scratch-path "$scratch" \
    -Xlinker -rpath -Xlinker "$(folder)" "$@"
}

# A plan that was made before a file was added to the package that is depended upon is not made again.
plan_anew() { rm -f "$root/$1/debug/description.json"; }

case "${1:-}" in
fetch)
  fetch >&2
  echo "$prefix"
  ;;
build)
  shift
  fetch >&2
  build "$root" .build-gpiod2 "$@"
  ;;
tests)
  shift
  fetch >&2
  plan_anew .build-gpiod2-tests
  build "$root/Tests/Kernel/GPIOTests" .build-gpiod2-tests --build-tests "$@" >&2
  echo "$root/.build-gpiod2-tests/debug/GPIOTestsPackageTests.xctest"
  ;;
tests-system)
  shift
  plan_anew .build-gpio-tests
  swift build --package-path "$root/Tests/Kernel/GPIOTests" --scratch-path "$root/.build-gpio-tests" \
    --build-tests "$@" >&2
  echo "$root/.build-gpio-tests/debug/GPIOTestsPackageTests.xctest"
  ;;
*)
  sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
