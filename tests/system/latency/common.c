/*
 * Memory, and threads on the other harts.
 */
#include "latency.h"

#define BIG_BITS 26

static seL4_CPtr big;

seL4_CPtr big_memory(seL4_Word size_bits)
{
    seL4_CPtr slot = test_slot();

    if (!big) {
        big = simple_object(seL4_UntypedObject, BIG_BITS);
    }
    CHECK_OK(seL4_Untyped_Retype(big, seL4_UntypedObject, size_bits, CNODE, 0, 0, slot, 1));
    return slot;
}

void big_reset(void)
{
    CHECK_OK(seL4_CNode_Revoke(CNODE, big, DEPTH));
}

void delete_cap(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, cap, DEPTH));
}

static void spin(void *arg)
{
    for (;;) {
    }
}

void occupy_other_harts(void)
{
    for (seL4_Word node = 1; node < test_nodes(); node++) {
        struct test_thread *thread = test_thread_create(spin, NULL, TEST_PRIORITY, 0);
        test_thread_set_node(thread, node);
        test_thread_start(thread);
    }
}
