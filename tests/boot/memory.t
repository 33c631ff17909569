# Any usual and unusual memory size boots; too little memory is refused.
use strict;
use warnings;
use Boot;
use Test::More;

my ($available) = read_file("/proc/meminfo") =~ /^MemAvailable:\s+(\d+)/m;

for my $mem (64, 65, 100, 128, 1000, 3072, 8192) {
  SKIP: {
        skip("the host has less than $mem MiB", 1) if $available < $mem * 1024;
        boots("$mem MiB boot", mem => $mem);
    }
}
refuses("a root task that needs most of the memory", mem => 64,
    root => write_file(image(hello(segments => [map { +{ %$_, memsz => 62 << 20 } } hello()->{segments}[0]]))));

done_testing();
