# What the boot tests share: making root-task images, good and broken, and booting them.
#
# The base image is apps/hello, taken apart into segments and put together again, so that a test can change one
# thing and leave the rest valid.
package Boot;
use strict;
use warnings;
use Exporter "import";
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(boots prints refuses panics survives with_tree hello image code patch write_file read_file $good);

chdir dirname(__FILE__) . "/../.." or die "$!";
our $good = "out/apps/hello.elf";
my $folder = tempdir(CLEANUP => 1);
my $files = 0;

sub read_file {
    my ($path) = @_;
    open my $file, "<:raw", $path or die "$path: $!";
    local $/;
    return <$file> // "";
}

# Writes a temporary file and returns its path.
sub write_file {
    my ($bytes) = @_;
    my $path = "$folder/" . $files++;
    open my $file, ">:raw", $path or die "$path: $!";
    print $file $bytes;
    close $file or die "$path: $!";
    return $path;
}

our $firmware_started;    # whether the last machine's firmware came to its end

my %tree;    # by the number of harts: what the machine says of itself, as source

# QEMU's arguments for a machine with its own device tree after a change, which is a substitution that must match.
sub with_tree {
    my ($change, $harts) = (@_, 1);
    my $blob = write_file("");
    if (!$tree{$harts}) {
        system("scripts/qemu.sh out/rel4.elf - harts=$harts -- -machine dumpdtb=$blob 2> /dev/null") == 0 or die "no device tree";
        $tree{$harts} = qx(dtc -q -I dtb -O dts $blob);
    }
    local $_ = $tree{$harts};
    $change->() or die "the change does not match the tree";
    system("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", $blob, write_file($_)) == 0 or die "dtc failed";
    return (qemu => ["-dtb", $blob]);
}

# Boots, and returns the exit status ("hang" after the time limit) and the console behind the firmware's banner.
# Options: root (a path; "-" for none; default: hello, for the interface that bootargs asks for), kernel, harts, mem,
# bootargs, qemu (a list of arguments), limit (seconds), until (a pattern; when the console matches, that is enough).
sub boot {
    my (%with) = (kernel => "out/rel4.elf", limit => 60, @_);
    $with{root} //= ($with{bootargs} // "") =~ /abi=up/ ? "out/up/apps/hello.elf" : $good;
    my @command = ("timeout", "-k", "5", $with{limit}, "scripts/qemu.sh", $with{kernel}, $with{root},
        map { "$_=$with{$_}" } grep { defined $with{$_} } qw(harts mem bootargs));
    push @command, "--", @{ $with{qemu} } if $with{qemu};
    my $output = write_file("");    # a new one: until must not find what the last machine printed
    my $pid = fork // die "$!";
    if (!$pid) {
        open STDIN, "<", "/dev/null";
        open STDOUT, ">", $output;
        open STDERR, ">&", \*STDOUT;
        exec @command or exit 127;
    }
    while (waitpid($pid, $with{until} ? WNOHANG : 0) == 0) {
        kill "TERM", $pid if read_file($output) =~ $with{until};
        sleep 0.1;
    }
    my $status = $? >> 8;
    my $console = read_file($output);
    $console =~ s/\r//g;
    $firmware_started = $console =~ s/^OpenSBI v.*?^Boot HART MEDELEG[^\n]*\n//ms;
    return ($status == 124 || $status == 137 ? "hang" : $status, $console);
}

sub judge {
    my ($good, $name, $status, $console) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    ok($good, $name) or diag("status: $status\n$console");
}

# Proves that the root task ran to its end and that the console shows what is expected.
sub boots {
    my ($name, $expect, %with) = @_;
    my ($status, $console) = boot(%with);
    my $good = $status eq "0" && $console =~ $expect && $console !~ /PANIC|^rel4: error:/m;
    judge($good, $name, $status, $console);
    return $console;
}

# Proves that the kernel says why it does not start the root task, in one line, and powers off with a failure.
sub refuses {
    my ($name, $expect, %with) = @_;
    my ($status, $console) = boot(%with);
    my @errors = $console =~ /^rel4: error: (\S.*)$/mg;
    my $good = $status ne "0" && $status ne "hang" && @errors == 1 && $errors[0] =~ $expect && $console !~ /PANIC/;
    judge($good, $name, $status, $console);
}

# Proves that the console shows what is expected, whatever becomes of the root task.
sub prints {
    my ($name, $expect, %with) = @_;
    my ($status, $console) = boot(%with);
    judge($console =~ $expect && $console !~ /PANIC/, $name, $status, $console);
}

# Proves that the kernel stops the machine because it cannot go on, and says why.
sub panics {
    my ($name, $expect, %with) = @_;
    my ($status, $console) = boot(%with);
    my @panics = $console =~ /^PANIC on hart \d: (.*)$/mg;
    judge($status ne "0" && $status ne "hang" && @panics == 1 && $panics[0] =~ $expect, $name, $status, $console);
}

# Proves that the kernel comes to some end of its own: it refuses, or the root task runs, or faults.
sub survives {
    my ($name, %with) = @_;
    my ($status, $console) = boot(until => qr/ in application, /, %with);
    judge($console =~ /^rel4: error: |^Hello| in application, /m && $console !~ /PANIC/, $name, $status, $console);
}

# The good image in parts: { entry, segments => [{ vaddr, memsz, flags, data }] }, with the given changes.
sub hello {
    my (%changes) = @_;
    my $elf = read_file($good);
    my ($entry, $phoff) = unpack "x24 Q< Q<", $elf;
    my ($phentsize, $phnum) = unpack "x54 S< S<", $elf;
    my @segments;
    for my $i (0 .. $phnum - 1) {
        my ($type, $flags, $offset, $vaddr, undef, $filesz, $memsz) =
            unpack "L< L< Q< Q< Q< Q< Q<", substr $elf, $phoff + $i * $phentsize;
        next if $type != 1;
        push @segments, { vaddr => $vaddr, memsz => $memsz, flags => $flags, data => substr $elf, $offset, $filesz };
    }
    return { entry => $entry, segments => \@segments, %changes };
}

# Fields that patch() changes: offset and pack format. Those of a program header belong to the first one.
my %field = (
    magic => [0, "L<"], class => [4, "C"], encoding => [5, "C"], type => [16, "S<"], machine => [18, "S<"],
    version => [20, "L<"], entry => [24, "Q<"], phoff => [32, "Q<"], phentsize => [54, "S<"], phnum => [56, "S<"],
    p_offset => [72, "Q<"], p_vaddr => [80, "Q<"], p_filesz => [96, "Q<"], p_memsz => [104, "Q<"],
);

sub patch {
    my ($bytes, %values) = @_;
    for my $name (keys %values) {
        my ($offset, $format) = @{ $field{$name} };
        my $value = pack $format, $values{$name};
        substr($bytes, $offset, length $value) = $value;
    }
    return $bytes;
}

# Puts an image together from its parts; every segment's data starts on a page of the file.
sub image {
    my ($parts) = @_;
    my @segments = @{ $parts->{segments} };
    my $offset = 0x1000;
    my ($headers, $body) = ("", "");
    for my $segment (@segments) {
        my $size = length $segment->{data};
        my $lead = $segment->{vaddr} & 0xfff;
        $headers .= pack "L< L< Q< Q< Q< Q< Q< Q<", 1, $segment->{flags}, $offset + $lead, $segment->{vaddr},
            $segment->{vaddr}, $size, $segment->{memsz}, 0x1000;
        my $padded = "\0" x $lead . $segment->{data};
        $padded .= "\0" x (-length($padded) & 0xfff);
        $body .= $padded;
        $offset += length $padded;
    }
    my $header = pack "a4 C C C x9 S< S< L< Q< Q< Q< L< S< S< S< S< S< S<", "\x7fELF", 2, 1, 1, 2, 243, 1,
        $parts->{entry}, 64, 0, 0, 64, 56, scalar @segments, 64, 0, 0;
    my $front = $header . $headers;
    return $front . "\0" x (0x1000 - length $front) . $body;
}

# A root task of these instructions, and an endless loop behind them.
sub code {
    my $data = pack "L<*", @_, 0x0000006f;
    return image({ entry => 0x10000, segments => [{ vaddr => 0x10000, memsz => length $data, flags => 5, data => $data }] });
}

1;
