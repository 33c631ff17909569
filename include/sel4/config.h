/*
 * The configuration that programs are compiled for, under the names that seL4 programs test. It describes the
 * kernel's interface, not the machine: BootInfo says how many harts run.
 *
 * Compile with -DSEL4_ABI_UP for a kernel booted with abi=up (one node, its own label numbering), and with
 * -DSEL4_RELEASE for a kernel without the debug system calls.
 */
#pragma once

#define CONFIG_ARCH_RISCV   1
#define CONFIG_ARCH_RISCV64 1
#define CONFIG_WORD_SIZE    64
#define CONFIG_PT_LEVELS    3
#define CONFIG_HAVE_FPU     1
#define CONFIG_FASTPATH     1

#define CONFIG_PLAT_QEMU_RISCV_VIRT 1

#ifdef SEL4_ABI_UP
#define CONFIG_MAX_NUM_NODES 1
#else
#define CONFIG_MAX_NUM_NODES      8
#define CONFIG_ENABLE_SMP_SUPPORT 1
#endif

#define CONFIG_PRINTING 1
#ifndef SEL4_RELEASE
#define CONFIG_DEBUG_BUILD 1
#endif

/* The number of domains is an option of the kernel build. */
#ifndef CONFIG_NUM_DOMAINS
#define CONFIG_NUM_DOMAINS 1
#endif
#define CONFIG_NUM_PRIORITIES 256
#define CONFIG_TIME_SLICE     5
#define CONFIG_TIMER_TICK_MS  2

#define CONFIG_ROOT_CNODE_SIZE_BITS          12
#define CONFIG_RETYPE_FAN_OUT_LIMIT          256
#define CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS 230
