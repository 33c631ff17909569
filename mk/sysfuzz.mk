# The fuzzer: a root task of its own, built like the system tests. tests/sysfuzz/README.md says how it is used.
#
#   out/tests/sysfuzz.elf, out/soak/tests/sysfuzz.elf   the root task
#   out/broken/rel4.elf                           a debug kernel with a fault, to try tests/sysfuzz/minimize on

SEED  ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
CALLS ?= 0
CHECK ?= 2000

$(if $(filter-out file,$(origin SEED)),$(call number,SEED,0,4294967295))
$(call number,CALLS,0,999999999999999999)
$(call number,CHECK,0,999999999)

SYSFUZZ_SOURCES := $(call sources,tests/sysfuzz)
$(eval $(call program,$(OUT),$(OUT)/tests/sysfuzz.elf,$(SYSFUZZ_SOURCES)))
$(eval $(call program,$(OUT)/soak,$(OUT)/soak/tests/sysfuzz.elf,$(SYSFUZZ_SOURCES)))
SYSTEM_TESTS += $(OUT)/tests/sysfuzz.elf $(OUT)/broken/rel4.elf
SOAK_TESTS   += $(OUT)/soak/tests/sysfuzz.elf

sysfuzz_words = $(kernel_$(KERNEL)) $(OUT)/tests/sysfuzz.elf harts=$(HARTS) seed=$(SEED) calls=$(CALLS) \
	$(if $(filter debug,$(KERNEL)),check=$(CHECK))

.PHONY: fuzz fuzz-minimize
fuzz: $(kernel_$(KERNEL)) $(OUT)/tests/sysfuzz.elf
	@tests/sysfuzz/run $(sysfuzz_words)

fuzz-minimize: $(kernel_$(KERNEL)) $(OUT)/tests/sysfuzz.elf
	@tests/sysfuzz/minimize $(sysfuzz_words)

# Unbinding forgets one of the two sides.
BROKEN_SOURCE := kernel/ipc/notification.c
BROKEN_REST   := $(filter-out $(BROKEN_SOURCE),$(KERNEL_SRCS))
$(OUT)/broken/rel4.elf: $(BROKEN_SOURCE) $(BROKEN_REST:%=$(OUT)/obj/debug/%.o) mk/sysfuzz.mk
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed '/thread->bound->bound = NULL;/d' $< > $(@D)/broken.c
	$(Q)$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_FLAGS_debug) -DREL4_NUM_DOMAINS=1 -c $(@D)/broken.c -o $(@D)/broken.o
	$(Q)scripts/link-kernel.sh $@ $(@D) $(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_LINK) $(@D)/broken.o $(filter %.o,$^)
