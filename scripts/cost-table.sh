#!/bin/bash
# The second half of the main job: what asynchronous calls cost beside ordinary ones, on one hart.
#
# usage: cost-table.sh KERNEL ROOT-TASK
set -euo pipefail

scripts/qemu.sh "$1" "$2" harts=1 bootargs="log=none -- rounds=20 repetitions=5" | sed '/^OpenSBI v/,/^Boot HART MEDELEG/d'
cat << 'END'

That was one hart, with user interrupts emulated by the kernel, on the clock of this host. What to try next:
    make run APP=allocator HARTS=4           the same with idle harts that serve the calls
    make run APP=allocator PLATFORM=uintc    on a machine with user interrupts (builds a QEMU first, some minutes)
    make bench                               all of it, with records and pictures in out/bench/
    make run APP=hello                       a program to start your own from: docs/programming.md
END
