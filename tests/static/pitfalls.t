# Each pitfall, R1 to R44, has a line in tests/system/uintr/README.md or tests/system/async-hostile/README.md, and the
# tests that these pages name exist: each quoted sentence stands in the file that is named before it. The same for the sentences in italics of
# docs/async-library.md, which stand in a test of the library.
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
    next if $2 eq "sentence";
    my $sentence = $2;
    $count++;
    ok(index($source, $sentence) >= 0, "$file: $sentence");
}
cmp_ok($count, ">=", 50, "sentences were found");

my %named = map { $_ => 1 } map { /R\d+/g } $page =~ /^\| (R[\d, R]+)/mg;
is_deeply([grep { !$named{"R$_"} } 1 .. 44], [], "each pitfall has a line");

my $library = join "", map { read_file($_) } glob("tests/system/async-lib/*.c tests/host/test_rel4_*.c");
$library = $library =~ s/"\s*\n\s*"//gr =~ s/_/ /gr;
for (read_file("docs/async-library.md") =~ /^\| R\d.*$/mg) {
    ok(index($library, $_) >= 0, "a test of the library: $_") for /\*([^*]+)\*/g;
}

done_testing();
