# A console that nobody reads: the machine goes on without it, and says afterwards how much is missing.
use strict;
use warnings;
use Boot;
use Fcntl qw(F_GETFL);
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);

use constant F_SETPIPE_SZ => 1031;
use constant ROOM => 4096;    # in the pipe that stands for the line
use constant BANNER => 3500;  # at most, of the firmware, whose length is that of its version

my $printed = join "", map { sprintf "# %08u\n", $_ } 0 .. 4999;

# Boots the program that prints all that, and reads its console when it has done so, or when QEMU has ended. Returns the
# exit status, or "hang", and what came behind the plan of the tests.
sub boot_unread {
    my ($bootargs, @qemu) = @_;
    my $log = write_file("");
    pipe(my $reader, my $writer) or die "$!";
    fcntl($writer, F_SETPIPE_SZ, ROOM) == ROOM or die "no pipe of this size: $!";
    my $pid = fork // die "$!";
    if (!$pid) {
        open STDIN, "<", "/dev/null";
        open STDOUT, ">&", $writer;
        exec "timeout", "-k", "5", 300, "scripts/qemu.sh", "out/rel4.elf", "out/tests/console.elf", "bootargs=$bootargs",
            "--", "-d", "guest_errors", "-D", $log, @qemu;
        exit 127;
    }
    close $writer;
    my $reads = $bootargs =~ /wait/;
    my $ended = 0;
    until ($ended || ($reads && read_file($log) =~ /sifive_test/)) {
        $ended = waitpid($pid, WNOHANG) == $pid;
        sleep 0.05;
    }
    my $status = $?;
    my $console = do { local $/; <$reader> };
    unless ($ended) {
        waitpid $pid, 0;
        $status = $?;
    }
    $status >>= 8;
    $console =~ s/\r//g;
    $console =~ s/\A.*?^1\.\.1\n//ms;
    return ($status == 124 || $status == 137 ? "hang" : $status, $console);
}

# The number of characters at the front of a string that are as they were printed.
sub good_length {
    my ($console) = @_;
    ($console ^ substr $printed, 0, length $console) =~ /\A(\0*)/;
    return length $1;
}

sub loses {
    my ($name, $calls, @qemu) = @_;
    my ($status, $console) = boot_unread("-- wait", @qemu);
    my $good = good_length($console);
    my ($lost, $rest) = substr($console, $good) =~ /\A\nrel4: (\d+) characters were lost\n(.*)\z/s;
    is($status, 0, "$name: the machine ends");
    is($good + ($lost // 0), length $printed, "$name: the kernel counts the characters that are lost");
    cmp_ok($good, ">=", ROOM - BANNER, "$name: there are characters that were not");
    like($rest // $console, qr/\A# $calls\nok 1 [^\n]*\n\z/, "$name: what is printed afterwards is all there");
}

loses("a console that is read late", qr/[^\n]+/);
loses("with exact time", qr/1 calls of more than 5 ms, the longest took 10\d\d\d us/, "-icount", "shift=3,sleep=off");

my ($status, $console) = boot_unread("");
is($status, 0, "a console that is never read: the machine ends");
is(good_length($console), length $console, "a console that is never read: what left is what was printed");

done_testing();
