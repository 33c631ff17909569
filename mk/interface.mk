# The interface as data: include/interface/invocations.txt, and the headers that scripts/interface.pl makes of it below
# OUT/include. Every compilation finds them there, as it waits for `packages`; `make interface` renews the tables of the
# manual.

INTERFACE       := $(addprefix $(OUT)/include/,sel4/labels.h sel4/invocation.h sel4/stubs.h rel4/labels.h rel4/stubs.h \
	interface/arguments.inc interface/methods.inc interface/labels.inc)
INTERFACE_PAGES := $(wildcard docs/*.md)

$(INTERFACE) &: include/interface/invocations.txt scripts/interface.pl
	$(call say,MAKE,$(OUT)/include)
	$(Q)scripts/interface.pl headers $(OUT)/include

packages: $(INTERFACE)

.PHONY: interface
interface:
	$(Q)scripts/interface.pl pages $(INTERFACE_PAGES)
