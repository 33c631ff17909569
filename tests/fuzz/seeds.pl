#!/usr/bin/perl
# Writes the hand-made seeds of a fuzz target into a folder.
#
# usage: seeds.pl TARGET FOLDER
use strict;
use warnings;
no warnings "portable";    # 64-bit numbers

my ($target, $folder) = @ARGV;

sub seed {
    my ($name, $bytes) = @_;
    open my $out, ">:raw", "$folder/$name" or die "$folder/$name: $!";
    print $out $bytes;
    close $out or die "$!";
}

# An executable for 64-bit RISC-V with these segments, each [type, address, contents, bytes in memory].
sub elf {
    my ($entry, @segments) = @_;
    my $offset = 64 + 56 * @segments;
    my ($headers, $contents) = ("", "");
    for (@segments) {
        my ($type, $address, $bytes, $memory) = @$_;
        $headers .= pack "L<L<Q<6", $type, 7, $offset + length $contents, $address, $address, length $bytes, $memory, 4096;
        $contents .= $bytes;
    }
    return pack("a4C12S<2L<Q<3L<S<6", "\x7fELF", 2, 1, 1, (0) x 9, 2, 243, 1, $entry, 64, 0, 0, 64, 56, scalar @segments,
        64, 0, 0) . $headers . $contents;
}

if ($target eq "elf") {
    my $text = [1, 0x10100, "text" x 64, 256];
    my $data = [1, 0x11ff0, "data" x 8, 0x1020];
    my $note = [4, 0, "note", 4];
    seed("text-only", elf(0x10104, $text));
    seed("text-note-data", elf(0x10104, $text, $note, $data));
    seed("zeros-only", elf(0x20000, [1, 0x20000, "", 0x3000]));
    seed("ends-at-the-top", elf(0x10100, $text, [1, 0x3ffffef000, "", 0x1000]));
}

# Programs for fuzz_objects.c, which says what the bytes mean. Slots of the root CNode are as it fills them.
my %at = (cnode => 1, memory => 2, thread => 3, thread2 => 4, endpoint => 5, notification => 6, cnode4 => 7, cnode2 => 8,
    frame => 9, vspace => 10, table => 11, table2 => 12, pool => 13, irq => 14, device => 15, free => 16, free2 => 17,
    ring => 26, ring2 => 27, queue => 28);
my %ground = (root => 0, large => 1, small => 2, page => 3, device_memory => 4, main => 5, irq_control => 6,
    asid_control => 7, domain => 8);
my $depth = 5;

sub slot { exists $at{$_[0]} ? pack("C", $at{$_[0]} << 3) : pack("C", 0xf0 + $ground{$_[0]}) }
sub word { $_[0] < 0x60 ? pack("C", $_[0]) : pack("CQ>", 0xf8, $_[0]) }

# Capability, number of the label among those of its type, extra capabilities, words; interrupted or not.
sub invoke {
    my ($cap, $label, $extras, $words, $interruptions) = @_;
    return pack("C", 0) . slot($cap) . pack("CC", $label, @$words | @$extras << 4 | ($interruptions // 0) << 6) .
        join("", map { slot($_) } @$extras) . join("", map { word($_) } @$words);
}
sub repeat  { pack("CC", 3, 0) x $_[0] }
sub send_to { pack("CC", 4, $_[1]) . slot($_[0]) }                                       # 1 blocking, 2 call
sub receive { pack("CC", 5, $_[0]) . ($_[0] & 2 ? slot($_[1]) : "") }                    # 1 reply, 2 receive, 4 blocking
sub compose { pack("CnCC", 6, $_[0], $_[1], 0xe0) . pack("CC", $at{$_[2]} << 3, 0) }     # info, place, pointer

sub scribble { pack("C", 0xf0) . slot($_[0]) . pack("C", $_[1]) . word($_[2]) }            # frame, place, word

# Queue, flags (1 publish, 2 only the first item, 4 wake, from 0x40 on interrupt it at every 1st, 2nd, 3rd place), and as for
# invoke().
sub submit {
    my ($queue, $flags, $cap, $label, $extras, $words) = @_;
    return pack("C", 0xf1) . slot($queue) . pack("C4", $flags, @$words | @$extras << 4, $at{$cap} << 3, $label) .
        join("", map { word($_) } @$words) . pack("C*", map { $at{$_} << 3 } @$extras);
}

if ($target eq "objects") {
    my %label = (revoke => 0, delete => 1, cancel => 2, copy => 3, mint => 4, move => 5, mutate => 6, rotate => 7, save => 8);
    my $on = sub { my ($operation, @words) = @_;    # of the root CNode on itself
        invoke("cnode", $label{$operation}, [("cnode") x ($operation eq "rotate" ? 2 : @words > 2 ? 1 : 0)], \@words) };
    my $copy = sub { my ($from, $to) = @_; $on->("copy", $at{$to}, $depth, $at{$from}, $depth, 15) };
    my $delete = sub { $on->("delete", $at{ $_[0] }, $depth) };
    my $revoke = sub { $on->("revoke", $at{ $_[0] }, $depth) };
    my $move = sub { my ($from, $to) = @_; $on->("move", $at{$to}, $depth, $at{$from}, $depth) };

    seed("copy-$_", $copy->($_, "free") . $delete->($_) . $delete->("free")) for sort keys %at;
    seed("move-$_", $move->($_, "free") . $revoke->("free") . $delete->("free")) for grep { $_ ne "free" } sort keys %at;
    seed("mint", $on->("mint", 16, 5, 5, 5, 15, 7) . $on->("mint", 17, 5, 16, 5, 15, 0) . $on->("mutate", 18, 5, 7, 5, 0x83));
    seed("rotate", $on->("rotate", 16, 5, 0, 9, 5, 0, 5, 5) . $on->("rotate", 5, 5, 0, 9, 5, 0, 5, 5));
    seed("cancel-badged", $on->("mint", 16, 5, 5, 5, 15, 7) . send_to("free", 1) . $on->("cancel", 16, 5));
    seed("call-reply", receive(6, "endpoint") . send_to("endpoint", 3) . receive(7, "endpoint") . send_to("endpoint", 3));
    seed("call-save-reply", receive(6, "endpoint") . send_to("endpoint", 3) . $on->("save", 16, 5) . $move->("free", "free2") .
        send_to("free2", 1));
    seed("capability-in-message", compose(0x80, 123, "frame") . send_to("endpoint", 3) . receive(6, "endpoint"));
    seed("signal", send_to("notification", 1) . receive(6, "notification") . receive(6, "notification") . send_to("notification", 1));
    seed("bind", invoke("thread2", 11, ["notification"], []) . $delete->("notification") . invoke("thread2", 12, [], []));
    seed("bind-and-die", invoke("thread2", 11, ["notification"], []) . $delete->("thread2") . send_to("notification", 1));
    seed("registers", invoke("thread2", 0, [], [1, 32]) . invoke("thread2", 1, [], [1, 6, 1 .. 6]) . invoke("thread2", 2, ["thread"], [15]));
    seed("priority-$_", invoke("thread2", $_, ["main"], [200, 90])) for 5 .. 7;
    seed("thread-$_", invoke("thread2", $_, [qw(cnode vspace frame)], [0, 0, 0, 0x400000]) . invoke("thread2", 10, [], [])) for 3, 8, 9, 13, 14, 15;
    seed("irq", invoke("irq", 1, ["notification"], []) . pack("CC", 8, 1) . invoke("irq", 0, [], []) . $delete->("notification"));
    seed("irq-clear", invoke("irq", 1, ["notification"], []) . invoke("irq", 2, [], []) . $delete->("irq") . invoke("irq_control", 0, ["cnode"], [1, 16, 5]));
    seed("unmap", invoke("frame", 1, [], []) . invoke("table2", 1, [], []) . invoke("frame", 0, ["vspace"], [0x400000, 3, 0]));
    seed("map", $copy->("frame", "free") . invoke("free", 0, ["vspace"], [0x401000, 3, 0]) . invoke("free", 2, [], []) . $delete->("table2") .
        $delete->("frame"));
    seed("delete-pool", $delete->("pool") . invoke("frame", 1, [], []) . $delete->("vspace"));
    seed("assign", invoke("large", 0, ["root"], [8, 0, 0, 0, 16, 1]) . invoke("memory", 0, ["root"], [9, 0, 0, 0, 16, 1]) .
        invoke("pool", 0, ["free"], []));
    for my $type (0 .. 8) {
        seed("retype-$type", invoke("memory", 0, ["cnode"], [$type, 4, 0, 0, 16, 3]) . $revoke->("memory") .
            invoke("memory", 0, ["cnode"], [$type, 4, 0, 0, 16, 1]));
    }
    seed("retype-device", invoke("device_memory", 0, ["cnode"], [6, 0, 0, 0, 16, 2]));
    # A CNode and a thread that hold each other, deleted in pieces.
    seed("knot", $on->("move", 16, 5, 7, 5) . invoke("cnode", 5, ["cnode"], [8 << 1, 6, 16, 5]) . invoke("cnode2", 3, ["cnode"], [0, 1, 4, 5, 15]) .
        invoke("cnode", 5, ["cnode"], [16, 6, 3, 5]) . invoke("cnode", 1, [], [8, 5], 1) . repeat(12));
    seed("knot-$_", invoke("cnode4", 5, ["cnode"], [0, 2, 8, 5]) . invoke("cnode4", 3, ["cnode"], [1, 2, 7, 5, 15]) .
        invoke("cnode4", 5, ["cnode"], [2, 2, 4, 5]) . invoke("cnode", $_, [], [7, 5], 1) . repeat(6)) for 0, 1;
    seed("revoke-in-pieces", invoke("cnode", 0, [], [2, 5], 1) . repeat(3) . invoke("cnode", 0, [], [1, 5], 1) . repeat(8));

    seed("put-string", invoke("queue", 7, [], [16, 1, 2]));
    # Queues: of the thread that is not running, and of the one that is.
    my $tick = pack("CC", 9, 0);
    for my $thread ("thread2", "thread", "main") {
        my $open = invoke("queue", 0, [$thread, "notification"], [5, 5, 0]) . invoke("queue", 1, ["cnode"], [0, 2, $at{ring}]) .
            invoke("queue", 2, [], []);
        my $alive = $thread eq "thread2" ? invoke("thread2", 6, ["main"], [200, 100]) . invoke("thread2", 3, [qw(cnode vspace frame)], [0, 0, 0, 0x400000]) . invoke("thread2", 10, [], []) : "";
        my $requests = submit("queue", 1, "frame", 2, [], []) . submit("queue", 1, "thread2", 0, [], [0, 32]) . submit("queue", 5, "notification", 0, [], []);
        my $go = $alive . $open;
        seed("queue-$thread", $go . $requests . invoke("queue", 3, [], []) . $tick . invoke("queue", 5, [], []));
        seed("queue-$thread-$_", $go . $requests . $delete->($_) . $requests . $revoke->($_) . invoke("queue", 3, [], []) . $tick)
            for $thread eq "main" ? qw(ring ring2 notification queue) : ($thread, qw(ring ring2 notification queue cnode));
        seed("queue-$thread-own-$_", $go . submit("queue", 1, "frame", 2, [], []) . submit("queue", 0x41, "cnode", 0, [], [$at{$_}, 5]) .
            submit("queue", 0x45, "cnode", 1, [], [$at{$_}, 5]) . $requests . $tick x 3) for "thread2", "thread", "queue", "ring", "memory", "cnode", "notification";
        seed("queue-$thread-forged-$_", $go . $requests . scribble("ring", $_, 77) . invoke("queue", 3, [], []) . invoke("queue", 4, [], []) . $requests)
            for 1, 4, 5, 6;
        seed("queue-$thread-incomplete", $go . submit("queue", 7, "cnode", 3, ["cnode"], [1 .. 9]) . $requests);
        seed("queue-$thread-retype", $go . submit("queue", 0x45, "memory", 0, ["cnode"], [1, 4, 0, 0, 16, 3]) . submit("queue", 5, "queue", 7, [], [16, 1, 2]));
        seed("queue-$thread-tick", invoke("queue", 0, [$thread, "notification"], [5, 5, 1]) . invoke("queue", 1, ["cnode"], [0, 2, $at{ring}]) .
            invoke("queue", 2, [], []) . $alive . $requests . $tick x 3 . $requests . invoke("thread2", 9, [], []));
    }
}
