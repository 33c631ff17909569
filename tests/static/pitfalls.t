# The tests that docs/pitfalls.md and docs/pitfalls-async.md name exist: each quoted sentence stands in the file that is named before it.
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
my $page = read_file("docs/pitfalls.md") . read_file("docs/pitfalls-async.md");
while ($page =~ /`((?:system|host|uintc)\/\S+)`|"([^"]+)"/g) {
    if (defined $1) {
        $file = $1;
        $source = read_file("tests/$file") =~ s/"\s*\n\s*"//gr;    # a literal over several lines is one
        isnt($source, "", "tests/$file exists");
        next;
    }
    next if $2 eq "sentence";
    my $sentence = $2;
    $count++;
    ok(index($source, $sentence) >= 0, "$file: $sentence");
}
cmp_ok($count, ">=", 50, "sentences were found");

done_testing();
