#!/usr/bin/perl
# The experiment on user interrupts (bench/uintr): what signals cost, in instructions on one hart, beside the same by
# notification; by hardware, and emulated. On hardware a send may cost its sender 10 instructions, and entering and
# leaving a handler without floating point 55: tests/bench/uintr.t. Renews the table in the page.
#
# usage: bench/uintr.pl KERNEL ROOT-TASK JSON-FILE [PAGE]
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my ($kernel, $root, $json, $page) = (@ARGV, 'docs/user-interrupts.md');
my @records;
my $first;    # of the platform

sub median {
    my ($name) = @_;
    my ($record) = grep { $_->{name} eq $name } @records[$first .. $#records];
    $record or die "not measured: $name\n";
    return $record->{median};
}

# Returns the cost of a signal to oneself, less that of sending and of the return of an empty function.
sub handler {
    my ($name, $with) = @_;
    my $instructions = median($with) - median('sending, for the sender') - 1;
    return { name => $name, median => $instructions, p95 => $instructions, unit => 'instructions',
        reference => undef, ratio => undef };
}

sub renew_page {
    my %median = map { $_->{name} => $_->{median} } @records;
    my $text = do { local (@ARGV, $/) = ($page); <> };

    for (grep { s/^hardware: // } sort keys %median) {
        $text =~ s/^\| \Q$_\E \| \d+ \| \d+ \|$/| $_ | $median{"hardware: $_"} | $median{"emulated: $_"} |/m
            or die "$page: no row for $_\n";
    }
    open my $out, '>', $page or die "$page: $!\n";
    print $out $text;
    close $out or die "$page: $!\n";
}

system("platform/qemu/build.sh > /dev/null") == 0 or die "QEMU with user interrupts could not be built\n";
for (['uintc', 'hardware'], ['virt', 'emulated']) {
    my ($platform, $backend) = @$_;
    local $ENV{PLATFORM} = $platform;
    $first = @records;
    push @records, measure($kernel, $root, qemu => ['-icount', 'shift=0,sleep=off']);
    push @records, handler('entering and leaving a handler', 'sending, and an empty handler'),
        handler('entering and leaving one with floating point', 'sending, and an empty handler with floating point');
    $_->{name} = "$backend: $_->{name}" for @records[$first .. $#records];
}
print_table('notif.', @records);
write_json($json, @records);
renew_page();
print "\nrecords: $json\n";
