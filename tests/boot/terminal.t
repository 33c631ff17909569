# A terminal that is closed leaves no machine behind, whoever leads its session.
use strict;
use warnings;
use Boot;
use Test::More;
use Time::HiRes qw(sleep);

# What is running with these words in its command.
sub running {
    my ($words) = @_;
    return grep { my ($command) = map { tr/\0/ /r } eval { read_file("$_/cmdline") } // ""; $command =~ /^qemu-system\S* .*\Q$words\E/ } glob "/proc/[0-9]*";
}

sub wait_until {
    my ($condition) = @_;
    my $looks = 0;
    sleep 0.1 until $condition->() || ++$looks > 600;
    return $condition->();
}

# script(1) makes the terminal, and closes it when it is killed.
for my $shell ("exec make run", "make run; :") {
    my $root = write_file(code(0x0000006f));    # j .
    my $pid = fork // die "$!";
    if (!$pid) {
        open STDIN, "<", "/dev/null";
        open STDOUT, ">", "/dev/null";
        exec "script", "-qc", "MAKEFLAGS= " . $shell =~ s/make run/make run ROOT=$root/r, "/dev/null" or exit 127;
    }
    ok(wait_until(sub { scalar running($root) }), "$shell: the machine runs");
    kill "KILL", $pid;
    waitpid $pid, 0;
    ok(wait_until(sub { !running($root) }), "$shell: it ends with the terminal") or kill "KILL", map { m{(\d+)$} } running($root);
}

done_testing();
