# Every kernel option in every form; a mistake is an error and not a guess.
use strict;
use warnings;
use Boot;
use Test::More;

sub accepts {
    my ($args, %with) = @_;
    boots("accepts \"$args\"", qr/^Hello/m, harts => 4, bootargs => $args, %with);
}

sub rejects {
    my ($args, $expect, %with) = @_;
    refuses("rejects \"$args\"", $expect, harts => 4, bootargs => $args, %with);
}

accepts($_) for "", "   ", "abi=up", "abi=smp", "harts=1", "harts=2", "harts=4", "abi=up harts=4",
    " abi=smp  harts=2 ", "console=on", "root_cnode_bits=12", "root_cnode_bits=16", "root_cnode_bits=20", "log=none",
    "log=error", "log=info", "log=debug", "harts=3 harts=2";

rejects($_, qr/^boot option abi=\w* is not understood/) for "abi", "abi=", "abi=mcs", "abi=upp", "abi=u";
rejects($_, qr/^boot option harts=.*: not a number from 1 to 4/) for "harts", "harts=", "harts=0", "harts=5",
    "harts=9", "harts=-1", "harts=two", "harts=2x", "harts=4294967297", "harts=18446744073709551617";
rejects($_, qr/^boot option root_cnode_bits=.*: not a number from \d+ to \d+/) for "root_cnode_bits=",
    "root_cnode_bits=0", "root_cnode_bits=1", "root_cnode_bits=40", "root_cnode_bits=64",
    "root_cnode_bits=4294967308", "root_cnode_bits=12bits";
rejects("root_cnode_bits=8", qr/do not fit into root_cnode_bits=8/);
rejects("root_cnode_bits=28", qr/not enough memory/);
rejects($_, qr/^boot option console=\w* is not understood/) for "console=", "console=yes";
rejects($_, qr/^boot option log=\w* is not understood/) for "log=", "log=everything", "log=3";
rejects($_, qr/^boot option \S+ is unknown/) for "hart=2", "abi:up", "ABI=up", "nonsense", "x" x 2000;
rejects("harts=2 abi=up nonsense=1", qr/^boot option nonsense is unknown/);

# The checker of debug kernels.
accepts($_, kernel => "out/debug/rel4.elf", mem => 128) for "check=0", "check=1", "check=123456789";
rejects($_, qr/^boot option check=.*: not a number/, kernel => "out/debug/rel4.elf") for "check", "check=", "check=x",
    "check=-1", "check=1234567890";
rejects($_, qr/^boot option check=.*: only a debug kernel has the checker/) for "check=0", "check=1";

# What is behind "--" is not the kernel's, but the root task's.
accepts($_) for "--", "-- ", "-- harts=99 nonsense", "harts=2 -- abi=nonsense", "-- --";
rejects($_, qr/^boot option \S+ is unknown/) for "---", "--harts=2", "nonsense -- harts=2";
prints("a root task finds its arguments", qr/^thread 2, call 31: .*^thread 2, call 32: /ms, root => "out/tests/sysfuzz.elf",
    bootargs => "harts=1 -- list seed=2 seed=7 keep=2:31-32");
prints("a root task does not take the kernel's arguments for its own", qr/^# seed 1, /m, root => "out/tests/sysfuzz.elf",
    bootargs => "harts=1 --", until => qr/^# seed .*\n/m);

accepts("harts=1", kernel => "out/domains4/rel4.elf");
rejects("harts=2", qr/more than one domain/, kernel => "out/domains4/rel4.elf");

# Nothing is printed for programs, whose debug system calls are then unknown; the kernel still reports their fault.
prints("console=off takes the console away from programs", qr/^(?!.*^Hello).*unknown system call -9 in application/ms,
    bootargs => "console=off", until => qr/ in application, /);
prints("log=none keeps kernel messages back", qr/\A\s*Hello/, bootargs => "log=none");
prints("log=info tells the version", qr/^rel4: ReL4-C \S+ on 1 of 1 harts/m, bootargs => "log=info");
prints("log=debug lists memory", qr/^rel4: memory /m, bootargs => "log=debug");

done_testing();
