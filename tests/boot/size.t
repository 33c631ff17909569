# The kernel stays small: its image, and its source.
use strict;
use warnings;
use Boot;
use Test::More tests => 2;

my ($text, $data, $bss) = qx(riscv64-unknown-elf-size out/rel4.elf) =~ /^\s*(\d+)\s+(\d+)\s+(\d+)/m;
cmp_ok($text + $data, "<", 160 << 10, "code and data stay below 160 KiB");
note("text $text, data $data, bss $bss");

my $lines = int qx(find kernel -name '*.[chS]' | xargs cat | wc -l);
cmp_ok($lines, "<", 12000, "the kernel's source stays below 12000 lines");
note("$lines lines");
