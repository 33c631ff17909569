# The kernel stack is deep enough: the deepest path from each entry of the kernel, by what the compiler says about frames
# and calls (-fcallgraph-info: beside each object is a .ci file), stays below a bound. Calls that the compiler does not
# know of, in assembler, are taken from the objects. What is called through a pointer is every function that the sources
# put into a pointer of that name; a function whose address goes anywhere else, and a call through any other pointer,
# fail. So does recursion. Where it ends in a way that only the reader sees, a comment says so:
#   Recursion ends here: a()                          a() is at most once in a path
#   Below a(), POINTER leads to b() or c() only       what is called through a pointer with a() in the path
#   Below a(), POINTER leads to nothing
use strict;
use warnings;
use Test::More;

# Bytes of a stack that no path may use: what other versions of the compiler may need more.
my $MARGIN = 256;

# Pointers to functions: members, and two parameters.
my @POINTERS = qw(decode derive finalise moved exact_size_bits perform what visit);

# Entries with the panic stack.
my %PANICS = (handle_kernel_trap => 1, power_cut => 1, report_panic => 1);

# The one that assembler calls through.
my $TABLE = "syscall_table";

sub slurp { local (@ARGV, $/) = @_; scalar <> }

my %source = map { $_ => slurp($_) } split /\n/, qx(find kernel -name '*.[chS]');

# The sources without comments, and without macros that define a handler: what mentions a name there uses it.
my %code = map { $_ => $source{$_} =~ s{/\*.*?\*/}{}gsr =~ s{^HANDLER\(.*\)$}{}gmr } keys %source;

my ($stack_bits) = $source{"kernel/arch/riscv64/offsets.h"} =~ /^#define KERNEL_STACK_BITS (\d+)/m;
my ($panic_bytes) = $source{"kernel/arch/riscv64/entry.S"} =~ /^panic_stack:\n\s*\.skip\s+(\d+)/m;

# Labels of assembler: code without a frame, as nothing there moves the stack pointer.
my %label = map { $_ => 1 } map { $source{$_} =~ /^([A-Za-z_]\w*):/gm } grep { /\.S$/ } keys %source;

# Functions that are at most once in a path, and those below which pointers lead to some functions only: function to
# pointer to a set of functions.
my (%once, %below);
for my $comment (map { s{\n \*}{}gr } map { m{/\*.*?\*/}gs } values %source) {
    $once{$1} = 1 while $comment =~ /\bRecursion ends here: (\w+)\(\)/g;
    while ($comment =~ /\bBelow (\w+)\(\), (\w+) leads to ((?:\w+\(\)(?:, | or )?)+ only|nothing)\b/g) {
        my ($function, $pointer, $led) = ($1, $2, $3);
        $below{$function}{$pointer} = { map { $_ => 1 } $led =~ /(\w+)\(\)/g };
    }
}

# The function without its file, and without what the compiler adds where it makes another version of one.
sub plain { return $_[0] =~ s/.*://r =~ s/\..*//r }

# The pointer that is called at a place in the sources.
sub pointer_at {
    my ($file, $line, $column) = $_[0] =~ /^(\S+):(\d+):(\d+)$/ or return;
    my $text = substr((split /\n/, $source{$file} // "")[$line - 1] // "", $column - 1);
    my $names = join "|", @POINTERS;
    return $text =~ /\b($names)\(/ ? $1 : undef;
}

# The pointers that a function is put into; dies of a mention that is neither that nor a call.
sub pointers_to {
    my ($function, @files) = @_;
    my %found;
    for my $file (@files) {
        while ($code{$file} =~ /^(.*?)\b\Q$function\E\b(?!\()/gm) {
            my $before = $1;
            my $pointer = $before =~ /\[~SYS_\w+\] = $/ ? $TABLE
                : $before =~ /(?:\.|->)(\w+) = $/ ? $1
                : $before =~ /^ *\{ \w+, \d, \d, $/ ? "decode"
                : $before =~ /^ *\{ \w+, \d, \d, \w+, $/ ? "perform"
                : $before =~ /\bfor_each_region\(\w+, $/ ? "what"
                : $before =~ /\bcheck_lists\(.*, $/ ? "visit"
                : die "$file: what is $function there?\n";
            die "$file: $function is put into a pointer $pointer\n" if !grep { $_ eq $pointer } @POINTERS, $TABLE;
            $found{$pointer} = 1;
        }
    }
    die "where is the address of $function taken?\n" if !%found;
    return keys %found;
}

# What a build consists of: frame (function to bytes), calls (function to a set of functions), through (function to a
# set of pointers), into (pointer to a set of functions), entries, and problems.
sub read_kernel {
    my ($folder) = @_;
    my %kernel = (frame => {}, calls => {}, through => {}, into => {}, entries => {}, problems => []);
    my @objects = map { "$folder/$_.o" } sort grep { /\.[cS]$/ } keys %source;
    for my $object (grep { /\.c\.o$/ } @objects) {
        for (split /\n/, slurp($object =~ s/o$/ci/r)) {
            if (/^node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \(([^"]*)\)"/) {
                $kernel{frame}{$1} = $2;
                push @{ $kernel{problems} }, "the frame of $1 is $3" if $3 ne "static";
            } elsif (/^edge: \{ sourcename: "([^"]+)" targetname: "__indirect_call" label: "([^"]+)"/) {
                my ($function, $place) = ($1, $2);
                my $pointer = pointer_at($place);
                push @{ $kernel{problems} }, "$function calls through a pointer in $place" if !$pointer;
                $kernel{through}{$function}{ $pointer // "" } = 1;
            } elsif (/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/) {
                $kernel{calls}{$1}{$2} = 1;
            } elsif (!/^(?:graph: |node: .* shape : ellipse \}$|\}$)/) {
                push @{ $kernel{problems} }, "$object has a line that is not understood: $_";
            }
        }
    }
    read_relocations(\%kernel, $folder, @objects);
    return \%kernel;
}

# Where the functions of objects begin and end: file to section to [first, end, function].
sub places {
    my ($folder, @objects) = @_;
    my ($file, %places) = ("");
    open my $lines, "-|", "riscv64-unknown-elf-objdump", "-t", @objects or die "$!";
    while (<$lines>) {
        $file = $1 if m{^\Q$folder\E/(\S+)\.o:};
        my ($first, $section, $size, $name) = /^([0-9a-f]+) .{6}F (\S+)\t([0-9a-f]+) (?:\.hidden )?(\S+)$/ or next;
        push @{ $places{$file}{$section} }, [hex $first, hex($first) + hex $size, $name];
    }
    close $lines or die "the objects in $folder cannot be read\n";
    return \%places;
}

# What objects jump to, and which functions' addresses they take.
sub read_relocations {
    my ($kernel, $folder, @objects) = @_;
    my ($file, $section, %taken) = ("", "");
    my $places = places($folder, @objects);
    open my $lines, "-|", "riscv64-unknown-elf-readelf", "-rW", @objects or die "$!";
    while (<$lines>) {
        $file = $1 if m{^File: \Q$folder\E/(\S+)\.o$};
        $section = $1 if /^Relocation section '\.rela(\S+)'/;
        next if $section =~ /^\.(?:debug|eh_frame)/;
        my ($offset, $type, $symbol) = /^([0-9a-f]+)\s+[0-9a-f]+\s+(R_RISCV_\w+)\s+[0-9a-f]+\s+([A-Za-z_]\S*) [+-] / or next;
        my $target = named($kernel, $file, $symbol) // next;
        if ($file =~ /S$/) {
            $kernel->{entries}{$target} = 1 if !$label{$target};
        } elsif ($section =~ /^\.text/ && $type =~ /CALL|JAL|JUMP|BRANCH/) {
            my ($at) = grep { $_->[0] <= hex $offset && hex $offset < $_->[1] } @{ $places->{$file}{$section} };
            my $function = $at && named($kernel, $file, $at->[2]);
            if (!$function) {
                push @{ $kernel->{problems} }, "$file: $symbol is called in $section";
            } elsif ($function ne $target) {
                $kernel->{calls}{$function}{$target} = 1;
            }
        } elsif (!$label{$target}) {
            $taken{$target} = $file;
        }
    }
    close $lines or die "the objects in $folder cannot be read\n";
    for my $function (sort keys %taken) {
        my @files = $function =~ /^(\S+):/ ? $1 : grep { !/S$/ } keys %code;
        my @pointers = eval { pointers_to(plain($function), @files) };
        push @{ $kernel->{problems} }, $@ =~ s/\n//r if $@;
        $kernel->{into}{$_}{$function} = 1 for @pointers;
    }
    $kernel->{entries}{$_} = 1 for keys %{ $kernel->{into}{$TABLE} };
}

# The function that an object's symbol is, or undef. Parts that were split off belong to it.
sub named {
    my ($kernel, $file, $symbol) = @_;
    $symbol =~ s/\.cold$//;
    my ($found) = grep { exists $kernel->{frame}{$_} || $label{$_} } "$file:$symbol", $symbol;
    return $found;
}

# The functions that a pointer leads to.
sub led_to {
    my ($kernel, $pointer, $over) = @_;
    my @led = keys %{ $kernel->{into}{$pointer} };
    for my $only (grep { $_ } map { $below{$_}{$pointer} } keys %$over) {
        @led = grep { $only->{ plain($_) } } @led;
    }
    return @led;
}

# The deepest path from a function: [bytes, function, function, ...]. The way to here is given as a list of functions. Of
# those, that have to do with recursion also come as a set.
sub deepest {
    my ($kernel, $function, $known, $way, $over) = @_;
    my $name = plain($function);
    $over = { %$over, $name => 1 } if $once{$name} || $below{$name};
    my $state = join " ", $function, sort keys %$over;
    if (grep { $_ eq $state } @$way) {
        my ($start) = grep { $way->[$_] eq $state } 0 .. $#$way;
        push @{ $kernel->{problems} }, "recursion: " . join " -> ", map { s/ .*//r } @$way[$start .. $#$way], $state;
        return [0];
    }
    if (!$known->{$state}) {
        my $deepest = [0];
        my @called = (keys %{ $kernel->{calls}{$function} },
            map { led_to($kernel, $_, $over) } keys %{ $kernel->{through}{$function} });
        for my $callee (sort grep { !($once{ plain($_) } && $over->{ plain($_) }) } @called) {
            my $path = deepest($kernel, $callee, $known, [@$way, $state], $over);
            $deepest = $path if $path->[0] > $deepest->[0];
        }
        my $bytes = $kernel->{frame}{$function};
        push @{ $kernel->{problems} }, "$function is called, but not known" if !defined $bytes && !$label{$function};
        my ($below, @path) = @$deepest;
        $known->{$state} = [$below + ($bytes // 0), $function, @path];
    }
    return $known->{$state};
}

# Two paths, on the kernel stack and on that of panics, and what is wrong.
sub judge {
    my ($kernel) = @_;
    my $panic = [0];
    my $deepest = [0];
    my %known;
    my $before = @{ $kernel->{problems} };
    for my $entry (sort keys %{ $kernel->{entries} }) {
        my $path = deepest($kernel, $entry, \%known, [], {});
        my $worst = $PANICS{$entry} ? \$panic : \$deepest;
        $$worst = $path if $path->[0] > $$worst->[0];
    }
    my %found = map { $_ => 1 } splice @{ $kernel->{problems} }, $before;
    return ($deepest, $panic, [@{ $kernel->{problems} }, sort keys %found]);
}

sub show {
    my ($kernel, $name, $bound, $bytes, @path) = @_;
    ok($bytes > 0 && $bytes <= $bound, "$name: at most $bytes bytes, of $bound") or diag(join " -> ", @path);
    note(sprintf "%6d %s", $kernel->{frame}{$_} // 0, s{^kernel/}{}r) for @path;
}

is_deeply([grep { $code{$_} =~ /\b(?:addi?|sub)\s+sp\b/ } sort keys %code], [], "no assembler moves the stack pointer");

my $last;
for my $folder (qw(out/obj/release out/obj/debug out/domains4/obj/release out/domains4/obj/debug)) {
    my $kernel = $last = read_kernel($folder);
    my ($deepest, $panic, $problems) = judge($kernel);
    is_deeply($problems, [], "$folder: all calls are known");
    ok($kernel->{entries}{$_}, "$folder: $_() is an entry")
        for qw(boot_main boot_secondary handle_call handle_yield handle_other_syscall handle_trap handle_kernel_trap);
    show($kernel, "$folder: the kernel stack", (1 << $stack_bits) - $MARGIN, @$deepest);
    show($kernel, "$folder: the stack of panics", $panic_bytes - $MARGIN, @$panic);
}

# Names in comments are those of one function each.
my %functions;
$functions{ plain($_) }{ s/\.\w+\.\d+$//r } = 1 for keys %{ $last->{frame} };
is_deeply([grep { keys %{ $functions{$_} // {} } != 1 } keys %once, keys %below, map { map { keys %$_ } values %$_ } values %below],
    [], "comments about recursion name functions");

# What others might write is found.
{
    local $last->{calls}{power_cut} = { power_cut => 1 };
    is_deeply((judge($last))[2], ["recursion: power_cut -> power_cut"], "found: recursion");
}
{
    local $last->{calls}{sbi_legacy_shutdown} = { memmove => 1 };
    is_deeply((judge($last))[2], ["memmove is called, but not known"], "found: a call of a function without a frame");
}
{
    local $last->{frame}{worker_run} = 3000;
    cmp_ok((judge($last))[0][0], ">", (1 << $stack_bits) - $MARGIN, "found: a large frame");
}
{
    my $file = "kernel/object/tcb_cap.c";
    my $text = "    return operation->other(operation);";
    local $source{$file} = "$text\n";
    is(pointer_at("$file:1:12"), undef, "found: a call through another pointer");
    local $code{$file} = "void *pointer = finalise_tcb;\n";
    ok(!eval { pointers_to("finalise_tcb", $file) }, "found: a function in another pointer");
}
done_testing();
