# What user interrupts cost by hardware has limits, and docs/user-interrupts.md tells what is measured today.
use strict;
use warnings;
use lib "bench";
use Bench;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

# The experiment writes its table into a copy of the page: if that changes nothing, the page is right.
my $folder = tempdir(CLEANUP => 1);
copy("docs/user-interrupts.md", "$folder/page.md") or die "$!";
is(system("bench/uintr.pl out/rel4.elf out/bench/uintr.elf $folder/uintr.json $folder/page.md > $folder/table"), 0,
    "both backends are measured");
my %median = map { $_->{name} => $_->{median} } @{ JSON::PP->new->decode(read_file("$folder/uintr.json")) };
my ($named, $compiler) = compilers();
my $more = $compiler eq $named ? 1 : 1.1;
diag("gcc $compiler: " . join ", ", map { "$_: $median{$_}" } grep { /^hardware: (?:sending|entering)/ } sort keys %median) if $compiler ne $named;
cmp_ok($median{"hardware: sending, for the sender"}, "<=", $more * 10, "a send takes its sender 10 instructions at most");
cmp_ok($median{"hardware: entering and leaving a handler"}, "<=", $more * 55,
    "entering and leaving a handler without floating point takes 55 instructions at most");

# Another compiler's figures are not wrong for being different.
SKIP: {
    skip "the counts are those of gcc $named, this is $compiler", 1 if $compiler ne $named;
    ok(read_file("$folder/page.md") eq read_file("docs/user-interrupts.md"),
        "docs/user-interrupts.md has today's figures; make bench EXPERIMENT=uintr renews them");
}

done_testing();
