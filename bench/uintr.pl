#!/usr/bin/perl
# The experiment on user interrupts (bench/uintr): what signals cost, in instructions on one hart, beside the same by
# notification; by hardware, and emulated. On hardware a send may cost its sender 10 instructions, and entering and
# leaving a handler without floating point 55: tests/bench/uintr.t.
#
# usage: bench/uintr.pl KERNEL ROOT-TASK JSON-FILE
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my ($kernel, $root, $json) = @ARGV;
my @records;
my $first;    # of the platform

sub median {
    my ($name) = @_;
    my ($record) = grep { $_->{name} eq $name } @records[$first .. $#records];
    $record or die "not measured: $name\n";
    return $record->{median};
}

# What a signal to oneself costs beyond sending and the return of an empty function.
sub handler {
    my ($name, $with) = @_;
    my $instructions = median($with) - median('sending, for the sender') - 1;
    return { name => $name, median => $instructions, p95 => $instructions, unit => 'instructions',
        reference => undef, ratio => undef };
}

system("platform/qemu/build.sh > /dev/null") == 0 or die "QEMU with user interrupts could not be built\n";
for (['uintc', 'hardware'], ['virt', 'emulated']) {
    my ($platform, $backend) = @$_;
    local $ENV{PLATFORM} = $platform;
    $first = @records;
    push @records, measure($kernel, $root, qemu => ['-icount', 'shift=0']);
    push @records, handler('entering and leaving a handler', 'sending, and an empty handler'),
        handler('entering and leaving one with floating point', 'sending, and an empty handler with floating point');
    $_->{name} = "$backend: $_->{name}" for @records[$first .. $#records];
}
print_table('notif.', @records);
write_json($json, @records);
print "\nrecords: $json\n";
