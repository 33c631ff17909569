# The fuzzer (tests/fuzz/): a root task of its own, built like the system tests. docs/fuzzing.md says how it is used.
#
#   out/tests/fuzz.elf, out/soak/tests/fuzz.elf   the root task
#   out/broken/rel4.elf                           a debug kernel with a fault, to try tests/fuzz/minimize on

SEED  ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
CALLS ?= 0
CHECK ?= 2000

FUZZ_SOURCES := $(call sources,tests/fuzz)
$(eval $(call program,$(OUT),$(OUT)/tests/fuzz.elf,$(FUZZ_SOURCES)))
$(eval $(call program,$(OUT)/soak,$(OUT)/soak/tests/fuzz.elf,$(FUZZ_SOURCES)))
SYSTEM_TESTS += $(OUT)/tests/fuzz.elf $(OUT)/broken/rel4.elf
SOAK_TESTS   += $(OUT)/soak/tests/fuzz.elf

fuzz_words = $(kernel_$(KERNEL)) $(OUT)/tests/fuzz.elf harts=$(HARTS) seed=$(SEED) calls=$(CALLS) \
	$(if $(filter debug,$(KERNEL)),check=$(CHECK))

.PHONY: fuzz fuzz-minimize
fuzz: $(kernel_$(KERNEL)) $(OUT)/tests/fuzz.elf
	@tests/fuzz/run $(fuzz_words)

fuzz-minimize: $(kernel_$(KERNEL)) $(OUT)/tests/fuzz.elf
	@tests/fuzz/minimize $(fuzz_words)

# Unbinding forgets one of the two sides.
BROKEN_SOURCE := kernel/ipc/notification.c
BROKEN_REST   := $(filter-out $(BROKEN_SOURCE),$(KERNEL_SRCS))
$(OUT)/broken/rel4.elf: $(BROKEN_SOURCE) $(BROKEN_REST:%=$(OUT)/obj/debug/%.o) mk/fuzz.mk
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed '/thread->bound->bound = NULL;/d' $< > $(@D)/broken.c
	$(Q)$(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_FLAGS_debug) -DREL4_NUM_DOMAINS=1 -c $(@D)/broken.c -o $(@D)/broken.o
	$(Q)scripts/link-kernel.sh $@ $(@D) $(CROSS)gcc $(KERNEL_FLAGS) $(KERNEL_LINK) $(@D)/broken.o $(filter %.o,$^)
