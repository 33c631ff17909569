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
