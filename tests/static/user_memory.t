# User memory is reached through user_load() and user_store() and in no other way.
#
# The compiler shows one half: what names user memory is no pointer, so nothing else can be done with it. This
# checks that it is so. The other half is where pointers come from. All of physical memory is in the window, so a
# pointer into a frame could be made from its address; therefore each place that makes a pointer from an address
# is listed here, with what stands at that address. A new one fails until somebody has thought about it.
# (Casts from numbers to pointers, of which there are few, are found by `make check`.)
use strict;
use warnings;
use Test::More;

my $maker = "kernel/ipc/user_memory.h";

# File, how many conversions, and why none of them can lead into memory that users can write.
my %conversions = (
    "kernel/arch/riscv64/include/arch/asid.h" => [2, "roots of address spaces, which are page tables"],
    "kernel/arch/riscv64/aplic.c"  => [1, "the interrupt controller, which is never handed out"],
    "kernel/arch/riscv64/plic.h"   => [1, "the interrupt controller, which is never handed out"],
    "kernel/arch/riscv64/power.c"  => [1, "the test finisher's register, of which nothing is read but that it answers"],
    "kernel/arch/riscv64/registers.h" => [2, "the console's UART, which is no memory: boot has compared the address with what there is"],
    "kernel/arch/riscv64/setup.c"  => [1, "an address of the device tree, before there is a user"],
    "kernel/arch/riscv64/uintc.c"  => [2, "the registers of the user-interrupt controller, which is never handed out"],
    "kernel/arch/riscv64/vm.c"     => [3, "the kernel's image, whose flags are asked for, the map of the window itself, and that the stacks lie behind it"],
    "kernel/boot/boot.c"           => [2, "the device tree, before there is a user"],
    "kernel/boot/root_task.c"      => [3, "memory for the root task, before it runs"],
    "kernel/cap/cap.h"             => [2, "the object of a capability that is no frame or untyped, which is asserted; the queue that holds a frame, and wrote itself there"],
    "kernel/cap/derivation.c"      => [1, "the other end of a group of entries, which are slots"],
    "kernel/cap/zombie.h"          => [2, "zombies, which are slots"],
    "kernel/check/check.c"         => [2, "an address to compare with, and a slot of the set of slots"],
    "kernel/check/internal.h"      => [1, "a member of a set"],
    "kernel/check/translation.c"   => [4, "page tables, as the entries are valid and no leaves, and roots"],
    "kernel/ipc/user_memory.h"     => [1, "here user memory gets its name"],
    "kernel/object/asid_cap.c"     => [1, "a new ASID pool, in an untyped without children"],
    "kernel/object/page_table.c"   => [1, "a page table, as the entry is valid and no leaf"],
    "kernel/object/untyped.c"      => [2, "untyped memory without children: to be cleared, or an object to be"],
    "kernel/object/vspace.h"       => [1, "a page table, as the entry is valid and no leaf"],
);

# Those that name user memory: IPC buffers, and the rings of queues.
my %names_user_memory = map { $_ => 1 } qw(kernel/ipc/message.h kernel/object/async_queue.h);

sub slurp { local (@ARGV, $/) = @_; scalar <> }

# The code of a file without comments, strings and the definitions themselves.
sub code_of {
    my ($text) = @_;
    $text =~ s{/\*.*?\*/|"(?:\\.|[^"\\])*"}{}gs;
    $text =~ s{^static inline void \*(?:phys_to_ptr|window_ptr)\(}{}gm;
    return $text;
}

# What is wrong in these sources (file to text), as sentences.
sub violations {
    my %source = @_;
    my @found;
    for my $file (sort keys %source) {
        my $code = code_of($source{$file});
        my $count = () = $code =~ /\b(?:phys_to_ptr|window_ptr|PHYS_WINDOW_BASE)\b/g;
        my $allowed = $conversions{$file} ? $conversions{$file}[0] : 0;
        push @found, "$file makes $count pointers from addresses, not $allowed" if $count != $allowed;
        next if $file eq $maker;
        push @found, "$file looks into struct user_words" if $code =~ /\bwindow_address\b|\(struct user_words\)/;
        push @found, "$file names user memory" if $code =~ /\buser_words_in_frame\b/ && !$names_user_memory{$file};
        push @found, "$file takes the address of user memory" if $code =~ /\buser_ring_word\b/;
    }
    return @found;
}

# Those that define the window and map it.
my %defines_window = map { $_ => 1 } qw(kernel/arch/riscv64/include/arch/window.h);

my %kernel = map { $_ => slurp($_) } grep { !$defines_window{$_} } split /\n/, qx(find kernel -name '*.[ch]');
cmp_ok(scalar keys %kernel, ">", 50, "the kernel's sources are looked at");
is_deeply([violations(%kernel)], [], "only the listed places of the kernel make pointers from addresses");

# What others might write is found.
my $innocent = "kernel/thread/scheduler.c";
for my $line (
    "word_t *words = phys_to_ptr(frame_phys(cap));",
    "void *(*convert)(word_t) = window_ptr;",
    "word_t first = *buffer.window_address;",
    "struct user_words words = user_words_in_frame(cap, 0);",
    "user_load((struct user_words){ pointer }, 0);",
    "uint32_t *state = user_ring_word(words, 0);",
) {
    my %broken = (%kernel, $innocent => $kernel{$innocent} . "\nvoid broken(void)\n{\n    $line\n}\n");
    is(scalar violations(%broken), 1, "found elsewhere: $line");
}

sub compiles {
    my ($statement) = @_;
    open my $gcc, "|-", "riscv64-unknown-elf-gcc -std=gnu11 -ffreestanding -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only " .
        "-Iinclude -Iout/include -Ikernel -Ikernel/arch/riscv64/include -x c - 2> /dev/null" or die "$!";
    print $gcc <<"C";
#include "ipc/message.h"
#include "lib/string.h"
word_t try(struct user_words words, word_t *kernel);
word_t try(struct user_words words, word_t *kernel)
{
    $statement
    return *kernel;
}
C
    return close $gcc;
}

ok(compiles("*kernel = user_load(words, 7); user_store(words, 2, *kernel);"), "loads and stores compile");
ok(!compiles($_), "does not compile: $_") for (
    "*kernel = *words;",
    "*kernel = words[3];",
    "words++;",
    "*kernel = *(word_t *)words;",
    "*kernel = (word_t)words;",
    "memcpy(kernel, words, 8);",
    "zero_words(words, 16);",
    "kernel = words;",
    "words = kernel;",
    "user_load(kernel, 0);",
    "user_store(kernel, 0, 1);",
);
done_testing();
