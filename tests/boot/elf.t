# Broken and hostile root tasks are refused with one clear line; nothing in an image makes the kernel fail.
use strict;
use warnings;
no warnings "portable";    # 64-bit numbers
use Boot;
use Test::More;

use constant { USER_TOP => 0x3ffffff000, GIB => 1 << 30, MAX => ~0 };

my $base = image(hello());
my $header_end = 64 + 56 * @{ hello()->{segments} };

sub refuses_image {
    my ($name, $bytes, %with) = @_;
    refuses($name, root => write_file($bytes), %with);
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

boots("the base image boots", root => write_file($base));

refuses("no root task at all", root => "-");
refuses_image("an empty file", "");
refuses_image("one byte", "\x7f");
refuses_image("a header cut off after 63 bytes", substr $base, 0, 63);
refuses_image("program headers cut off", substr $base, 0, $header_end - 1);
refuses_image("segments cut off", substr $base, 0, length(hello()->{segments}[0]{data}) + 0xfff);
refuses_image("zeros only", "\0" x 65536);
srand 1;
refuses_image("random bytes", join "", map { chr int rand 256 } 1 .. 65536);
refuses_image("random bytes behind a good magic", "\x7fELF" . join "", map { chr int rand 256 } 1 .. 65536);
refuses_image("a text file", "#!/bin/sh\necho hello\n" x 100);

refuses_image("a wrong magic", patch($base, magic => 0x464c457e));
refuses_image("32 bit", patch($base, class => 1));
refuses_image("big-endian", patch($base, encoding => 2));
refuses_image("another machine", patch($base, machine => 62));
refuses_image("another ELF version", patch($base, version => 2));
refuses_image("a relocatable file", patch($base, type => 1));
refuses_image("a shared object", patch($base, type => 3));
refuses_image("a core dump", patch($base, type => 4));

refuses_image("no program headers", patch($base, phnum => 0));
refuses_image("more program headers than the file holds", patch($base, phnum => 0xffff));
refuses_image("program headers of another size", patch($base, phentsize => 1));
refuses_image("program headers at the end of the file", patch($base, phoff => length $base));
refuses_image("program headers beyond the file", patch($base, phoff => 0x10000000));
refuses_image("an offset of program headers that overflows", patch($base, phoff => MAX - 32));
refuses_image("no loadable segment", image(hello(segments => [])));

refuses_image("file size above memory size", patch($base, p_memsz => 1));
refuses_image("a segment that starts beyond the file", patch($base, p_offset => length($base) + 0x1000));
refuses_image("a segment that ends beyond the file", patch($base, p_filesz => 0x10000000, p_memsz => 0x10000000));
refuses_image("a segment's offset that overflows", patch($base, p_offset => MAX - 0xfff));
refuses_image("a segment's file size that overflows", patch($base, p_filesz => MAX - 0xfff, p_memsz => MAX));

refuses_image("a segment that wraps around", with_extra(vaddr => MAX - 0xfff, memsz => 0x2000));
refuses_image("a segment in the kernel's half", with_extra(vaddr => 0xffffffc080200000));
refuses_image("a segment in the address hole", with_extra(vaddr => 1 << 40));
refuses_image("a segment at the end of user space", with_extra(vaddr => USER_TOP));
refuses_image("a segment across the end of user space", with_extra(vaddr => USER_TOP - 0x1000, memsz => 0x1001));
refuses_image("no room for the IPC buffer and BootInfo behind the image",
    with_extra(vaddr => USER_TOP - 0x1000, memsz => 0x1000));
refuses_image("a segment larger than memory", with_segment(memsz => 16 * GIB));
refuses_image("a segment as large as memory", with_segment(memsz => 512 << 20));
refuses_image("a memory size that overflows", with_segment(memsz => MAX - 0xfff));
refuses_image("segments farther apart than memory is large", with_extra(vaddr => 8 * GIB));

refuses_image("an entry outside of every segment", image(hello(entry => 64 * GIB)));
refuses_image("an entry at zero", image(hello(entry => 0)));
refuses_image("an entry in the kernel's half", image(hello(entry => 0xffffffc080200000)));

done_testing();
