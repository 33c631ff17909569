/*
 * The run-time of root tasks: start, end, thread-local storage, device tree and arguments.
 *
 * Before main(): stack (64 KiB, above a page that is unmapped so that an overflow faults), thread-local
 * storage, IPC buffer pointer, constructors. stdout and stderr go to the kernel's console, character by
 * character. malloc() has 1 MiB. Other sizes: lib/sel4/root.ld. The C library takes no locks: several threads
 * may print, with their characters mixed, but only one at a time may use malloc().
 *
 * After main(): its return value, or that of exit(), becomes the exit status of the machine. abort() and
 * failed assertions give 134. All of this needs the capabilities of a root task; other programs must not use
 * it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sel4/bootinfo.h>

/*
 * Slots at the end of BootInfo's empty region that sel4_power_off() uses after deleting their content. A
 * program that keeps them empty, as <sel4/simple.h> does, loses no capability.
 */
#define SEL4_RUNTIME_SLOTS 32

/*
 * Ends the program and the machine, through the "sifive,test0" device that QEMU's virt machine has. The low
 * 8 bits of code become QEMU's exit status.
 *
 * To reach the device it revokes the device untyped around it and maps the frame at the unmapped page below
 * the stack, so that it works however much memory and however many page tables the program has used. Where
 * there is no such device, or its untyped is gone, it prints a line and stops the first thread.
 */
_Noreturn void sel4_power_off(int code);

/* Returns the bytes of a thread's local storage, with room for its alignment. */
size_t sel4_tls_size(void);

/*
 * Prepares a thread's local storage in sel4_tls_size() bytes at area: initial values, zeroes, and the IPC
 * buffer pointer. Returns the value for the thread's tp register.
 */
seL4_Word sel4_tls_init(void *area, seL4_IPCBuffer *ipc_buffer);

/* Returns the frame of the program's own image that contains address. */
seL4_CPtr sel4_image_frame(const void *address);

/* Returns the flattened device tree that the kernel passed on, or null. */
const void *sel4_device_tree(void);

/* Returns the program's own arguments: the boot arguments after the word "--", or "" if there are none. */
const char *sel4_arguments(void);

/*
 * Finds the last of the program's arguments that has the form name=number (decimal, or 0x and hexadecimal),
 * and stores the number. Returns false, and stores nothing, if there is none.
 */
bool sel4_argument(const char *name, seL4_Word *value);

/* Returns the manual's name of an seL4_Error, such as "FailedLookup"; "unknown error" for other numbers. */
const char *sel4_error_name(int error);

/*
 * Finds the first device-tree node that is compatible with the given name and has registers, and stores the
 * physical address of the first one. Returns false if there is none.
 */
bool sel4_find_device(const char *compatible, seL4_Word *paddr);
