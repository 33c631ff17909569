/*
 * The client library of the extension. A program calls rel4_init() once. Each thread that sends by
 * instruction or receives user interrupts then calls rel4_thread_init(). docs/user-interrupts.md explains
 * user interrupts; <rel4/uintr.h> has the functions.
 *
 * Without user interrupts in the kernel or the machine everything works, more slowly, except for registering
 * a receiver.
 */
#pragma once

#include <rel4/abi.h>
#include <sel4/sel4.h>

/* How user interrupts are carried out. */
enum rel4_backend {
    REL4_BACKEND_NONE = REL4_UINTR_NONE,
    REL4_BACKEND_HARDWARE = REL4_UINTR_HARDWARE,
    REL4_BACKEND_EMULATED = REL4_UINTR_EMULATED, /* each instruction is a trap to the kernel */
};

/* How rel4_signal() sends where both ways are possible. */
enum rel4_sending {
    REL4_SEND_BEST,        /* by instruction on hardware, by system call on the emulated backend */
    REL4_SEND_INSTRUCTION, /* by instruction wherever there is a backend */
};

/* Resources that the library may use. */
struct rel4_resources {
    enum rel4_backend backend; /* rel4_backend_of(); a program without BootInfo learns it from its parent */
    enum rel4_sending sending;
    seL4_CPtr untyped;    /* memory for sender tables: 32 KiB for each thread that sends by instruction */
    seL4_CPtr cnode;      /* the program's root CNode */
    seL4_CPtr first_slot; /* first of the empty slots in it, whose index must be their capability pointer */
    seL4_Word slot_count; /* one for each thread that sends by instruction */
};

/* Returns the backend that the kernel reports in BootInfo; REL4_BACKEND_NONE if it reports none. */
enum rel4_backend rel4_backend_of(const seL4_BootInfo *bi);

/* Returns the REL4_FEATURE_... bits that the kernel reports in BootInfo; 0 if it reports none. */
seL4_Word rel4_features_of(const seL4_BootInfo *bi);

/* Returns how many harts run: the nodes, and with abi=up those that only serve queues. 0 on another kernel.
 */
seL4_Word rel4_harts_of(const seL4_BootInfo *bi);

/* Returns a backend's name: "hardware", "emulated" or "none". */
const char *rel4_backend_name(enum rel4_backend backend);

/*
 * Tells the library which resources it may use. It takes them only when it needs them. Without an untyped or
 * slots, or when they are used up, rel4_signal() makes system calls. Must be called before other functions of
 * the library. May be called again while no thread uses the library, which then forgets the old resources.
 */
void rel4_init(const struct rel4_resources *resources);
