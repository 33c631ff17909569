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

# A tree that connects the line to a source which the PLIC does not have: the kernel does without it.
my $blob = write_file("");
system("scripts/qemu.sh out/rel4.elf - -- -machine dumpdtb=$blob 2> /dev/null") == 0 or die "no device tree";
for my $source ("0x00", "0x61", "0x7fffffff") {
    local $_ = qx(dtc -q -I dtb -O dts $blob);
    s/(uintc\@2f10000 \{[^}]*interrupts-extended = <[^>]*)0x0c>/$1$source>/ or die "the tree has no such line";
    my $changed = write_file("");
    system("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", $changed, write_file($_)) == 0 or die "dtc failed";
    boots("with the line at source $source blocked receivers are woken, by the tick",
        qr/user interrupts: hardware\n.*^uintr-ping: done$/ms,
        root => "out/apps/uintr-ping.elf", limit => 300, qemu => ["-dtb", $changed]);
}

done_testing;
