#!/usr/bin/perl
# Ping-pong by user interrupts and by notifications on a machine with user interrupts, and with less of it than there is.
use strict;
use warnings;
use lib "tests/boot";
use Ping;
use Test::More;

$ENV{PLATFORM} = "uintc";
pings("hardware", harts => $_) for 1, 2;
pings("hardware", harts => 2, bootargs => "uintr=plain");
pings("emulated", harts => 2, bootargs => "uintr=emulated");
pings("none", harts => 2, bootargs => "uintr=none");

done_testing;
