/*
 * Revocation: deletes all objects that were made from an untyped, with all copies of their capabilities, so
 * that the memory can be used again.
 */
#include "demo.h"

enum {
    UNTYPED_BITS = 16,
    PAGES = 1 << (UNTYPED_BITS - seL4_PageBits),
};

/* Makes one page in a slot of the root CNode. */
static seL4_Error make_page(seL4_Untyped untyped, seL4_CPtr slot)
{
    return seL4_Untyped_Retype(untyped, seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0, slot, 1);
}

/* Uses up the whole untyped, and checks that nothing more fits. */
static bool fill(seL4_Untyped untyped, const seL4_CPtr *slots)
{
    for (int i = 0; i < PAGES; i++) {
        if (!worked(make_page(untyped, slots[i]), "make a page")) {
            return false;
        }
    }
    return exists(make_page(untyped, slots[PAGES]) == seL4_NotEnoughMemory, "a page too many was made");
}

bool revoke_objects(void)
{
    seL4_CPtr untyped = simple_object(seL4_UntypedObject, UNTYPED_BITS);
    seL4_CPtr slots[PAGES + 1];

    for (int i = 0; i <= PAGES; i++) {
        slots[i] = simple_alloc_slot();
    }
    if (!exists(untyped && slots[PAGES], "no memory or no slots") || !fill(untyped, slots)) {
        return false;
    }
    say("%d pages fill an untyped of %lu KiB; one more is refused", PAGES, LIBSEL4_BIT(UNTYPED_BITS) / 1024);

    if (!worked(seL4_CNode_Revoke(seL4_CapInitThreadCNode, untyped, seL4_WordBits), "revoke the untyped") ||
        !fill(untyped, slots)) {
        return false;
    }
    say("one Revoke later the pages are gone, and there is room for %d again", PAGES);
    return true;
}
