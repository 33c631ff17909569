#!/usr/bin/perl
# Where the instructions of a round of Page Map and Page Unmap go, by system calls and through the rings: runs
# apps/allocator with 64 frames on one hart with every executed instruction logged, and gives each to the stage of the
# innermost function it was inlined from that @stages knows. A bar for each goes to breakdown.svg and .png.
#
# usage: bench/breakdown.pl KERNEL ROOT-TASK JSON-FILE
use strict;
use warnings;
no warnings "portable";    # addresses have 64 bits
use FindBin;
use lib $FindBin::Bin;
use Bench;
use Report;
use File::Temp qw(tempdir);

my ($kernel, $root, $json) = @ARGV;
my $cross = 'riscv64-unknown-elf-';
my ($frames, $rounds) = (64, 4);
my %mode = (synchronous => 1, asynchronous => 2);

my @stages = (
    ['program, writing the call'   => qr/^(rounds\w*|run|sel4_\w+|seL4_\w+|rel4_call_\w+|call_later|rel4_begin|rel4_submit|begin)$/],
    ['trap, saving and loading'    => qr/^(trap_entry|return_to_user|enter_syscall|kernel_exit\w*)$/],
    ['reading the request'         => qr/^(ring_(fetch\w*|find_request)|copy_words|pass_item|find_item|ipc_buffer)$/],
    ['dispatch in the kernel'      => qr/^(call|invoke|invoke_object|handle_\w+|fastpath_\w+|request_serve|make_call|serve|serve_in_call|must_stop|worker_\w+|placement_\w+|wake_own|settle|count_run|queue_count|first_request|ring_(look|publish|tell|fall|expect|no_|stay|has|request|response|cursor)\w*)$/],
    ['looking up capabilities'     => qr/^(cap_lookup\w*|find_endpoint|lookup_extras)$/],
    ['decode'                      => qr/^decode_\w+$/],
    ['perform'                     => qr/^(unmap|perform_\w+)$/],
    ['TLB fences'                  => qr/^tlb_\w+$/],
    ['writing the answer'          => qr/^(ring_(answer\w*|find_response)|reply_\w+)$/],
    ['answers, changing coroutines' => qr/^(rel4_schedule|rel4_suspend|rel4_switch\w*|schedule_slowly|executor_find_answers|executor_take_answers|take_answer|find_work)$/],
    ['making and ending coroutines' => qr/^(rel4_coroutine_\w+|retire|stack_of|executor_release|start_\w+)$/],
);

# Returns the address of each symbol.
sub symbols {
    my ($elf) = @_;
    return map { /^([0-9a-f]+) \w (\S+)$/ ? ($2 => hex $1) : () } `${cross}nm $elf`;
}

# Returns how often each address was executed in the last run, which lies between two calls of rel4_stats().
sub executed {
    my ($mode) = @_;
    my %kernel = symbols($kernel);
    my %root = symbols($root);
    my $log = tempdir(CLEANUP => 1) . '/log';
    my $ranges = sprintf '0x%x..0x%x,0x%x..0x%x', @kernel{qw(kernel_start text_end)}, @root{qw(__image_start __text_end)};
    my $arguments = "frames=$frames modes=$mode{$mode} rounds=$rounds repetitions=1 records=1 clock=1";
    my ($running, %counts, %last);

    system("scripts/qemu.sh $kernel $root harts=1 bootargs='log=none -- $arguments' -- -icount shift=0,sleep=off -singlestep " .
        "-d exec,nochain -dfilter $ranges -D $log > /dev/null") == 0 or die "the allocator failed\n";
    open my $lines, '<', $log or die "$log: $!\n";
    while (<$lines>) {
        my ($address) = m{^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/} or next;
        $address = hex $address;
        if ($address == $root{rel4_stats}) {
            %last = %counts if $running;
            %counts = ();
            $running = !$running;
        }
        $counts{$address}++ if $running;
    }
    %last or die "no run was seen\n";
    return \%last;
}

# Returns, for each address, the names of its functions, innermost first.
sub functions_at {
    my ($elf, @addresses) = @_;
    my (%functions, $current);
    my $list = tempdir(CLEANUP => 1) . '/addresses';

    open my $out, '>', $list or die "$list: $!\n";
    printf $out "%x\n", $_ for @addresses;
    close $out or die "$list: $!\n";
    for (`${cross}addr2line -e $elf -a -f -i < $list`) {
        if (/^0x([0-9a-f]+)$/) {
            $current = $functions{ hex $1 } = [];
        } elsif (/^(\w+)(\.\S+)?$/) {
            push @$current, $1;
        }
    }
    return %functions;
}

sub stage_of {
    for my $function (@_) {
        for my $stage (@stages) {
            return $stage->[0] if $function =~ $stage->[1];
        }
    }
    return 'other';
}

my @records;
for my $mode (sort { $mode{$a} <=> $mode{$b} } keys %mode) {
    my $counts = executed($mode);
    my %functions = (functions_at($kernel, grep { $_ >> 63 } keys %$counts), functions_at($root, grep { !($_ >> 63) } keys %$counts));
    my (%stages, $total);

    for my $address (keys %$counts) {
        my $share = $counts->{$address} / $frames / $rounds;
        $stages{ stage_of(@{ $functions{$address} }) } += $share;
        $total += $share;
    }
    push @records, { mode => $mode, frames => $frames, unit => 'instructions', total => $total, stages => \%stages };
}

my @names = ((map { $_->[0] } @stages), 'other');
printf "%-32s %12s %12s\n", 'instructions of a round', map { $_->{mode} } @records;
printf "%-32s %12.1f %12.1f\n", $_->[0], @$_[1, 2] for map { my $name = $_; [$name, map { $_->{stages}{$name} // 0 } @records] } @names;
printf "%-32s %12.1f %12.1f\n", 'total', map { $_->{total} } @records;
write_json($json, @records);
print "\nrecords: $json\n";
Report::draw_breakdown($json, \@names, @records);
