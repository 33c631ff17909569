# The plugin for QEMU that measures how long interrupts are off. It needs no header of QEMU's: see plugin_api.h.

LATENCY_PLUGIN := $(OUT)/latency/plugin.so

$(LATENCY_PLUGIN): $(wildcard tests/latency/*.[ch]) | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -Wall -Wextra $(WERROR) -fPIC -shared -fvisibility=hidden $(filter %.c,$^) -o $@

# Every run of a release kernel, and those that are made for it.
.PHONY: latency
latency: $(KERNELS) $(SYSTEM_TESTS) $(LATENCY_PLUGIN)
	$(Q)rm -f $(OUT)/latency/*.json
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --latency --match "$(TEST)"
	$(Q)mkdir -p $(OUT)/bench
	@tests/latency/report $(OUT)/bench/latency.json $(OUT)/latency/*.json
