# Programs: root tasks in apps/, root tasks that are system tests, and unit tests that run on the host.
#
#   apps/NAME/*.c           -> FLAVOUR/apps/NAME.elf; with APP=FOLDER/NAME, which has a slash, also any other folder
#   tests/system/NAME/*.c   -> FLAVOUR/tests/NAME.elf
#   bench/NAME/*.c          -> FLAVOUR/bench/NAME.elf, with bench/common/*.c; bench/cycles is a plugin (plugins.mk)
#   tests/host/test_*.c     -> out/host/test_*
#   tests/threads/test_*.c  -> out/threads/test_*
#
# The flavours of a root task: out, and out/up for kernels that are booted with abi=up, whose invocations are
# numbered differently; under out/soak, both again with long counts.

# Define SEL4_CFLAGS, SEL4_LDFLAGS, SEL4_LIB_SRCS and REL4_LIB_SRCS: all that a program needs to know.
-include lib/sel4/program.mk
-include lib/rel4/program.mk

APP_NAMES    := $(notdir $(patsubst %/,%,$(wildcard apps/*/)))
TEST_NAMES   := $(filter-out common,$(notdir $(patsubst %/,%,$(wildcard tests/system/*/))))
BENCH_NAMES  := $(filter-out common cycles,$(notdir $(patsubst %/,%,$(wildcard bench/*/))))
TEST_FLAGS   := -Itests/system/common
BENCH_FLAGS  := -Ibench/common

sources = $(wildcard $(1)/*.c $(1)/*.S)

# A folder outside of the tree, which is named with a slash: its sources keep their absolute names below FLAVOUR/obj, or
# those below OUT/links. APP_ELF is the program's place below FLAVOUR/apps.
ifneq ($(findstring /,$(APP)),)
APP_FOLDER := $(call plain_path,$(APP))
$(if $(APP_FOLDER),,$(error APP=$(APP): there is no such folder))
$(if $(call sources,$(APP_FOLDER)),,$(error APP=$(APP): there is no .c or .S file in it))
else
$(if $(and $(filter 1,$(words $(APP))),$(filter $(APP_NAMES),$(APP))),,$(error APP=$(APP): there is no folder apps/$(APP); there are $(APP_NAMES)))
endif
APP_ELF := $(patsubst $(OUT)/links%,/links%,$(or $(APP_FOLDER),/$(APP))).elf

# Arguments: flavour, its flags.
define program_objects
$(1)/obj/programs/%.o: % Makefile mk/programs.mk $(wildcard lib/sel4/program.mk) | packages
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(SEL4_CFLAGS) $$(if $$(filter tests/%,$$<),$(TEST_FLAGS)) \
		$$(if $$(filter bench/%,$$<),$(BENCH_FLAGS)) $(2) -MMD -MP -c $$< -o $$@
-include $$(shell find $(1)/obj/programs -name '*.d' 2> /dev/null)
endef

# Arguments: flavour, ELF file, sources.
define program
$(2): $(patsubst %,$(1)/obj/programs/%.o,$(3) $(SEL4_LIB_SRCS) $(REL4_LIB_SRCS)) $(SEL4_LDSCRIPT)
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(SEL4_CFLAGS) $(SEL4_LDFLAGS) $$(filter %.o,$$^) -o $$@
endef

define flavour
$(call program_objects,$(1),$(2))
$(foreach name,$(APP_NAMES),\
	$(eval $(call program,$(1),$(1)/apps/$(name).elf,$(call sources,apps/$(name)))))
$(foreach folder,$(APP_FOLDER),\
	$(eval $(call program,$(1),$(1)/apps$(APP_ELF),$(call sources,$(folder)))))
$(foreach name,$(BENCH_NAMES),\
	$(eval $(call program,$(1),$(1)/bench/$(name).elf,\
		$(call sources,bench/$(name)) $(call sources,bench/common))))
$(foreach name,$(TEST_NAMES),\
	$(eval $(call program,$(1),$(1)/tests/$(name).elf,\
		$(call sources,tests/system/$(name)) $(call sources,tests/system/common))))
endef

$(eval $(call flavour,$(OUT),))
$(eval $(call flavour,$(OUT)/up,-DSEL4_ABI_UP))
$(eval $(call flavour,$(OUT)/soak,-DTEST_SOAK=1))
$(eval $(call flavour,$(OUT)/soak/up,-DTEST_SOAK=1 -DSEL4_ABI_UP))

APPS         := $(APP_NAMES:%=$(OUT)/apps/%.elf)
UP_APPS      := $(APP_NAMES:%=$(OUT)/up/apps/%.elf)
BENCHES      := $(BENCH_NAMES:%=$(OUT)/bench/%.elf)
SYSTEM_TESTS := $(TEST_NAMES:%=$(OUT)/tests/%.elf) $(TEST_NAMES:%=$(OUT)/up/tests/%.elf)
SOAK_TESTS   := $(TEST_NAMES:%=$(OUT)/soak/tests/%.elf) $(TEST_NAMES:%=$(OUT)/soak/up/tests/%.elf)

.PHONY: apps
apps: $(APPS)

# Unit tests: the kernel's object layer, compiled for the host. Each test links all of HOST_KERNEL_SRCS, and one hart;
# test_simulation, and the same with two domains, the rest of the kernel above the machine, and several harts.
-include tests/host/sources.mk

HOST_FLAGS := -std=gnu11 -g -O1 -fno-strict-aliasing -fsanitize=address,undefined -fno-sanitize-recover=all \
	-Wall -Wextra -Wno-unused-parameter $(WERROR) -DREL4_HOST=1 -DREL4_DEBUG=1 -Itests/host -Iinclude -I$(OUT)/include -Ikernel \
	-Ikernel/arch/riscv64/include -Ilib/rel4/include
HOST_SIMULATIONS := $(OUT)/host/test_simulation $(OUT)/host/test_simulation_domains
HOST_TESTS  := $(patsubst tests/host/%.c,$(OUT)/host/%,$(wildcard tests/host/test_*.c)) $(OUT)/host/test_simulation_domains
HOST_ONE    := $(filter-out tests/host/test_%,$(wildcard tests/host/*.c)) $(HOST_KERNEL_SRCS)
HOST_HARTS  := $(filter-out tests/host/one_hart.c,$(HOST_ONE)) $(HOST_HARTS_SRCS) tests/host/test_simulation.c

# Arguments: folder of the objects, further flags.
define host_objects
$(1)/%.o: % Makefile mk/programs.mk | packages
	$$(call say,HOSTCC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)gcc $$(HOST_FLAGS) $(2) -MMD -MP -c $$< -o $$@
endef
$(eval $(call host_objects,$(OUT)/obj/host,))
$(eval $(call host_objects,$(OUT)/obj/host-domains,-DREL4_NUM_DOMAINS=2))

define host_link
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(HOST_FLAGS) $^ -lcmocka -o $@
endef

$(filter-out $(HOST_SIMULATIONS),$(HOST_TESTS)): $(OUT)/host/%: $(OUT)/obj/host/tests/host/%.c.o $(HOST_ONE:%=$(OUT)/obj/host/%.o)
	$(host_link)

$(OUT)/host/test_simulation: $(HOST_HARTS:%=$(OUT)/obj/host/%.o)
	$(host_link)

$(OUT)/host/test_simulation_domains: $(HOST_HARTS:%=$(OUT)/obj/host-domains/%.o)
	$(host_link)

-include $(shell find $(OUT)/obj/host $(OUT)/obj/host-domains -name '*.d' 2> /dev/null)

# Tests between threads, on the host, under the thread sanitizer.
THREAD_FLAGS := -std=gnu11 -g -O1 -fsanitize=thread -Wno-tsan -Wall -Wextra -Wno-unused-parameter $(WERROR) -pthread \
	-Iinclude -I$(OUT)/include -Ilib/sel4/include -Ilib/rel4/include
THREAD_TESTS := $(patsubst tests/threads/%.c,$(OUT)/threads/%,$(wildcard tests/threads/test_*.c))

$(OUT)/threads/%: tests/threads/%.c lib/rel4/src/queue.c $(wildcard include/rel4/*.h lib/rel4/include/rel4/*.h) | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(THREAD_FLAGS) $(filter %.c,$^) -lcmocka -o $@
