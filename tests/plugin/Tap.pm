# Adds a check to what a test printed: something that was found out about its run from outside.
package Tap;
use strict;
use warnings;
use Exporter "import";

our @EXPORT = qw(add_check read_file);

# The text of a file, or nothing.
sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return;
    local $/;
    return scalar <$file>;
}

# Changes the file with the test's TAP: whether it is good, its sentence, and comments. Without a plan nothing is added.
sub add_check {
    my ($console, $good, $sentence, @comments) = @_;
    my $tap = read_file($console) // '';
    my $number = 0;
    $tap =~ s/^1\.\.(\d+)/$number = $1 + 1; "1..$number"/me or return;
    open my $out, '>', $console or die "$console: $!\n";
    print $out $tap, (map { "# $_\n" } @comments), $good ? '' : 'not ', "ok $number - $sentence\n";
    close $out or die "$console: $!\n";
}

1;
