/*
 * A small allocator over BootInfo, for examples and tests: slots, objects, mappings, address spaces, threads.
 * Nothing can be given back. Only one thread at a time may call it. It works in the root task's own CNode and
 * VSpace, and takes memory from the untypeds in BootInfo and slots from its empty region, except for the last
 * SEL4_RUNTIME_SLOTS.
 *
 * Functions that return a capability pointer return seL4_CapNull when they fail. Functions that return
 * seL4_Error return the kernel's error, or seL4_NotEnoughMemory when slots or memory are used up.
 */
#pragma once

#include <stddef.h>

#include <sel4/runtime.h>
#include <sel4/sel4.h>

/* Lowest address of simple_new_pages(). Programs may map anything below it. */
#define SIMPLE_PAGES_START 0x1000000000

/* Prepares the allocator. Must be called before all other functions, with the root task's BootInfo. */
void simple_init(const seL4_BootInfo *bi);

/* Takes an empty slot of the root CNode; use it with depth seL4_WordBits. */
seL4_CPtr simple_alloc_slot(void);

/* Takes count empty slots in a row, at least one, and returns the first. Takes none if there are fewer. */
seL4_CPtr simple_alloc_slots(seL4_Word count);

/*
 * Makes one object of an seL4_ObjectType in the given slot. size_bits as for seL4_Untyped_Retype(). Takes the
 * smallest untyped that has room.
 */
seL4_Error simple_retype(seL4_Word type, seL4_Word size_bits, seL4_CPtr slot);

/* Makes one object in a new slot. */
seL4_CPtr simple_object(seL4_Word type, seL4_Word size_bits);

/*
 * Copies a capability of the root CNode into a new slot, with at most the given rights and, for an endpoint
 * or notification capability that has none yet, the given badge (0: none).
 */
seL4_CPtr simple_mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge);

/*
 * Maps a page of any size at vaddr, after making and mapping missing page tables. Other threads may map page
 * tables there at the same time.
 *
 * Errors: those of seL4_RISCV_Page_Map(); seL4_DeleteFirst also for a page of another size;
 * seL4_NotEnoughMemory.
 */
seL4_Error simple_map_page(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights,
                           seL4_RISCV_VMAttributes attr);

/*
 * Maps count new zeroed pages of 4 KiB, readable and writable, after a page that stays unmapped. Returns
 * their address, or null.
 */
void *simple_new_pages(size_t count);

/* Makes an empty address space, from the initial ASID pool. */
seL4_CPtr simple_new_vspace(void);

/*
 * Makes a frame of the device page that contains the physical address paddr. Works once for each page, and
 * only for device memory in BootInfo's list of untypeds that the program has not retyped itself.
 */
seL4_CPtr simple_device_frame(seL4_PAddr paddr);

/* Properties of a new thread. */
struct simple_thread_options {
    void (*entry)(void *arg); /* when it returns, the thread is suspended */
    void *arg;
    seL4_Word priority;       /* 0 to 255; also its maximum controlled priority */
    seL4_Word node;           /* 0 to numNodes - 1 */
    seL4_CPtr fault_endpoint; /* receives the thread's faults; 0: a fault stops it */
    size_t stack_size;        /* bytes; 0: 16 KiB */
};

struct simple_thread {
    seL4_CPtr tcb;
    seL4_CPtr ipc_buffer_frame;
    seL4_IPCBuffer *ipc_buffer;
};

/*
 * Makes a thread in the root task's address space and CSpace, with a stack above an unmapped page,
 * thread-local storage and an IPC buffer. It does not run before simple_thread_start().
 */
seL4_Error simple_thread_create(struct simple_thread *thread, const struct simple_thread_options *options);

/* Lets a new thread run. */
seL4_Error simple_thread_start(const struct simple_thread *thread);
