#!/bin/bash
# Links the kernel twice, so that it carries a table of its own functions for backtraces: first with an empty
# table, to learn the addresses, then with the real one. The table lies behind all code; that it really moved
# nothing is checked here, because a wrong table would make every backtrace lie.
#
# usage: link-kernel.sh OUTPUT OBJECT-FOLDER LINK-COMMAND...
set -euo pipefail

output=$1 work=$2
shift 2
here=$(dirname "$0")

"$here/symbols.sh" < /dev/null > "$work/symbols1.S"
"$@" "$work/symbols1.S" -o "$work/pass1.elf"
riscv64-unknown-elf-nm -n "$work/pass1.elf" > "$work/pass1.nm"

"$here/symbols.sh" < "$work/pass1.nm" > "$work/symbols2.S"
"$@" "$work/symbols2.S" -o "$work/pass2.elf"
riscv64-unknown-elf-nm -n "$work/pass2.elf" > "$work/pass2.nm"

if ! diff <(grep ' [tTwW] ' "$work/pass1.nm") <(grep ' [tTwW] ' "$work/pass2.nm") >&2; then
    echo "$output: adding the symbol table moved code; the linker script must place .rodata.symbols behind it" >&2
    exit 1
fi
mv "$work/pass2.elf" "$output"
