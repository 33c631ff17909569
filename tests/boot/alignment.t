# Each load and store is aligned to its size, in programs as people write them and with device trees of every length;
# and the plugin for QEMU that sees to that (tests/alignment/) finds what is not.
use strict;
use warnings;
use lib "tests/boot";
use Boot;
use Test::More;

# Boots with the plugin, and returns what it has found: ADDRESS FUNCTION+OFFSET: and more, a line for each place.
sub watch {
    my ($name, $expect, %with) = @_;
    my ($symbols, $report) = (write_file(""), write_file(""));
    system("tests/plugin/symbols $with{root} out/rel4.elf > $symbols") == 0 or die "no symbols";
    my @plugin = ("-plugin", "out/alignment/plugin.so,symbols=$symbols,out=$report");
    boots($name, $expect, %with, qemu => [@{ $with{qemu} // [] }, @plugin]);
    my ($watched, @places) = split /\n/, read_file($report);
    like($watched, qr/^kernel [1-9]\d* user [1-9]\d*$/, "... and both kernel and user mode are watched");
    return @places;
}

sub is_aligned {
    my ($name, @more) = @_;
    is(join("\n", watch($name, @more)), "", "... and every load and store is aligned");
}

is_aligned("hello", qr/^Hello/m, root => "out/apps/hello.elf");
is_aligned("demo", qr/^demo: all steps done$/m, root => "out/apps/demo.elf", harts => 2);
is_aligned("async-demo", qr/^async-demo: PASS/m, root => "out/apps/async-demo.elf", harts => 4);
is_aligned("async-demo without user interrupts", qr/^async-demo: PASS/m, root => "out/apps/async-demo.elf",
    bootargs => "uintr=none");
is_aligned("uintr-ping", qr/^uintr-ping: done$/m, root => "out/apps/uintr-ping.elf");

# The device tree's size is what its strings make it.
my $blob = write_file("");
system("scripts/qemu.sh out/rel4.elf - -- -machine dumpdtb=$blob 2> /dev/null") == 0 or die "no device tree";
my $tree = qx(dtc -q -I dtb -O dts $blob);
for my $length (1 .. 8) {
    my $longer = $tree =~ s/chosen \{/"chosen { " . "x" x $length . ";"/er;
    system("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", $blob, write_file($longer)) == 0 or die "dtc failed";
    is_aligned("a device tree of " . (-s $blob) . " bytes", qr/\A(?!.*^not ok).*^1\.\.(\d+)\n.*^ok \1 /ms,
        root => "out/tests/machine.elf", bootargs => "-- only=bootinfo", qemu => ["-dtb", $blob]);
}

# A program that does it on purpose, in functions with names that say so.
my @done = qw(store_8_bytes store_4_bytes store_2_bytes load_8_bytes load_4_bytes load_2_bytes load_8_float load_8_compressed);
my @places = watch("a program with accesses that are not aligned", qr/^ok 3 /m, root => "out/tests/misaligned.elf");
is(join("\n", map { m/^0x\w+ (\w+)\+0x0: ((\w+) of (\d) bytes), first at 0x\w+, (\d) in all$/ ? "$1: $2, $5" : "?: $_" } @places),
    join("\n", map { my ($what, $size) = split /_/; "$_: $what of $size bytes, " . (/compressed/ ? 2 : 1) } @done),
    "... and each is found, with its function, and nothing else");

# And a kernel that does, where it would sleep: "ld zero, 1(sp)" for each "wfi".
my $kernel = write_file(read_file("out/rel4.elf") =~ s/\x73\x00\x50\x10/\x03\x30\x11\x00/gr);
@places = watch("a kernel with such accesses", qr/^Hello/m, root => "out/apps/hello.elf", harts => 2, kernel => $kernel);
my @found = grep { /^0xffffffc\w+ \w+\+0x\w+: load of 8 bytes, / } @places;
ok(@found > 0, "... and they are found where the kernel sleeps") or diag(join "\n", @places);

# The same as a line of tests/system/jobs.list.
my $tap = qx(tests/run/qemu-tap alignment-finds elf=misaligned aligned=all 2> /dev/null);
isnt($?, 0, "a job fails where an access is not aligned");
like($tap, qr/^# alignment: 0x\w+ store_8_bytes.*^not ok 4 - every load and store /ms, "... and says where");
$tap = qx(tests/run/qemu-tap alignment-off elf=misaligned);
is($?, 0, "and only if it is asked to look");
$tap = qx(tests/run/qemu-tap alignment-kernel elf=misaligned aligned=kernel);
is($?, 0, "and at what user mode does only if it is asked for all");
$tap = qx(tests/run/qemu-tap alignment-finds-kernel elf=misaligned aligned=kernel harts=2 kernel=$kernel 2> /dev/null);
isnt($?, 0, "a job fails where an access of the kernel is not");
like($tap, qr/^# alignment: 0xffffffc\w+ \w+\+0x\w+: load of 8 bytes/m, "... and says where");
unlike($tap, qr/^# alignment: 0x\w+ store_8_bytes/m, "... and says nothing of the program");

done_testing;
