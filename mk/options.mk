# The variables that a user sets: each mistake is one line that names it, before anything is built.

# For scripts/qemu.sh, wherever it is called.
export PLATFORM

# With nothing chosen, a table of costs follows.
MAIN_JOB := $(if $(filter file,$(origin APP)),$(if $(filter file,$(origin ROOT)),yes))

EXPERIMENTS := $(basename $(notdir $(wildcard bench/*.pl)))

# The text as one word of the shell.
quoted = '$(subst ','\'',$(1))'

define newline


endef

# A recipe ends at the end of a line, wherever that came from.
$(foreach name,APP ROOT HARTS MEM BOOTARGS KERNEL PLATFORM TEST JOBS EXPERIMENT DOMAINS GDB_PORT TARGET SEED CALLS CHECK OUT,\
	$(if $(filter-out file undefined,$(origin $(name))),\
		$(if $(findstring $(newline),$($(name))),$(error $(name) has more than one line))))

# Arguments: a variable, the words that it can be.
one_of = $(if $(filter-out 1,$(words $($(1))))$(filter-out $(2),$($(1))),$(error $(1) is one of $(2), not "$($(1))"))

# Arguments: a variable, the least and the greatest number that it can be.
number = $(if $(shell v=$(call quoted,$($(1))); [[ $$v =~ ^(0|[1-9][0-9]{0,17})$$ ]] && (($(2) <= v && v <= $(3))) && echo good),,\
	$(error $(1) is a number from $(2) to $(3), not "$($(1))"))

# A path without characters that make takes for something else, empty if there is nothing.
plain_path = $(shell scripts/plain-path.sh $(call quoted,$(1)) $(OUT)/links)

$(call one_of,PLATFORM,virt uintc)
$(call one_of,KERNEL,release debug)
$(if $(filter test-debian,$(MAKECMDGOALS)),$(call one_of,RELEASE,12 13))
$(call one_of,EXPERIMENT,all $(EXPERIMENTS))
$(call number,HARTS,1,8)
$(call number,MEM,16,260096)
$(call number,DOMAINS,1,16)
$(call number,GDB_PORT,1,65535)
$(if $(JOBS),$(call number,JOBS,1,999))

# `make clean` removes it.
$(if $(shell out=$(call quoted,$(OUT)); [[ $$out =~ ^[A-Za-z0-9/._+@,][A-Za-z0-9/._+@,-]*$$ ]] && \
	[[ $$PWD/ != "$$(realpath -m "$$out" | sed 's:/$$::')"/* ]] && \
	[[ ! $$(realpath -m --relative-to=. "$$out")/ =~ ^(\.[a-z].*|apps|bench|docs|include|kernel|lib|mk|platform|scripts|tests)/ ]] && echo good),,\
	$(error OUT is a folder that no sources are in, with no other characters than letters, digits and /._+@,- and not "$(OUT)"))

# Yes, if the kernel is told to have the interface for one node: by the last such option, in front of the program's words.
ABI_UP := $(shell set -f; words=$(call quoted,$(BOOTARGS)); for word in $$words; do \
	case $$word in (--) break ;; (abi=up) up=yes ;; (abi=*) up= ;; esac; done; echo $$up)

ifeq ($(words $(APP)),1)
override APP := $(patsubst %/,%,$(APP))
endif

# A root task from elsewhere may be one that is built here.
ifneq ($(filter-out file,$(origin ROOT)),)
ifneq ($(words $(ROOT)) $(filter $(OUT)/%,$(ROOT)),1 $(ROOT))
override ROOT := $(or $(call plain_path,$(ROOT)),$(error ROOT=$(ROOT): there is no such file))
endif
endif
