# Ping-pong by user interrupts and by notifications, without hardware for them; tests/uintc/uintr-ping.t has the rest.
use strict;
use warnings;
use lib "tests/boot";
use Ping;
use Test::More;

pings("emulated", harts => $_) for 1, 2;
pings("none", harts => 2, bootargs => "uintr=none");

done_testing;
