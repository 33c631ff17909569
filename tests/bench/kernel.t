# Instruction counts are the same in every run, so how fast the kernel is can be tested: no operation takes more than
# 0.8 of seL4's instructions, all together at most 0.6. And docs/performance.md tells what is measured today. That holds
# for the compiler that the page names; the code of others is as good if it stays within a tenth of that.
use strict;
use warnings;
use lib "bench";
use Bench;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my ($named, $compiler) = compilers();
my $more = $compiler eq $named ? 1 : 1.1;
my ($each, $together) = map { $more * $_ } 0.8, 0.6;

my @records = grep { $_->{reference} } measure("out/rel4.elf", "out/bench/kernel.elf", qemu => ["-icount", "shift=0,sleep=off"]);
cmp_ok(@records, ">=", 44, "as many operations are measured as seL4's figures name");
my ($mean, @worst) = (geometric_mean(@records), sort { $b->{ratio} <=> $a->{ratio} } @records);
diag(sprintf "gcc %s: %.3f of seL4's instructions, %.3f for %s", $compiler, $mean, @{ $worst[0] }{qw(ratio name)}) if $compiler ne $named;
cmp_ok($mean, "<=", $together, "all operations together: at most $together of seL4's instructions");
my @slow = grep { $_->{ratio} > $each } @worst;
is(join(", ", map { "$_->{name}: $_->{ratio}" } @slow), "", "no operation: more than $each of seL4's instructions");

# The profile writes its table into a copy of the page: if that changes nothing, the page is right.
SKIP: {
    skip "the page has the counts of gcc $named, this is $compiler", 2 if $compiler ne $named;
    my $folder = tempdir(CLEANUP => 1);
    copy("docs/performance.md", "$folder/page.md") or die "$!";
    is(system("bench/stages.pl out/rel4.elf out/bench/stages.elf $folder/stages.json $folder/page.md > $folder/table"), 0,
        "the stage profile runs");
    is(read_file("$folder/page.md"), read_file("docs/performance.md"),
        "docs/performance.md has today's table; make bench EXPERIMENT=stages renews it");
}

done_testing();
