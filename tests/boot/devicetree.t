# A device tree is input, too: what the kernel needs and does not find there is named, not guessed.
use strict;
use warnings;
use Boot;
use Test::More;

my $blob = write_file("");
system("scripts/qemu.sh out/rel4.elf - -- -machine dumpdtb=$blob 2> /dev/null") == 0 or die "no device tree";
my $tree = qx(dtc -q -I dtb -O dts $blob);

# Boots with the tree after a change, which is a substitution that must match.
sub with_tree {
    my ($change) = @_;
    local $_ = $tree;
    $change->() or die "the change does not match the tree";
    my $blob = write_file("");
    system("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", $blob, write_file($_)) == 0 or die "dtc failed";
    return (qemu => ["-dtb", $blob]);
}

sub memory {
    my ($cells) = @_;
    return with_tree(sub { s/(memory\@80000000 \{[^}]*reg = <)[^>]*/$1$cells/ });
}

# The good root task at 0x90000000, but announced by the tree as lying from start to end.
sub ramdisk {
    my ($start, $end) = @_;
    my $chosen = "linux,initrd-start = <$start>; linux,initrd-end = <$end>;";
    my %with = with_tree(sub { s/chosen \{/chosen { $chosen/ });
    push @{ $with{qemu} }, "-device", "loader,file=$good,addr=0x90000000,force-raw=on";
    return (root => "-", %with);
}

boots("the machine's own device tree boots", qr/^Hello/m, with_tree(sub { 1 }));
boots("memory that does not end at a page boots", qr/^Hello/m, memory("0 0x80000000 0 0x1ffffabc"));
boots("memory in two pieces boots", qr/^Hello/m, memory("0 0x80000000 0 0x10000000 0 0x90000000 0 0x10000000"));
my $end = sprintf "0x%x", 0x90000000 + -s $good;
boots("a root task where the tree says boots", qr/^Hello/m, ramdisk("0 0x90000000", "0 $end"));
boots("addresses of one cell boot", qr/^Hello/m, ramdisk("0x90000000", $end));

refuses("no memory node", qr/no memory/, with_tree(sub { s/memory\@80000000 \{[^}]*\};// }));
refuses("memory of no size", qr/no memory/, memory("0 0x80000000 0 0"));
refuses("memory that does not hold the kernel", qr/the kernel is not in the memory/,
    memory("0 0x90000000 0 0x10000000"));
refuses("memory that wraps around", qr/the kernel is not in the memory/, memory("0xffffffff 0xfffff000 0 0x2000"));
refuses("a memory register that is cut off", qr/no memory/, memory("0 0x80000000 0"));

refuses("a root task that ends before it starts", qr/not in free memory/, ramdisk("0 0x90000000", "0 0x8f000000"));
refuses("a root task with a start and no end", qr/there is no root task/,
    root => "-", with_tree(sub { s/chosen \{/chosen { linux,initrd-start = <0x90000000>;/ }));
refuses("a root task outside of memory", qr/not in free memory/, ramdisk("0x100 0", "0x100 0x10000"));
refuses("a root task in the kernel", qr/not in free memory/, ramdisk("0 0x80200000", "0 0x80210000"));
refuses("a root task across the end of memory", qr/not in free memory/, ramdisk("0 0x9fff0000", "0 0xa0010000"));

done_testing();
