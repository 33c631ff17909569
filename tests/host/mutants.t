# Each mutant of the kernel (kernel/lib/mutant.h) is found by the unit tests that tests/models/README.md names for it, and each
# of these tests passes without.
use strict;
use warnings;
use File::Find qw(find);
use POSIX qw(SIGKILL SIGXCPU);
use Test::More;

# Seconds of processor time, as other programs may be busy, and of time for one that waits; a test that hangs has found
# nothing.
my ($BUSY, $LIMIT) = (60, 900);
my $HANGS = 124;

sub slurp { local (@ARGV, $/) = @_; scalar <> }

my %in_code;
find({ no_chdir => 1, wanted => sub {
    return if !/\.[chS]$/ or $_ eq "kernel/lib/mutant.h";
    $in_code{$_}++ for slurp($_) =~ /\bMUTANT\((\w+)\)/g;
} }, "kernel");

my %tests;
my ($section) = slurp("tests/models/README.md") =~ /^## Mutants\n(.*?)(?=^## |\z)/ms;
while ($section =~ /^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$/mg) {
    my ($name, $tests) = ($1, $2);
    $tests{$name} = [$tests =~ /`(test_\w+)`/g];
}
is_deeply([sort keys %tests], [sort keys %in_code], "the page lists the mutants of the kernel, and no others");
cmp_ok(scalar keys %tests, ">=", 12, "there are some");

# The exit status of a test with a mutant, if any.
sub status {
    my ($test, $mutant) = @_;
    local $ENV{REL4_MUTANT} = $mutant;
    delete $ENV{REL4_MUTANT} if !defined $mutant;
    my $status = system("timeout", $LIMIT, "sh", "-c", "ulimit -t $BUSY; exec out/host/$test > /dev/null 2>&1");
    my $signal = $status & 127 || ($status >> 8) - 128;
    return $signal == SIGXCPU || $signal == SIGKILL ? $HANGS : $status & 127 ? 128 + $signal : $status >> 8;
}

sub finds {
    my ($test, $mutant) = @_;
    my $status = status($test, $mutant);
    return -x "out/host/$test" && $status != 0 && $status != $HANGS;
}

# A test that always fails would find them all.
my %used = map { $_ => 1 } map { @$_ } values %tests;
is(status($_, undef), 0, "$_ passes") for sort keys %used;
is(status($_, "NOBODY"), 0, "$_ passes with a mutant that there is not") for (sort keys %used)[0];
for my $name (sort keys %tests) {
    ok(@{ $tests{$name} }, "$name has tests");
    ok(finds($_, $name), "$_ finds $name") for @{ $tests{$name} };
}
done_testing();
