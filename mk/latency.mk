# The plugin for QEMU that measures how long interrupts are off. It needs no header of QEMU's: see plugin_api.h.

LATENCY_PLUGIN := $(OUT)/latency/plugin.so

$(LATENCY_PLUGIN): $(wildcard tests/latency/*.[ch]) | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden $(filter %.c,$^) -o $@

# The runs that are made for it, and random calls; a soak run measures all.
LATENCY_RUNS := latency-1 latency-4 latency-debug sysfuzz-1 sysfuzz-4

.PHONY: latency
latency: $(kernel_release) $(kernel_debug) $(OUT)/tests/latency.elf $(OUT)/tests/sysfuzz.elf $(LATENCY_PLUGIN)
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --match "^system/(latency|sysfuzz-[0-9]+$$)"
	$(Q)mkdir -p $(OUT)/bench
	@tests/latency/report $(OUT)/bench/latency.json $(LATENCY_RUNS)
