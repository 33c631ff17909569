# The front door. `make help` prints the lines that start with "#?", `make help-all` also those with "#+"; docs/building.md
# says more.
#
#? ReL4-C: a capability microkernel for 64-bit RISC-V with the seL4 15.0 binary interface
#?
#? make run        the main job: every asynchronous call, and what it costs; APP= boots another program
#? make build      the kernels and all programs; the default
#? make test       every test; the last line is "N passed, N failed"; also out/tests.xml and .json
#? make soak       the system tests with long counts
#? make bench      measure everything; EXPERIMENT=async, breakdown, kernel, uintr or stages a part
#? make latency    how long interrupts are off at most; out/bench/latency.json
#? make fuzz       random system calls by threads in sandboxes, without end or CALLS= many
#? make debug      the debug kernel, stopped, with gdb attached and all symbols loaded
#? make check      format and three analysers over all sources; silent when clean
#? make format     bring all sources into the house's format
#? make clean      remove out/, where everything that is built lives
#? make help-all   the rarer goals and variables, too
#+ make help       without those
#+ make interface              the tables of calls in docs/, from include/interface/invocations.txt
#+ make test-debian            make run and make test on a new Debian, in a folder; as root
#+ make bench-picture          the picture of performance.md, from the last records of EXPERIMENT=async
#+ make fuzz-minimize SEED=    cut a failing run of the fuzzer down to a few calls, in words
#+ make fuzz-host TARGET=      feed a part of the kernel on the host made-up input until it breaks
#?
#? Variables, with their defaults:
#?   APP=async-demo  the folder of apps/; with a slash in it, a folder anywhere: APP=../mine
#?   ROOT=           a root task's ELF file from elsewhere, instead of APP
#?   HARTS=2         harts (processors) of the machine, 1 to 8
#?   MEM=512         memory of the machine in MiB
#?   BOOTARGS=       options for the kernel, then "--" and arguments for the program:
#?                   abi=up|smp harts=N console=on|off log=LEVEL; docs/interface-6-boot.md has all
#?   KERNEL=release  the kernel that make run boots, release or debug
#?   PLATFORM=virt   the machine: virt is QEMU as Debian ships it; uintc has user interrupts, and is
#?                   built once, in some minutes (platform/qemu/)
#?   TEST=           only the tests whose name matches this Perl pattern
#?   JOBS=           tests that run at the same time; default: one per processor
#?   V=              V=1 shows the commands
#+   EXPERIMENT=all  what make bench measures; QUICK=1: less of it; out/bench/EXPERIMENT.json
#+   SCENARIO= FRAMES= MODE= CLOCK=   a part of EXPERIMENT=async, as do HARTS= and PLATFORM=;
#+                   SCENARIO is map-unmap, address-space, threads, capabilities, overlap or all;
#+                   bench/async.pl says what else there is
#+   SEED= CALLS=0 CHECK=2000   for the fuzzer: a random seed, no end, and calls between
#+                   inspections in a debug kernel
#+   TARGET=objects  what fuzz-host feeds: objects, elf, devicetree or options
#+   DOMAINS=1       scheduling domains of the kernel that run, debug and build take
#+   RELEASE=12      the Debian of test-debian, 12 or 13
#+   GDB_PORT=1234   where QEMU waits for gdb
#+   STRICT=         STRICT=1 makes warnings errors, as make check and .ci/run do
#+   OUT=out         the folder that build, run and debug fill; tests and measurements want out
#?
#? Examples:
#?   make run APP=hello HARTS=4
#?   make run ROOT=other/root.elf BOOTARGS="abi=up" MEM=1024
#?   make debug APP=hello
#?   make test TEST=boot

APP      ?= async-demo
ROOT     ?= $(OUT)/$(if $(ABI_UP),up/)apps$(APP_ELF)
HARTS    ?= 2
MEM      ?= 512
BOOTARGS ?=
KERNEL   ?= release
RELEASE  ?= 12
DOMAINS  ?= 1
PLATFORM ?= virt
TEST     ?=
TARGET   ?= objects
JOBS     ?=
EXPERIMENT ?= all
GDB_PORT ?= 1234

OUT   := out
CROSS := riscv64-unknown-elf-
Q     := $(if $(V),,@)
say    = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

# A new compiler's new warnings are for those who change this, not for those who use it.
WERROR := $(if $(STRICT),-Werror)

MAKEFLAGS += --no-builtin-rules --no-print-directory -j$(shell nproc)
.DELETE_ON_ERROR:
.SECONDARY:
SHELL := /bin/bash

# `make clean test` means one after the other.
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

.PHONY: build run bench bench-picture debug tests test test-debian soak soak-tests check clean help help-all packages
build: kernels apps

# What a goal needs from the distribution. Every compilation waits for this, none is repeated because of it. (And for the
# headers that are made: mk/interface.mk.)
PACKAGES_run   := run
PACKAGES_bench := run test bench
PACKAGES_bench-picture := bench
PACKAGES_latency := run test
PACKAGES_debug := run debug
PACKAGES_check := run test check
PACKAGES_format := check
PACKAGES_fuzz  := run
PACKAGES_fuzz-minimize := run
PACKAGES_test  := run test bench fuzz debug
PACKAGES_tests := run test bench fuzz debug
PACKAGES_soak  := run test fuzz
PACKAGES_soak-tests := run test fuzz
PACKAGES_fuzz-host := run test fuzz
packages:
	@scripts/setup.sh $(sort run $(foreach goal,$(MAKECMDGOALS),$(PACKAGES_$(goal))))

include mk/options.mk
include mk/interface.mk
include mk/kernel.mk
include mk/programs.mk
include mk/uintc.mk
include mk/plugins.mk
include mk/check.mk
include mk/fuzz.mk
include mk/sysfuzz.mk

run: $(kernel_$(KERNEL)) $(ROOT) $(if $(MAIN_JOB),$(OUT)/apps/allocator.elf)
	@scripts/qemu.sh $(kernel_$(KERNEL)) $(ROOT) harts=$(HARTS) mem=$(MEM) bootargs=$(call quoted,$(BOOTARGS))
	$(if $(MAIN_JOB),@scripts/cost-table.sh $(kernel_$(KERNEL)) $(OUT)/apps/allocator.elf)

# async measures the program that everybody can run, on both machines unless one is chosen.
BENCH_ROOT_async := $(OUT)/apps/allocator.elf
BENCH_ROOT_breakdown := $(OUT)/apps/allocator.elf
bench_root = $(or $(BENCH_ROOT_$(1)),$(OUT)/bench/$(1).elf)
MEASURED := $(if $(filter all,$(EXPERIMENT)),kernel stages uintr breakdown async,$(EXPERIMENT))

bench: $(kernel_release) $(OUT)/cycles/plugin.so $(foreach name,$(MEASURED),$(call bench_root,$(name)))
	@$(foreach name,$(MEASURED),PLATFORMS="$(if $(filter file,$(origin PLATFORM)),virt uintc,$(PLATFORM))" \
		bench/$(name).pl $(kernel_release) $(call bench_root,$(name)) $(OUT)/bench/$(name).json &&) :

bench-picture: packages
	@perl -Ibench -MReport -e 'Report::draw_picture(@ARGV)' $(OUT)/bench/async.json docs/pictures/async.svg

debug: $(kernel_debug) $(ROOT)
	@scripts/debug.sh $^ port=$(GDB_PORT) harts=$(HARTS) mem=$(MEM) bootargs=$(call quoted,$(BOOTARGS))

# The kernels of one and of four domains are tested, whatever DOMAINS says.
tests: $(KERNELS) $(OVERFLOW_KERNELS) $(APPS) $(UP_APPS) $(SYSTEM_TESTS) $(HOST_TESTS) $(PLUGINS) \
	$(THREAD_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) $(BENCHES) $(UINTC_TESTS)
soak-tests: $(KERNELS) $(SOAK_TESTS) $(THREAD_TESTS) $(PLUGINS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) $(UINTC_TESTS)

test: tests
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --match $(call quoted,$(TEST))

soak: soak-tests
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --match $(call quoted,$(TEST)) --soak

# Nothing is built here, and nothing is needed but what the script itself says.
test-debian:
	@tests/run/debian $(RELEASE) $(call quoted,$(TEST)) $(JOBS)

clean:
	$(Q)rm -rf $(OUT)

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

help-all:
	@sed -n 's/^#[?+] \{0,1\}//p' Makefile
