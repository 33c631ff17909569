# What a hart does not have, the kernel says and does without, or refuses. A program that needs it gets a fault.
use strict;
use warnings;
use Boot;
use Test::More;

# Root tasks of one instruction that needs something; what stands in front of it is its number.
my %needs = (
    "a conversion of double precision" => 0xd2000053,  # fcvt.d.w ft0, zero
    "a move of single precision"       => 0xf0000053,  # fmv.w.x ft0, zero
    "a load of double precision"       => 0x00013007,  # fld ft0, 0(sp)
    "a read of fcsr"                   => 0x003022f3,  # frcsr t0
);
my $illegal = qr/user exception 2 in application/;

for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    for my $harts (1, 4) {
        my %on = (kernel => $kernel, harts => $harts);
        boots("without floating point: a program that needs none, $harts harts, $kernel",
            qr/^rel4: the machine has no floating point of double precision.*^Hello/ms, %on, qemu => ["-cpu", "rv64,d=false"]);
        for my $name (sort keys %needs) {
            prints("without floating point, $name is a fault, $harts harts, $kernel", $illegal, %on,
                root => write_file(code($needs{$name})), qemu => ["-cpu", "rv64,d=false"], until => qr{ in application, |PANIC}, limit => 20);
        }
    }
}
# Newer versions of QEMU have an extension that needs single precision, too.
my ($version) = qx(qemu-system-riscv64 --version) =~ /version (\d+)/;
my $zfa = $version >= 9 ? ",zfa=false" : "";
prints("without single precision either", $illegal, root => write_file(code(0xf0000053)),
    qemu => ["-cpu", "rv64,f=false,d=false$zfa"], until => qr{ in application, |PANIC}, limit => 20);

# Spaces without numbers: the same, slower.
for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    boots("asids=off, $_ harts, $kernel", qr/^rel4: without ASIDs.*^Hello/ms, kernel => $kernel, harts => $_,
        bootargs => "asids=off") for 1, 4;
}
unlike(boots("with ASIDs nothing is said", qr/^Hello/m, bootargs => "asids=on"), qr/ASID/, "as it is so");

# Two sockets: each hart has its own interrupt controller.
my @sockets = map { ("-object", "memory-backend-ram,id=m$_,size=256M", "-numa", "node,nodeid=$_,memdev=m$_,cpus=" . 2 * $_ . "-" . (2 * $_ + 1)) } 0, 1;
boots("two sockets, $_", qr/^Hello.*nodes +4\n/ms, kernel => $_, harts => 4, qemu => \@sockets) for "out/rel4.elf", "out/debug/rel4.elf";

# Other machines, where a program cannot turn the machine off; one without an interrupt controller. QEMU says of the harts
# of spike that they have stimecmp, and newer firmware uses it, but there is no time that it could be compared with.
for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    for my $harts (1, 4) {
        my %on = (kernel => $kernel, harts => $harts, until => qr/^  device tree.*\n/m);
        my $without = qr/^rel4: no interrupt controller that the kernel knows \(PLIC, APLIC\): no device interrupts\n.*^Hello/ms;
        prints("spike, $harts harts, $kernel", $without, %on, qemu => ["-machine", "spike", "-cpu", "rv64,sstc=false"]);
    }
    # Hart 0 of this machine is a small one, without supervisor mode. Nothing turns the machine off.
    prints("sifive_u, $kernel", qr/^Hello.*nodes +4\n/ms, kernel => $kernel, harts => 5, until => qr/^  device tree.*\n/m, qemu => ["-machine", "sifive_u"]);
    prints("sifive_u without a root task, $kernel", qr/^rel4: error: there is no root task.*\n.*^rel4: if the machine does not turn itself off now, stop it from outside/ms,
        kernel => $kernel, harts => 5, root => "-", until => qr/from outside.*\n/, qemu => ["-machine", "sifive_u"]);
    prints("a program on sifive_u, $kernel", qr/stop it from outside/, kernel => $kernel, harts => 5, until => qr/from outside.*\n/, qemu => ["-machine", "sifive_u"]);
}

# What is refused; before the device tree is read, the firmware chooses the status.
for my $kernel ("out/rel4.elf", "out/debug/rel4.elf") {
    prints("a hart that does not translate addresses, $_ harts, $kernel", qr/^rel4: error: the hart does not translate addresses \(Sv39\)$/m,
        kernel => $kernel, harts => $_, qemu => ["-cpu", "rv64,mmu=off"]) for 1, 2;
}

done_testing();
