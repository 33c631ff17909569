/*
 * Turning the machine off with an exit status, at the end of a root task. Works even if the program has used
 * up all slots and memory: it revokes and deletes capabilities, which are no longer needed.
 */
#include <stdint.h>
#include <stdlib.h>

#include <sel4/runtime.h>
#include <sel4/sel4.h>

#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333 /* with the exit status in the upper 16 bits */

/* Exit status of an aborted program, as shells report it. */
#define EXIT_ABORTED 134

/* Page below the stack, which the start code has unmapped. */
extern char __stack_guard[];

_Noreturn void _exit(int code);

/* Empties the slot and returns it. */
static seL4_CPtr emptied(seL4_CPtr slot)
{
    seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
    return slot;
}

/* Makes one object from an untyped in a slot of the root CNode. */
static seL4_Error retype(seL4_Untyped untyped, seL4_Word type, seL4_Word bits, seL4_CPtr slot)
{
    return seL4_Untyped_Retype(untyped, type, bits, seL4_CapInitThreadCNode, 0, 0, slot, 1);
}

/*
 * Makes a frame of the page at offset in an untyped of 2^bits bytes. Untypeds are used from front to back, so
 * everything before the page is split off first, in pieces whose sizes are the set bits of the offset.
 */
static seL4_CPtr carve_frame(seL4_Untyped untyped, seL4_Word bits, seL4_Word offset, seL4_CPtr last_slot)
{
    seL4_CPtr slot = last_slot;

    seL4_CNode_Revoke(seL4_CapInitThreadCNode, untyped, seL4_WordBits);
    for (seL4_Word bit = bits; bit-- > seL4_PageBits;) {
        if ((offset >> bit & 1) && retype(untyped, seL4_UntypedObject, bit, emptied(slot--))) {
            return seL4_CapNull;
        }
    }
    return retype(untyped, seL4_RISCV_4K_Page, 0, emptied(slot)) ? seL4_CapNull : slot;
}

/* Returns a frame of the device page at paddr, or null. */
static seL4_CPtr device_frame(const seL4_BootInfo *bi, seL4_Word paddr)
{
    for (seL4_Word i = 0; i < bi->untyped.end - bi->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &bi->untypedList[i];

        if (desc->isDevice && desc->sizeBits >= seL4_PageBits && paddr >= desc->paddr &&
            paddr - desc->paddr < LIBSEL4_BIT(desc->sizeBits)) {
            return carve_frame(bi->untyped.start + i, desc->sizeBits, paddr - desc->paddr, bi->empty.end - 1);
        }
    }
    return seL4_CapNull;
}

/*
 * Maps the power device below the stack, where a page is free and all page tables exist, and returns its
 * register.
 */
static volatile uint32_t *map_finisher(void)
{
    seL4_Word paddr;

    if (!sel4_find_device("sifive,test0", &paddr)) {
        return NULL;
    }
    seL4_CPtr frame = device_frame(seL4_GetBootInfo(), paddr & ~(LIBSEL4_BIT(seL4_PageBits) - 1));
    if (!frame || seL4_RISCV_Page_Map(frame, seL4_CapInitThreadVSpace, (seL4_Word)__stack_guard,
                                      seL4_ReadWrite, seL4_RISCV_ExecuteNever)) {
        return NULL;
    }
    return (volatile uint32_t *)(__stack_guard + paddr % LIBSEL4_BIT(seL4_PageBits));
}

_Noreturn void sel4_power_off(int code)
{
    volatile uint32_t *finisher = map_finisher();

    if (finisher) {
        *finisher = code == 0 ? FINISHER_PASS : (uint32_t)code << 16 | FINISHER_FAIL;
        for (;;) {
            seL4_Yield();
        }
    }
    seL4_DebugPutString("The program has ended, but the machine cannot turn itself off: stop it from outside "
                        "(QEMU: Ctrl-C).\n");
    for (;;) {
        seL4_TCB_Suspend(seL4_CapInitThreadTCB);
        seL4_Yield();
    }
}

/* Called by the C library's exit(). */
_Noreturn void _exit(int code)
{
    sel4_power_off(code);
}

_Noreturn void abort(void)
{
    sel4_power_off(EXIT_ABORTED);
}
