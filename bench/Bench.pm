# Shared by the experiments: booting a benchmark under QEMU, its records, and their table and JSON file.
#
# A benchmark prints "bench|NAME|UNIT|MEDIAN|P95|REFERENCE" lines, with reference 0 where there is none, and ends with
# "bench: done"; any other line that begins with "bench:" is a complaint.
package Bench;
use strict;
use warnings;
use Exporter "import";
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP ();

our @EXPORT = qw(compilers cycles_plugin measure print_table read_file write_json geometric_mean);

sub read_file {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!";
    local $/;
    return <$file>;
}

# Returns the versions of the compiler that docs/performance.md names, and of the installed one.
sub compilers {
    my ($named) = read_file("docs/performance.md") =~ /riscv64-unknown-elf-gcc (\d+\.\d+\.\d+)/;
    chomp(my $here = `riscv64-unknown-elf-gcc -dumpfullversion`);
    return ($named, $here);
}

# Returns QEMU's arguments for the model of cycles (bench/cycles/plugin.c): where its report goes, and more options.
sub cycles_plugin {
    my ($report, @options) = @_;
    # How the kernel maps its addresses (vm.c): its image and its stacks in pages of 4 KiB, the rest of the image's GiB in
    # pages of 2 MiB.
    my @pages = map { "pages=$_" } "0xffffffc080000000-0xffffffc0c0000000-21", "0xffffffc080200000-0xffffffc080400000-12",
        "0xffffffffc0000000-0xfffffffffffff000-12";
    return ("-plugin", join ",", "out/cycles/plugin.so", "out=$report", @pages, @options);
}

# Boots a root task and returns its records: { name, median, p95, unit, reference, ratio }. Options: harts, mem, and
# qemu, a list of more arguments.
sub measure {
    my ($kernel, $root, %with) = @_;
    my (@records, $done);

    open my $console, '-|', 'timeout', '-k', '5', '300', 'scripts/qemu.sh', $kernel, $root,
        'harts=' . ($with{harts} // 1), 'mem=' . ($with{mem} // 512), '--', @{ $with{qemu} // [] }
        or die "cannot run QEMU: $!\n";
    while (<$console>) {
        s/\r//g;
        if (/^bench\|(.*)\|(.*)\|(\d+)\|(\d+)\|(\d+)$/) {
            push @records, {
                name => $1, unit => $2, median => $3 + 0, p95 => $4 + 0,
                reference => $5 ? $5 + 0 : undef,
                ratio     => $5 ? sprintf('%.3f', $3 / $5) + 0 : undef,
            };
        } elsif (/^bench: done/) {
            $done = 1;
        } elsif (/^bench:|rel4: error|PANIC| in application, /) {
            print STDERR $_;
        }
    }
    close $console or die "the benchmark failed: QEMU's status is " . ($? >> 8) . "\n";
    $done or die "the benchmark did not come to its end\n";
    return @records;
}

# Returns the geometric mean of the records' ratios; records without one do not count.
sub geometric_mean {
    my @ratios = grep { defined } map { $_->{ratio} } @_;
    my $sum = 0;

    $sum += log for @ratios;
    return exp($sum / @ratios);
}

sub print_table {
    my ($reference, @records) = @_;

    printf "%-58s %9s %9s %12s %9s %6s\n", '', 'median', 'p95', 'unit', $reference, 'ratio';
    for my $record (@records) {
        printf "%-58s %9d %9d %12s %9s %6s\n", @$record{qw(name median p95 unit)}, $record->{reference} // '-',
            defined $record->{ratio} ? sprintf('%.3f', $record->{ratio}) : '-';
    }
}

sub write_json {
    my ($file, @records) = @_;

    make_path(dirname($file));
    open my $out, '>', $file or die "$file: $!\n";
    print $out JSON::PP->new->canonical->pretty->encode(\@records);
    close $out or die "$file: $!\n";
}

1;
