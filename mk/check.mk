# `make check`: nothing is printed when everything is clean. Each source file is analysed once after it or a
# header changed; the three analysers of one file are called by scripts/check-file.sh.

FORMATTED := $(shell find kernel include lib apps tests bench -name '*.[ch]' 2> /dev/null)
CHECKED   := $(filter %.c,$(filter-out include/%,$(FORMATTED)))
CHECKS    := $(CHECKED:%=$(OUT)/check/%.ok)

CHECK_FLAGS_kernel := $(KERNEL_FLAGS) $(KERNEL_FLAGS_debug)
CHECK_FLAGS_lib    := $(SEL4_CFLAGS)
CHECK_FLAGS_apps   := $(SEL4_CFLAGS)
CHECK_FLAGS_bench  := $(SEL4_CFLAGS) $(BENCH_FLAGS)
CHECK_FLAGS_tests  := $(SEL4_CFLAGS) $(TEST_FLAGS)

.PHONY: check check-format format
check: check-format $(CHECKS)

check-format: | packages
	$(Q)status=0; for file in $(FORMATTED); do \
		clang-format --dry-run -Werror $$file 2> /dev/null || \
		{ echo "$$file: not in the house's format; make format" >&2; status=1; }; \
	done; exit $$status

format: | packages
	$(Q)clang-format -i $(FORMATTED)

$(OUT)/check/tests/host/%.ok: tests/host/% $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ host gcc $(filter-out -fsanitize% -fno-sanitize%,$(HOST_FLAGS))

$(OUT)/check/tests/threads/%.ok: tests/threads/% $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ host gcc $(filter-out -fsanitize%,$(THREAD_FLAGS))

CHECKS_OF_PLUGINS := $(foreach folder,tests/plugin tests/latency tests/alignment bench/cycles,\
	$(filter $(OUT)/check/$(folder)/%,$(CHECKS)))
$(CHECKS_OF_PLUGINS): $(OUT)/check/%.ok: % $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ host gcc $(filter-out -fsanitize% -fno-sanitize%,$(HOST_FLAGS)) -Itests/plugin

$(OUT)/check/tests/fuzz/%.ok: tests/fuzz/% $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ host gcc $(filter-out -fsanitize% -fno-sanitize%,$(HOST_FLAGS)) -Itests/fuzz

$(OUT)/check/tests/boot/%.ok: tests/boot/% $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ riscv $(CROSS)gcc $(CHECK_FLAGS_kernel)

$(OUT)/check/%.ok: % $(wildcard .clang-tidy kernel/.clang-tidy) scripts/check-file.sh | packages
	$(Q)scripts/check-file.sh $< $@ riscv $(CROSS)gcc $(CHECK_FLAGS_$(firstword $(subst /, ,$*)))

-include $(shell find $(OUT)/check -name '*.d' 2> /dev/null)
