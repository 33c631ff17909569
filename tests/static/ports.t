# What QEMU listens on, gdb, its monitor or a forwarded port, can be reached from this machine only: a Unix socket, or
# an address of the loopback. Every line of the project's scripts that could say something else is looked at.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die "$!";

my $option = qr/-gdb\b|-monitor\b|-qmp\b|-serial\b|-chardev\b|-vnc\b|-spice\b|-incoming\b|hostfwd=|target remote/;
my $listens = qr/\b(?:tcp|udp|telnet|websocket|host=)|\bsocket,|hostfwd=|target remote|-gdb\b|-vnc\b|-spice\b|(?<![\w-])-s(?=["' ])/;
my $local = qr/127\.0\.0\.1|unix:|path=/;

# In words that reach QEMU; -s is short for -gdb tcp::1234.
sub is_open {
    my ($line) = @_;
    return 0 if $line =~ /^\s*#/;
    return $line =~ /$option|(?<![\w-])-s(?=["' ].*-S\b)/ && $line =~ $listens && $line !~ $local;
}

ok(is_open($_), "$_ is seen") for '-gdb "tcp::$port" -S', '-monitor tcp::4444,server', '-netdev user,hostfwd=tcp::80-:80', '-s "-S"';
ok(!is_open($_), "$_ is good") for '-gdb "tcp:127.0.0.1:$port" -S', '-monitor unix:/tmp/m,server', '-serial stdio', '-monitor none';

my @files = grep { !m{/ports\.t$} } split /\n/, qx(find Makefile mk scripts platform tests bench apps .ci -type f);
my @open;
for my $path (@files) {
    open my $file, "<", $path or die "$path: $!";
    while (<$file>) {
        push @open, "$path:$.: $_" if is_open($_);
    }
}
is("@open", "", "nothing listens on the network") or diag(@open);

done_testing();
