#!/usr/bin/perl
# The experiment (apps/allocator): the same work by system calls, one after the other, and from many coroutines at
# once. Each setting of the machine is one boot, in which all points take turns.
#
# usage: bench/async.pl KERNEL ROOT-TASK JSON-FILE
#
# The environment chooses a part:
#   SCENARIO   map-unmap, address-space, threads, capabilities, overlap (with its control, in-sequence), or all: the
#              default, but with FRAMES it is map-unmap
#   FRAMES     of map-unmap: a power of two up to 1024
#   MODE       sync, async, adaptive; batch (one coroutine waits for many requests) and repeat (one request for all units),
#              of map-unmap; all also run sync, to compare
#   CLOCK      ticks, instructions, or cycles of the model in bench/cycles
#   CORE       of the clock of cycles: rocket (the default) or u74
#   HARTS      1, or more: then all but one are idle; by default both, with 4 harts
#   PLATFORMS  virt, uintc, or both
#   QUICK      fewer repetitions, smaller scenarios, and not the tick policy
use strict;
use warnings;
use File::Temp qw(tempfile);
use FindBin;
use JSON::PP qw(decode_json);
use List::Util qw(sum);
use lib $FindBin::Bin;
use Bench;
use Report;

my ($kernel, $root, $json) = @ARGV;
my @modes = qw(sync async adaptive batch repeat);
my @clocks = qw(ticks instructions cycles); # in the order of apps/allocator
my @places = qw(idle call block tick);
# In the order of apps/allocator.
my @scenarios = qw(map-unmap address-space threads capabilities overlap in-sequence);
my %maps = map { $_ => 1 } qw(map-unmap address-space overlap in-sequence);
my $quick = $ENV{QUICK};
$| = 1;

sub chosen {
    my ($name, $pattern) = @_;
    my $value = $ENV{$name} // "";
    die "bench: $name=$value makes no sense here; there is " . join(", ", split /\|/, $pattern) . "\n"
        if $value ne "" && $value !~ /^(?:$pattern)$/;
    return $value;
}

my $frames = chosen("FRAMES", join "|", map { 2**$_ } 0 .. 10);
my $mode = chosen("MODE", join "|", @modes);
my $scenario = chosen("SCENARIO", join "|", "all", grep { $_ ne "in-sequence" } @scenarios);
my $clock = chosen("CLOCK", join "|", @clocks);
my $core = chosen("CORE", "rocket|u74") || "rocket";
my $harts = chosen("HARTS", "[1-8]");
die "bench: FRAMES is for SCENARIO=map-unmap, not for $scenario\n" if $frames ne "" && $scenario !~ /^(map-unmap)?$/;
$scenario ||= $frames ne "" ? "map-unmap" : "all";
my @platforms = split " ", $ENV{PLATFORMS} // "virt uintc";

# Scenarios are bits of an argument of the root task.
my $chosen = 0;
for my $bit (0 .. $#scenarios) {
    my $name = $scenarios[$bit] =~ s/in-sequence/overlap/r;
    $chosen |= 1 << $bit if $scenario eq "all" || $scenario eq $name;
}

# Settings of the machine, one for each boot. Under policy tick few points are measured, as each batch waits for a tick.
my @boots;
for my $platform (@platforms) {
    for my $placement ($harts eq "" ? qw(one idle) : $harts == 1 ? "one" : "idle") {
        my $count = $placement eq "one" ? 1 : $harts || 4;
        for my $policy ($quick || !($chosen & 1) ? "call" : qw(call tick)) {
            push @boots, { platform => $platform, placement => $placement, harts => $count, policy => $policy, clock => "ticks" };
        }
    }
    for my $exact (qw(instructions cycles)) {
        push @boots, { platform => $platform, placement => "one", harts => 1, policy => "call", clock => $exact }
            if $harts eq "" || $harts == 1;
    }
}
@boots = grep { $clock eq "" || $_->{clock} eq $clock } @boots;

# Returns a percentile, by nearest rank.
sub percentile {
    my ($share, @sorted) = @_;
    my $rank = int($share * @sorted + 0.999999);
    return $sorted[$rank < 1 ? 0 : $rank - 1];
}

sub rounded { return sprintf("%.4g", $_[0]) + 0 }

# Adds what the model of cycles has reported of several measurements, kind by kind.
sub sum_of {
    my %sum;
    for my $report (@_) {
        $sum{$_} += $report->{$_} for keys %$report;
    }
    return \%sum;
}

# Makes a record of a point, which the root task prints as words of KEY=VALUE. reports is what the model of cycles has
# measured, in order.
sub record {
    my ($boot, $reports, %point) = @_;
    my $rounds = $point{units} * $point{rounds};
    my @totals = split /,/, $point{totals};
    my %causes;
    if ($boot->{clock} eq "cycles") {
        my @runs = map { sum_of(@$reports[$_ .. $_ + $point{reports} - 1]) } @totals;
        @totals = map { $_->{cycles} } @runs;
        my $median = percentile(0.5, sort { $a->{cycles} <=> $b->{cycles} } @runs);
        %causes = map { $_ => rounded($median->{$_} / $rounds) } grep { $_ ne "cycles" } keys %$median;
    }
    my @costs = map { $_ / $rounds } sort { $a <=> $b } @totals;
    my @busy = split /,/, $point{busy};
    my (%served, %latency);
    @served{@places} = map { $_ + 0 } split /,/, $point{served};
    @latency{qw(samples p50 p95 p99)} = map { $_ + 0 } split /,/, $point{latency};

    return {
        experiment     => "allocator",
        scenario       => $point{scenario},
        mode           => $point{mode},
        placement      => $boot->{placement},
        policy         => $boot->{policy},
        backend        => $boot->{platform} eq "uintc" ? "hardware" : "emulated",
        harts          => $boot->{harts},
        frames         => $maps{ $point{scenario} } ? $point{units} + 0 : 0,
        units          => $point{units} + 0,
        coroutines     => $point{coroutines} + 0,
        rounds         => $point{rounds} + 0,
        repetitions    => scalar @costs,
        clock          => $boot->{clock},
        core           => $boot->{clock} eq "cycles" ? $core : undef,
        cost_per_round => { median => rounded(percentile(0.5, @costs)), p5 => rounded(percentile(0.05, @costs)),
                            p95 => rounded(percentile(0.95, @costs)) },
        trap_frequency  => rounded($point{traps} / $point{calls}),
        calls           => $point{calls} + 0,
        user_interrupts => $point{user_interrupts} + 0,
        ipis            => $point{ipis} + 0,
        signals         => $point{signals} + 0,
        fences          => $point{fences} + 0,
        served          => \%served,
        batch_sizes     => [map { $_ + 0 } split /,/, $point{batches}],
        call_latency    => \%latency,
        # On the clock of cycles: what happened in a round of the median repetition.
        causes => $boot->{clock} eq "cycles" ? \%causes : undef,
        # The share of the time that each hart was busy serving. The worker's clock is that of ticks.
        busy => $boot->{clock} eq "ticks" ? [map { rounded($busy[$_] / sum(@totals)) } 0 .. $boot->{harts} - 1] : undef,
    };
}

# Boots once and returns the records.
sub boot {
    my ($boot) = @_;
    my $tick = $boot->{policy} eq "tick";
    my $exact = $boot->{clock} ne "ticks";
    my ($clock) = grep { $clocks[$_] eq $boot->{clock} } 0 .. $#clocks;
    my %with = (records => 1, policy => $tick ? 1 : 0, clock => $clock);
    $with{repetitions} = $exact ? 3 : $tick ? 3 : $quick ? 5 : 11;
    $with{rounds} = 10 if $tick || $quick;
    $with{scenarios} = $tick ? 1 : $chosen;
    $with{units} = 256 if $quick;
    my ($bit) = grep { $modes[$_] eq $mode } 0 .. $#modes;
    $with{modes} = $mode eq "" ? ($tick ? 3 : $exact ? 31 : 7) : 1 | 1 << $bit;
    $with{frames} = $frames if $frames ne "";
    # A Rocket core has no ASIDs.
    my $cycles = $boot->{clock} eq "cycles";
    my $options = "log=none root_cnode_bits=14 " . ($cycles && $core eq "rocket" ? "asids=off " : "") . "-- " . join " ", map { "$_=$with{$_}" } sort keys %with;
    my @qemu = $exact ? ("-icount", "shift=0,sleep=off") : ();
    my (undef, $report) = $cycles ? tempfile(UNLINK => 1) : ();
    push @qemu, cycles_plugin($report, "preset=$core") if $cycles;
    my (@points, $done);

    local $ENV{PLATFORM} = $boot->{platform};
    open my $console, "-|", "timeout", "-k", "5", "600", "scripts/qemu.sh", $kernel, $root, "harts=$boot->{harts}",
        "bootargs=$options", "--", @qemu or die "cannot run QEMU: $!\n";
    while (<$console>) {
        s/\r?\n//;
        push @points, { map { split /=/, $_, 2 } split " ", $1 } if /^point (.*)/;
        $done = 1 if /^allocator: done/;
        print STDERR "$_\n" if /^allocator: (?!done)|PANIC/;
    }
    close $console or die "the benchmark failed: QEMU's status is " . ($? >> 8) . "\n";
    $done or die "the benchmark did not come to its end\n";
    my @reports = $cycles ? map { decode_json($_) } split /\n/, read_file($report) : ();
    return map { record($boot, \@reports, %$_) } @points;
}

# Prints a line for each number of units of a scenario.
sub print_records {
    my ($name, $unit, @records) = @_;
    my %cost;
    $cost{ $_->{units} }{ $_->{mode} } = $_ for grep { $_->{scenario} eq $name } @records;

    for my $units (sort { $a <=> $b } keys %cost) {
        my %of = %{ $cost{$units} };
        my $base = $of{sync} && $of{sync}{cost_per_round}{median};
        my @columns = map {
            my $own = $of{$_} && $of{$_}{cost_per_round}{median};
            ($own // "-", $own && $base ? sprintf("%.2fx", $base / $own) : "-");
        } @modes[1 .. 4];
        printf "%-18s %10s %10s %8s %10s %8s %10s %8s %10s %8s %14s\n", "$units $unit", $base // "-", @columns,
            $of{async} ? sprintf("%.4f", $of{async}{trap_frequency}) : "-";
    }
}

sub print_boot {
    my (@records) = @_;

    printf "%-18s %10s %10s %8s %10s %8s %10s %8s %10s %8s %14s\n", "cost of a round", "sync", map({ ($_, "ratio") } @modes[1 .. 4]),
        "traps per call";
    print_records($_, $_ eq "map-unmap" ? "frames" : $_, @records) for @scenarios;
}

my @all;
for my $i (0 .. $#boots) {
    my $boot = $boots[$i];
    printf "\n[%d/%d] PLATFORM=%s, placement %s (harts %d), policy %s, clock %s\n", $i + 1,
        scalar @boots, @$boot{qw(platform placement harts policy clock)};
    my @records = boot($boot);
    print_boot(@records);
    push @all, @records;
}
die "bench: nothing to measure\n" if !@all;
write_json($json, @all);
print "\nrecords: $json\n";
Report::draw($json);
