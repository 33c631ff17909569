# bench/stages.pl puts the functions of the kernel into stages by their names. A name there that no function has any more
# would leave the one that took its place in another stage, and nothing would say so.
use strict;
use warnings;
use Test::More;

sub slurp { local (@ARGV, $/) = @_; scalar <> }

# The alternatives of a pattern, each as a pattern of its own. An optional suffix may be any.
sub alternatives {
    my $pattern = $_[0] =~ s/\(\w+\)\?/\\w*/gr;
    if ($pattern =~ /^(.*?)\(([^()]*)\)\??(.*)$/) {
        my ($before, $inside, $after) = ($1, $2, $3);
        return map { alternatives($_) } map { "$before$_$after" } split /\|/, $inside if $before !~ /\|/ && $after !~ /\|/;
        my ($first) = $before =~ /([^|]*)$/;
        my ($rest) = $after =~ /^([^|]*)/;
        my @others = split /\|/, substr($before, 0, length($before) - length $first) . substr $after, length $rest;
        return ((map { alternatives("$first$_$rest") } split /\|/, $inside), map { alternatives($_) } grep { $_ ne "" } @others);
    }
    return split /\|/, $pattern;
}

is_deeply([alternatives("a|b(c|d)e|f(g)?")], ["bce", "bde", "a", "f\\w*"], "alternatives are found");

my %functions = map { $_ => 1 } map {
    my $text = slurp($_) =~ s{/\*.*?\*/}{}gsr;
    ($text =~ /\b([a-z]\w*)\(/g, $text =~ /^([a-z]\w*):/mg, $text =~ /^HANDLER\((\w+)/mg);
} split /\n/, qx(find kernel -name '*.[chS]');
my ($stages) = slurp("bench/stages.pl") =~ /^my \@stages = \((.*?)^\);/ms;
my @names = grep { $_ ne "program" } map { alternatives(s/\s+//gr =~ s/^\((.*)\)\z/$1/r) } $stages =~ m{qr/\^(.*?)\$/}gs;
cmp_ok(scalar @names, ">", 50, "names were found");
my @stale = grep { my $name = $_; !grep { /^$name$/ } keys %functions } @names;
is_deeply(\@stale, [], "each name is one of the kernel's functions");
done_testing();
