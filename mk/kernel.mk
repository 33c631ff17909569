# The kernel, from all of kernel/**/*.c and *.S: for each number of domains a release and a debug build. They
# differ in flags only. One domain builds into out/, n domains into out/domainsN/.

KERNEL_SRCS := $(sort $(shell find kernel -name '*.[cS]'))
KERNEL_LDS  := kernel/arch/riscv64/kernel.ld

# -mcmodel=medany keeps code independent of where data lies, so that adding the symbol table in the second link moves
# nothing: what the linker shortens is calls, and there is no gp by which it could shorten anything else. The
# loop-distribution pass would turn memset's own loop into a call of memset.
# Memory that is retyped holds objects of another type: pointers of all types may name the same.
KERNEL_FLAGS := -std=gnu11 -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -g \
	-ffreestanding -fno-strict-aliasing -fno-common -fno-pic -fno-stack-protector \
	-fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections \
	-Wall -Wextra -Wno-unused-parameter $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Iinclude -I$(OUT)/include -Ikernel -Ikernel/arch/riscv64/include
KERNEL_LINK := -nostdlib -static -T $(KERNEL_LDS) \
	-Wl,--gc-sections -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096

KERNEL_FLAGS_release := -O2
KERNEL_FLAGS_debug   := -O1 -fno-omit-frame-pointer -DREL4_DEBUG=1

# Arguments: output folder, number of domains, mode, ELF file. Beside each object is what its functions call, and what
# they need of the stack, for tests/static/stack.t.
define kernel_rules
$(1)/obj/$(3)/%.o: % Makefile mk/kernel.mk | packages
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_FLAGS_$(3)) -DREL4_NUM_DOMAINS=$(2) -MMD -MP -fcallgraph-info=su -c $$< -o $$@

$(4): $(KERNEL_SRCS:%=$(1)/obj/$(3)/%.o) $(KERNEL_LDS) scripts/link-kernel.sh scripts/symbols.sh
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)scripts/link-kernel.sh $$@ $(1)/obj/$(3) \
		$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_LINK) $$(filter %.o,$$^)

KERNELS += $(4)
-include $(KERNEL_SRCS:%=$(1)/obj/$(3)/%.d)
endef

kernel_folder = $(OUT)$(if $(filter-out 1,$(1)),/domains$(1))
$(foreach n,$(sort 1 4 $(DOMAINS)),\
	$(eval $(call kernel_rules,$(call kernel_folder,$(n)),$(n),release,$(call kernel_folder,$(n))/rel4.elf))\
	$(eval $(call kernel_rules,$(call kernel_folder,$(n)),$(n),debug,$(call kernel_folder,$(n))/debug/rel4.elf)))

kernel_release := $(call kernel_folder,$(DOMAINS))/rel4.elf
kernel_debug   := $(call kernel_folder,$(DOMAINS))/debug/rel4.elf

# Kernels of one domain whose stack overflows, for tests/boot/overflow.t. Arguments: folder, mode.
OVERFLOW_WRAPS := timer_start kernel_enter handle_other_syscall handle_kernel_trap power_cut power_off
define overflow_rules
$(1)/overflow.o: tests/boot/overflow.c Makefile mk/kernel.mk | packages
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_FLAGS_$(2)) -DREL4_NUM_DOMAINS=1 -MMD -MP -c $$< -o $$@

$(1)/rel4.elf: $(1)/overflow.o $(KERNEL_SRCS:%=$(OUT)/obj/$(2)/%.o) $(KERNEL_LDS)
	$$(call say,LD,$$@)
	$$(Q)scripts/link-kernel.sh $$@ $(1) \
		$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_LINK) $(OVERFLOW_WRAPS:%=-Wl,--wrap=%) $$(filter %.o,$$^)

OVERFLOW_KERNELS += $(1)/rel4.elf
-include $(1)/overflow.d
endef
$(eval $(call overflow_rules,$(OUT)/overflow,release))
$(eval $(call overflow_rules,$(OUT)/overflow/debug,debug))

.PHONY: kernels
kernels: $(kernel_release) $(kernel_debug)
