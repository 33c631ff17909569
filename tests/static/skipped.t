# Where QEMU with user interrupts cannot be built, tests that need it are skipped, in one line, and counted; where a change
# is judged they fail. In a copy of the tree, on a machine whose apt reaches nothing.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $folder = tempdir(CLEANUP => 1);
system("mkdir $folder/out $folder/bin && cp -r tests platform scripts $folder") == 0 or die "$!";

sub write_file {
    my ($path, $text) = @_;
    open my $file, ">", "$folder/$path" or die "$!";
    print $file $text;
    close $file;
    chmod 0755, "$folder/$path";
}

write_file("bin/apt-get", "#!/bin/sh\nexit 100\n");
write_file("tests/static/good.t", "print qq(1..2\\nok 1\\nok 2 # skip no reason\\n)");
$ENV{PATH} = "$folder/bin:$ENV{PATH}";
$ENV{XDG_CACHE_HOME} = "$folder/cache";
delete @ENV{qw(CI STRICT PLATFORM PERL_TEST_HARNESS_DUMP_TAP)};

sub run_all {
    local $ENV{ $_[0] } = 1 if @_;
    my $output = qx(cd $folder && tests/run/all --match '^(?:uintc/(?:registers|devicetree)|bench/uintr|system/uintr-uintc-1|static/good)\$' 2>&1);
    return ($? >> 8, $output);
}

my ($status, $output) = run_all();
is($status, 0, "without that QEMU, the others can be good");
like($output, qr/\n4 skipped\n1 passed, 0 failed\n\z/, "what was skipped is counted, a test as one");
like($output, qr/^Tests that need QEMU with user interrupts are skipped: (?:apt-private|setup)\.sh: \S/m, "one line says why");
for my $strict ("STRICT", "CI") {
    ($status, $output) = run_all($strict);
    is($status, 1, "with $strict it is an error");
    like($output, qr/\n0 passed, 4 failed\n\z/, "with $strict nothing passes");
}

done_testing;
