# Broken and hostile root tasks are refused with one clear line; nothing in an image makes the kernel fail.
use strict;
use warnings;
no warnings "portable";    # 64-bit numbers
use Boot;
use Test::More;

use constant { USER_TOP => 0x3ffffff000, GIB => 1 << 30, MAX => ~0 };

my $base = image(hello());
my $header_end = 64 + 56 * @{ hello()->{segments} };

# Arguments: what is wrong, what the kernel must say, the image.
sub refuses_image {
    my ($name, $expect, $bytes) = @_;
    refuses($name, $expect, root => write_file($bytes));
}

# The first segment with changes.
sub with_segment {
    my (%changes) = @_;
    my $parts = hello();
    %{ $parts->{segments}[0] } = (%{ $parts->{segments}[0] }, %changes);
    return image($parts);
}

# The good image and one more segment.
sub with_extra {
    my (%extra) = @_;
    my $parts = hello();
    push @{ $parts->{segments} }, { vaddr => 0, memsz => 16, flags => 6, data => "x" x 16, %extra };
    return image($parts);
}

sub random_bytes {
    return join "", map { chr int rand 256 } 1 .. $_[0];
}
srand 1;

boots("the base image boots", qr/^Hello/m, root => write_file($base));

refuses("no root task at all", qr/there is no root task/, root => "-");
refuses_image("an empty file", qr/is empty/, "");
refuses_image("one byte", qr/too short/, "\x7f");
refuses_image("a header cut off after 63 bytes", qr/too short/, substr $base, 0, 63);
refuses_image("program headers cut off", qr/program headers outside/, substr $base, 0, $header_end - 1);
refuses_image("segments cut off", qr/segment outside of the file/,
    substr $base, 0, length(hello()->{segments}[0]{data}) + 0xfff);
refuses_image("zeros only", qr/not an ELF file/, "\0" x 65536);
refuses_image("random bytes", qr/not an ELF file/, random_bytes(65536));
refuses_image("random bytes behind a good magic", qr/./, "\x7fELF" . random_bytes(65536));
refuses_image("a text file", qr/not an ELF file/, "#!/bin/sh\necho hello\n" x 100);

my $header = qr/cannot be loaded: not for 64-bit little-endian RISC-V/;
refuses_image("a wrong magic", qr/not an ELF file/, patch($base, magic => 0x464c457e));
refuses_image("32 bit", $header, patch($base, class => 1));
refuses_image("big-endian", $header, patch($base, encoding => 2));
refuses_image("another machine", $header, patch($base, machine => 62));
refuses_image("another ELF version", qr/not ELF version 1/, patch($base, version => 2));
refuses_image("a relocatable file", qr/not an executable/, patch($base, type => 1));
refuses_image("a shared object", qr/not an executable/, patch($base, type => 3));
refuses_image("a core dump", qr/not an executable/, patch($base, type => 4));

my $headers = qr/program headers outside of the file/;
refuses_image("no program headers", qr/no segment/, patch($base, phnum => 0));
refuses_image("too many program headers", qr/too many program headers/, patch($base, phnum => 0xffff));
refuses_image("more program headers than the file holds", $headers, substr patch($base, phnum => 64), 0, 64 * 56);
refuses_image("program headers of another size", qr/wrong size/, patch($base, phentsize => 1));
refuses_image("program headers at the end of the file", $headers, patch($base, phoff => length $base));
refuses_image("program headers beyond the file", $headers, patch($base, phoff => 0x10000000));
refuses_image("an offset of program headers that overflows", $headers, patch($base, phoff => MAX - 32));
refuses_image("no loadable segment", qr/no segment/, image(hello(segments => [])));

my $file = qr/a segment outside of the file/;
refuses_image("file size above memory size", qr/larger in the file than in memory/, patch($base, p_memsz => 1));
refuses_image("a segment that starts beyond the file", $file, patch($base, p_offset => length($base) + 0x1000));
refuses_image("a segment that ends beyond the file", $file,
    patch($base, p_filesz => 0x10000000, p_memsz => 0x10000000));
refuses_image("a segment's offset that overflows", $file, patch($base, p_offset => MAX - 0xfff));
refuses_image("a segment's file size that overflows", $file, patch($base, p_filesz => MAX - 0xfff, p_memsz => MAX));

my $user = qr/a segment outside of user addresses, or no room for BootInfo/;
refuses_image("a segment that wraps around", $user, with_extra(vaddr => MAX - 0xfff, memsz => 0x2000));
refuses_image("a segment in the kernel's half", $user, with_extra(vaddr => 0xffffffc080200000));
refuses_image("a segment in the address hole", $user, with_extra(vaddr => 1 << 40));
refuses_image("a segment at the end of user space", $user, with_extra(vaddr => USER_TOP));
refuses_image("a segment across the end of user space", $user, with_extra(vaddr => USER_TOP - 4096, memsz => 4097));
refuses_image("no room for the IPC buffer and BootInfo behind the image", $user,
    with_extra(vaddr => USER_TOP - 4096, memsz => 4096));
refuses_image("a memory size that overflows", $user, with_segment(memsz => MAX - 0xfff));

my $memory = qr/not enough memory|do not fit into root_cnode_bits/;
refuses_image("a segment larger than memory", $memory, with_segment(memsz => 16 * GIB));
refuses_image("a segment as large as memory", $memory, with_segment(memsz => 512 << 20));
refuses_image("segments farther apart than memory is large", $memory, with_extra(vaddr => 8 * GIB));

my $entry = qr/the entry is not inside a segment/;
refuses_image("an entry outside of every segment", $entry, image(hello(entry => 64 * GIB)));
refuses_image("an entry at zero", $entry, image(hello(entry => 0)));
refuses_image("an entry in the kernel's half", $entry, image(hello(entry => 0xffffffc080200000)));

# Random changes of the headers, behind the magic. Some of these images can be started, and fault or even work.
for my $seed (1 .. 30) {
    srand $seed;
    my $bytes = $base;
    substr($bytes, 16 + int rand $header_end - 16, 1) = random_bytes(1) for 1 .. 3;
    survives("random headers, seed $seed", root => write_file($bytes));
}

done_testing();
