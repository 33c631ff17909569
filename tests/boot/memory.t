# Any usual and unusual memory size boots; too little memory is refused.
use strict;
use warnings;
use Boot;
use Test::More;

my ($available) = read_file("/proc/meminfo") =~ /^MemAvailable:\s+(\d+)/m;

for my $mem (16, 32, 64, 65, 100, 128, 1000, 3072, 8192) {
  SKIP: {
        skip("the host has less than $mem MiB", 1) if $available < $mem * 1024;
        boots("$mem MiB boot", qr/$mem MiB of memory.*^Hello/ms, mem => $mem);
    }
}

my $parts = hello();
$parts->{segments}[-1]{memsz} = 62 << 20;
my $big = write_file(image($parts));
refuses("a root task of 62 MiB in 64 MiB", qr/not enough memory/, mem => 64, root => $big,
    bootargs => "root_cnode_bits=16");
boots("a root task of 62 MiB in 128 MiB boots", qr/^Hello/m, mem => 128, root => $big,
    bootargs => "root_cnode_bits=16");

done_testing();
