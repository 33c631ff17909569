#!/usr/bin/perl
# The controller in the device tree: what a kernel goes by.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die "$!";
chomp(my $qemu = `platform/qemu/build.sh`);
my $folder = tempdir(CLEANUP => 1);

my $tree;

sub machine {
    my ($options, @arguments) = @_;
    $tree = "$folder/tree";
    my $output = `$qemu -machine virt$options,dumpdtb=$tree -m 512 -display none -bios none @arguments 2>&1`;
    die $output if $?;
}

# The value of a property, in hexadecimal if it is made of cells; undef if it is not there.
sub property {
    my ($node, $name, $type) = @_;
    my $value = `fdtget -t @{[ $type // "x" ]} $tree $node $name 2>/dev/null`;
    return $? ? undef : $value =~ s/\n\z//r;
}

sub hart { return property("/cpus/cpu\@$_[0]/interrupt-controller", "phandle") }

my $uintc = "/soc/uintc\@2f10000";
my $numa = "-object memory-backend-ram,id=a,size=256M -object memory-backend-ram,id=b,size=256M"
    . " -numa node,nodeid=0,cpus=0-1,memdev=a -numa node,nodeid=1,cpus=2-3,memdev=b";

machine("", "-smp 2");
is(property($uintc, "compatible", "s"), "rel4,uintc1 riscv,uintc0", "compatible: our controller, then the reference's");
is(property($uintc, "reg"), "0 2f10000 0 4040", "reg: the slots and the wake bits");
is(property($uintc, "interrupt-controller"), "", "it is an interrupt controller");
is(property($uintc, "interrupts-extended"),
    join(" ", hart(0), 0, hart(1), 0, property("/soc/plic\@c000000", "phandle"), "c"),
    "interrupts-extended: interrupt 0 of each hart, and interrupt 12 of the PLIC");
like(property("/cpus/cpu\@0", "riscv,isa", "s"), qr/^rv64imafdcnh/, "riscv,isa has the n");

machine(",aia=aplic", "-smp 1");
is(property($uintc, "interrupts-extended"), join(" ", hart(0), 0, property("/soc/aplic\@d000000", "phandle"), "c", 4),
    "interrupts-extended with an APLIC: level-triggered interrupt 12 of it");

machine("", "-smp 4,sockets=2", $numa);
is(property($uintc, "compatible", "s"), "riscv,uintc0", "with two sockets it is the reference's");
is(property($uintc, "reg"), "0 2f10000 0 4000", "of the first, reg");
is(property($uintc, "interrupts-extended"), join(" ", hart(0), 0, hart(1), 0), "and the first two harts");
is(property("/soc/uintc\@2f14000", "reg"), "0 2f14000 0 4000", "of the second, reg");
is(property("/soc/uintc\@2f14000", "interrupts-extended"), join(" ", hart(2), 0, hart(3), 0), "and the other two");

machine("", "-cpu rv64,n=off");
is(property($uintc, "reg"), "0 2f10000 0 4040", "without N the node is there");
unlike(property("/cpus/cpu\@0", "riscv,isa", "s"), qr/^rv64[a-z]*n/, "but no n in riscv,isa");

done_testing();
