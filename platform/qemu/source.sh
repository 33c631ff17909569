#!/bin/bash
# Prints the folder with the source of QEMU 7.2.0, unpacked: the archive that Debian 12 builds its packages from, without
# Debian's patches, so that their updates do not matter here. It is pinned by checksum. The first call fetches it, on
# any release of Debian, and unpacks it into the cache; two calls at once do it once.
#
# usage: source.sh
set -euo pipefail

release=bookworm
archive=qemu_7.2+dfsg.orig.tar.xz
sha256sum=91aca71520040edc40b8d437aa3004dae614f58e286cf653ee8996c07af2962f

scripts=$(dirname "$(readlink -f "$0")")/../../scripts
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rel4/qemu
source=$cache/${archive%.orig.*}

fail() {
    echo "source.sh: $*" >&2
    exit 1
}

if [ ! -d "$source" ]; then
    mkdir -p "$cache"
    exec 9> "$cache/source.lock"
    flock 9
fi
if [ ! -d "$source" ]; then
    "$scripts/setup.sh" source >&2
    echo "Fetching $archive with apt" >&2
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    "$scripts/apt-private.sh" source "$release" qemu "$work"
    [ -f "$work/$archive" ] || fail "qemu of $release is not made from $archive, but from $(ls "$work")"
    (cd "$work" && sha256sum --quiet --check <<< "$sha256sum  $archive" >&2) || fail "$archive is not what was pinned"
    mkdir "$work/unpacked"
    tar -xf "$work/$archive" -C "$work/unpacked" --strip-components=1 --no-same-owner
    mv "$work/unpacked" "$source"
fi
echo "$source"
