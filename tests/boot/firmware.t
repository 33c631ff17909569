# What the kernel needs of the firmware, and what the firmware may have left open. The firmware is the test's own.
use strict;
use warnings;
use Boot;
use Test::More;

# A machine with the test's own firmware, compiled with these options, whose harts have the numbers 0, stride, ...
# The tree keeps the kernel out of the firmware's memory.
sub firmware {
    my ($harts, $options, $stride, $change) = (@_[0 .. 1], $_[2] // 1, $_[3]);
    my $elf = write_file("");
    my @flags = qw(-std=gnu11 -O2 -Wall -Wextra -march=rv64imac_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -Ikernel);
    my $folder = "tests/boot/firmware";
    system("riscv64-unknown-elf-gcc", @flags, @$options, "-DSTRIDE=$stride", "-T", "$folder/firmware.ld", "$folder/start.S",
        "$folder/firmware.c", "-o", $elf) == 0 or die "the firmware does not compile";
    my $reserved = "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; firmware\@80000000 { reg = <0 0x80000000 0 0x200000>; }; };";
    my %with = with_tree(sub {
        s/(cpu\@\d+ \{[^{}]*\breg = <)(\w+)>/sprintf "%s%d>", $1, $stride * hex $2/ge;
        s/chosen \{/$reserved chosen {/;
        $change ? $change->() : 1;
    }, $harts);
    push @{ $with{qemu} }, "-bios", $elf;
    return (harts => $harts, %with);
}

for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    boots("a firmware with what is needed, $_ harts, $kernel", qr/^Hello.*nodes +$_\n/ms, kernel => $kernel, firmware($_, [])) for 1, 4;
    boots("what the firmware leaves open does no harm, $_ harts, $kernel", qr/^Hello/m, kernel => $kernel, firmware($_, ["-DOPEN"])) for 1, 4;
}

# What is missing, in a line; what is not used is not required.
my %for = (TIME => "the timer", HSM => "several harts", IPI => "several harts", RFENCE => "several harts");
for my $name (sort keys %for) {
    my @without = ("-DWITHOUT=SBI_EXT_$name");
    refuses("no extension $name, 4 harts", qr/^the firmware has no SBI extension $name\b/, firmware(4, \@without));
    refuses("no extension TIME, 1 hart", qr/^the firmware has no SBI extension TIME\b/, firmware(1, \@without)) if $name eq "TIME";
    boots("no extension $name, 1 hart", qr/^Hello/m, firmware(1, \@without)) if $name ne "TIME";
    boots("no extension $name, harts=1 of 4", qr/^Hello/m, bootargs => "harts=1", firmware(4, \@without)) if $name ne "TIME";
}
boots("no extension SRST: the test finisher ends the machine", qr/^Hello/m, firmware(1, ["-DWITHOUT=SBI_EXT_SRST"]));

# What is refused when it is used ends the machine: to go on would be unsafe.
refuses("harts that the firmware does not start", qr/^the firmware does not start hart 1: SBI error -1$/, firmware(4, ["-DREFUSES=SBI_EXT_HSM"]));
for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    my %smp = (kernel => $kernel, root => "out/tests/smp.elf");
    panics("an interrupt of another hart that is refused, $kernel", qr/^the firmware does not interrupt hart \d: SBI error -1$/, %smp,
        firmware(4, ["-DREFUSES=SBI_EXT_IPI"]));
    panics("a fence that is refused, $kernel", qr/^the firmware does not flush TLBs of harts \w+ << \d+: SBI error -1$/, %smp,
        firmware(4, ["-DREFUSES=SBI_EXT_RFENCE"]));
    panics("a timer that is refused, $kernel", qr/^the firmware does not set the timer: SBI error -1$/, kernel => $kernel,
        firmware(1, ["-DREFUSES=SBI_EXT_TIME"]));
}

# Where the device tree says that a device is, nothing answers, or memory is. Under the usual firmware such trees end early.
sub moved {
    my ($node, $address) = @_;
    return firmware(1, [], 1, sub { s/(\b$node \{[^{}]*?reg = <)\S+ \S+/${1}0x00 $address/ });
}
my ($nothing, $ram, $text) = qw(0x05000000 0x88200000 0x80200000);
refuses("a test finisher that does not answer: the firmware turns off", qr/^there is no root task/, root => "-", moved('test\@100000', $nothing));
refuses("a test finisher in memory", qr/^there is no root task/, root => "-", moved('test\@100000', $text));
refuses("an interrupt controller that does not answer", qr/^where the device tree has an interrupt controller, at 5000000, there is none$/,
    moved('plic\@c000000', $nothing));
refuses("an interrupt controller at $_", qr/^the device tree has an interrupt controller at \w+, in memory$/, moved('plic\@c000000', $_)) for $ram, $text;
refuses("memory that is an interrupt controller", qr/^the device tree has an interrupt controller at c000000, in memory$/,
    firmware(1, [], 1, sub { s/(memory\@80000000 \{[^{}]*reg = <)/${1}0x0 0xc000000 0x0 0x200000 / }));
my $devices = boots("memory that is a timer is nobody's", qr/^Hello/m, bootargs => "log=debug",
    firmware(1, [], 1, sub { s/(memory\@80000000 \{[^{}]*reg = <)/${1}0x0 0x2000000 0x0 0x200000 / }));
unlike($devices, qr/^rel4: (?:devices|memory) +\w*2000000 /m, "... and in no untyped memory");

# Harts whose numbers do not fit into one mask of the firmware's.
boots("harts 0, $_, ... of four", qr/^Hello.*nodes +4\n/ms, firmware(4, [], $_)) for 7, 21, 40, 1000;
boots("the tests of several harts with harts 0, 40, 80 and 120", qr/^ok \d+/m, root => "out/tests/smp.elf", firmware(4, [], 40));

# One call of the firmware for all harts that fit into its mask: 200 unmappings that three other harts must see.
sub fences {
    my ($name, $least, $stride) = @_;
    my $console = boots($name, qr/firmware: \d+ remote fences/, root => "out/tests/fences.elf", firmware(4, ["-DCOUNT"], $stride));
    my @counted = $console =~ /firmware: (\d+) remote fences/g;
    is($counted[-1], $least, "... which takes $least fences and less than a hundred for the test itself");
}
fences("harts 0 to 3 are told in one call", 200, 1);
fences("harts 40, 80 and 120 are told in two calls", 400, 40);

done_testing();
