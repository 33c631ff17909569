#!/bin/bash
# Prints the path of QEMU with user interrupts. The first call, and the first after a change, builds it: the
# source (source.sh) with the patches beside this script, for riscv64 only. The result stays in the cache under a key
# made of all that went into it, so that each machine builds it once; two calls at once do it once.
#
# usage: build.sh
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

options=(--target-list=riscv64-softmmu --without-default-features --without-default-devices
         --with-devices-riscv64=rel4 --enable-system --enable-tcg --enable-plugins --enable-fdt=system --disable-werror
         --disable-docs --disable-tools --disable-guest-agent --disable-debug-info --disable-install-blobs
         --meson=/usr/bin/meson --with-git-submodules=ignore)

# One board, and the device that tests use to put files into memory. The emulation of RISC-V needs semihosting.
devices='CONFIG_RISCV_VIRT=y
CONFIG_GENERIC_LOADER=y
CONFIG_SEMIHOSTING=y
CONFIG_ARM_COMPATIBLE_SEMIHOSTING=y'

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rel4/qemu
key=$(cat "$here/build.sh" "$here/source.sh" "$here"/patches/*.patch | sha256sum | cut -c 1-16)
binary=$cache/uintc-$key/qemu-system-riscv64

if [ ! -x "$binary" ]; then
    mkdir -p "$cache"
    exec 9> "$cache/build.lock"
    flock 9
fi
if [ ! -x "$binary" ]; then
    "$here/../../scripts/setup.sh" uintc >&2
    source=$("$here/source.sh")
    echo "Building QEMU with user interrupts, once: this takes some minutes" >&2
    work=$(mktemp -d "$cache/build.XXXXXX")
    trap 'rm -rf "$work"' EXIT

    build() {
        set -e
        cp -a --reflink=auto "$source" "$work/source"
        mkdir "$work/build"
        cd "$work/source"
        for patch in "$here"/patches/*.patch; do
            patch -p1 --fuzz=0 < "$patch"
        done
        echo "$devices" > configs/devices/riscv64-softmmu/rel4.mak
        cd "$work/build"
        ../source/configure "${options[@]}"
        nice -n 10 ninja -j "$(nproc)" qemu-system-riscv64
    }
    # In a shell of its own: `set -e` means nothing in what is tested by `if` or `||`.
    set +e
    (build) > "$work/log" 2>&1
    status=$?
    set -e
    if [ $status -ne 0 ]; then
        tail -n 40 "$work/log" >&2
        log=$cache/build.log
        mv "$work/log" "$log"
        echo "build.sh: building QEMU failed; the whole log is $log" >&2
        exit 1
    fi
    mkdir "$work/result"
    mv "$work/build/qemu-system-riscv64" "$work/result/"
    # Only now, and in one step, so that a build that was interrupted leaves nothing that looks finished.
    mv -T "$work/result" "${binary%/*}"
fi
echo "$binary"
