# The linker script names the functions that lie together, because calls and batches run through them. A name
# that is no function of the kernel any more leaves the one that took its place somewhere else, and nothing says so.
use strict;
use warnings;
use Test::More;

my $script = "kernel/arch/riscv64/kernel.ld";
my %functions = map { /^\S+ [tT] ([a-z]\w*)(?:\.\w+)*$/ ? ($1 => 1) : () } qx(nm out/rel4.elf);
is($?, 0, "the kernel's symbols are read");

open my $lines, "<", $script or die "$script: $!\n";
my @names = map { /\.text\.([a-z]\w*)/g } grep { /^\s*\*\(/ && !/unlikely|\*\*/ } <$lines>;
cmp_ok(scalar @names, ">", 10, "the linker script names functions");
ok($functions{$_} || $_ eq "tlb_", "$_ is a function") for @names;
done_testing();
