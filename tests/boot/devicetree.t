# A device tree is input, too: what the kernel needs and does not find there is named, not guessed.
use strict;
use warnings;
use Boot;
use Test::More;

sub memory {
    my ($cells) = @_;
    return with_tree(sub { s/(memory\@80000000 \{[^}]*reg = <)[^>]*/$1$cells/ });
}

# The good root task at 0x90000000, but announced by the tree as lying from start to end.
sub ramdisk {
    my ($start, $end) = @_;
    my $chosen = "linux,initrd-start = <$start>; linux,initrd-end = <$end>;";
    my %with = with_tree(sub { s/chosen \{/chosen { $chosen/ });
    push @{ $with{qemu} }, "-device", "loader,file=$good,addr=0x90000000,force-raw=on";
    return (root => "-", %with);
}

# With a tree that newer firmware does not start with.
sub boots_with_firmware {
    my ($name, $expect, %with) = @_;
    my ($status, $console) = Boot::boot(limit => 20, %with);
  SKIP: {
        skip("$name: not with this firmware", 1) if !$Boot::firmware_started;
        ok($status eq "0" && $console =~ $expect, $name) or diag("status: $status\n$console");
    }
}

boots("the machine's own device tree boots", qr/^Hello/m, with_tree(sub { 1 }));
boots("memory that does not end at a page boots", qr/^Hello/m, memory("0 0x80000000 0 0x1ffffabc"));
boots("memory in two pieces boots", qr/^Hello/m, memory("0 0x80000000 0 0x10000000 0 0x90000000 0 0x10000000"));
my $end = sprintf "0x%x", 0x90000000 + -s $good;
boots("a root task where the tree says boots", qr/^Hello/m, ramdisk("0 0x90000000", "0 $end"));
boots("addresses of one cell boot", qr/^Hello/m, ramdisk("0x90000000", $end));

# As boot loaders do: the memory of the root task is reserved, so many bytes from its start.
sub reserved {
    my ($size) = @_;
    my $node = "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; file\@90000000 { reg = <0 0x90000000 0 $size>; }; };";
    my %with = with_tree(sub { s/chosen \{/$node chosen { linux,initrd-start = <0x90000000>; linux,initrd-end = <$end>;/ });
    push @{ $with{qemu} }, "-device", "loader,file=$good,addr=0x90000000,force-raw=on";
    return (root => "-", %with);
}
boots("a root task that the boot loader has reserved boots", qr/^Hello/m, reserved(sprintf "0x%x", -s $good));
refuses("a root task in memory that is reserved for more", qr/not in free memory/, reserved("0x1000000"));

# Newer trees describe harts by other properties, and newer versions of QEMU by both.
sub isa {
    my ($described) = @_;
    return with_tree(sub { s/riscv,isa-(?:base|extensions) = [^;]*;//g; s/riscv,isa = "[^"]*";/$described/ });
}
boots("harts without riscv,isa boot", qr/^Hello/m, isa('riscv,isa-base = "rv64i"; riscv,isa-extensions = "i", "m", "a", "c";'));
boots_with_firmware("harts whose instruction sets nobody describes boot", qr/^Hello/m, isa(""));

# The nodes on each level below the root in the opposite order, behind the properties.
my $block = qr/(\{(?:[^{}]++|(?-1))*\})/;
sub opposite {
    my ($inside) = @_;
    my @nodes;
    $inside =~ s/([\w,.\@-]+) $block;/my ($name, $node) = ($1, $2); push @nodes, "$name {" . opposite(substr $node, 1, -1) . "};"; ""/ge;
    return join "\n", $inside, reverse @nodes;
}
boots("nodes in the opposite order boot", qr/^Hello/m,
    with_tree(sub { s{(?<=/ \{)(.*)(?=\};\s*$)}{opposite($1)}se }));

# Through what the kernel prints. The firmware looks for its own console in the same tree.
sub console {
    my ($name, $expect, $change) = @_;
    boots($name, qr/^rel4: the kernel prints through $expect\n.*^Hello/ms, bootargs => "log=debug", with_tree($change));
}

my $uart = "/soc/serial\@10000000";
my $disabled = sub { s/(serial\@10000000 \{)/$1 status = "disabled";/ };
my $nobody = sub { s/(\bserial\@10000000 \{)/serial\@0 { compatible = "ns16550a"; reg = <0 0 0 0x100>; }; $1/ };
sub named { my ($path, $more) = @_; sub { s/stdout-path = "[^"]*"/stdout-path = "$path"/ && (!$more || $more->()) } }
sub no_alias { s/\baliases \{[^}]*\};//; return 1 }    # newer versions of QEMU have the one that is needed here
sub alias { my ($path) = @_; sub { no_alias(); s/(chosen \{)/aliases { serial0 = "$path"; }; $1/ } }

console("the UART that the tree names is the console", "a UART", named($uart));
console("options behind the UART's path are for others", "a UART", named("$uart:115200n8"));
console("an alias names the console", "a UART", named("serial0", alias($uart)));
console("an alias with options names the console", "a UART", named("serial0:115200n8", alias($uart)));
console("a UART with its usual registers is the console", "a UART",
    named($uart, sub { s/(serial\@10000000 \{)/$1 reg-shift = <0>; reg-io-width = <1>; status = "okay";/ }));
console("without a name the firmware prints", "the firmware", sub { s/stdout-path = "[^"]*";// });
console("without the alias the firmware prints", "the firmware", named("serial0", \&no_alias));
boots_with_firmware("if the UART is disabled, the firmware prints", qr/^rel4: the kernel prints through the firmware\n.*^Hello/ms,
    bootargs => "log=debug", with_tree(named($uart, $disabled)));

# The bus of the devices with ranges that have entries.
sub ranges { my ($cells) = @_; named($uart, sub { s/(\bsoc \{[^{}]*)\branges;/$1ranges = <$cells>;/ }) }
console("a UART behind a bus whose ranges have it is the console", "a UART", ranges("0 0 0 0 0 0x1000 0 0x2000 0 0x2000 1 0"));
console("if the bus's ranges do not have the UART, the firmware prints", "the firmware", ranges("0 0 0 0 0 0x10000000"));

console("if the UART's registers do not fit, the firmware prints", "the firmware",
    named($uart, sub { s/(serial\@10000000 \{[^}]*reg = <[^>]*) \S+>/$1 0x5>/ }));

# Older firmware has no console then, either; newer firmware prints through the other one.
boots("a UART that does not answer is left alone", qr/\A\s*\z|^Hello/m, with_tree(named("/soc/serial\@0", $nobody)));

refuses("no memory node", qr/no memory/, with_tree(sub { s/memory\@80000000 \{[^}]*\};// }));
refuses("memory of no size", qr/no memory/, memory("0 0x80000000 0 0"));
refuses("memory that does not hold the kernel", qr/the kernel is not in the memory/,
    memory("0 0x90000000 0 0x10000000"));
refuses("memory that wraps around", qr/the kernel is not in the memory/, memory("0xffffffff 0xfffff000 0 0x2000"));
refuses("a memory register that is cut off", qr/no memory/, memory("0 0x80000000 0"));

refuses("a root task that ends before it starts", qr/not in free memory/, ramdisk("0 0x90000000", "0 0x8f000000"));
refuses("a root task with a start and no end", qr/there is no root task/,
    root => "-", with_tree(sub { s/chosen \{/chosen { linux,initrd-start = <0x90000000>;/ }));
refuses("a root task outside of memory", qr/not in free memory/, ramdisk("0x100 0", "0x100 0x10000"));
refuses("a root task in the kernel", qr/not in free memory/, ramdisk("0 0x80200000", "0 0x80210000"));
refuses("a root task across the end of memory", qr/not in free memory/, ramdisk("0 0x9fff0000", "0 0xa0010000"));

done_testing();
