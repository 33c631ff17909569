# What leaves the kernel before its lock does pays the fences first that the requests so far owe (docs/async.md):
# whoever sees an index, a word of a ring's header, a signal of the controller or an interrupt may rely on what was done
# before. So each place that stores where others look is listed here, with the reason why nothing is owed there, or
# nobody can conclude anything from what is stored. A new one fails until somebody has thought about it.
use strict;
use warnings;
use Test::More;

sub slurp { local (@ARGV, $/) = @_; scalar <> }

# What stores, or calls what does, and which functions of it pay themselves.
my %stores = (
    "memory that users see"       => qr/\b(?:user_store|user_ring_publish|user_ring_must_wake|user_ring_sleep|user_ring_stay)\(/,
    "slots of the controller"     => qr{\*slot_register\([^;]*?\) =\s}s,
    "interrupts to other harts"   => qr/\bhart_send_ipi\(/,
    "the lock"                    => qr/\b(?:kernel_unlock|kernel_unlock_among_harts)\(/,
);

# File, for each of the above how many places, and why.
my %listed = (
    "memory that users see" => {
        "kernel/ipc/message.c"         => [3, "messages: no request of a ring sends any, and who receives one runs when the lock is free"],
        "kernel/object/async_queue.c"  => [3, "the version, and statistics that are all zero: of a queue that starts"],
        "kernel/object/async_queue.h"  => [1, "statistics, which promise nothing"],
        "kernel/worker/ring.c"         => [2, "an answer before it is published"],
        "kernel/worker/ring.h"         => [6, "one pays: ring_publish_word(); an answer before it is published; state words, before and behind a batch"],
    },
    "slots of the controller" => {
        "kernel/arch/riscv64/uintc.c"  => [4, "one pays: uintc_post(); the others are modes of slots"],
    },
    "interrupts to other harts" => {
        "kernel/boot/boot.c"           => [2, "before anybody runs"],
        "kernel/thread/kernel.c"       => [3, "one pays: hart_interrupt(); two have let go of the lock"],
    },
    "the lock" => {
        "kernel/thread/kernel.h"       => [2, "kernel_leave(), where no batch is open, which is asserted; and the general case"],
        "kernel/syscall/exit.h"        => [1, "kernel_exit() outside of batches"],
        "kernel/syscall/exit.c"        => [1, "a switch in the fast path"],
    },
);

# The functions that pay do so before anything else.
my %pays = (
    "kernel/worker/ring.h"        => "ring_publish_word",
    "kernel/arch/riscv64/uintc.c" => "uintc_post",
    "kernel/thread/kernel.c"      => "hart_interrupt",
);

# Requests that make something else of memory that may still be in use through a mapping that is gone, and how often
# they pay.
my %reuses = (
    "kernel/object/page_table.c" => 1,
    "kernel/object/asid_cap.c"   => 2,
    "kernel/object/untyped.c"    => 1,
);

# Without what is wrong on purpose in tests only.
sub without_mutants {
    my ($text) = @_;
    return $text =~ s{    if \(!MUTANT\(\w+\)\) \{\n    (.*?)    \}\n}{$1}gsr;
}

# The code of a file without comments, strings, declarations and definitions.
sub code_of {
    my ($text) = @_;
    $text =~ s{/\*.*?\*/|"(?:\\.|[^"\\])*"}{}gs;
    $text =~ s{^(?:static )?(?:HOT\w* )?(?:inline )?(?:void|bool) \w+\([^()]*\);?$}{}gm;
    return $text;
}

sub violations {
    my %source = @_;
    my @found;
    for my $what (sort keys %stores) {
        for my $file (sort keys %source) {
            my $count = () = code_of($source{$file}) =~ /$stores{$what}/g;
            my $allowed = $listed{$what}{$file} ? $listed{$what}{$file}[0] : 0;
            push @found, "$file stores in $count places into $what, not $allowed" if $count != $allowed;
        }
    }
    for my $file (sort keys %pays) {
        push @found, "$pays{$file}() pays"
            if without_mutants($source{$file}) !~ /^\w[\w ]*\b$pays{$file}\([^)]*\)\n\{\n    tlb_batch_pay\(\);\n/m;
    }
    for my $file (sort keys %reuses) {
        my $count = () = code_of($source{$file}) =~ /\btlb_batch_pay\(\)/g;
        push @found, "$file pays $count times before it reuses memory, not $reuses{$file}" if $count != $reuses{$file};
    }
    return @found;
}

# What defines these stores.
my %defines = map { $_ => 1 } qw(kernel/ipc/user_memory.h kernel/arch/riscv64/sbi.c);

my %kernel = map { $_ => slurp($_) } grep { !$defines{$_} } split /\n/, qx(find kernel -name '*.[ch]');
cmp_ok(scalar keys %kernel, ">", 50, "the kernel's sources are looked at");
is_deeply([violations(%kernel)], [], "only the listed places store where others look before the lock is free");

# What others might write is found.
my $innocent = "kernel/object/cnode.c";
for my $line (
    "user_store(words, 0, 1);",
    "user_ring_publish(words, 0, 1);",
    "*slot_register(slot, SLOT_HIGH) = bits;",
    "hart_send_ipi(hart);",
    "kernel_unlock(hart);",
) {
    my %broken = (%kernel, $innocent => $kernel{$innocent} . "\nvoid broken(void)\n{\n    $line\n}\n");
    is(scalar violations(%broken), 1, "found elsewhere: $line");
}
for my $file (sort keys %pays) {
    my %broken = (%kernel, $file => without_mutants($kernel{$file}) =~ s/(\b$pays{$file}\([^)]*\)\n\{\n)    tlb_batch_pay\(\);\n/$1/r);
    is(scalar violations(%broken), 1, "found if $pays{$file}() does not pay");
}
done_testing();
