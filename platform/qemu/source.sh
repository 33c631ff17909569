#!/bin/bash
# Prints the folder with the source of the QEMU that Debian 12 ships, unpacked, with Debian's patches applied. The
# first call fetches it with apt from where this machine gets its packages, without touching the machine's apt
# configuration, and unpacks it into the cache; two calls at once do it once. What is fetched is pinned by checksum.
#
# usage: source.sh
set -euo pipefail

version=1:7.2+dfsg-7+deb12u18
sha256sums="\
6b6bd27b947ec89e40a1d6b26d9c9f3c698ca691da13163e0483f6061bbb20b3  qemu_7.2+dfsg-7+deb12u18.dsc
28a1c86310ee53b6bf1854cffe6f6be6ed29a08db7d05759f8ac57b8d6a6cb2f  qemu_7.2+dfsg-7+deb12u18.debian.tar.xz
91aca71520040edc40b8d437aa3004dae614f58e286cf653ee8996c07af2962f  qemu_7.2+dfsg.orig.tar.xz"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rel4/qemu
source=$cache/qemu-${version#*:}

fail() {
    echo "source.sh: $*" >&2
    exit 1
}

# A copy of the machine's package sources in which each entry for binary packages is one for source packages.
derive_sources() {
    local file
    mkdir -p "$work/sources" "$work/lists/partial" "$work/archives/partial"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$file" ] || sed -nE 's/^deb([[:space:]])/deb-src\1/p' "$file" > "$work/sources/${file##*/}.list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || sed -E 's/^Types:.*/Types: deb-src/' "$file" > "$work/sources/${file##*/}"
    done
}

# Unsandboxed, because the user that apt downloads as may not enter our cache. Runs apt's command in $work.
with_sources() {
    local command=$1
    shift
    (cd "$work" && "$command" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@")
}

fetch() {
    local offered
    with_sources apt-get update > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "apt-get update failed"; }
    offered=$(with_sources apt-cache showsrc --only-source qemu | sed -n 's/^Version: //p' | sort -uV | xargs)
    [[ " $offered " == *" $version "* ]] ||
        fail "the package sources of this machine do not offer qemu $version, which the patches are made for;" \
            "they offer: ${offered:-none}. To move on, change the version and the checksums in $0" \
            "and see whether the patches still apply."
    with_sources apt-get source --download-only "qemu=$version" > "$work/log" 2>&1 ||
        { cat "$work/log" >&2; fail "apt-get source failed"; }
    (cd "$work" && sha256sum --quiet --check <<< "$sha256sums" >&2) || fail "qemu $version is not what was pinned"
}

if [ ! -d "$source" ]; then
    mkdir -p "$cache"
    exec 9> "$cache/source.lock"
    flock 9
fi
if [ ! -d "$source" ]; then
    "$(dirname "$0")/../../scripts/setup.sh" source >&2
    echo "Fetching the source of qemu $version with apt" >&2
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    derive_sources
    fetch
    # The checksums are verified already; the signature would need Debian's keys of developers.
    dpkg-source --no-check -x "$work"/*.dsc "$work/unpacked" > "$work/log" 2>&1 ||
        { cat "$work/log" >&2; fail "dpkg-source failed"; }
    mv "$work/unpacked" "$source"
fi
echo "$source"
