#!/bin/bash
# The one place that knows how QEMU is called. Its exit status is the one that the guest powers off with.
# PLATFORM in the environment chooses the machine: virt (the default) is the QEMU that the distribution ships, uintc
# the one with user interrupts from platform/qemu/, which is built if need be.
#
# usage: qemu.sh KERNEL ROOT [harts=N] [mem=MIB] [bootargs=OPTIONS] [-- MORE-QEMU-ARGUMENTS...]
# ROOT is the root task's ELF file; "-" starts the kernel without one.
set -euo pipefail

kernel=$1 root=$2
shift 2
harts=1 mem=512 bootargs=
while [ $# -gt 0 ]; do
    case $1 in
    harts=* | mem=* | bootargs=*) declare "$1" ;;
    --) shift; break ;;
    *) echo "qemu.sh: unknown argument '$1'" >&2; exit 2 ;;
    esac
    shift
done

case ${PLATFORM:-virt} in
virt) qemu=(qemu-system-riscv64) ;;
uintc)
    binary=$("$(dirname "$0")/../platform/qemu/build.sh")
    qemu=("$binary" -bios /usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin)
    ;;
*) echo "qemu.sh: PLATFORM is virt or uintc, not '$PLATFORM'" >&2; exit 2 ;;
esac

arguments=(-machine virt -smp "$harts" -m "$mem" -kernel "$kernel" -no-reboot)
[ "$root" = - ] || arguments+=(-initrd "$root")
[ -z "$bootargs" ] || arguments+=(-append "$bootargs")

# Not -nographic: that would send Ctrl-C to the guest instead of ending QEMU.
arguments+=(-display none -monitor none -serial stdio)

# QEMU restores the terminal unless it is killed the hard way; this also covers that.
if [ -t 0 ]; then
    terminal=$(stty -g)
    # When the terminal is closed, only the leader of the session hears of it. That may be make, which would wait for ever.
    (while [ -t 0 ]; do sleep 1; done; kill -HUP 0) <&0 > /dev/null 2>&1 &
    watcher=$!
    trap 'kill $watcher 2> /dev/null || true; stty "$terminal"' EXIT
    "${qemu[@]}" "${arguments[@]}" "$@"
else
    exec "${qemu[@]}" "${arguments[@]}" "$@"
fi
