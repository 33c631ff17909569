# Interrupt controllers other than the PLIC: which the kernel uses, and what it says when it cannot.
use strict;
use warnings;
use Boot;
use Test::More;

my %name = ("aplic" => "an APLIC", "aplic-imsic" => "an APLIC and IMSICs");
my %tree;

for my $aia (sort keys %name) {
    my $blob = write_file("");
    system("scripts/qemu.sh out/rel4.elf - harts=2 -- -machine aia=$aia,dumpdtb=$blob 2> /dev/null") == 0 or die "no device tree";
    $tree{$aia} = qx(dtc -q -I dtb -O dts $blob);
    for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
        boots("aia=$aia, $_ harts, $kernel", qr/^rel4: device interrupts come through $name{$aia}\n.*^Hello/ms, kernel => $kernel,
            harts => $_, bootargs => "log=debug", qemu => ["-machine", "aia=$aia"]) for 1, 4;
    }
}

# Two sockets: an APLIC for each, or interrupt files in groups.
my @sockets = map { ("-object", "memory-backend-ram,id=m$_,size=256M", "-numa", "node,nodeid=$_,memdev=m$_,cpus=" . 2 * $_ . "-" . (2 * $_ + 1)) } 0, 1;
boots("aia=$_, two sockets", qr/^rel4: device interrupts come through $name{$_}\n.*^Hello.*nodes +4\n/ms, harts => 4,
    bootargs => "log=debug", qemu => ["-machine", "aia=$_", @sockets]) for sort keys %name;

# A tree after a change, which is a substitution that must match; $aplic and $imsics begin those of supervisor level.
# The names depend on QEMU's version.
my ($aplic, $imsics) = (qr/\b(?:aplic|interrupt-controller)\@d000000 \{[^}]*/, qr/\b(?:imsics|interrupt-controller)\@28000000 \{[^}]*/);

sub without {
    my ($aia, $name, $why, $change) = @_;
    local $_ = $tree{$aia};
    $change->() or die "the change does not match the tree";
    my $blob = write_file("");
    system("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", $blob, write_file($_)) == 0 or die "dtc failed";
    boots("$aia: $name", qr/^rel4: $why: no device interrupts\n.*^Hello/ms, harts => 2, limit => 20, qemu => ["-machine", "aia=$aia", "-dtb", $blob]);
}

without("aplic", "one hart is not connected", "the device tree has harts that no APLIC interrupts",
    sub { s/($aplic)interrupts-extended = <(\S+ \S+) \S+ \S+>/$1interrupts-extended = <$2>/ });
without("aplic", "something else is at its address", "where the device tree has an APLIC there is none",
    sub { s/($aplic)reg = <\S+ \S+/$1reg = <0 0x20000000/ });
without("aplic-imsic", "the harts have fewer identities", "the hart does not have the IMSIC of the device tree",
    sub { s/($imsics)riscv,num-ids = <[^>]*>;/$1riscv,num-ids = <2047>;/ });
without("aplic-imsic", "one hart has no interrupt file", "the device tree has harts without an IMSIC",
    sub { s/($imsics)interrupts-extended = <(\S+ \S+) \S+ \S+>/$1interrupts-extended = <$2>/ });
without("aplic-imsic", "the APLIC is said to interrupt directly", "the APLIC does not deliver as the device tree says",
    sub { my ($targets) = /$imsics(interrupts-extended = <[^>]*>;)/; s/($aplic)msi-parent = <[^>]*>;/$1$targets/ });

done_testing();
