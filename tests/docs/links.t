# Each link of a page to another page, file or section leads somewhere.
use strict;
use warnings;
use lib "tests/docs";
use Docs;
use File::Basename qw(dirname);
use Test::More;

# The names by which links reach the sections of a page: each heading in lower case, without punctuation.
sub anchors {
    my ($path) = @_;
    return map { lc s/[^\w\s-]//gr =~ s/ /-/gr } read_file($path) =~ /^#+ (.*)/mg;
}

my $count = 0;
for my $page (pages()) {
    my @broken;
    for (read_file($page) =~ /\]\(([^()\s]+)\)/g) {
        next if /^\w+:/;
        my ($path, $anchor) = /^([^#]*)(?:#(.*))?$/;
        my $target = $path eq "" ? $page : dirname($page) . "/$path";
        $count++;
        push @broken, $_ if !-e $target || defined $anchor && !grep { $_ eq $anchor } anchors($target);
    }
    is_deeply(\@broken, [], "$page: its links lead somewhere");
}
cmp_ok($count, ">", 50, "links were found");

done_testing();
