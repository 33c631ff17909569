# The READMEs of tests/system/ that list pitfalls name tests that exist: each quoted sentence stands in the file that is
# named before it, and each row names a test.
use strict;
use warnings;
use Test::More;

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or return "";
    local $/;
    return <$file>;
}

my ($file, $source, $count) = ("", "", 0);
my $page = read_file("tests/system/uintr/README.md") . read_file("tests/system/async-hostile/README.md");
while ($page =~ /`((?:system|host|uintc)\/\S+)`|"([^"]+)"/g) {
    if (defined $1) {
        $file = $1;
        $source = read_file("tests/$file") =~ s/"\s*\n\s*"//gr;    # a literal over several lines is one
        isnt($source, "", "tests/$file exists");
        next;
    }
    next if $2 eq "sentence";    # the pages explain their notation by it
    my $sentence = $2;
    $count++;
    ok(index($source, $sentence) >= 0, "$file: $sentence");
}
cmp_ok($count, ">=", 50, "sentences were found");

my @rows = grep { !/^\| Mistake \|/ } $page =~ /^(\| .*)/mg;
is_deeply([grep { !/`(?:system|host|uintc)\/[^`]+`[^|]*\|$/ } @rows], [], "each row names a test");

done_testing();
