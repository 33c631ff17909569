# apps/uintr-ping on a machine: which backend it says there is, and a figure for each way that this has.
package Ping;
use strict;
use warnings;
use Exporter "import";
use Boot;

our @EXPORT = qw(pings);

my $figures = qr/\d+\.\d us, 95% within +\d+\.\d us\n/;

# Backend, and what boots() takes.
sub pings {
    my ($backend, %with) = @_;
    my $places = $with{harts} > 1 ? "two harts" : "one hart";
    my @ways = ("notification", $backend eq "none" ? () : ("user interrupt, both block", $with{harts} > 1 ? "user interrupt, both run" : ()));
    my $lines = join "", map { qr/  \Q$_\E +$figures/ } @ways;
    my $options = $with{bootargs} // "uintr=auto";
    boots("$options, $with{harts} harts: " . @ways . " ways, in one address space and in two",
        qr/^uintr-ping: a signal and its answer, 1000 times; user interrupts: $backend\nOne address space, $places:\n${lines}Two address spaces, $places:\n${lines}uintr-ping: done$/m,
        root => "out/apps/uintr-ping.elf", limit => 300, %with);
}

1;
