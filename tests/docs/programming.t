# docs/programming.md: its listings are programs that build, run and print what the page shows, and gdb does what the
# page says. A listing that includes headers begins a program, the listings behind it go on with it; without a main()
# of its own, one is added that calls its last function. Numbers of several digits depend on machine and compiler.
use strict;
use warnings;
use lib "tests/docs";
use Docs;
use IO::Socket::INET;
use Test::More;

my $mine = "$folder/mine";
mkdir $mine or die "$!";

# The pattern of a line of output; ... is anything.
sub pattern {
    my ($line) = @_;
    return join ".*", map { s/(?<=0x)[0-9a-f]+|\d\d+/\0/gr =~ s/([^\w\s\0])/\\$1/gr =~ s/\0/[0-9a-f]+/gr } split /\.\.\./, $line, -1;
}

sub prints {
    my ($name, $output, @lines) = @_;
    my $from = 0;
    for my $line (@lines) {
        my $pattern = pattern($line);
        my $found = substr($output, $from) =~ /^$pattern$/m;
        ok($found, "$name: $line") or diag($output);
        $from += $+[0] if $found;
    }
}

# The listings and blocks of the page, as programs: source, and the lines that it prints.
my (@programs, $gdb);
for (blocks("docs/programming.md")) {
    my ($language, $text) = @$_;
    if ($language eq "c") {
        push @programs, { source => "", lines => [] } if $text =~ /^#include/m;
        if ($text =~ /^(?:static|#include|int)\b/m) {
            $programs[-1]{source} .= $text;
        } else {
            $programs[-1]{source} .= "void part(void);\nvoid part(void)\n{\n$text}\n";    # of a function
        }
        $programs[-1]{wants} = 1;
    } elsif ($text =~ /^\(gdb\)/) {
        $gdb = $text;
    } elsif ($text !~ /^$Docs::program/ and delete $programs[-1]{wants}) {
        push @{ $programs[-1]{lines} }, split /\n/, $text;
    }
}
is(scalar @programs, 2, "the page has two programs");

for my $program (@programs) {
    my ($source, @lines) = ($program->{source}, @{ $program->{lines} });
    if ($source !~ /^int main/m) {
        my ($name, $arguments) = ($source =~ /^static void (\w+)\(([^)]*)\)$/mg)[-2, -1];
        $arguments = $arguments eq "void" ? "" : "seL4_GetBootInfo()";
        $source = "#include <stdio.h>\n#include <sel4/simple.h>\n$source\nint main(void)\n{\n    simple_init(seL4_GetBootInfo());\n    $name($arguments);\n    return 0;\n}\n";
    }
    write_file("$mine/main.c", $source);
    my ($status, $output) = run("make run APP=$mine");
    my ($name) = $source =~ /^(?:static void|int) (\w+)\([^)]*\)\n\{\n(?:(?!^\}).)*\}\n*\z/ms;
    is($status, 0, "$name: builds and runs") or diag($output);
    cmp_ok(scalar @lines, ">", 0, "$name: its output is in the page");
    prints($name, $output, grep { $_ ne "  ..." } @lines);
}

# The first program, which faults, under gdb: away from a terminal, so its command is printed.
write_file("$mine/main.c", $programs[0]{source});
my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die "$!";
my $port = $socket->sockport;
close $socket;
my @commands = map { "-ex '$_'" } $gdb =~ /^\(gdb\) (.*)/mg;
my ($status, $output) = run(<<"END");
make debug APP=$mine GDB_PORT=$port > $folder/qemu 2>&1 &
until command=\$(grep -s "^ *'gdb-multiarch'" $folder/qemu); do sleep 0.1; done
eval "\$command -batch" "\$(cat <<'COMMANDS'
@commands -ex kill
COMMANDS
)"
wait
END
is($status, 0, "make debug: gdb runs") or diag(read_file("$folder/qemu"));
prints("make debug", $output, map { s{apps/mine/}{...}r =~ s/^Thread \d/Thread .../r } grep { !/^\(gdb\)/ } split /\n/, $gdb);

done_testing;
