# What the tests of the documentation share: the blocks of a page, and running what a page tells its reader to run.
package Docs;
use strict;
use warnings;
use Exporter "import";
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(setsid WNOHANG);
use Time::HiRes qw(sleep);

our @EXPORT = qw(pages blocks commands_of read_file write_file run $folder $program);

chdir dirname(__FILE__) . "/../.." or die "$!";
our $folder = tempdir(CLEANUP => 1);

# What the first word of a command looks like.
our $program = qr{(?:make|mkdir|qemu-system-\w+|riscv64-\S+|(?:scripts|tests|bench|out|platform)/\S+)(?= |$)};

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!";
    local $/;
    return <$file> // "";
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, ">", $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

# Every page of the repository.
sub pages {
    return glob("*.md docs/*.md bench/*.md apps/*/*.md platform/*/*.md tests/*.md tests/*/*.md tests/system/*/*.md");
}

# The code blocks of a page, in order: their language ("" for indented ones), and their text.
sub blocks {
    my ($path) = @_;
    my @blocks;
    my $page = read_file($path);
    while ($page =~ /^```(\w*)\n(.*?)^```$|((?:^    [^\n]*\n)+)/msg) {
        push @blocks, defined $3 ? ["", $3 =~ s/^    //mgr] : [$1, $2];
    }
    return @blocks;
}

# The commands in a block's text: one a line, unless that ends with a backslash, without comments.
sub commands_of {
    my ($text) = @_;
    $text =~ s/\\\n\s*//g;
    return map { s/\s+# .*//r =~ s/\s+$//r } grep { /^$program/ } split /\n/, $text;
}

# A reader has not been called by make, and has chosen nothing.
delete @ENV{ qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES V QUICK FRAMES MODE CLOCK), read_file("Makefile") =~ /^(\w+)\s*\?=/mg };

# Runs a command and returns its exit status ("hang" after two minutes) and output, without carriage returns. With a
# pattern, that is enough as soon as the output matches.
sub run {
    my ($command, $until) = @_;
    my $output = "$folder/output";
    my $status;
    write_file($output, "");
    my $pid = fork // die "$!";
    if (!$pid) {
        setsid;
        open STDIN, "<", "/dev/null";
        open STDOUT, ">", $output;
        open STDERR, ">&", \*STDOUT;
        exec "bash", "-o", "pipefail", "-c", $command or exit 127;
    }
    for (1 .. 1200) {
        if (waitpid($pid, WNOHANG)) {
            $status = $? >> 8;
            last;
        }
        last if $until && read_file($output) =~ s/\r//gr =~ $until;
        sleep 0.1;
    }
    if (!defined $status) {
        kill "TERM", -$pid;
        waitpid $pid, 0;
    }
    return ($status // "hang", read_file($output) =~ s/\r//gr);
}

1;
