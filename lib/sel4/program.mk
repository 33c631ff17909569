# What a root task is compiled and linked with. Sets SEL4_CFLAGS, SEL4_LDFLAGS and SEL4_LIB_SRCS; paths are
# relative to where make runs. The C library is picolibc (Debian: picolibc-riscv64-unknown-elf), whose
# default build is the one for rv64imafdc/lp64d. Programs for a kernel booted with abi=up add
# -DSEL4_ABI_UP. OUT is where scripts/interface.pl has made include/. The library's own sources are linked as objects; unused functions drop out.

SEL4_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

SEL4_CFLAGS := --specs=picolibc.specs -march=rv64imafdc_zicsr_zifencei -mabi=lp64d -mcmodel=medany -std=gnu11 -O2 -g \
	-fno-common -fno-pic -ffunction-sections -fdata-sections -Wall -Wextra -Wno-unused-parameter $(WERROR) \
	-Iinclude -I$(OUT)/include -I$(SEL4_DIR)/include -I$(SEL4_DIR)/../rel4/include

SEL4_LDSCRIPT := $(SEL4_DIR)/root.ld
SEL4_LDFLAGS  := -nostartfiles -static -T $(SEL4_LDSCRIPT) \
	-Wl,--gc-sections -Wl,--build-id=none -Wl,-z,max-page-size=4096

SEL4_LIB_SRCS := $(wildcard $(SEL4_DIR)/src/*.c $(SEL4_DIR)/src/*.S)
