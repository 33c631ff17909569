# The experiment on asynchronous calls, in instructions on one hart: what it says of a few points, its records, and
# its report.
use strict;
use warnings;
use File::Temp qw(tempdir);
use lib "bench";
use Report;
use JSON::PP qw(decode_json encode_json);
use Test::More;

delete @ENV{qw(MODE HARTS QUICK PLATFORM)};
my $folder = tempdir(CLEANUP => 1);

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or return "";
    local $/;
    return <$file> // "";
}

# The records at one number of frames, by mode.
sub measured {
    my ($frames) = @_;
    local @ENV{qw(FRAMES CLOCK PLATFORMS)} = ($frames, "instructions", "virt");
    my $json = "$folder/async.json";
    is(system("bench/async.pl out/rel4.elf out/apps/allocator.elf $json > $folder/output"), 0, "it runs with $frames frame(s)");
    return map { $_->{mode} => $_ } @{ decode_json(read_file($json)) };
}

sub cost { return $_[0]{cost_per_round}{median} }

my %few = measured(1);
cmp_ok(cost($few{adaptive}), "<=", 1.35 * cost($few{sync}), "adaptive: a call with nothing else to do costs little more");
cmp_ok($few{adaptive}{trap_frequency}, "==", 1, "adaptive: it goes by trap");

my %many = measured(256);
is(join(" ", sort keys %many), "adaptive async batch repeat sync", "there is a record for each mode");
is_deeply([grep { !exists $many{async}{$_} } qw(experiment mode placement policy backend harts frames rounds clock cost_per_round
    trap_frequency user_interrupts ipis served batch_sizes)], [], "a record has all of its fields");
cmp_ok(cost($many{async}), "<=", 1.02 * cost($many{sync}), "256 coroutines: a call costs no more instructions than by trap");
cmp_ok($many{async}{trap_frequency}, "<=", 0.005, "256 coroutines: a trap serves 200 calls");
my $served = $many{async}{served};
cmp_ok($served->{idle} + $served->{call} + $served->{block} + $served->{tick}, "==", $many{async}{calls},
    "256 coroutines: every call is served once");
like(read_file("$folder/report.html"), qr/<svg.*<svg.*published/s, "the report has its curves inside");
ok(-s "$folder/async-$_-emulated.png", "there is a picture of $_") for qw(performance traps);

# The same on the clock of a model.
sub in_cycles {
    local @ENV{qw(FRAMES CLOCK PLATFORMS)} = (8, "cycles", "virt");
    is(system("bench/async.pl out/rel4.elf out/apps/allocator.elf $folder/cycles.json > $folder/output"), 0, "it runs on the clock of cycles");
    return map { $_->{mode} => $_ } @{ decode_json(read_file("$folder/cycles.json")) };
}
my %cycles = in_cycles();
for my $record (@cycles{qw(sync async)}) {
    cmp_ok(cost($record), ">", $record->{causes}{instructions}, "$record->{mode}: there are more cycles than instructions");
    is($record->{clock}, "cycles", "$record->{mode}: the record says so");
}
cmp_ok($cycles{async}{causes}{data_lines}, ">", $cycles{sync}{causes}{data_lines}, "the ring touches more lines than system calls");
is_deeply({ in_cycles() }, \%cycles, "and each run says the same");

# The picture of docs/performance.md needs both clocks and an idle hart; here all of it is instructions on one hart.
sub draws {
    my (@records) = @_;
    open my $file, ">", "$folder/records.json" or die "$!";
    print $file encode_json(\@records);
    close $file;
    return eval { Report::draw_picture("$folder/records.json", "$folder/picture.svg"); 1 };
}
my @both = (values %few, values %many);
my @timed = map { +{ %$_, clock => "ticks" } } @both;
ok(draws(@both, @timed, map { +{ %$_, placement => "idle" } } @timed), "the picture of docs/performance.md is drawn");
is(() = read_file("$folder/picture.svg") =~ /<title>(?:asynchronous|adaptive|with)/g, 6, "with its six curves");
ok(!draws(@both), "but not from half of the records");

done_testing();
