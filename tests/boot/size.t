# The kernel stays small: its image, and its source.
use strict;
use warnings;
use Boot;
use Test::More tests => 2;

sub slurp { local @ARGV = @_; <> }

my ($text, $data, $bss) = qx(riscv64-unknown-elf-size out/rel4.elf) =~ /^\s*(\d+)\s+(\d+)\s+(\d+)/m;
cmp_ok($text + $data, "<", 160 << 10, "code and data stay below 160 KiB");
note("text $text, data $data, bss $bss");

# Lines of code: no empty lines, and none that are only a comment.
my $lines = grep { !m{^\s*(?:$|/?\*|//)} } map { slurp($_) } split /\n/, qx(find kernel -name "*.[chS]");
cmp_ok($lines, "<", 14400, "the kernel has less than 14400 lines of code");
note("$lines lines");
