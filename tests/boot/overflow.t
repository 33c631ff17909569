# A kernel stack that overflows ends in a panic that says so, and changes no other memory. The kernels are made for this
# (overflow.c).
use strict;
use warnings;
use Boot;
use Test::More;

for my $kernel ("out/overflow/rel4.elf", "out/overflow/debug/rel4.elf") {
    for my $harts (1, 2, 8) {
        my $hart = $harts - 1;
        my $guard = sprintf "ffffffffc000%x", 2 * $hart;
        my ($status, $console) = Boot::boot(kernel => $kernel, harts => $harts);
        my $where = "$kernel, hart $hart of $harts";
        my $good = like($console, qr/^PANIC on hart $hart: the kernel stack overflowed, scause f, stval $guard/m, "$where: the panic says so");
        $good &= like($console, qr/^backtrace:\n(  \S+ go_deeper\S*\n)+/m, "$where: the backtrace shows where");
        $good &= like($console, qr/^0 words of [1-9]\d+ changed\n/m, "$where: other memory is as it was");
        $good &= like($console, qr/a trap in the panic\n\z/, "$where: another trap is the end");
        $good &= is($status, 1, "$where: the machine powers off");
        diag($console) if !$good;
    }
}

# Where this_hart() is no hart, there is a report, too.
for my $kernel ("out/overflow/rel4.elf", "out/overflow/debug/rel4.elf") {
    my ($status, $console) = Boot::boot(kernel => $kernel, harts => 4);
    ok($status == 1 && $console =~ /^PANIC on hart 0: trap in the kernel, scause 2.*\na trap in the panic\n\z/ms, "$kernel: a hart that does not know who it is")
        or diag($console);
}

# Several of them at once are not taken for one: the report is whole.
for my $kernel ("out/overflow/rel4.elf", "out/overflow/debug/rel4.elf") {
    my ($status, $console) = Boot::boot(kernel => $kernel, harts => 5);
    my @panics = $console =~ /PANIC/g;
    ok($status == 1 && @panics == 1 && $console =~ /^PANIC on hart 0: trap in the kernel, scause 2.*  tp 0{15}8\nbacktrace:\n  \S+ \w+.*\na trap in the panic\n\z/ms,
        "$kernel: five harts that do not know who they are") or diag($console);
}
done_testing();
