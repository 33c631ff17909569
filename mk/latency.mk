# The plugin for QEMU that measures how long interrupts are off. It needs no header of QEMU's: see plugin_api.h.

LATENCY_PLUGIN := $(OUT)/latency/plugin.so

$(LATENCY_PLUGIN): $(wildcard tests/latency/*.[ch]) | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden $(filter %.c,$^) -o $@

# The runs that are made for it; a soak run measures all.
LATENCY_RUNS := latency-1 latency-4 latency-debug

.PHONY: latency
latency: $(kernel_release) $(kernel_debug) $(OUT)/tests/latency.elf $(LATENCY_PLUGIN)
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --match "^system/latency"
	$(Q)mkdir -p $(OUT)/bench
	@tests/latency/report $(OUT)/bench/latency.json $(LATENCY_RUNS)
