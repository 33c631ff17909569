# What programs make a release kernel print is limited.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

my $console = boots("the root task, of which a thread faults 100 times without a handler, runs to its end", qr/^ok 3 /m,
    root => "out/tests/robustness.elf");
my $reports = () = $console =~ /no usable fault handler/g;
is($reports, 16, "the kernel reports 16 of the faults");

done_testing;
