/*
 * The client library of the extension. A program calls rel4_init() once; each thread that wants to send by
 * instruction or to receive user interrupts then calls rel4_thread_init(). docs/user-interrupts.md says what
 * user interrupts are; <rel4/uintr.h> has the functions.
 *
 * Everything also works, more slowly, on a kernel or a machine without user interrupts, except for
 * registering a receiver.
 */
#pragma once

#include <rel4/abi.h>
#include <sel4/sel4.h>

/* What carries out user interrupts. */
enum rel4_backend {
    REL4_BACKEND_NONE = REL4_UINTR_NONE,
    REL4_BACKEND_HARDWARE = REL4_UINTR_HARDWARE,
    REL4_BACKEND_EMULATED = REL4_UINTR_EMULATED, /* each instruction is a trap to the kernel */
};

/* How rel4_signal() sends where it has a choice. */
enum rel4_sending {
    REL4_SEND_BEST,        /* by instruction on hardware, by system call on the emulated backend */
    REL4_SEND_INSTRUCTION, /* by instruction wherever there is a backend */
};

/* What the library may use. */
struct rel4_resources {
    enum rel4_backend backend; /* rel4_backend_of(); a parent tells a program without BootInfo */
    enum rel4_sending sending;
    seL4_CPtr untyped; /* sender tables are made of this: 32 KiB for each thread that sends by instruction */
    seL4_CPtr cnode;   /* the program's root CNode */
    seL4_CPtr first_slot; /* empty slots in it, one for each of these threads; their index is their pointer */
    seL4_Word slot_count;
};

/* The backend that the kernel reports in BootInfo, or none. */
enum rel4_backend rel4_backend_of(const seL4_BootInfo *bi);

/* What else the kernel reports: REL4_FEATURE_ bits, or none. */
seL4_Word rel4_features_of(const seL4_BootInfo *bi);

/* The harts that are started: the nodes, and with abi=up those that serve queues only. 0 on another kernel.
 */
seL4_Word rel4_harts_of(const seL4_BootInfo *bi);

/* For people: "hardware", "emulated" or "none". */
const char *rel4_backend_name(enum rel4_backend backend);

/*
 * Tells the library what it may use. It takes nothing else, and nothing before it is needed. With no untyped
 * or no slots, or when they are used up, rel4_signal() makes system calls. Call it before any other function
 * here, once, or again when no thread uses the library: it then forgets the old resources.
 */
void rel4_init(const struct rel4_resources *resources);
