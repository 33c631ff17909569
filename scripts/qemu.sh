#!/bin/bash
# The one place that knows how QEMU is called. Its exit status is the one that the guest powers off with.
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

arguments=(-machine virt -smp "$harts" -m "$mem" -kernel "$kernel" -no-reboot)
[ "$root" = - ] || arguments+=(-initrd "$root")
[ -z "$bootargs" ] || arguments+=(-append "$bootargs")

# Not -nographic: that would send Ctrl-C to the guest instead of ending QEMU.
arguments+=(-display none -monitor none -serial stdio)

# QEMU restores the terminal unless it is killed the hard way; this also covers that.
if [ -t 0 ]; then
    terminal=$(stty -g)
    trap 'stty "$terminal"' EXIT
    qemu-system-riscv64 "${arguments[@]}" "$@"
else
    exec qemu-system-riscv64 "${arguments[@]}" "$@"
fi
