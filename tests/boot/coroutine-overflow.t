# A coroutine that needs more stack than it has says so before the program ends.
use strict;
use warnings;
use Boot;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use Test::More;

my $folder = tempdir(CLEANUP => 1);
open my $file, ">", "$folder/main.c" or die "$!";
print $file <<'END';
#include <rel4/coroutine.h>
#include <stdio.h>
#include <string.h>

static char memory[65536];
static struct rel4_executor executor;

static void need_much(void *arg)
{
    volatile char room[2048];

    (void)arg;
    for (unsigned i = 0; i < sizeof(room); i++) {
        room[i] = 1;
    }
    rel4_coroutine_yield();
}

static void need_little(void *arg)
{
    (void)arg;
    rel4_coroutine_yield();
}

int main(void)
{
    struct rel4_executor_options options = { .memory = memory, .memory_bytes = sizeof(memory), .stack_bytes = 2048 };

    printf("init %d\n", rel4_executor_init(&executor, &options));
    rel4_executor_self = &executor;
    rel4_coroutine_create(need_little, NULL, 0);
    rel4_coroutine_id id = rel4_coroutine_create(need_much, NULL, 0);
    printf("created 0x%08x\n", (unsigned)id);
    rel4_run();
    printf("not seen\n");
    return 0;
}
END
close $file;
my $elf = "out/apps$folder.elf";
my $output = qx(env -u MAKEFLAGS make $elf APP=$folder 2>&1);
is($?, 0, "the program is built") or diag($output);
my ($status, $console) = Boot::boot(root => $elf);
my ($created) = $console =~ /^created (0x\w+)$/m;
ok($status ne "0" && $status ne "hang", "it aborts") or diag("status $status");
ok($created && $console =~ /^rel4: coroutine \Q$created\E has written over the end of its stack/m && $console !~ /not seen/, "... and says why")
    or diag($console);
remove_tree("out/apps$folder.elf", "out/obj/programs$folder");

done_testing();
