# What is made of include/interface/invocations.txt: the headers have the numbers of the manual, and the manual has the
# tables; the kernel's rows ask for the same messages; and what is said of a mistake in it.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die "$!";
my $folder = tempdir(CLEANUP => 1);
my $source = "include/interface/invocations.txt";

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!";
    local $/;
    return <$file>;
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, ">", $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

# Name in the manual, such as "CNode Mint"; name in seL4's headers, and for the kernel.
my (@methods, $object, $functions, $labels);
for (split /\n/, read_file($source)) {
    ($object, $functions, $labels) = ($1, $2, $3) if /^object (\w+) \w+ (\w+)_ (\w+) /;
    push @methods, { name => "$object $1", functions => $functions, enumerator => $2 } if /^method (\w+) \w+ ?(\w*)/;
}
# What a program, or the kernel, gets.
sub compiles {
    my ($source, @flags) = @_;
    write_file("$folder/numbers.c", $source);
    return system("riscv64-unknown-elf-gcc", "-std=gnu11", "-ffreestanding", "-fsyntax-only", "-Iinclude", "-Iout/include", @flags,
        "$folder/numbers.c") == 0;
}

my ($section) = read_file("docs/interface-2-objects.md") =~ /^## 2\.3 (.*?)^## 2\.4 /ms;
my %number;
while ($section =~ /\| (\w+ \w+) \| (\d+|-) \| (\d+) (?=\|)/g) {
    $number{$1} = { up => $2, smp => $3 };
}
my @of_sel4 = grep { $_->{functions} =~ /^seL4_/ } @methods;
is_deeply([sort keys %number], [sort map { $_->{name} } @of_sel4], "2.3 has all labels of seL4, and no others");
for my $numbering (["up", "-DSEL4_ABI_UP"], ["smp"]) {
    my ($column, @flags) = @$numbering;
    my $asserts = join "", map {
        my $is = $number{ $_->{name} }{$column};
        $is eq "-" ? "enum { $_->{enumerator} };\n" : "_Static_assert($_->{enumerator} == $is, \"$_->{name}\");\n";
    } @of_sel4;
    ok(compiles("#include <sel4/invocation.h>\n$asserts", @flags), "2.3 has the numbers of <sel4/invocation.h>: $column");
}
my @labels = read_file("out/include/sel4/labels.h") =~ /^#define (LABEL_\w+) +(\d+)$/mg;
my %value = @labels;
is_deeply([sort { $a <=> $b } map { $value{$_} } grep { !/_(?:INVALID|COUNT)$/ } keys %value],
    [sort { $a <=> $b } map { $_->{smp} } values %number], "the kernel's numbers are those of several nodes");

# What the kernel asks of each message before it decodes. Where an error comes before the last of these checks, decode
# functions make the others.
my %later = map { $_ => 1 } qw(CNODE_COPY CNODE_MINT CNODE_MOVE CNODE_MUTATE CNODE_ROTATE DOMAIN_SET QUEUE_BIND);
my (%asked, $prefix, $label);
for (split /\n/, read_file($source) =~ s/^    "[^"]*"\n//mgr) {
    $prefix = $1 if /^object \w+ \w+ \w+_ (\w+_) /;
    $label = $prefix . uc($1 =~ s/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/_/gr) and $asked{$label} = [0, 0] if /^method (\w+)/;
    $asked{$label}[0]++ if /^    word /;
    $asked{$label}[1]++ if /^    capability /;
}
my %rows = map { $_->[0] => [$_->[1], $_->[2]] } map { my $text = read_file($_);
    my @rows; push @rows, [$1, $2, $3] while $text =~ /\{ ((?:REL4_)?LABEL_\w+), (\d+), (\d+), /g; @rows } glob("kernel/object/*.c");
is_deeply([sort keys %rows], [sort keys %asked], "the kernel has a row for each invocation");
for my $label (sort grep { $rows{$_} } keys %asked) {
    my ($words, $capabilities) = @{ $asked{$label} };
    if ($later{ $label =~ s/^(?:REL4_)?LABEL_//r }) {
        ok($rows{$label}[0] <= $words && $rows{$label}[1] <= $capabilities, "$label: the kernel asks for no more");
    } else {
        is_deeply($rows{$label}, [$words, $capabilities], "$label: the kernel asks for these words and capabilities");
    }
}

# Written once more, the tables of the pages are the same.
my @pages = grep { read_file($_) =~ /^<!-- (?:calls|errors): /m } glob("docs/*.md");
for my $page (@pages) {
    copy($page, "$folder/page.md") or die "$!";
    is(system("scripts/interface.pl", "pages", "$folder/page.md"), 0, "tables of invocations can be written into $page");
    ok(read_file($page) eq read_file("$folder/page.md"), "$page has the tables of $source; make interface renews them");
}
my $pages = join "", map { read_file($_) } @pages;
for my $kind ("calls", "errors") {
    my %shown = map { $_ => 1 } map { split /, / } $pages =~ /^<!-- $kind: (.+) -->$/mg;
    is_deeply([sort keys %shown], [sort keys %{ { map { $_->{functions} => 1 } @methods } }], "the pages have the $kind of each object");
}

# A mistake is one line that says where.
make_path("$folder/scripts", "$folder/include/interface");
copy("scripts/interface.pl", "$folder/scripts/interface.pl") or die "$!";
my $text = read_file($source);
for my $mistake (["a label twice", qr/^(method Delete) 19/m, "18"], ["a label that is left out", qr/^(method SaveCaller) 26/m, "27"],
    ["a capability of no kind", qr/^(    capability notification) notification$/m, "nothing"],
    ["a word of no meaning", qr/^(    word priority) priority$/m, "importance"], ["an error of no name", qr/^(    error not bound \|) IO$/m, "XX"],
    ["an error without an answer", qr/^(    error not) bound \| IO$/m, "bound"], ["another keyword", qr/^    word (irq irq)$/m, "more"],
    ["no manual", qr/^(method Suspend 11 TCBSuspend)\n *"[^"]*"$/m, ""]) {
    my ($what, $pattern, $instead) = @$mistake;
    my $wrong = $text =~ s/$pattern/$1 $instead/r;
    isnt($wrong, $text, "$what: can be made");
    write_file("$folder/$source", $wrong);
    my $output = qx(perl '$folder/scripts/interface.pl' headers '$folder/out' 2>&1);
    ok($? != 0 && $output =~ /^\S*invocations\.txt:[^\n]+\n\z/, "$what: is one line") or diag($output);
}

done_testing();
