#!/usr/bin/perl
# Runs the kernel's benchmark (bench/kernel) in QEMU's instruction-count mode, prints a table, and writes the records to
# a JSON file: name, median, p95, unit, reference, ratio (median to reference). The reference is what seL4 15.0
# takes for the same, in the same mode, for threads without floating point; 0 if there is none.
#
# usage: bench/kernel.pl KERNEL ROOT-TASK JSON-FILE
use strict;
use warnings;

my ($kernel, $root, $json) = @ARGV;
my @records;
my $log_sum = 0;
my $compared = 0;

open my $run, '-|', 'timeout', '600', 'scripts/qemu.sh', $kernel, $root, 'harts=1', 'mem=512', '--', '-icount', 'shift=0'
    or die "cannot run QEMU: $!\n";
printf "%-58s %9s %9s %9s %6s\n", 'instructions', 'median', 'p95', 'seL4', 'ratio';
while (<$run>) {
    s/\r//g;
    if (/^bench:(.*):(\d+):(\d+):(\d+)$/) {
        my ($name, $median, $p95, $reference) = ($1, $2, $3, $4);
        my $ratio = $reference ? sprintf('%.3f', $median / $reference) : '0';
        push @records, qq({"name": "$name", "median": $median, "p95": $p95, "unit": "instructions", )
            . qq("reference": $reference, "ratio": $ratio});
        if ($reference) {
            $log_sum += log($median / $reference);
            $compared++;
        }
        printf "%-58s %9d %9d %9s %6s\n", $name, $median, $p95, $reference || '-', $reference ? $ratio : '-';
    } elsif (/^bench: (?!done)|rel4: error|PANIC/) {
        print STDERR $_;
    }
}
close $run or die "the benchmark failed: QEMU's status is " . ($? >> 8) . "\n";
@records or die "the benchmark printed no result\n";
printf "geometric mean of %d ratios: %.3f\n", $compared, exp($log_sum / $compared);

open my $out, '>', $json or die "$json: $!\n";
print $out "[\n  " . join(",\n  ", @records) . "\n]\n";
close $out or die "$json: $!\n";
print "records: $json\n";
