# Booting is cheap: counted in instructions, from the kernel's first to the root task's first.
use strict;
use warnings;
use Boot;
use Test::More tests => 2;

my $console = boots("boots on a machine that counts instructions", qr/^Hello/m, mem => 512, bootargs => "log=debug",
    qemu => ["-icount", "shift=0,sleep=off"]);
my ($count) = $console =~ /^rel4: boot took (\d+) instructions/m;
cmp_ok($count // "inf", "<", 3_000_000, "the root task starts within 3 million instructions");
note("$count instructions") if $count;
