# A warning is shown and stops nobody's program; with STRICT=1, as for a change of the project, it is an error.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die "$!";
my $folder = tempdir(CLEANUP => 1);
open my $file, ">", "$folder/main.c" or die "$!";
print $file "int main(void)\n{\n    int unused;\n    return 0;\n}\n";
close $file;

sub build {
    my ($more) = @_;
    my $elf = "out/apps$folder.elf";
    my $output = qx(env -u MAKEFLAGS -u STRICT make $elf APP=$folder $more 2>&1);
    my $status = $?;
    unlink $elf, glob("out/obj/programs$folder/*");
    return ($status, $output);
}

my ($status, $output) = build("STRICT=1");
isnt($status, 0, "STRICT=1: a warning is an error") or diag($output);
like($output, qr/unused variable .*-Werror/, "STRICT=1: it is named");
($status, $output) = build("");
is($status, 0, "else the program is built") or diag($output);
like($output, qr/unused variable/, "... and the warning is shown");
rmdir "out/obj/programs$folder";

done_testing();
