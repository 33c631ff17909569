#!/usr/bin/perl
# The experiment (apps/allocator): pages mapped and unmapped by system calls, one after the other, and from many
# coroutines at once. Each setting of the machine is one boot, in which all points take turns.
#
# usage: bench/async.pl KERNEL ROOT-TASK JSON-FILE
#
# The environment chooses a part: FRAMES (a power of two up to 1024), MODE (sync, async, adaptive), CLOCK (ticks,
# instructions), HARTS (1, or more: 4 are booted by default), PLATFORMS (virt, uintc, or both), QUICK (fewer points).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;
use Report;

my ($kernel, $root, $json) = @ARGV;
my @modes = qw(sync async adaptive);
my @places = qw(idle call block tick);
my $quick = $ENV{QUICK};
$| = 1;

sub chosen {
    my ($name, $pattern) = @_;
    my $value = $ENV{$name} // "";
    die "bench: $name=$value makes no sense here\n" if $value ne "" && $value !~ /^(?:$pattern)$/;
    return $value;
}

my $frames = chosen("FRAMES", join "|", map { 2**$_ } 0 .. 10);
my $mode = chosen("MODE", join "|", @modes);
my $clock = chosen("CLOCK", "ticks|instructions");
my $harts = chosen("HARTS", "[1-8]");
my @platforms = split " ", $ENV{PLATFORMS} // "virt uintc";

# The settings of the machine. A boot under policy tick has little to do, as each batch waits for a tick.
my @boots;
for my $platform (@platforms) {
    for my $placement ($harts eq "" ? qw(one idle) : $harts == 1 ? "one" : "idle") {
        my $count = $placement eq "one" ? 1 : $harts || 4;
        for my $policy ($quick ? "call" : qw(call tick)) {
            push @boots, { platform => $platform, placement => $placement, harts => $count, policy => $policy, clock => "ticks" };
        }
    }
    push @boots, { platform => $platform, placement => "one", harts => 1, policy => "call", clock => "instructions" }
        if $harts eq "" || $harts == 1;
}
@boots = grep { $clock eq "" || $_->{clock} eq $clock } @boots;

# Nearest rank.
sub percentile {
    my ($share, @sorted) = @_;
    my $rank = int($share * @sorted + 0.999999);
    return $sorted[$rank < 1 ? 0 : $rank - 1];
}

sub rounded { return sprintf("%.4g", $_[0]) + 0 }

# Makes a record of a point that the root task has printed as words of KEY=VALUE.
sub record {
    my ($boot, %point) = @_;
    my $rounds = $point{frames} * $point{rounds};
    my @costs = map { $_ / $rounds } sort { $a <=> $b } split /,/, $point{totals};
    my %served;
    @served{@places} = map { $_ + 0 } split /,/, $point{served};

    return {
        experiment     => "allocator",
        mode           => $point{mode},
        placement      => $boot->{placement},
        policy         => $boot->{policy},
        backend        => $boot->{platform} eq "uintc" ? "hardware" : "emulated",
        harts          => $boot->{harts},
        frames         => $point{frames} + 0,
        rounds         => $point{rounds} + 0,
        repetitions    => scalar @costs,
        clock          => $boot->{clock},
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
    };
}

# Boots once and returns the records.
sub boot {
    my ($boot) = @_;
    my $tick = $boot->{policy} eq "tick";
    my %with = (records => 1, policy => $tick ? 1 : 0, instructions => $boot->{clock} eq "instructions" ? 1 : 0);
    $with{repetitions} = $boot->{clock} eq "instructions" ? 3 : $tick ? 3 : $quick ? 5 : 11;
    $with{rounds} = 10 if $tick || $quick;
    $with{modes} = $mode eq "" ? ($tick ? 3 : 7) : $mode eq "sync" ? 1 : $mode eq "async" ? 3 : 5;
    $with{frames} = $frames if $frames ne "";
    my $options = "log=none -- " . join " ", map { "$_=$with{$_}" } sort keys %with;
    my @records;
    my $done;

    local $ENV{PLATFORM} = $boot->{platform};
    open my $console, "-|", "timeout", "-k", "5", "600", "scripts/qemu.sh", $kernel, $root, "harts=$boot->{harts}",
        "bootargs=$options", "--", ($boot->{clock} eq "instructions" ? ("-icount", "shift=0") : ())
        or die "cannot run QEMU: $!\n";
    while (<$console>) {
        s/\r?\n//;
        push @records, record($boot, map { split /=/, $_, 2 } split " ", $1) if /^point (.*)/;
        $done = 1 if /^allocator: done/;
        print STDERR "$_\n" if /^allocator: (?!done)|PANIC/;
    }
    close $console or die "the benchmark failed: QEMU's status is " . ($? >> 8) . "\n";
    $done or die "the benchmark did not come to its end\n";
    return @records;
}

sub print_boot {
    my ($boot, @records) = @_;
    my %cost;
    $cost{ $_->{frames} }{ $_->{mode} } = $_ for @records;

    printf "%-7s %10s %10s %8s %10s %8s %14s\n", "frames", "sync", "async", "ratio", "adaptive", "ratio", "traps per call";
    for my $frames (sort { $a <=> $b } keys %cost) {
        my %of = %{ $cost{$frames} };
        my $base = $of{sync} && $of{sync}{cost_per_round}{median};
        my @columns = map {
            my $own = $of{$_} && $of{$_}{cost_per_round}{median};
            ($own // "-", $own && $base ? sprintf("%.2fx", $base / $own) : "-");
        } qw(async adaptive);
        printf "%-7d %10s %10s %8s %10s %8s %14s\n", $frames, $base // "-", @columns,
            $of{async} ? sprintf("%.4f", $of{async}{trap_frequency}) : "-";
    }
}

my @all;
for my $i (0 .. $#boots) {
    my $boot = $boots[$i];
    printf "\n[%d/%d] PLATFORM=%s, placement %s (harts %d), policy %s; a round of Map and Unmap in %s\n", $i + 1,
        scalar @boots, @$boot{qw(platform placement harts policy clock)};
    my @records = boot($boot);
    print_boot($boot, @records);
    push @all, @records;
}
die "bench: nothing to measure\n" if !@all;
write_json($json, @all);
print "\nrecords: $json\n";
Report::draw($json);
