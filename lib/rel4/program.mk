# The client library of the extension, for programs that are built as lib/sel4/program.mk says. Sets
# REL4_LIB_SRCS; paths are relative to where make runs. Unused functions drop out.

REL4_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

REL4_LIB_SRCS := $(wildcard $(REL4_DIR)/src/*.c $(REL4_DIR)/src/*.S)
