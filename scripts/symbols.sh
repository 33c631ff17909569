#!/bin/bash
# Turns the output of `nm -n` into the kernel's table of its own functions, as assembly:
#   kernel_symbol_count   number of entries, 32 bit
#   kernel_symbols        per entry two 32-bit offsets: of the function from kernel_start, of its name below
#   kernel_symbol_names   the names, each NUL-terminated
set -euo pipefail

count=0 name_offset=0 start='' entries='' names=''
symbols=$(cat)
if [ -n "$symbols" ]; then
    start=$(awk '$3 == "kernel_start" { print $1 }' <<< "$symbols")
    [ -n "$start" ] || { echo "symbols.sh: the kernel does not define kernel_start" >&2; exit 1; }
fi
while read -r address type name; do
    [[ $type == [tTwW] ]] || continue
    entries+="    .word $((0x$address - 0x$start)), $name_offset"$'\n'
    names+="    .asciz \"$name\""$'\n'
    name_offset=$((name_offset + ${#name} + 1))
    count=$((count + 1))
done <<< "$symbols"

cat << EOF
    .section .rodata.symbols, "a"
    .balign 4
    .globl kernel_symbol_count, kernel_symbols, kernel_symbol_names
kernel_symbol_count:
    .word $count
kernel_symbols:
${entries}kernel_symbol_names:
${names}
EOF
