# Every kernel option in every form; a mistake is an error and not a guess.
use strict;
use warnings;
use Boot;
use Test::More;

sub accepts { my ($args, %with) = @_; boots("accepts \"$args\"", bootargs => $args, %with) }
sub rejects { my ($args, %with) = @_; refuses("rejects \"$args\"", bootargs => $args, %with) }

accepts($_, harts => 4) for "", "   ", "abi=up", "abi=smp", "harts=1", "harts=2", "harts=4", "abi=up harts=4",
    " abi=smp  harts=2 ", "console=on", "root_cnode_bits=12", "root_cnode_bits=16", "log=none", "log=error",
    "log=info", "log=debug";

rejects($_, harts => 4) for "abi", "abi=", "abi=mcs", "abi=upp", "harts", "harts=", "harts=0", "harts=5", "harts=9",
    "harts=-1", "harts=two", "harts=2x", "harts=4294967297", "harts=18446744073709551617", "root_cnode_bits=",
    "root_cnode_bits=1", "root_cnode_bits=40", "root_cnode_bits=64", "root_cnode_bits=4294967308",
    "root_cnode_bits=12bits", "console=", "console=yes", "log=", "log=everything", "log=3", "hart=2", "abi:up",
    "ABI=up", "nonsense", "x" x 2000;

accepts("harts=1", kernel => "out/domains4/rel4.elf", harts => 4);
rejects("harts=2", kernel => "out/domains4/rel4.elf", harts => 4);

done_testing();
