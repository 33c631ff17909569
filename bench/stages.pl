#!/usr/bin/perl
# The stage profile: boots bench/stages with every executed instruction logged, takes one call of each path, and counts
# the instructions of each stage of the way through the kernel. An instruction belongs to the stage of the innermost
# function it was inlined from that @stages knows. The table replaces the one in docs/performance.md.
#
# usage: bench/stages.pl KERNEL ROOT-TASK JSON-FILE [PAGE]
use strict;
use warnings;
no warnings "portable";    # addresses have 64 bits
use FindBin;
use lib $FindBin::Bin;
use Bench;
use File::Temp qw(tempdir);

my $cross = 'riscv64-unknown-elf-';

# A path is the instructions between the symbols begin.NAME and end.NAME of the root task.
my @paths = (
    [call   => 'Call, one way'],
    [signal => 'Signal'],
    [map    => 'Page Map'],
    [delete => 'CNode Delete'],
    [fault  => 'VM fault, round'],
);

# Stages in the order of the table, with the functions that make them. The first match of an instruction's functions,
# from the innermost outwards, decides; functions that are not mentioned, such as accessors, belong to their callers.
my @stages = (
    ['program'                => qr/^program$/],
    ['save registers'         => qr/^trap_entry$/],
    ['dispatch'               => qr/^(enter_\w+|handle_(call|reply_recv|send|nb_send|trap|exception|page_fault)(_body)?|call|reply_recv
                                     |invoke|invoke_ipc|invoke_object|receive|request_serve|fastpath_\w+)$/x],
    ['look up capabilities'   => qr/^(cap_lookup\w*|find_endpoint|lookup_extras|request_lookup_\w+)$/],
    ['decode'                 => qr/^(\w*decode\w*|vspace_\w+|frame_\w+|page_\w+|cap_(derive|reduce|apply)\w*|asid_root|is_root|asid_entry)$/],
    ['perform'                => qr/^(perform_\w+|slot_(delete|insert|remove|move)\w*|\w*finalise\w*|tlb_\w+|slot_is_last|unlink\w*)$/x],
    ['queues and waiting'     => qr/^(wait_\w+|endpoint_\w+|notification_\w+|reply_send|reply_to_caller|end_call|wake\w*|queue_\w+)$/],
    ['report the fault'       => qr/^(fault_\w+)$/],
    ['move the message'       => qr/^(deliver|message_\w+|reply_(from_kernel|invalid)|ipc_buffer\w*|user_\w+|info_\w+)$/],
    ['choose and switch'      => qr/^(sched_\w+|ready_\w+|runs_next|thread_\w+|kernel_exit\w*|fpu_\w+|reservation_clear|kernel_leave
                                     |switch_to_best|kernel_unlock|domain_\w+|vm_activate\w*)$/x],
    ['load registers, return' => qr/^return_to_user$/],
);

# Returns the address of each symbol.
sub symbols {
    my ($elf) = @_;
    return map { /^([0-9a-f]+) \w (\S+)$/ ? ($2 => hex $1) : () } `${cross}nm $elf`;
}

# Runs the root task and returns for each path the addresses of its shortest execution.
sub trace {
    my ($kernel, $root) = @_;
    my %kernel = symbols($kernel);
    my %root = symbols($root);
    my %begins = map { $root{"begin.$_->[0]"} => $_->[0] } @paths;
    my %ends = map { $root{"end.$_->[0]"} => $_->[0] } @paths;
    my $log = tempdir(CLEANUP => 1) . '/log';
    my $ranges = sprintf '0x%x..0x%x,0x%x..0x%x', @kernel{qw(kernel_start text_end)}, @root{qw(__image_start __text_end)};
    my (%shortest, $path, @addresses);

    measure($kernel, $root, mem => 64,
        qemu => ["-icount", "shift=0,sleep=off", "-singlestep", "-d", "exec,nochain", "-dfilter", $ranges, "-D", $log]);
    open my $lines, '<', $log or die "$log: $!\n";
    while (<$lines>) {
        my ($address) = m{^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/} or next;
        $address = hex $address;
        if (defined $path && $path eq ($ends{$address} // '')) {
            $shortest{$path} = [@addresses] if !$shortest{$path} || @addresses < @{ $shortest{$path} };
            undef $path;
        }
        if (defined $path) {
            push @addresses, $address;
        } elsif (defined $begins{$address}) {
            ($path, @addresses) = $begins{$address};
        }
    }
    return \%shortest;
}

# Returns, for each of the kernel's addresses, the names of its functions, innermost first.
sub functions_at {
    my ($kernel, @addresses) = @_;
    my (%functions, $current);

    for (`${cross}addr2line -e $kernel -a -f -i @{[map { sprintf '%x', $_ } @addresses]}`) {
        if (/^0x([0-9a-f]+)$/) {
            $current = $functions{ hex $1 } = [];
        } elsif (/^(\w+)(\.\S+)?$/) {
            push @$current, $1;
        }
    }
    return \%functions;
}

# Returns, for each address of an ELF file, what its instruction accesses.
sub accesses_of {
    my ($elf) = @_;
    my %access;

    for (`${cross}objdump -d --no-show-raw-insn $elf`) {
        my ($address, $mnemonic) = /^\s*([0-9a-f]+):\s+(\S+)/ or next;
        $access{ hex $address } = $mnemonic =~ /^(c\.)?l[bhwd]u?(sp)?$|^lr\./ ? 'loads'
            : $mnemonic =~ /^(c\.)?s[bhwd](sp)?$|^sc\./ ? 'stores'
            : $mnemonic =~ /^csr/ ? 'CSR accesses' : '';
    }
    return \%access;
}

sub stage_of {
    my (@functions) = @_;

    for my $function (@functions) {
        for my $stage (@stages) {
            return $stage->[0] if $function =~ $stage->[1];
        }
    }
    return "other";
}

# { path => { stage or kind of access => count } }
sub profile {
    my ($kernel, $root) = @_;
    my $traces = trace($kernel, $root);
    my %all = map { $_ => 1 } map { @$_ } values %$traces;
    my $functions = functions_at($kernel, grep { $_ >> 63 } keys %all);
    my %access = (%{ accesses_of($kernel) }, %{ accesses_of($root) });
    my %counts;

    for my $path (map { $_->[0] } @paths) {
        my $addresses = $traces->{$path} or die "the path $path was not taken\n";
        for my $address (@$addresses) {
            $counts{$path}{ stage_of($address >> 63 ? @{ $functions->{$address} } : 'program') }++;
            $counts{$path}{ $access{$address} }++;
        }
        $counts{$path}{total} = @$addresses;
    }
    return \%counts;
}

# The table, in Markdown.
sub table {
    my ($counts) = @_;
    my @rows = ((map { $_->[0] } @stages), "other", "total", 'loads', 'stores', 'CSR accesses');
    my $text = '| |' . join('|', map { " $_->[1] " } @paths) . "|\n|---|" . '---:|' x @paths . "\n";

    for my $row (@rows) {
        next if $row eq "other" && !grep { $_->{other} } values %$counts;
        my $name = $row eq 'total' ? "**$row**" : $row =~ /loads$|stores$|CSR/ ? "of these, $row" : $row;
        $text .= "| $name |" . join('|', map { ' ' . ($counts->{ $_->[0] }{$row} // '') . ' ' } @paths) . "|\n";
    }
    return $text =~ s/\|  \|/| |/gr =~ s/\|  \|/| |/gr;
}

my ($kernel, $root, $json, $page) = @ARGV;
$page //= "$FindBin::Bin/../docs/performance.md";
my $counts = profile($kernel, $root);
my $table = table($counts);
print $table;
write_json($json, map { { name => $_->[1], unit => 'instructions', stages => $counts->{ $_->[0] } } } @paths);

open my $in, '<', $page or die "$page: $!\n";
my $text = do { local $/; <$in> };
$text =~ s/(<!-- stages -->\n).*?(<!-- end of stages -->)/$1$table$2/s or die "$page has no place for the table\n";
open my $out, '>', $page or die "$page: $!\n";
print $out $text;
close $out or die "$page: $!\n";
