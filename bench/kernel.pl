#!/usr/bin/perl
# The kernel experiment (bench/kernel): what each operation costs, in instructions on one hart, beside what seL4 15.0
# takes for the same in the same mode, for threads without floating point; and IPC between harts, in time, beside
# IPC on one hart in the same run.
#
# usage: bench/kernel.pl KERNEL ROOT-TASK JSON-FILE
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my ($kernel, $root, $json) = @ARGV;

my @counts = measure($kernel, $root, qemu => ['-icount', 'shift=0,sleep=off']);
print_table('seL4', @counts);
printf "geometric mean of %d ratios: %.3f\n\n", scalar(grep { defined $_->{ratio} } @counts), geometric_mean(@counts);

my @times = measure($kernel, $root, harts => 2);
print_table('one hart', @times);

write_json($json, @counts, @times);
print "\nrecords: $json\n";
