# What the unit tests link, besides themselves and the machine of tests/host/arch.c: the object layer but for
# kernel/thread/kernel.c, which waits for other harts, and what boot does before there is anything to run.
# And of lib/rel4 what needs neither system calls nor RISC-V; tests/host/rel4_machine.c stands in for both.
HOST_KERNEL_SRCS := \
	$(addprefix kernel/arch/riscv64/,asid.c console.c controllers.c) \
	$(wildcard kernel/cap/*.c kernel/check/*.c kernel/ipc/*.c kernel/object/*.c kernel/worker/*.c) \
	$(filter-out kernel/thread/kernel.c,$(wildcard kernel/thread/*.c)) \
	kernel/lib/print.c \
	$(addprefix kernel/boot/,elf.c fdt.c platform.c regions.c tree.c uart.c) \
	$(addprefix lib/rel4/src/,queue.c executor.c answers.c batch.c waiting.c coroutine.c)

# What the simulation links instead of one hart: several, which run the rest of the kernel above the machine.
HOST_HARTS_SRCS := kernel/arch/riscv64/emulate.c kernel/arch/riscv64/trap.c kernel/thread/kernel.c \
	$(wildcard kernel/syscall/*.c tests/host/simulation/*.c)
