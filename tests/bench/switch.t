# What user interrupts cost threads that do not use them: the kernel without its looks at them, against the kernel as it
# is. The looks are taken out of a copy of the sources, each where it stands; if one has changed, this test has to.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!";
    local $/;
    return <$file>;
}

sub medians {
    my ($kernel, $records) = @_;
    my $output = `PLATFORMS=virt bench/kernel.pl $kernel out/bench/kernel.elf $records 2>&1`;
    is($?, 0, "$kernel is measured") or diag($output);
    return map { $_->{name} => $_->{median} } @{ JSON::PP->new->decode(read_file($records)) };
}

my %looks = (
    "kernel/thread/switch.h" => [
        "    hart->current = next;\n    if (unlikely(hart->uintr_live != NULL)) {\n        uintr_leave(hart);\n    }\n",
        "    hart->current = next;\n",
        " && !next->uintr.user &&", " &&",
    ],
    "kernel/syscall/exit.c" => [
        "static COLD struct tcb *choose_again(", "__attribute__((unused)) static COLD struct tcb *choose_again(",
        "    if (unlikely(next->uintr.user) && unlikely(!uintr_prepare_return(hart, next))) {\n"
            . "        next = choose_again(hart);\n    }\n", "",
        "    if (next->uintr.user) {\n        uintr_prepare_return(hart, next);\n    }\n", "",
    ],
);

my $folder = tempdir(CLEANUP => 1);
is(system("cp", "-r", qw(Makefile mk kernel include lib apps scripts bench tests), $folder), 0, "the sources are copied");
for my $file (sort keys %looks) {
    my $text = read_file("$folder/$file");
    my @pairs = @{ $looks{$file} };
    while (my ($look, $without) = splice @pairs, 0, 2) {
        is($text =~ s/\Q$look\E/$without/g, 1, "$file: " . $look =~ s/\s+/ /gr);
    }
    open my $out, ">", "$folder/$file" or die "$!";
    print $out $text;
    close $out or die "$!";
}
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
my $built = `make -C $folder out/rel4.elf 2>&1`;
is($?, 0, "a kernel without them is built") or diag($built);

my %with = medians("out/rel4.elf", "$folder/with.json");
my %without = medians("$folder/out/rel4.elf", "$folder/without.json");

# Two switches through the scheduler, with two looks each; and one or two by the fast path, with one each.
for (["Yield there and back between two threads", 8], ["Call, one way, 0 words, to another address space", 2],
    ["Call + ReplyRecv round trip, 0 words, two address spaces", 4]) {
    my ($name, $most) = @$_;
    my $more = $with{$name} - $without{$name};
    cmp_ok($more, "<=", $most, "$name: $more instructions more than without user interrupts");
    cmp_ok($more, ">", 0, "$name: and the looks are counted");
}

done_testing();
