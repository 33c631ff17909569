#!/usr/bin/perl
# The demonstration of asynchronous calls on a machine with user interrupts; tests/boot/async-demo.t has the others.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

$ENV{PLATFORM} = "uintc";
for my $harts (1, 4) {
    my $console = boots("async-demo passes on $harts harts with user interrupts in hardware",
        qr/^async-demo: PASS, (\d+) of \1 checks are as expected$/m, root => "out/apps/async-demo.elf", harts => $harts);
    like($console, qr/user interrupts: hardware, delivered by the controller/, "the controller delivers them");
}

done_testing;
