#!/usr/bin/perl
# The controller's wake line interrupts a hart only while it is the home of a receiver. QEMU lists all traps; the
# program keeps all harts in user mode, where every interrupt is one.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

$ENV{PLATFORM} = "uintc";
my $traps = write_file("");
my $console = boots("a receiver is woken on one of four harts", qr/^ok 1 /m,
    root => "out/tests/uintr-line.elf", harts => 4, limit => 300, qemu => ["-d", "int", "-D", $traps]);
my ($sends) = $console =~ /^# sends: (\d+)$/m;

# By the number that QEMU gives the hart.
my (%woken, %others, $home);
for (split /\n/, read_file($traps)) {
    $home = $1 if /hart:(\d+), async:0, .*tval:0x0*6d61726b/;
    my ($hart, $what) = /hart:(\d+), async:1, .*desc=(s_\w+)/ or next;
    ($what eq "s_external" ? \%woken : \%others)->{$hart}++;
}
is(keys %others, 4, "each hart is interrupted by its timer");
is_deeply([keys %woken], [$home], "the receiver's is interrupted by the line, and no other") or diag(explain(\%woken));
cmp_ok($woken{$home}, "<=", $sends, "not more than once for each send");
# What comes while the kernel handles another interrupt is handled with that.
cmp_ok($woken{$home}, ">=", $sends - $others{$home}, "and not less");

done_testing;
