# What programs make a release kernel print is limited.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

my $console = boots("the root task, of which a thread faults 100 times without a handler, runs to its end", qr/^ok 3 /m,
    root => "out/tests/robustness.elf");
my $reports = () = $console =~ /no fault handler/g;
is($reports, 16, "the kernel reports 16 of the faults");

# li a7, NUMBER; ecall
sub system_call { return write_file(code(($_[0] & 0xfff) << 20 | 0x893, 0x73)) }

my $advice = qr/\(for this one, boot the debug kernel\)/;
for my $number (-14 .. -11) {
    prints("a debug call, $number, that only debug kernels have is called one", qr/unknown system call $number $advice in/,
        root => system_call($number), until => qr/ in application, /);
}
prints("any other number is not called so", qr/unknown system call $_ in/, root => system_call($_), until => qr/ in application, /)
    for -1000, -15, 1;
prints("a debug kernel does not advise it", qr/unknown system call -15 in/, root => system_call(-15), until => qr/ in application, /,
    kernel => "out/debug/rel4.elf");

done_testing;
