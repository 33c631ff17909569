# The demonstration of asynchronous calls: it judges itself, and what it cannot see is on the console.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

my $verdict = qr/^async-demo: PASS, (\d+) of \1 checks are as expected$/m;

for my $harts (1, 4) {
    my $console = boots("async-demo passes on $harts harts", $verdict, root => "out/apps/async-demo.elf", harts => $harts);
    like($console, qr/expected \[X\], seen \[X\]/, "PutChar shows X");
    like($console, qr/expected \[11111\], seen \[11111\]/, "PutString shows 11111");
    my @lines = $console =~ /^      \| line +(\d+) of 40, which belong together$/mg;
    is("@lines", join(" ", 1 .. 40), "a long PutString shows all lines, in order");
}
boots("async-demo passes without user interrupts", $verdict, root => "out/apps/async-demo.elf", bootargs => "uintr=none");
boots("async-demo passes with abi=up", $verdict, root => "out/up/apps/async-demo.elf", bootargs => "abi=up");
boots("async-demo passes on a debug kernel that checks itself", $verdict, root => "out/apps/async-demo.elf",
    kernel => "out/debug/rel4.elf", harts => 4, bootargs => "check=20");

done_testing;
