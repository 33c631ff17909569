/*
 * Capabilities: full CNodes and large families.
 */
#include "latency.h"

#define CHILDREN 100000

/* Fills a CNode with copies. */
static void fill(seL4_CPtr cnode, seL4_Word radix, seL4_Word count, seL4_CPtr cap)
{
    for (seL4_Word i = 0; i < count; i++) {
        CHECK_OK(seL4_CNode_Copy(cnode, i, radix, CNODE, cap, DEPTH, seL4_AllRights));
    }
}

static seL4_CPtr new_cnode(seL4_CPtr memory, seL4_Word radix)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_Untyped_Retype(memory, seL4_CapTableObject, radix, CNODE, 0, 0, slot, 1));
    return slot;
}

TEST("latency: deleting a full CNode")
{
    seL4_CPtr cnode = new_cnode(big_memory(22), 14), endpoint = test_object(seL4_EndpointObject, 0);

    fill(cnode, 14, LIBSEL4_BIT(14), endpoint);
    delete_cap(cnode);
    big_reset();
}

TEST("latency: deleting a CNode full of the last capabilities of CNodes")
{
    seL4_CPtr memory = big_memory(22), cnode = new_cnode(memory, 12);

    for (seL4_Word i = 0; i < LIBSEL4_BIT(12); i += 256) {
        CHECK_OK(seL4_Untyped_Retype(memory, seL4_CapTableObject, 2, CNODE, cnode, DEPTH, i, 256));
    }
    delete_cap(cnode);
    big_reset();
}

TEST("latency: deleting a CNode full of the last capabilities of threads")
{
    seL4_CPtr memory = big_memory(23), cnode = new_cnode(memory, 11);

    for (seL4_Word i = 0; i < LIBSEL4_BIT(11); i += 256) {
        CHECK_OK(seL4_Untyped_Retype(memory, seL4_TCBObject, 0, CNODE, cnode, DEPTH, i, 256));
    }
    delete_cap(cnode);
    big_reset();
}

TEST("latency: Revoke of 100000 children")
{
    seL4_CPtr cnode = new_cnode(big_memory(23), 17), endpoint = test_object(seL4_EndpointObject, 0);

    fill(cnode, 17, CHILDREN, endpoint);
    CHECK_OK(seL4_CNode_Revoke(CNODE, endpoint, DEPTH));
    CHECK_OK(seL4_CNode_Copy(cnode, 0, 17, CNODE, endpoint, DEPTH, seL4_AllRights));
    big_reset();
}
