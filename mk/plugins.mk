# Plugins for QEMU that watch the machine while it runs: those of tests, tests/NAME/plugin.c, and the model of a processor,
# bench/cycles/; they become out/NAME/plugin.so. They need no header of QEMU's: see tests/plugin/plugin_api.h.

PLUGINS := $(patsubst tests/%.c,$(OUT)/%.so,$(wildcard tests/*/plugin.c)) $(OUT)/cycles/plugin.so

$(filter-out $(OUT)/cycles/%,$(PLUGINS)): $(OUT)/%.so: tests/%.c $(wildcard tests/plugin/*.[ch])
$(OUT)/cycles/plugin.so: $(wildcard bench/cycles/*.[ch]) $(wildcard tests/plugin/plugin_api.[ch])

$(PLUGINS): | packages
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter $(WERROR) -fPIC -shared -fvisibility=hidden -pthread -Itests/plugin $(filter %.c,$^) -o $@

# Every run of a release kernel, and those that are made for it.
.PHONY: latency
latency: $(KERNELS) $(SYSTEM_TESTS) $(PLUGINS)
	$(Q)rm -f $(OUT)/latency/*.json
	@tests/run/all $(if $(JOBS),--jobs $(JOBS)) --latency --match $(call quoted,$(TEST))
	$(Q)mkdir -p $(OUT)/bench
	@tests/latency/report $(OUT)/bench/latency.json $(OUT)/latency/*.json
