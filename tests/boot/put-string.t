# What strings of several threads and rings look like on the console: whole, and in the order that the kernel promises.
# tests/system/workers/console*.c print them, and for each case what should have come.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

my @clock = ("-icount", "shift=2,sleep=off", "-rtc", "clock=vm");
my $arguments = "-- only=workers/console nanoseconds=4";

# The strings of a case: their letters in the order of the lines, and those whose lines are not all there.
sub strings {
    my ($case) = @_;
    my ($order, %next, %lines) = ("");
    for my $line (split /\n/, $case) {
        my ($letter, $number, $lines) = $line =~ m{^([A-Z])(\d\d)/(\d\d) \1+$} or return "a line that is none: $line";
        $number == ($next{$letter}++ // 0) or return "out of order: $line";
        length $line == ($letter eq "H" ? 23 : 63) or return "not whole: $line";
        $lines{$letter} = $lines;
        $order .= $letter if substr($order, -1) ne $letter;
    }
    my @short = grep { $next{$_} != $lines{$_} } keys %next;
    $order =~ s/$_/\l$_/g for @short;
    return $order;
}

sub check_console {
    my ($machine, %with) = @_;
    my $console = boots("$machine: the root task runs to its end", qr/^1\.\.(\d+)/m, root => "out/tests/workers.elf",
        limit => 300, qemu => \@clock, bootargs => $arguments, %with);
    unlike($console, qr/^not ok/m, "$machine: its own checks succeed");
    my $cases = 0;
    while ($console =~ /^console: begin (\S+)\n(.*?)^console: end (\S+)\n/msg) {
        my ($name, $case, $expected) = ($1, $2, $3);
        like(strings($case =~ s/^# .*\n//mgr), qr/^($expected)$/, "$machine, $name: $expected");
        $cases++;
    }
    my $begun = () = $console =~ /^console: begin /mg;
    ok($cases > 0 && $cases == $begun, "$machine: every case was seen");
}

check_console("one hart", harts => 1);
SKIP: {
    skip "without QEMU with user interrupts", 1 if $ENV{WITHOUT_UINTC};
    local $ENV{PLATFORM} = "uintc"; # on which several harts have one clock
    check_console("two harts", harts => 2);
}
done_testing;
