#!/bin/bash
# Starts QEMU stopped before the first instruction, and gdb on it with the symbols of kernel and root task. Away
# from a terminal it prints the gdb command instead and waits as QEMU does.
#
# usage: debug.sh KERNEL ROOT port=N QEMU.SH-ARGUMENTS...
set -euo pipefail

kernel=$1 root=$2 port=${3#port=}
shift 3
here=$(dirname "$0")
console=${kernel%/*}/console.log

qemu=("$here/qemu.sh" "$kernel" "$root" "$@" -- -gdb "tcp:127.0.0.1:$port" -S)
gdb=(gdb-multiarch -q "$kernel" -ex 'set confirm off' -ex "add-symbol-file $root" -ex "target remote 127.0.0.1:$port")

if [ ! -t 0 ]; then
    echo "QEMU waits on port $port. In another terminal:"
    echo "    ${gdb[*]@Q}"
    exec "${qemu[@]}"
fi

# In a session of its own, QEMU does not get the Ctrl-C that is meant for gdb.
setsid "${qemu[@]}" < /dev/null > "$console" 2>&1 &
trap 'kill $! 2> /dev/null || true' EXIT
echo "The console is in $console; to see it, run in another terminal: tail -f $console"
"${gdb[@]}"
