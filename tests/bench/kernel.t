# Instruction counts are the same in every run, so how fast the kernel is can be tested: no operation takes more than
# 0.8 of seL4's instructions, all together at most 0.6. And docs/performance.md tells what is measured today.
use strict;
use warnings;
use lib "bench";
use Bench;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

# The page names the compiler whose code was counted; another one's is not worse for being different.
my ($named) = read_file("docs/performance.md") =~ /riscv64-unknown-elf-gcc (\d+\.\d+\.\d+)/;
chomp(my $compiler = `riscv64-unknown-elf-gcc -dumpfullversion`);
plan skip_all => "the counts are those of gcc $named, this is $compiler" if $compiler ne $named;

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!";
    local $/;
    return <$file>;
}

my @records = grep { $_->{reference} } measure("out/rel4.elf", "out/bench/kernel.elf", qemu => ["-icount", "shift=0,sleep=off"]);
cmp_ok(@records, ">=", 44, "as many operations are measured as seL4's figures name");
cmp_ok(geometric_mean(@records), "<=", 0.6, "all operations together: at most 0.6 of seL4's instructions");
my @slow = grep { $_->{ratio} > 0.8 } @records;
is(join(", ", map { "$_->{name}: $_->{ratio}" } @slow), "", "no operation: more than 0.8 of seL4's instructions");

# The profile writes its table into a copy of the page: if that changes nothing, the page is right.
my $folder = tempdir(CLEANUP => 1);
copy("docs/performance.md", "$folder/page.md") or die "$!";
is(system("bench/stages.pl out/rel4.elf out/bench/stages.elf $folder/stages.json $folder/page.md > $folder/table"), 0,
    "the stage profile runs");
is(read_file("$folder/page.md"), read_file("docs/performance.md"),
    "docs/performance.md has today's table; make bench EXPERIMENT=stages renews it");

done_testing();
