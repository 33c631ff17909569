# One to eight harts boot, with both kernels, and the root task sees as many nodes as the interface promises.
use strict;
use warnings;
use Boot;
use Test::More;

for my $harts (1 .. 8) {
    boots("$harts harts boot", harts => $harts);
    boots("$harts harts boot the debug kernel", harts => $harts, kernel => "out/debug/rel4.elf");
}

done_testing();
