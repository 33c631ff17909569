# docs/porting.md lists the headers of kernel/arch/ that other folders of the kernel include, and what they use of these
# headers: functions, types, constants and variables.
use strict;
use warnings;
use lib "tests/docs";
use Docs;
use File::Find qw(find);
use Test::More;

sub without_comments { $_[0] =~ s{/\*.*?\*/}{}gsr }

my $page = read_file("docs/porting.md");
my ($generic, %path) = "";
find({ no_chdir => 1, wanted => sub {
    $path{"arch/$1"} = $_ if m{^kernel/arch/riscv64/include/arch/(.+\.h)$};
    $generic .= without_comments(read_file($_)) if /\.[ch]$/ && !m{^kernel/arch/};
} }, "kernel");

my %included = map { $_ => 1 } $generic =~ /^#include "(arch\/[^"]+)"/mg;
cmp_ok(scalar keys %included, ">", 10, "headers were found");
is_deeply([sort { $a cmp $b } $page =~ m{`(arch/[\w/]+\.h)`}g], [sort keys %included], "the page lists the headers");

my %called = map { $_ => 1 } $generic =~ /\b([a-z]\w*)\(/g;
for my $header (sort keys %included) {
    my @functions = without_comments(read_file($path{$header})) =~ /^(?!_Static)[a-z_][^\n;{}=]*?\b([a-z]\w*)\(/mg;
    my @missing = grep { $called{$_} && index($page, "`$_()`") < 0 } @functions;
    is_deeply(\@missing, [], "the functions of $header that generic code calls are listed");
}

# Constants also come through a header of one architecture that the header includes.
my %used = map { $_ => 1 } $generic =~ /\b([A-Za-z_]\w*)\b/g;
my %structure = map { $_ => 1 } $generic =~ /\bstruct (\w+)/g;
for my $header (sort keys %included) {
    my $text = without_comments(read_file($path{$header}));
    $text .= without_comments(read_file("kernel/$1")) if $text =~ m{^#include "(arch/\w+/offsets\.h)"}m;
    my @names = ((grep { $used{$_} } $text =~ /^#define (\w+)/mg, $text =~ /^typedef .*\b(\w+);/mg, $text =~ /^extern .*?\b(\w+)(?:\[\w+\])?;/mg),
        map { "struct $_" } grep { $structure{$_} } $text =~ /^struct (\w+) \{/mg);
    is_deeply([grep { index($page, "`$_`") < 0 } @names], [], "the types, constants and variables of $header that generic code uses are listed");
}
my $arch = join "", map { read_file($_) } values %path;
my ($listed) = $page =~ /^## Another architecture\n(.*?)^An architecture also has/ms;
is_deeply([grep { $arch !~ /\b$_\(/ } $listed =~ /`(\w+)\(\)`/g], [], "the functions that are listed exist");

done_testing();
