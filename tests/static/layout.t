# A mark beside a function or a variable (kernel/lib/types.h) has the linker put it among the others that are hot. It has
# no effect where the compiler has nothing to put there, because each call was inlined: then the mark says what is not
# so. The loop over a batch of requests lies on one page.
use strict;
use warnings;
use Test::More;
use lib "bench";
use Bench;

my %section = (HOT => ".text.hot", HOT_LOOP => ".text.hot.loop", HOT_DATA => ".bss.hot");

sub slurp { local (@ARGV, $/) = @_; scalar <> }

# The marks of a source, as pairs of a mark and the name behind it. In a macro that defines functions, the name is what
# each use of the macro makes of it.
sub marks {
    my ($text) = @_;
    $text =~ s{/\*.*?\*/}{}gs;
    my (@marks, $macro, $parameter);
    for (split /\n/, $text) {
        ($macro, $parameter) = /^#define (\w+)\((\w+)/ ? ($1, $2) : () if !/^ /;
        s/__attribute__\(\(\w+\)\) //g;
        my ($mark, $name) = /^ *(?:static )?(HOT\w*) [\w *]*?\b([\w#]+)(?:[\[(;]| =)/ or next;
        push @marks, $macro ? map { [$mark, $name =~ s/\b$parameter(?:##)?/$_/r] } $text =~ /^$macro\((\w+)/mg : [$mark, $name];
    }
    return @marks;
}

# The names in an object file, by their sections, without what the compiler adds to those of variants.
sub names {
    my ($object) = @_;
    my %names;
    for (qx(riscv64-unknown-elf-objdump -t $object)) {
        $names{$1}{$2} = 1 if /^[0-9a-f]+ .{7} (\.\S+)\t[0-9a-f]+ (?:\.hidden )?(\w+)/;
    }
    return %names;
}

my $count = 0;
for my $file (split /\n/, qx(grep -rlw 'HOT[A-Z_]*' kernel --include='*.[chS]')) {
    my $text = slurp($file);
    next if $file eq "kernel/lib/types.h";
    my @marks = marks($text);
    my $words = () = $text =~ s{/\*.*?\*/}{}gsr =~ /\bHOT(?:_[A-Z]+)?\b/g;
    my $read = () = $text =~ s{/\*.*?\*/}{}gsr =~ /^ *(?:static )?HOT\w* /mg;
    is($read, $words, "each mark of $file begins a definition");
    my %names = names("out/obj/release/$file.o");
    for my $mark (@marks) {
        $count++;
        ok($names{ $section{ $mark->[0] } }{ $mark->[1] }, "$mark->[0] has an effect on $mark->[1] in $file");
    }
}
cmp_ok($count, ">", 40, "marks were found");

my %address = map { /^\w{8}([0-9a-f]{8}) \w (\S+)$/ ? ($2 => hex $1) : () } qx(riscv64-unknown-elf-nm out/rel4.elf);
my ($named, $compiler) = compilers();
my $end = $address{hot_loop_end} - $address{kernel_start};
SKIP: {
    skip "the loop's size is that of gcc $named, this is $compiler: it ends at $end", 1 if $compiler ne $named;
    cmp_ok($end, "<=", 4096, "the loop over a batch ends on the page on which the kernel begins");
}

# What others might write is found.
is_deeply([marks("static HOT __attribute__((noinline)) void a(int b)\n{\n}\n")], [["HOT", "a"]], "a mark among attributes");
is_deeply([marks("HOT_DATA struct a *b[3];\n")], [["HOT_DATA", "b"]], "a mark of a variable");
is_deeply([marks("#define M(n) \\\n    HOT void n##_x(int b) \\\n    { \\\n    }\nM(one)\nM(two)\n")],
    [["HOT", "one_x"], ["HOT", "two_x"]], "a mark in a macro");
done_testing();
