#!/bin/bash
# Analyses one source file with gcc, clang-tidy and cppcheck. Creates STAMP if all three find nothing, and beside
# it the list of headers that the file includes.
#
# usage: check-file.sh FILE STAMP host|riscv GCC-COMMAND...
set -uo pipefail

file=$1 stamp=$2 target=$3
shift 3
mkdir -p "${stamp%/*}"
clean=true

"$@" -Werror -fanalyzer -MMD -MP -MF "${stamp%.ok}.d" -MT "$stamp" -c "$file" -o "${stamp%.ok}.o" || clean=false

# The other two understand the language and the include path, not gcc's options.
flags=()
for flag; do
    [[ $flag == -[ID]* ]] && flags+=("$flag")
done

clang=(-std=gnu11 "${flags[@]}")
if [ "$target" = riscv ]; then
    clang+=(--target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany -ffreestanding
            -isystem /usr/lib/picolibc/riscv64-unknown-elf/include)
fi
# It counts suppressed warnings on standard error even when it is told to be quiet.
clang-tidy --quiet "$file" -- "${clang[@]}" 2> >(grep -vE '^[0-9]+ warnings? (treated|generated)' >&2) || clean=false

# Its guess about variables that a called function fills is mostly wrong, and the other two know. It needs no system
# headers, as it knows the standard library itself.
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=ctuuninitvar "${flags[@]}" "$file" || clean=false

$clean && touch "$stamp"
