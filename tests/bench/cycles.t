# The model of a processor (bench/cycles/) against a real core's RTL: the same kernel and program (tests/cycles/).
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use List::Util qw(sum);
use lib "bench";
use Bench;
use Test::More;

my $folder = tempdir(CLEANUP => 1);

# Runs a part of the program on the model; returns the reports in the order in which the program begins them.
sub run {
    my ($arguments, @options) = @_;
    my $report = "$folder/report";
    unlink $report;
    my @machine = qw(-machine virt -m 64 -nographic -no-reboot -kernel tests/cycles/kernel.elf -initrd tests/cycles/measure.elf);
    open my $qemu, "-|", "timeout", "-k", "5", "300", "qemu-system-riscv64", @machine, "-append", "-- $arguments",
        "-icount", "shift=0,sleep=off", cycles_plugin($report, @options) or die "cannot run QEMU: $!";
    my $console = do { local $/; <$qemu> };
    close $qemu or diag($console);
    return map { decode_json($_) } split /\n/, read_file($report);
}

sub lines_of { return map { [split / \| /] } grep { !/^#/ } split /\n/, read_file("tests/cycles/$_[0].txt") }

sub median { return (sort { $a <=> $b } @_)[$#_ / 2] }

# Checks cycles against the core's, and that the same instructions were executed. Returns how far they are off.
sub near {
    my ($name, $core, $instructions, $share, @reports) = @_;
    my $cycles = median(map { $_->{cycles} } @reports);
    my $executed = median(map { $_->{instructions} } @reports);
    my $off = $cycles / $core - 1;
    cmp_ok(abs($executed / $instructions - 1), "<=", 0.025, "$name: the same instructions");
    ok(abs($off) <= $share, sprintf("%s: within %d %% of its cycles", $name, 100 * $share))
        or diag(sprintf("%.0f cycles, %.0f on the core, %+.1f %%", $cycles, $core, 100 * $off));
    return abs $off;
}

# Warm calls: 15 samples of each, of which 6 do not count. Memory's latency changes between two series of single calls and
# between two of calls between threads; the last change is behind them.
my @calls = lines_of("calls");
my @reports = run("part=1", "memory=20:60:20:20:60");
my (%samples, @off);
for my $memory (20, 60) {
    my @names = ("nothing", map { $_->[1] } grep { $_->[0] == $memory && $_->[1] !~ /same space/ } @calls);
    push @{ $samples{$memory}{$_} }, (splice @reports, 0, 15)[6 .. 14] for @names;
}
shift @reports;    # of the call that starts the other thread
for my $memory (20, 60) {
    for my $sample (0 .. 14) {
        # A round trip begins, then its first half in it, then its second.
        my %of;
        @of{"Call + ReplyRecv, same space", "Call one way, same space", "ReplyRecv one way, same space"} = splice @reports, 0, 3;
        next if $sample < 6;
        push @{ $samples{$memory}{$_} }, $of{$_} for keys %of;
    }
}
for my $call (@calls) {
    my ($memory, $name, $cycles, $instructions) = @$call;
    push @off, near("$name, memory $memory", $cycles, $instructions, 0.1, @{ $samples{$memory}{$name} });
}

# Rounds of Map and Unmap: three samples of each mode, of which the first does not count.
my %share = (1 => 0.25, map { $_ => 0.15 } 2, 4, 8, 16, 32, 64);
for my $core ([0, 20], [512, 20], [0, 60]) {
    my ($second, $memory) = @$core;
    my $machine = "$second KiB second level, memory $memory";
    my @rows = grep { $_->[0] == $second && $_->[1] == $memory } lines_of("rounds");
    my @rounds = run("part=2 nmax=64 lat=$memory reps=3", "memory=$memory", "second=$second");
    my %samples;
    for my $frames (map { 2**$_ } 0 .. 6) {
        my $rounds = $frames * ($frames >= 64 ? 4 : $frames >= 4 ? 8 : 32 / $frames);
        my @modes = ("sync, frame by frame", "sync, all maps first", "async", $frames == 1 || $frames == 8 ? "adaptive" : ());
        for my $sample (0 .. 2) {
            for my $mode (@modes) {
                my $report = shift @rounds;
                $_ /= $rounds for values %$report;
                push @{ $samples{$frames}{$mode} }, $report if $sample > 0;
            }
        }
    }
    my (%model, %core);
    for my $row (@rows) {
        my (undef, undef, $frames, $mode, $cycles, $instructions) = @$row;
        my @own = @{ $samples{$frames}{$mode} };
        push @off, near("$frames frames, $mode, $machine", $cycles, $instructions, $share{$frames}, @own);
        $model{$frames}{$mode} = median(map { $_->{cycles} } @own);
        $core{$frames}{$mode} = $cycles;
    }
    for my $frames (sort { $a <=> $b } keys %core) {
        my ($by_model, $on_core) = map { $_->{$frames}{"sync, frame by frame"} / $_->{$frames}{async} } \%model, \%core;
        cmp_ok(abs($by_model - $on_core), "<=", 0.06, "$frames frames, $machine: how many times as fast the ring is")
            or diag("$by_model, $on_core on the core");
    }
    my @pairs = map { my $frames = $_; map { [$model{$frames}{$_}, $core{$frames}{$_}, "$frames $_"] } keys %{ $core{$frames} } } keys %core;
    my @swapped;
    for my $one (@pairs) {
        push @swapped, map { "$one->[2] and $_->[2]" } grep { $one->[1] > 1.1 * $_->[1] && $one->[0] <= $_->[0] } @pairs;
    }
    is("@swapped", "", "$machine: what takes longer on the core takes longer on the model");
}
cmp_ok(sum(@off) / @off, "<=", 0.08, "the mean of all is within 8 %");

# The same seed makes the same run.
my @first = run("part=2 nmax=4 lat=20 reps=3", "memory=20", "seed=7");
is_deeply([run("part=2 nmax=4 lat=20 reps=3", "memory=20", "seed=7")], \@first, "a run can be repeated exactly");

done_testing();
