# Harts boot, with both kernels, and the root task sees as many nodes as the interface promises.
use strict;
use warnings;
use Boot;
use Test::More;

sub nodes {
    my ($number) = @_;
    return qr/^Hello.*nodes +$number\n/ms;
}

for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    boots("$_ harts boot $kernel", nodes($_), harts => $_, kernel => $kernel) for 1 .. 8;
    boots("of more than eight harts, $kernel uses eight", nodes(8), harts => 10, kernel => $kernel);
}
boots("abi=up reports one node on any number of harts", nodes(1), harts => 4, bootargs => "abi=up");
boots("harts= limits the nodes", nodes(3), harts => 4, bootargs => "harts=3");
boots("a kernel with domains has one node", nodes(1), harts => 4, kernel => "out/domains4/rel4.elf");

done_testing();
