#!/usr/bin/perl
# The experiment on asynchronous system calls: apps/allocator maps and unmaps 1 to 1024 frames by system calls, by
# coroutines, and by coroutines that choose; on one hart and with an idle one; in time-stamp ticks of harts that run
# freely and in instructions of one hart. It checks its pages after each run. bench/Report.pm draws the results.
#
# usage: bench/async.pl KERNEL ROOT-TASK JSON-FILE
# Variables: FRAMES (one number instead of all), MODE (sync, async or adaptive), CLOCK (ticks or instructions), HARTS
# (1: only on one hart; 2 or more: only with idle ones), QUICK=1 (fewer points and no tick policy), and PLATFORM, the
# machine: on virt user interrupts are emulated, on uintc they are hardware. Points that a run does
# not measure stay in the file as they were.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;
use JSON::PP qw(decode_json);
use List::Util qw(sum);
use Report;

my ($kernel, $root, $json) = @ARGV;
my %mode_bit = (sync => 1, async => 2, adaptive => 4);
my @places = qw(idle call block tick);
my $quick = $ENV{QUICK};
my $repetitions = 10;
my @frames = $ENV{FRAMES} || ($quick ? (1, 4, 16, 64, 128, 256, 1024) : map { 2**$_ } 0 .. 10);
my $modes = $ENV{MODE} ? $mode_bit{ $ENV{MODE} } // die "MODE is sync, async or adaptive\n" : 7;
my $several = ($ENV{HARTS} // 2) > 1 ? $ENV{HARTS} // 2 : 2;

# What is booted: clock, harts, policy.
my @runs = grep { !$ENV{CLOCK} || $_->[0] eq $ENV{CLOCK} }
    grep { !$ENV{HARTS} || $_->[1] == $ENV{HARTS} }
    grep { !$quick || $_->[2] eq 'call' } (
    ['instructions', 1, 'call'],
    ['ticks', 1, 'call'],
    ['ticks', $several, 'call'],
    ['ticks', 1, 'tick'],
    ['ticks', $several, 'tick'],
    );
@runs or die "There is no such run: instructions are counted on one hart only.\n";

# The value below which that part of the samples lies.
sub percentile {
    my ($part, @samples) = @_;
    @samples = sort { $a <=> $b } @samples;
    return $samples[int($part * (@samples - 1) + 0.5)];
}

# Boots once for each number of frames would take longer than the measurement; so the program does all numbers that
# it was asked for, and prints a line for each run, which this returns.
sub samples {
    my ($clock, $harts, $policy, $frames) = @_;
    my %argument = (
        frames => $frames, mode => $modes, clock => $clock eq 'instructions' ? 1 : 0,
        policy => $policy eq 'tick' ? 1 : 0, repetitions => ($clock eq 'ticks' ? $repetitions : 2) + 1,
    );
    my (@samples, $backend, $done);

    my @command = ('timeout', '-k', '5', '600', 'scripts/qemu.sh', $kernel, $root, "harts=$harts", 'mem=512',
        'bootargs=' . join(' ', '--', map { "$_=$argument{$_}" } sort keys %argument),
        $clock eq 'instructions' ? ('--', '-icount', 'shift=0') : ());
    open my $console, '-|', @command or die "cannot run QEMU: $!\n";
    while (<$console>) {
        s/\s+$//;
        if (/^async\|/) {
            my (undef, $mode, $frames, $rounds, $units, $traps, $interrupts, $ipis, $served, $batches) = split /\|/;
            push @samples, {
                mode => $mode, frames => $frames + 0, rounds => $rounds + 0, cost => $units / $rounds / $frames,
                traps => $traps, user_interrupts => $interrupts, ipis => $ipis,
                served => [split /,/, $served], batches => [split /,/, $batches],
            };
            print STDERR "\r  $clock, $harts hart(s), policy $policy: $mode, $frames frames    " if -t STDERR;
        } elsif (/^allocator: done/) {
            $done = 1;
        } elsif (/^allocator: .*user interrupts: (\w+)/) {
            $backend = $1;
        } elsif (/^allocator:|rel4: error|PANIC/) {
            print STDERR "\n$_\n";
        }
    }
    print STDERR "\r\e[K" if -t STDERR;
    close $console or die "the allocator failed: QEMU's status is " . ($? >> 8) . "\n";
    $done or die "the allocator did not come to its end\n";
    return ($backend, @samples);
}

# The record of one point, from its samples; the first only warmed up.
sub record {
    my ($clock, $harts, $policy, $backend, undef, @samples) = @_;
    my $calls = 2 * $samples[0]{rounds} * $samples[0]{frames};
    my @cost = map { $_->{cost} } @samples;
    my $average = sub { my ($of) = @_; sum(map { $of->($_) } @samples) / @samples };

    return {
        experiment => 'async', clock => $clock, harts => $harts, policy => $policy, backend => $backend,
        placement => $harts == 1 ? 'one' : 'idle',
        mode => $samples[0]{mode}, frames => $samples[0]{frames}, rounds => $samples[0]{rounds},
        repetitions => scalar @samples,
        cost_per_round => { median => percentile(0.5, @cost), p5 => percentile(0.05, @cost), p95 => percentile(0.95, @cost) },
        trap_frequency => $average->(sub { $_[0]{traps} / $calls }),
        user_interrupts => $average->(sub { $_[0]{user_interrupts} }),
        ipis => $average->(sub { $_[0]{ipis} }),
        served => { map { my $place = $_; $places[$place] => $average->(sub { $_[0]{served}[$place] }) } 0 .. $#places },
        batch_sizes => [map { my $log2 = $_; $average->(sub { $_[0]{batches}[$log2] }) } 0 .. 12],
    };
}

my @records;
for my $run (@runs) {
    my ($clock, $harts, $policy) = @$run;
    my $start = time;
    for my $frames (@frames == 11 ? 0 : @frames) {
        my ($backend, @samples) = samples(@$run, $frames);
        my %by_point;
        push @{ $by_point{"$_->{frames} $_->{mode}"} }, $_ for @samples;
        push @records, map { record(@$run, $backend, @{ $by_point{$_} }) } sort keys %by_point;
    }
    printf "measured in %d s: %s, %d hart(s), policy %s\n", time - $start, $clock, $harts, $policy;
}
# Points that were measured earlier and not now stay.
sub point { return join " ", @{ $_[0] }{qw(backend clock harts policy mode frames)} }
if (open my $file, "<", $json) {
    local $/;
    my %now = map { point($_) => 1 } @records;
    push @records, grep { !$now{ point($_) } } @{ decode_json(<$file>) };
}
@records = sort { $a->{frames} <=> $b->{frames} } @records;

# Of one series the value at each number of frames.
sub relative {
    my ($record) = @_;
    my ($sync) = grep { $_->{mode} eq 'sync' && $_->{frames} == $record->{frames} && $_->{clock} eq $record->{clock} &&
        $_->{harts} == $record->{harts} && $_->{policy} eq $record->{policy} && $_->{backend} eq $record->{backend} } @records;
    return $sync ? $sync->{cost_per_round}{median} / $record->{cost_per_round}{median} : undef;
}
$_->{relative_performance} = relative($_) for @records;

printf "\n%-9s %-13s %5s %6s %-9s %6s %12s %10s %10s %8s %9s\n", qw(backend clock harts policy mode frames cost/round p5 p95 traps relative);
for my $record (sort { $a->{backend} cmp $b->{backend} || $a->{clock} cmp $b->{clock} || $a->{harts} <=> $b->{harts} || $a->{policy} cmp $b->{policy} || $a->{mode} cmp $b->{mode} } @records) {
    printf "%-9s %-13s %5d %6s %-9s %6d %12.0f %10.0f %10.0f %7.2f%% %9s\n", @$record{qw(backend clock harts policy mode frames)},
        @{ $record->{cost_per_round} }{qw(median p5 p95)}, 100 * $record->{trap_frequency},
        defined $record->{relative_performance} ? sprintf('%.0f%%', 100 * $record->{relative_performance}) : '-';
}
write_json($json, @records);
print "\nrecords: $json\n";
Report::draw($json);
