# docs/tutorial.md, done by a reader who does what it says: listings become main.c, patches are applied, commands are
# run, and each has to print what stands behind it, line by line; <...> stands for what may differ.
use strict;
use warnings;
use lib "tests/docs";
use Docs;
use Test::More;

my $mine = "$folder/mine";
my %seen;    # what was printed where the page has <...>

# The pattern of a block of output, and what stands between its angle brackets.
sub pattern {
    my ($text) = @_;
    my @marks = $text =~ /<([^>\n]*)>/g;
    chomp $text;
    my $pattern = join '(\S+)', map { quotemeta } split /<[^>\n]*>/, $text, -1;
    return (qr/^$pattern$/m, @marks);
}

# What a reader types: in this folder, and with the addresses that this machine has printed.
sub typed {
    my ($command) = @_;
    $command =~ s/\b\Q$_\E\b/$seen{$_}/g for grep { length > 3 } keys %seen;
    return $command =~ s{\.\./mine}{$mine}gr;
}

my @blocks = blocks("docs/tutorial.md");
while (my $block = shift @blocks) {
    my ($language, $text) = @$block;
    if ($language eq "c") {
        write_file("$mine/main.c", $text);
    } elsif ($language eq "diff") {
        write_file("$folder/patch", $text);
        my ($status, $output) = run("patch $mine/main.c $folder/patch");
        is($status, 0, "a patch fits") or diag($output);
    } else {
        my ($command, @more) = commands_of($text);
        ok($command && !@more, "a block is one command, or the output of the one before it") or diag($text);
        my $shown = @blocks && $blocks[0][0] eq "" && $blocks[0][1] !~ /^$Docs::program/ ? (shift @blocks)->[1] : "";
        my ($pattern, @marks) = pattern($shown);
        # A program that has faulted stands still.
        my ($status, $output) = run(typed($command), $shown =~ / in application,/ ? $pattern : undef);
        my @values = $output =~ $pattern;
        ok(scalar @values, "$command: prints what the page shows") or diag("shown:\n$shown\nprinted, status $status:\n$output");
        @seen{@marks} = @values if @marks;
    }
}
cmp_ok(scalar keys %seen, ">=", 3, "the page was found");

done_testing();
