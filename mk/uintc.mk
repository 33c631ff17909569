# Bare-metal tests of the hardware model: tests/uintc/NAME.c -> out/uintc/NAME.elf, in M-mode, or in S-mode under the
# firmware. The one for several harts is built with several lengths.

UINTC_FLAGS := -std=gnu11 -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -O2 -g \
	-ffreestanding -fno-common -fno-pic -fno-stack-protector -ffunction-sections \
	-Wall -Wextra -Wno-unused-parameter $(WERROR) -Wshadow -Itests/uintc
UINTC_LINK := -nostdlib -static -T tests/uintc/bare.ld \
	-Wl,--gc-sections -Wl,--build-id=none -Wl,--no-warn-rwx-segments

UINTC_BARE := tests/uintc/start.S tests/uintc/vectors.S tests/uintc/bare.c

# Arguments: name, sources, flags.
define uintc_test
$(OUT)/uintc/$(1).elf: $(2) tests/uintc/bare.h tests/uintc/frame.inc tests/uintc/state.h tests/uintc/bare.ld mk/uintc.mk | packages
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(UINTC_FLAGS) $(3) $(UINTC_LINK) $(2) -o $$@
UINTC_TESTS += $(OUT)/uintc/$(1).elf
endef

$(foreach name,registers traps slots senders gate wake absent sockets,\
	$(eval $(call uintc_test,$(name),$(UINTC_BARE) tests/uintc/$(name).c)))
$(foreach name,reset restore,\
	$(eval $(call uintc_test,$(name),$(UINTC_BARE) tests/uintc/state.c tests/uintc/$(name).c)))
$(foreach rounds,4 50 200 100000,\
	$(eval $(call uintc_test,harts-$(rounds),$(UINTC_BARE) tests/uintc/harts.c,-DROUNDS=$(rounds))))
$(eval $(call uintc_test,firmware,tests/uintc/firmware_start.S tests/uintc/vectors.S tests/uintc/bare.c \
	tests/uintc/state.c tests/uintc/firmware.c))
