/*
 * Making, copying and deleting objects and capabilities.
 */
#include "kernel.h"

#define ROOT    seL4_CapInitThreadCNode
#define DEPTH   seL4_WordBits
#define MANY    1000
#define MEMORY  24 /* log2 of the bytes of the untyped that objects are made from */
#define RETYPED 22

static seL4_CPtr memory, slots;

static seL4_Error retype(seL4_Word type, seL4_CPtr slot, seL4_Word count)
{
    return seL4_Untyped_Retype(memory, type, 0, ROOT, 0, 0, slot, count);
}

/* Makes a first object, so that the memory is cleared before the Retypes that are measured. */
static void start_fresh(void)
{
    require(seL4_CNode_Revoke(ROOT, memory, DEPTH), "Revoke");
    require(retype(seL4_EndpointObject, slots + MANY, 1), "Retype");
}

static void measure_retype(const char *name, seL4_Word reference, seL4_Word type)
{
    start_fresh();
    MEASURE(name, reference, , retype(type, slots, 1), seL4_CNode_Delete(ROOT, slots, DEPTH));
}

static void measure_delete(const char *name, seL4_Word reference, seL4_Word type)
{
    start_fresh();
    MEASURE(name, reference, require(retype(type, slots, 1), name), seL4_CNode_Delete(ROOT, slots, DEPTH), );
}

static void measure_copies(void)
{
    seL4_CPtr endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr copy = slots, other = slots + 1;

    MEASURE("CNode Copy", 945, , seL4_CNode_Copy(ROOT, copy, DEPTH, ROOT, endpoint, DEPTH, seL4_AllRights),
            seL4_CNode_Delete(ROOT, copy, DEPTH));
    MEASURE("CNode Mint", 967, , seL4_CNode_Mint(ROOT, copy, DEPTH, ROOT, endpoint, DEPTH, seL4_AllRights, 5),
            seL4_CNode_Delete(ROOT, copy, DEPTH));
    require(seL4_CNode_Copy(ROOT, copy, DEPTH, ROOT, endpoint, DEPTH, seL4_AllRights), "Copy");
    MEASURE("CNode Move", 815, , seL4_CNode_Move(ROOT, other, DEPTH, ROOT, copy, DEPTH),
            seL4_CNode_Move(ROOT, copy, DEPTH, ROOT, other, DEPTH));
    require(seL4_CNode_Delete(ROOT, copy, DEPTH), "Delete");
    MEASURE("CNode Delete, a copy", 885,
            seL4_CNode_Copy(ROOT, copy, DEPTH, ROOT, endpoint, DEPTH, seL4_AllRights),
            seL4_CNode_Delete(ROOT, copy, DEPTH), );
}

static void make_many(seL4_Word count)
{
    for (seL4_Word made = 0; made < count; made += 250) {
        seL4_Word now_made = count - made < 250 ? count - made : 250;
        require(retype(seL4_EndpointObject, slots + made, now_made), "Retype");
    }
}

static void revoke(void)
{
    require(seL4_CNode_Revoke(ROOT, memory, DEPTH), "Revoke");
}

static void measure_many(void)
{
    revoke();
    MEASURE("Revoke of an untyped with 1 endpoint", 0, make_many(1),
            seL4_CNode_Revoke(ROOT, memory, DEPTH), );
    MEASURE("Revoke of an untyped with 1000 endpoints", 447827, make_many(MANY),
            seL4_CNode_Revoke(ROOT, memory, DEPTH), );
    MEASURE("Retype of 256 frames", 0, require(retype(seL4_EndpointObject, slots, 1), "Retype"),
            retype(seL4_RISCV_4K_Page, slots + 1, 256), revoke());
    memory = new_object(seL4_UntypedObject, RETYPED);
    MEASURE(
        "First Retype after revoking 4 MiB", 1762708,
        {
            require(retype(seL4_RISCV_Mega_Page, slots, 2), "Retype");
            revoke();
        },
        retype(seL4_EndpointObject, slots, 1), revoke());
}

void measure_objects(void)
{
    memory = new_object(seL4_UntypedObject, MEMORY);
    slots = simple_alloc_slot();
    for (unsigned i = 0; i < MANY; i++) {
        simple_alloc_slot();
    }
    measure_retype("Retype one notification", 1037, seL4_NotificationObject);
    measure_retype("Retype one endpoint", 1064, seL4_EndpointObject);
    measure_retype("Retype one 4 KiB frame", 1084, seL4_RISCV_4K_Page);
    measure_retype("Retype one TCB", 1060, seL4_TCBObject);
    measure_copies();
    measure_delete("Delete the last capability: notification", 978, seL4_NotificationObject);
    measure_delete("Delete the last capability: unmapped frame", 947, seL4_RISCV_4K_Page);
    measure_delete("Delete the last capability: TCB", 2613, seL4_TCBObject);
    measure_many();
}
