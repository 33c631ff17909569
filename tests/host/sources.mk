# What the unit tests link, besides themselves.
HOST_KERNEL_SRCS += kernel/boot/elf.c kernel/boot/fdt.c kernel/boot/regions.c
