# docs/memory-order.md is complete: each function of the kernel and of lib/rel4 that has an atomic access, a fence, a
# word of a ring's header, or ends a load reservation is named there; and the functions that it names exist.
use strict;
use warnings;
use Test::More;

sub slurp { local (@ARGV, $/) = @_; scalar <> }

my $page = slurp("docs/memory-order.md");
my $ordered = qr/__atomic_|\bfence\b|\bio_fence\(|\bsfence|\breservation_clear\(|\b(?:user|rel4)_ring_(?:peer|publish|must_wake|sleep|stay)\(|\bamo\w+\.|\b[ls][rc]\.[wd]\b/;

# These define what others use.
my %defines = map { $_ => 1 } qw(kernel/ipc/user_memory.h include/rel4/ring.h);

sub without_comments { $_[0] =~ s{/\*.*?\*/}{}gsr }

# The functions of a C source, with their bodies.
sub functions {
    my ($text) = @_;
    my %body;
    while ($text =~ /^([^\n;{}#]*(?:\n[^\n;{}#]+)*)\n\{\n(.*?)^\}/msg) {
        my ($head, $body) = ($1, $2);
        $head =~ s/__attribute__\(\(.*?\)\)//g;
        $body{$1} .= $body if $head =~ /(\w+)\(/;
    }
    return %body;
}

# The same of an assembler source, where a label or a macro begins one.
sub labels {
    my ($name, %body) = ("");
    for (split /\n/, $_[0]) {
        $name = $1 if /^(?:\.macro )?([A-Za-z_]\w*)[:,]?/;
        $body{$name} .= "$_\n";
    }
    return %body;
}

my %known;
my @missing;
my $count = 0;
for my $file (split /\n/, qx(find kernel lib/rel4 include/rel4 -name '*.[chS]')) {
    my $text = without_comments(slurp($file));
    my %functions = $file =~ /S$/ ? labels($text) : functions($text);
    $known{$_} = 1 for keys %functions;
    next if $defines{$file};
    for my $name (sort grep { $functions{$_} =~ $ordered } keys %functions) {
        $count++;
        push @missing, "$file: $name" if $page !~ /`\Q$name\E(?:\(\))?`/;
    }
}
cmp_ok($count, ">", 50, "functions were found");
is_deeply(\@missing, [], "each is on the page");
is_deeply([grep { !$known{$_} } $page =~ /`(\w+)\(\)`/g], [], "each function on the page exists");

done_testing();
