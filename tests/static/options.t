# The variables of make: a mistake is one line that names the variable, and nothing is built; folders and files may have
# any name.
use strict;
use warnings;
use Fcntl qw(:flock);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die "$!";
delete @ENV{qw(MAKEFLAGS MAKELEVEL MAKEOVERRIDES)};
my $folder = tempdir(CLEANUP => 1);

# As one argument, and no shell between.
sub make {
    my (@arguments) = @_;
    open my $make, "-|", "sh", "-c", 'exec make "$@" 2>&1', "make", @arguments or die "$!";
    my $output = do { local $/; <$make> };
    close $make;
    return ($?, $output);
}

mkdir "$folder/empty";
for my $mistake ("HARTS=9", "HARTS=0", "HARTS=x", "HARTS=", "HARTS=1 2", "HARTS='", "HARTS=-1", "MEM=1", "MEM=512M", "DOMAINS=17", "GDB_PORT=65536",
    "JOBS=0", "JOBS=two", "KERNEL=both", "PLATFORM=virt uintc", "PLATFORM=", "EXPERIMENT=speed", "APP=nothing", "APP=", "APP=$folder/nothing",
    "APP=$folder/empty", "APP=hello hello", "ROOT=$folder/nothing", "ROOT=", "TARGET=nothing", "SEED=1;:", "CALLS=-1", "CHECK=x", "OUT=", "OUT=a b",
    "OUT=.", "OUT=../", "OUT=/", "OUT=kernel", "OUT=./docs/x", "OUT=\$\$(:)", "HARTS=2\n", "BOOTARGS=a\nb", "TEST=a\nb") {
    my ($name) = $mistake =~ /^(\w+)/;
    my ($status, $output) = make("run", $mistake);
    ok($status != 0 && $output =~ /^\S+: \*\*\* \Q$name\E\b[^\n]*\.  Stop\.\n\z/, "make run " . $mistake =~ s/\n/\\n/gr) or diag($output);
}

# Which of the two builds of a program runs is what the kernel makes of the options.
my %up = ("abi=up" => 1, "log=debug abi=smp abi=up -- abi=smp" => 1, "-- abi=up" => 0, "abi=up abi=smp" => 0, "log=none * -- 'abi=up" => 0);
for my $options (sort keys %up) {
    my ($status, $output) = make("-n", "run", "APP=hello", "BOOTARGS=$options");
    my $folder = $up{$options} ? "out/up/apps" : "out/apps";
    ok($status == 0 && $output =~ m{^scripts/qemu.sh out/rel4.elf $folder/hello.elf }m, "make run BOOTARGS=$options") or diag($output);
}
my ($status, $output) = make("test-debian", "RELEASE=11");
ok($status != 0 && $output =~ /^\S+: \*\*\* RELEASE is one of 12 13, not "11"\.  Stop\.\n\z/, "make test-debian RELEASE=11") or diag($output);
($status, $output) = make("test", "TEST=(");
ok($status != 0 && $output =~ /^TEST=\( is no pattern of Perl: [^\n]*\n(?:make: [^\n]*\n)?\z/m, "make test TEST=(") or diag($output);

# Whoever runs this test may have the lock already.
open my $lock, ">>", "out/tests.lock" or die "out/tests.lock: $!";
flock $lock, LOCK_EX | LOCK_NB;
$output = qx(timeout 3 tests/run/all --match "^static/ports\$" 2>&1);
is($output, "Waiting until the other tests in this tree have ended.\n", "two make test at once in a tree: the second waits");
close $lock;

for my $name ("with space", "two  spaces", "c/ d", "q out/x", "it's", "a\$b", "a#b", "a:b", "ä", "(x)") {
    make_path("$folder/$name");
    copy("apps/hello/main.c", "$folder/$name/main.c") or die "$!";
    copy("out/apps/hello.elf", "$folder/$name.elf") or die "$!";
    # A dollar is make's own.
    my $path = "$folder/$name" =~ s/\$/\$\$/gr;
    for my $what ("APP=$path", "APP=$path/", "ROOT=$path.elf") {
        ($status, $output) = make("run", $what);
        ok($status == 0 && $output =~ /^Hello/m, "make run $what") or diag($output);
    }
}
($status, $output) = make("run", "APP=hello", "BOOTARGS=log=debug -- it's \"two words\"");
ok($status == 0 && $output =~ /^Hello/m, "make run BOOTARGS with quotes") or diag($output);
($status, $output) = make("run", "APP=hello/");
ok($status == 0 && $output =~ /^Hello/m, "make run APP=hello/") or diag($output);

remove_tree(map { ("$_/links", "$_$folder") } "out", "out/apps", "out/obj/programs", "out/obj/programs/out");

done_testing();
