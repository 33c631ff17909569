# The scenarios of the experiment, small: each does its work in each mode, on one hart and beside idle ones, and what it
# records is whole; a part of the work that is left out is found; arguments that make no sense are refused.
use strict;
use warnings;
use lib qw(tests/boot bench);
use Boot;
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use List::Util qw(sum);
use Test::More;

delete @ENV{qw(SCENARIO FRAMES MODE CLOCK HARTS QUICK PLATFORM)};
my $folder = tempdir(CLEANUP => 1);
my @scenarios = qw(map-unmap address-space threads capabilities overlap in-sequence);
my @keys = qw(scenario mode units rounds coroutines calls traps user_interrupts ipis signals fences latency served batches busy totals);
my $small = "frames=8 rounds=2 units=40 coroutines=8 repetitions=2";
my @machine = (root => "out/apps/allocator.elf", limit => 300);

# Boots with arguments, and returns the points that were printed.
sub points {
    my ($name, $arguments, %with) = @_;
    my $options = delete $with{options} // "";
    my $console = boots($name, qr/^allocator: done$/m, @machine, %with, bootargs => "log=none $options -- $small records=1 $arguments");
    return map { +{ map { split /=/, $_, 2 } split " ", $_ } } $console =~ /^point (.*)$/mg;
}

sub numbers { return split /,/, $_[0] }

# What a point must be, whatever the machine.
sub whole {
    my ($point) = @_;
    my $name = "$point->{scenario}, $point->{mode}";
    my ($samples, @latency) = numbers($point->{latency});

    is_deeply([grep { ($point->{$_} // "") !~ /^[\w,-]+$/ } @keys], [], "$name: all is there");
    is(scalar(() = numbers($point->{totals})), 2, "$name: a time for each repetition");
    cmp_ok($samples, ">=", 200, "$name: single calls are timed");
    ok($latency[0] <= $latency[1] && $latency[1] <= $latency[2], "$name: their percentiles are in order");
    my $served = sum numbers($point->{served});
    if ($point->{mode} eq "sync") {
        is("$point->{traps} $served", "$point->{calls} 0", "$name: each call is a trap");
    } elsif ($point->{mode} eq "async") {
        is($served, $point->{calls}, "$name: the kernel serves each call once");
    } else {
        cmp_ok($served, "<=", $point->{calls}, "$name: the kernel serves no call twice");
    }
}

# The rest of the records depends on the clock of the host, or can be checked only where that does not matter.
my @deterministic = points("all scenarios, one hart, instructions", "scenarios=63 clock=1", qemu => ["-icount", "shift=0,sleep=off"]);
is(join(" ", map { "$_->{scenario}/$_->{mode}" } @deterministic), join(" ", map { my $name = $_; map { "$name/$_" } qw(sync async adaptive) } @scenarios),
    "each scenario is there in each mode");
my %units = ("map-unmap" => 8);
for my $point (@deterministic) {
    my $name = "$point->{scenario}, $point->{mode}";
    whole($point);
    is("$point->{units} $point->{coroutines}", join(" ", $units{ $point->{scenario} } // 40, 8), "$name: as many units as were asked for");
    cmp_ok((numbers($point->{latency}))[1], ">", 0, "$name: a call takes time");
    cmp_ok($point->{traps}, "<=", 0.3 * $point->{calls}, "$name: a trap serves several calls") if $point->{mode} eq "async";
}
# Calls of two repetitions: Map and Unmap; the same and 2 + 2 + 1 for root and two tables, and 3 Deletes; ...
my %calls = ("map-unmap" => 2 * 8 * 2, "address-space" => 2 * 40 + 5 + 3, threads => 7 * 40, capabilities => 5 * 40, overlap => 2 * 40 * 20, "in-sequence" => 2 * 40 * 20);
is_deeply({ map { $_->{scenario} => $_->{calls} / 2 } @deterministic }, \%calls, "no call is left out");

my @again = points("all scenarios once more", "scenarios=63 clock=1", qemu => ["-icount", "shift=0,sleep=off"]);
# With sleep=off the emulator's clock does not follow the host's where the machine waits: each tick comes at the same instruction.
sub counts { return [map { "$_->{totals} $_->{latency}" } @_] }
is_deeply(counts(@again), counts(@deterministic), "instruction counts are the same in every run");

whole($_) for points("all scenarios with idle harts", "scenarios=63", harts => 4);
points("all scenarios, debug kernel that checks itself", "scenarios=63", harts => 4, kernel => "out/debug/rel4.elf", options => "check=2000");
points("all scenarios without user interrupts", "scenarios=63", options => "uintr=none");
points("all scenarios with abi=up", "scenarios=63", root => "out/up/apps/allocator.elf", options => "abi=up");
points("all scenarios with a coroutine for each unit, and one for all", "scenarios=63 coroutines=$_") for 1024, 1;
points("all scenarios, served at the tick", "scenarios=63 policy=1 units=16 frames=2 modes=2 coroutines=16");

# Without a part of the work, each scenario says so and fails.
for my $bit (0 .. $#scenarios) {
    for my $mode (1, 2) {
        fails("$scenarios[$bit], mode $mode: work that is not done is found", "$small scenarios=" . (1 << $bit) . " modes=$mode skip=1",
            qr/^allocator: NO: $scenarios[$bit], \d+ units, \w+: \w/m);
        fails("$scenarios[$bit], mode $mode: a wrong result is found", "$small scenarios=" . (1 << $bit) . " modes=$mode skip=2",
            qr/^allocator: NO: $scenarios[$bit], \d+ units, \w+: a result was wrong/m) if $scenarios[$bit] =~ /overlap|sequence/;
    }
}

# Arguments that make no sense.
for my $case (
    ["scenarios=64", qr/scenarios is from 1 to 63, not 64$/m], ["scenarios=0", qr/scenarios is from 1 to 63, not 0$/m],
    ["units=4097", qr/units is from 0 to 4096, not 4097$/m], ["coroutines=0", qr/coroutines is from 1 to 1024, not 0$/m],
    ["repetitions=0", qr/repetitions is from 1 to 50, not 0$/m], ["frames=3", qr/nothing to measure: frames is a power of two$/m],
    ["scenario=1", qr/'scenario=1' is no argument; there are, each with a number: scenarios= .*records=$/m],
    ["scenarios=x", qr/'scenarios=x' is no argument/], ["units=-1", qr/'units=-1' is no argument/], ["units=", qr/'units=' is no argument/],
    ["scenarios=2", qr/too few slots; root_cnode_bits=14 in front of -- makes more/],
) {
    fails("$case->[0] is refused", $case->[0], $case->[1]);
}

# What make bench does.
sub bench {
    my (%with) = @_;
    local @ENV{ keys %with } = values %with;
    local $ENV{PLATFORMS} = "virt";
    my $status = system("bench/async.pl out/rel4.elf out/apps/allocator.elf $folder/async.json > $folder/output 2>&1");
    my $output = read_file("$folder/output");
    diag($output) if $status && !$with{refused};
    return ($status, $output);
}

for my $case (
    [{ SCENARIO => "nonsense" }, qr/^bench: SCENARIO=nonsense makes no sense here; there is all, map-unmap, .*overlap$/m],
    [{ SCENARIO => "threads", FRAMES => 64 }, qr/^bench: FRAMES is for SCENARIO=map-unmap, not for threads$/m],
) {
    my ($with, $expect) = @$case;
    my ($status, $output) = bench(%$with, refused => 1);
    isnt($status, 0, "make bench with SCENARIO=$with->{SCENARIO} fails");
    like($output, $expect, "and says why");
}

is((bench(CLOCK => "instructions", QUICK => 1))[0], 0, "make bench with all scenarios");
my @records = @{ decode_json(read_file("$folder/async.json")) };
is(join(" ", sort keys %{ { map { $_->{scenario} => 1 } @records } }), join(" ", sort @scenarios), "there are records of all scenarios");
is_deeply([grep { grep { !defined } @$_{qw(mode placement policy backend harts frames units coroutines rounds clock trap_frequency)},
    $_->{cost_per_round}{median}, @{ $_->{call_latency} }{qw(samples p50 p95 p99)} } @records], [], "each with all of its fields");
my $report = read_file("$folder/report.html");
like($report, qr{<h2>Scenarios</h2>.*<td>$_</td>.*<h2>Single calls</h2>}s, "the report has $_ in its table of scenarios") for @scenarios[1 .. $#scenarios];
ok(-s "$folder/async-scenarios-emulated.png", "there is a picture of them");

is((bench(SCENARIO => "overlap", CLOCK => "ticks", HARTS => 2, MODE => "async", QUICK => 1))[0], 0, "make bench SCENARIO=overlap");
@records = @{ decode_json(read_file("$folder/async.json")) };
is(join(" ", map { "$_->{scenario}/$_->{mode}" } @records), "overlap/sync overlap/async in-sequence/sync in-sequence/async", "its control is measured, too");
for my $record (@records) {
    my @busy = @{ $record->{busy} };
    is(scalar(@busy), 2, "$record->{scenario}, $record->{mode}: the busy time of each hart");
    is(sum(@busy) > 0, $record->{served}{idle} > 0, "which it has if idle harts served requests");
}

done_testing();

# Proves that the root task says what is wrong, and fails.
sub fails {
    my ($name, $arguments, $expect) = @_;
    open my $console, "-|", "timeout", "-k", "5", "300", "scripts/qemu.sh", "out/rel4.elf", "out/apps/allocator.elf", "bootargs=log=none -- $arguments"
        or die "$!";
    my $text = do { local $/; <$console> // "" } =~ s/\r//gr;
    close $console;
    my $status = $? >> 8;
    ok($status && $status != 124 && $status != 137 && $text =~ $expect, $name) or diag("status: $status\n$text");
}
