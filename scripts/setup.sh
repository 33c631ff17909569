#!/bin/bash
# Installs what the build needs from the distribution, if it is not there, and says so.
#
# usage: setup.sh GROUP...    groups: run test fuzz bench check debug source uintc debian
set -euo pipefail

packages=()
for group; do
    case $group in
    run) packages+=(gcc-riscv64-unknown-elf binutils-riscv64-unknown-elf picolibc-riscv64-unknown-elf
                    qemu-system-misc opensbi) ;;
    test) packages+=(gcc libc6-dev libcmocka-dev device-tree-compiler libtap-formatter-junit-perl
                     perl patch spin) ;;
    check) packages+=(clang clang-format clang-tidy cppcheck) ;;
    fuzz) packages+=(clang libclang-rt-dev) ;;
    bench) packages+=(gnuplot-nox) ;;
    debug) packages+=(gdb-multiarch) ;;
    debian) packages+=(debian-archive-keyring debootstrap) ;;
    source) packages+=(debian-archive-keyring xz-utils) ;;
    uintc) packages+=(gcc libc6-dev ninja-build meson pkg-config python3 libglib2.0-dev libpixman-1-dev libfdt-dev
                      zlib1g-dev perl patch) ;;
    *) echo "setup.sh: unknown group '$group'" >&2; exit 2 ;;
    esac
done

# dpkg-query fails when it has never heard of a package; that one is missing, too.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2> /dev/null) || true
missing=()
for package in "${packages[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing with apt-get: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || { echo "setup.sh: installing needs root or sudo" >&2; exit 1; }
    as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" > "$log" 2>&1 || {
        cat "$log" >&2
        echo "setup.sh: apt-get $1 failed" >&2
        exit 1
    }
}
quietly update
quietly install -y --no-install-recommends "${missing[@]}"
