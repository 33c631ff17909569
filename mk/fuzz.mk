# Fuzz targets: tests/fuzz/fuzz_NAME.c -> out/fuzz/NAME, the kernel's sources on the host as for the unit tests, with
# libFuzzer of clang and the same sanitizers. What they start from is copied to out/fuzz/seeds/NAME:
#
#   tests/fuzz/corpus/NAME/*         found by fuzzing, minimised
#   tests/fuzz/corpus/NAME/*.dts     written by hand, compiled to device trees
#   tests/fuzz/seeds.pl NAME FOLDER  written by hand, as a program that builds them

FUZZ_NAMES   := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(call one_of,TARGET,$(FUZZ_NAMES))
FUZZ_TARGETS := $(FUZZ_NAMES:%=$(OUT)/fuzz/%)
FUZZ_SEEDS   := $(FUZZ_NAMES:%=$(OUT)/fuzz/seeds/%/.complete)
# Only the kernel is instrumented: the tests merely look on, often.
FUZZ_PLAIN_FLAGS := $(filter-out -O1 -fsanitize% -fno-sanitize%,$(HOST_FLAGS)) -O2 -Itests/fuzz
FUZZ_FLAGS       := $(HOST_FLAGS) -fsanitize=fuzzer-no-link
FUZZ_SRCS    := tests/fuzz/fuzz.c tests/fuzz/furniture.c tests/host/arch.c tests/host/one_hart.c tests/host/world.c tests/host/world_check.c \
	$(filter kernel/%,$(HOST_KERNEL_SRCS)) kernel/boot/options.c

$(OUT)/obj/fuzz/%.o: % Makefile mk/fuzz.mk mk/programs.mk | packages
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(if $(filter tests/%,$<),$(FUZZ_PLAIN_FLAGS),$(FUZZ_FLAGS)) -MMD -MP -c $< -o $@

$(FUZZ_TARGETS): $(OUT)/fuzz/%: $(OUT)/obj/fuzz/tests/fuzz/fuzz_%.c.o $(FUZZ_SRCS:%=$(OUT)/obj/fuzz/%.o)
	$(call say,FUZZLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -lcmocka -o $@

.SECONDEXPANSION:
$(FUZZ_SEEDS): $(OUT)/fuzz/seeds/%/.complete: tests/fuzz/seeds.pl mk/fuzz.mk $$(wildcard tests/fuzz/corpus/$$*/*) | packages
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)for file in $(filter tests/fuzz/corpus/%,$^); do case $$file in \
		*.dts) dtc -q -I dts -O dtb -o $(@D)/$$(basename $$file .dts) $$file;; \
		*) cp $$file $(@D);; \
	esac || exit 1; done
	$(Q)perl tests/fuzz/seeds.pl $* $(@D)
	$(Q)touch $@

-include $(shell find $(OUT)/obj/fuzz -name '*.d' 2> /dev/null)

# Until it is stopped or finds something; what it learns stays in out/fuzz/new/.
.PHONY: fuzz-host
fuzz-host: $(OUT)/fuzz/$(TARGET) $(OUT)/fuzz/seeds/$(TARGET)/.complete
	@tests/run/fuzz-tap $(TARGET) endless
