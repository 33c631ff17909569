# Every command that README.md, the pages of docs/ and the READMEs of folders tell their readers to run is run here, as
# it stands or in a shorter form; or make agrees to run it (make -n), where it is too long or never ends, and another test
# does its work. A command that is in neither table fails. (docs/tutorial.md has a test of its own.)
use strict;
use warnings;
use lib "tests/docs";
use Docs;
use File::Copy qw(copy);
use Test::More;

my $done = qr/^demo: all steps done$/m;
my $hello = qr/^Hello from a root task\.$/m;
my $verdict = qr/^async-demo: PASS/m;

# Command of a page: what is run, "" for the command itself, and what must be on its output.
my %runs = (
    "make run" => ["", qr/$verdict.*^ +64 +\S+ +\S+ \( ?[\d.]+x\) .*%$/ms],
    "make run APP=hello" => ["", $hello],
    "make run APP=hello HARTS=4 MEM=1024" => ["", qr/on 4 of 4 harts, 1024 MiB.*$hello/s],
    'make run APP=hello HARTS=4 BOOTARGS="abi=up"' => ["", $hello],
    "make run ROOT=some.elf" => ["make run ROOT=$folder/some.elf", $hello],
    'make run ROOT=/path/to/root.elf BOOTARGS="abi=up"' => ["make run ROOT=$folder/up.elf BOOTARGS=abi=up", $hello],
    'qemu-system-riscv64 -machine virt -smp 4 -m 1024 -nographic -kernel out/rel4.elf -initrd out/apps/hello.elf -append "harts=2"' =>
        ["", qr/on 2 of 4 harts.*$hello/s],
    "make run APP=demo" => ["", $done],
    "make run APP=demo HARTS=1" => ["", $done],
    "make run APP=async-demo" => ["", $verdict],
    "make run APP=async-demo HARTS=1" => ["", $verdict],
    'make run APP=async-demo KERNEL=debug BOOTARGS="-- show=1" | grep -a "^tcb\|bound\|expected"' => ["", qr/^  which is bound to tcb/m],
    "make run APP=uintr-ping" => ["", qr/^uintr-ping: done$/m],
    "make run APP=uintr-ping HARTS=1" => ["", qr/^uintr-ping: done$/m],
    "make run APP=allocator HARTS=4" =>
        ['make run APP=allocator HARTS=4 BOOTARGS="-- frames=16 rounds=2 repetitions=1"', qr/^allocator: done$/m],
    'make run APP=allocator BOOTARGS="root_cnode_bits=14 -- scenarios=62"' =>
        ['make run APP=allocator BOOTARGS="root_cnode_bits=14 -- scenarios=62 units=32 repetitions=1"', qr/^capabilities: .*^allocator: done$/ms],
    # docs/programming.md has its readers write the program.
    "make run APP=mine" => ["make run APP=hello", $hello],
    'make run APP=mine BOOTARGS="harts=1 -- rounds=100"' => ['make run APP=hello BOOTARGS="harts=1 -- rounds=100"', qr/on 1 of 2 harts.*$hello/s],
    "make run APP=mine KERNEL=debug" => ["make run APP=hello KERNEL=debug", $hello],
    "make fuzz SEED=7 CALLS=1000000 HARTS=4 KERNEL=debug" => ["make fuzz SEED=7 CALLS=1000 HARTS=4 KERNEL=debug", qr/^fuzz: PASS$/m],
    "tests/run/qemu-tap NAME harts=4 kernel=debug" => ["tests/run/qemu-tap smoke harts=4 kernel=debug", qr/^ok 1 /m],
    # This one writes into the corpus.
    "out/fuzz/objects -merge=1 tests/fuzz/corpus/objects out/fuzz/new/objects" =>
        ["out/fuzz/objects -merge=1 $folder/corpus $folder/new", qr/MERGE-OUTER: .* new files/],
);

# Command of a page: why it is not run, and which test, or else script, does the work of its recipe.
my %elsewhere = (
    "make test" => ["it is running", "tests/run/all"],
    "make test TEST=PATTERN" => ["it is running", "tests/run/all"],
    "make check" => ["it is no test", "scripts/check-file.sh"],
    "make debug APP=mine" => ["gdb needs a terminal", "tests/docs/programming.t"],
    "make fuzz" => ["it never ends", "tests/sysfuzz/sysfuzz.t"],
    "make fuzz-minimize SEED=7 CALLS=100000 HARTS=1 KERNEL=debug CHECK=100" => ["there is nothing to minimise", "tests/sysfuzz/sysfuzz.t"],
    "make bench" => ["too long", "tests/bench/kernel.t"],
    "make bench EXPERIMENT=stages" => ["too long", "tests/bench/kernel.t"],
    "make bench EXPERIMENT=kernel" => ["too long", "tests/bench/kernel.t"],
    "make bench EXPERIMENT=uintr" => ["too long", "tests/bench/uintr.t"],
    "make bench EXPERIMENT=breakdown" => ["too long", "bench/breakdown.pl"],
    "make bench EXPERIMENT=async" => ["too long", "tests/bench/async.t"],
    "make bench EXPERIMENT=async QUICK=1" => ["too long", "tests/bench/async.t"],
    "make bench EXPERIMENT=async SCENARIO=threads" => ["too long", "tests/bench/scenarios.t"],
    "make bench EXPERIMENT=async FRAMES=64 MODE=async CLOCK=ticks HARTS=1 PLATFORM=uintc" => ["it needs the other QEMU", "tests/bench/async.t"],
    "make bench EXPERIMENT=async PLATFORM=virt" => ["too long", "tests/bench/async.t"],
    "make bench-picture" => ["it writes into docs/", "tests/bench/async.t"],
    "make run PLATFORM=uintc" => ["it needs the other QEMU", "tests/uintc/async-demo.t"],
    "make run APP=async-demo HARTS=4 PLATFORM=uintc" => ["it needs the other QEMU", "tests/uintc/async-demo.t"],
);

# Goals and variables that `make help-all` knows; `make help` is what fits on a screen.
my ($help) = read_file("Makefile") =~ /((?:^#[?+].*\n)+)/m;
my %goal = map { $_ => 1 } $help =~ /^#[?+] make ([\w-]+)/mg;
my @short = split /\n/, qx(make --no-print-directory help);
ok(@short > 20 && @short <= 40 && !grep({ length > 100 } @short, split /\n/, qx(make --no-print-directory help-all)), "make help has at most 40 lines of 100 columns");
my %variable = map { $_ => 1 } $help =~ /\b([A-Z_]+)=/g;

# What is wrong with a command of make.
sub unknown {
    my ($command) = @_;
    my ($words) = $command =~ /^make((?: (?:\w+="[^"]*"|[^ |]+))*)/;
    my @names = map { s/=.*//sr } $words =~ / (\w+="[^"]*"|[^ |]+)/g;
    return grep { !$goal{$_} && !$variable{$_} } @names;
}

copy("out/apps/hello.elf", "$folder/some.elf") or die "$!";
copy("out/up/apps/hello.elf", "$folder/up.elf") or die "$!";
mkdir "$folder/$_" for qw(corpus new);
copy($_, "$folder/new") for (glob "tests/fuzz/corpus/objects/*")[0 .. 2];

my %found;
for my $page (pages()) {
    my $tutorial = $page eq "docs/tutorial.md";
    my @inline = map { s/\s+/ /gr } read_file($page) =~ /`(make [^`]+)`/g;
    my @commands = map { commands_of($_->[1]) } grep { $_->[0] =~ /^(?:|sh|bash|console)$/ } blocks($page);
    is_deeply([map { unknown($_) } grep { /^make / } @inline, @commands], [], "$page: make knows its goals and variables");
    push @{ $found{$_} }, $page for $tutorial ? () : @commands;
}

for my $command (sort keys %found) {
    my $where = join ", ", @{ $found{$command} };
    if (my $run = $runs{$command}) {
        my ($short, $pattern) = @$run;
        my ($status, $output) = run($short || $command);
        ok($status eq "0" && $output =~ $pattern, "$command: works ($where)") or diag("status $status\n$output");
    } elsif (my $reason = $elsewhere{$command}) {
        my ($why, $test) = @$reason;
        my ($status, $output) = run("make -n " . $command =~ s/^make //r =~ s/\bAPP=mine\b/APP=hello/r);
        ok($status eq "0" && -f $test, "$command: is possible; $why, see $test ($where)") or diag($output);
    } else {
        fail("$command: is run by a test ($where)");
        diag("tests/docs/commands.t has to know it");
    }
}
is_deeply([grep { !$found{$_} } sort(keys %runs, keys %elsewhere)], [], "every command of the tables is in a page");

done_testing();
