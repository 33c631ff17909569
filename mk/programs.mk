# Programs: root tasks in apps/, root tasks that are system tests, and unit tests that run on the host.
#
#   apps/NAME/*.c           -> out/apps/NAME.elf
#   tests/system/NAME/*.c   -> out/tests/NAME.elf, and out/soak/tests/NAME.elf with long counts
#   tests/host/test_*.c     -> out/host/test_*

# Defines SEL4_CFLAGS, SEL4_LDFLAGS and SEL4_LIB_SRCS: all that a program needs to know.
-include lib/sel4/program.mk

TEST_COMMON := $(wildcard tests/system/common/*.c)
TEST_FLAGS  := -Itests/system/common

# Objects of programs, in one tree per set of flags. Argument: output folder, flags.
define program_objects
$(1)/%.o: % Makefile mk/programs.mk $(wildcard lib/sel4/program.mk) | packages
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(SEL4_CFLAGS) $(2) -MMD -MP -c $$< -o $$@
-include $$(shell find $(1) -name '*.d' 2> /dev/null)
endef

# A program. Arguments: object folder, ELF file, sources.
define program
$(2): $(patsubst %,$(1)/%.o,$(3) $(SEL4_LIB_SRCS))
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(SEL4_CFLAGS) $(SEL4_LDFLAGS) $$(filter %.o,$$^) -o $$@
endef

sources = $(wildcard $(1)/*.c $(1)/*.S)

$(eval $(call program_objects,$(OUT)/obj/apps,))
$(eval $(call program_objects,$(OUT)/obj/tests,$(TEST_FLAGS)))
$(eval $(call program_objects,$(OUT)/obj/soak,$(TEST_FLAGS) -DTEST_SOAK=1))

APP_NAMES  := $(notdir $(patsubst %/,%,$(wildcard apps/*/)))
TEST_NAMES := $(filter-out common,$(notdir $(patsubst %/,%,$(wildcard tests/system/*/))))

$(foreach name,$(APP_NAMES),\
	$(eval $(call program,$(OUT)/obj/apps,$(OUT)/apps/$(name).elf,$(call sources,apps/$(name)))))
$(foreach name,$(TEST_NAMES),\
	$(eval $(call program,$(OUT)/obj/tests,$(OUT)/tests/$(name).elf,$(call sources,tests/system/$(name)) $(TEST_COMMON)))\
	$(eval $(call program,$(OUT)/obj/soak,$(OUT)/soak/tests/$(name).elf,$(call sources,tests/system/$(name)) $(TEST_COMMON))))

APPS         := $(APP_NAMES:%=$(OUT)/apps/%.elf)
SYSTEM_TESTS := $(TEST_NAMES:%=$(OUT)/tests/%.elf)
SOAK_TESTS   := $(TEST_NAMES:%=$(OUT)/soak/tests/%.elf)

.PHONY: apps
apps: $(APPS)

$(OUT)/apps/%.elf:
	@echo "There is no folder apps/$*. There are: $(APP_NAMES)" >&2; false

# Unit tests: the kernel's object layer, compiled for the host. Each test links all of HOST_KERNEL_SRCS.
-include tests/host/sources.mk

HOST_FLAGS := -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-Wall -Wextra -Werror -DREL4_HOST=1 -DREL4_DEBUG=1 -Iinclude -Ikernel -Itests/host
HOST_TESTS  := $(patsubst tests/host/%.c,$(OUT)/host/%,$(wildcard tests/host/test_*.c))
HOST_COMMON := $(filter-out tests/host/test_%,$(wildcard tests/host/*.c))

$(OUT)/obj/host/%.o: % Makefile mk/programs.mk | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(HOST_FLAGS) -MMD -MP -c $< -o $@

$(OUT)/host/%: $(OUT)/obj/host/tests/host/%.c.o $(patsubst %,$(OUT)/obj/host/%.o,$(HOST_COMMON) $(HOST_KERNEL_SRCS))
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(HOST_FLAGS) $^ -lcmocka -o $@

-include $(shell find $(OUT)/obj/host -name '*.d' 2> /dev/null)
