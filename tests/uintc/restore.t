#!/usr/bin/perl
# Saves a running machine whose user-interrupt state is filled, restores it in another QEMU, and lets the program
# inside (restore.c) check the state. Also, that the emulator has nothing to say of its own.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IPC::Open2 qw(open2);
use Time::HiRes qw(sleep);

chdir dirname(__FILE__) . "/../.." or die "$!";
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { die "no end within 300 seconds\n" };
alarm 300;

chomp(my $qemu = `platform/qemu/build.sh`);
my $folder = tempdir(CLEANUP => 1);
my ($state, $console, $errors) = map { "$folder/$_" } qw(state console errors);
my @machine = ($qemu, qw(-machine virt -smp 4 -m 512 -display none -bios none -kernel out/uintc/restore.elf));
my $child;
END { kill "TERM", $child if $child }

sub contents {
    my ($path) = @_;
    open my $file, "<", $path or return "";
    local $/;
    return <$file> // "";
}

open STDERR, ">", $errors or die "$!";

$child = open2(my $monitor_out, my $monitor, @machine, "-serial", "file:$console", "-monitor", "stdio");
sleep 0.05 until contents($console) =~ /^# filled/m;
print $monitor "migrate \"exec:cat > $state\"\nquit\n";
$monitor->flush;
1 while <$monitor_out>;
waitpid $child, 0;
my $saved = -s $state;

$child = open2(my $restored, my $keyboard, @machine, qw(-serial stdio -monitor none -no-reboot), "-incoming",
    "exec:cat $state");
$keyboard->autoflush(1);
# What arrives before the state is loaded is lost with the state before.
my $typist = fork // die "$!";
if (!$typist) {
    $child = 0;
    while (print $keyboard "x") { sleep 0.05 }
    exec "true";
}
close $keyboard;
my $output = join "", <$restored>;
waitpid $child, 0;
my $status = $? >> 8;
$child = 0;
kill "TERM", $typist;
waitpid $typist, 0;

print $output =~ s/\r//gr =~ s/^1\.\..*\n//mr;
print $saved ? "" : "not ", "ok 2 - the state was written\n";
print $status == 0 ? "" : "not ", "ok 3 - the restored machine powers off with 0\n";
print -s $errors ? "not " : "", "ok 4 - nothing on standard error\n";
print map { "# $_\n" } split /\n/, contents($errors);
print "1..4\n";
