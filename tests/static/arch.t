# Only kernel/arch/ knows the machine. All other code includes arch/NAME.h, from the folder that the build's include
# path names, and calls what is declared there: it names no register, no bit of a page-table entry, no call of the
# firmware and no interrupt controller.
use strict;
use warnings;
use Test::More;

sub slurp { local (@ARGV, $/) = @_; scalar <> }

my %words = (
    "includes a header of one architecture" => qr{^\#include "arch/\w+/}m,
    "accesses a control register"           => qr/\bcsr_(?:read|write|set|clear)\b|\bCSR_\w+/,
    "names a control register"              => qr/\b(?:satp|sie|sip|sepc|stvec|stval|scause|sstatus|sscratch)\b/,
    "names a bit of a control register"     => qr/\b(?:SATP|SSTATUS|SIP|SIE|CAUSE)_\w+/,
    "names a bit of a page-table entry"     => qr/\bPTE_\w+/,
    "calls the firmware"                    => qr/\bsbi_\w+|\bSBI_\w+/,
    "contains assembly"                     => qr/\b(?:__asm__|asm)\b/,
    "names an interrupt controller"         => qr/\b(?:plic|aplic|imsic|clint)s?(?:_\w+)?\b/i,
);

# The code of a file without comments, and without strings that are no includes.
sub code_of {
    my ($text) = @_;
    $text =~ s{/\*.*?\*/}{}gs;
    $text =~ s{^(?!#include).*}{$& =~ s/"(?:\\.|[^"\\])*"//gr}gem;
    return $text;
}

# What is wrong in these sources (file to text), as sentences.
sub violations {
    my %source = @_;
    my @found;
    for my $file (sort keys %source) {
        my $code = code_of($source{$file});
        push @found, map { "$file $_" } grep { $code =~ $words{$_} } sort keys %words;
    }
    return @found;
}

my %generic = map { $_ => slurp($_) } grep { !m{^kernel/arch/} } split /\n/, qx(find kernel -name '*.[chS]');
cmp_ok(scalar keys %generic, ">", 50, "the kernel's sources are read");
is_deeply([violations(%generic)], [], "only kernel/arch/ names what is RISC-V's");

# What others might write is found.
my $innocent = "kernel/thread/scheduler.c";
for my $line (
    '#include "arch/riscv64/csr.h"',
    "word_t status = csr_read(status);",
    "word_t *sip = pending;",
    "set_mode(SSTATUS_SPP);",
    "*entry = phys >> 2 | PTE_VALID;",
    "sbi_set_timer(time);",
    '__asm__ volatile("nop");',
    "word_t base = platform.plic_base;",
) {
    my %broken = (%generic, $innocent => "$generic{$innocent}\n$line\n");
    is(scalar violations(%broken), 1, "found elsewhere: $line");
}
done_testing();
