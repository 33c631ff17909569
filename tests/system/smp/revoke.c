/*
 * Taking everything away while threads on other harts use it.
 */
#include "smp.h"

/* Fewer with many harts, which a small host can give little time each. */
#define ROUNDS (SOAK_OR(800, 24) / test_nodes())
#define BITS   20

static seL4_CPtr pool, first_object, objects, endpoint, notification;

/* An object from the pool that will be revoked, in the next slot. */
static seL4_CPtr make(seL4_Word type, seL4_Word bits)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_Untyped_Retype(pool, type, bits, seL4_CapInitThreadCNode, 0, 0, slot, 1));
    if (!first_object) {
        first_object = slot;
    }
    objects++;
    return slot;
}

/* The pool is whole again: one object fills it. */
static void check_whole(void)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_Untyped_Retype(pool, seL4_UntypedObject, BITS, seL4_CapInitThreadCNode, 0, 0, slot, 1));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits));
}

static void use_everything(void *arg)
{
    seL4_Word i = (seL4_Word)arg;

    for (;;) {
        smp_think(smp_counters[i].value++);
        switch (smp_counters[i].value % 4) {
        case 0:
            seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 8));
            break;
        case 1:
            seL4_Signal(notification);
            break;
        case 2:
            seL4_NBRecv(endpoint, NULL);
            break;
        default:
            seL4_Yield();
        }
    }
}

static void block(void *arg)
{
    if ((seL4_Word)arg & 1) {
        seL4_Recv(endpoint, NULL);
    } else {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 3));
    }
}

/* A TCB from the pool with the registers and the roots of a thread of the harness, which never runs itself.
 */
static seL4_CPtr clone(struct test_thread *thread)
{
    seL4_CPtr tcb = make(seL4_TCBObject, 0);
    seL4_UserContext regs = { 0 };

    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, ABI_REG_COUNT, &regs));
    CHECK_OK(seL4_TCB_Configure(tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0,
                                (seL4_Word)thread->buffer, thread->buffer_frame));
    CHECK_OK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, SMP_PRIORITY, SMP_PRIORITY));
    regs.a2 = tcb;
    CHECK_OK(seL4_TCB_WriteRegisters(tcb, false, 0, ABI_REG_COUNT, &regs));
    return tcb;
}

static void set_node(seL4_CPtr tcb, seL4_Word node)
{
#if CONFIG_MAX_NUM_NODES > 1
    CHECK_OK(seL4_TCB_SetAffinity(tcb, node));
#endif
}

TEST("smp: revoking the untyped of threads that run on all harts stops them and frees all of it")
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool = test_object(seL4_UntypedObject, BITS);
        first_object = objects = 0;
        endpoint = make(seL4_EndpointObject, 0);
        notification = make(seL4_NotificationObject, 0);
        for (seL4_Word i = 0; i < test_nodes(); i++) {
            smp_counters[i].value = 0;
            seL4_CPtr tcb = clone(test_thread_create(use_everything, (void *)i, SMP_PRIORITY, 0));
            set_node(tcb, i);
            CHECK_OK(seL4_TCB_Resume(tcb));
        }
        for (unsigned i = 1; i < test_nodes(); i++) {
            smp_wait_progress(i);
        }
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        for (unsigned i = 0; i < test_nodes(); i++) {
            smp_check_stopped(i);
        }
        check_whole();
        test_reset();
    }
}

TEST("smp: revoking the untyped of an endpoint and a notification while others on all harts use them")
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool = test_object(seL4_UntypedObject, BITS);
        endpoint = make(seL4_EndpointObject, 0);
        notification = make(seL4_NotificationObject, 0);
        for (seL4_Word i = 0; i < test_nodes(); i++) {
            smp_counters[i].value = 0;
            test_thread_start(smp_thread(use_everything, (void *)i, i));
        }
        for (unsigned i = 1; i < test_nodes(); i++) {
            smp_wait_progress(i);
        }
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        check_whole();
        /* NBRecv on an empty slot is a fault that nobody handles, so all stop soon. */
        test_reset();
    }
}

TEST("smp: revoking an endpoint with threads of all harts blocked in every state of a call")
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool = test_object(seL4_UntypedObject, BITS);
        endpoint = make(seL4_EndpointObject, 0);
        unsigned count = (unsigned)(test_nodes() < 4 ? 4 : test_nodes() * 2 - 2);
        for (unsigned i = 0; i < count; i++) {
            test_thread_start(smp_thread(block, (void *)(seL4_Word)i, i % test_nodes()));
        }
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        check_whole();
        test_reset();
    }
}

/* How often use_everything() goes on counting after its CSpace is gone: Yield needs none, NBSend does not
 * tell, and the next call, a Signal, is a fault that nobody handles. */
#define CALLS_WITHOUT_CSPACE 3

/* Threads on all harts use a CNode as their CSpace while it is revoked and emptied. */
TEST("smp: revoking the CNode that is the CSpace of threads on all harts")
{
    for (unsigned round = 0; round <= ROUNDS / 4; round++) {
        pool = test_object(seL4_UntypedObject, BITS);
        seL4_CPtr cnode = make(seL4_CapTableObject, 12);
        seL4_CPtr root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 52).words[0]);
        endpoint = test_object(seL4_EndpointObject, 0);
        notification = test_object(seL4_NotificationObject, 0);
        CHECK_OK(seL4_CNode_Copy(root, endpoint, 64, seL4_CapInitThreadCNode, endpoint, 64, seL4_AllRights));
        CHECK_OK(seL4_CNode_Copy(root, notification, 64, seL4_CapInitThreadCNode, notification, 64,
                                 seL4_AllRights));
        for (seL4_Word i = 0; i < test_nodes(); i++) {
            struct test_thread *thread = smp_thread(use_everything, (void *)i, i);
            smp_counters[i].value = 0;
            CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, root, 0, seL4_CapInitThreadVSpace, 0));
            test_thread_start(thread);
        }
        for (unsigned i = 1; i < test_nodes(); i++) {
            smp_wait_progress(i);
        }
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        for (unsigned i = 1; i < test_nodes(); i++) {
            smp_check_ends(i, CALLS_WITHOUT_CSPACE);
        }
        check_whole();
        test_reset();
    }
}

static seL4_CPtr copies;

static void copy_and_delete(void *arg)
{
    seL4_CPtr own = copies + (seL4_Word)arg;

    for (;;) {
        smp_think(smp_counters[(seL4_Word)arg].value++);
        seL4_CNode_Copy(seL4_CapInitThreadCNode, own, seL4_WordBits, seL4_CapInitThreadCNode, endpoint,
                        seL4_WordBits, seL4_AllRights);
        if (smp_counters[(seL4_Word)arg].value % 3 == 0) {
            seL4_CNode_Delete(seL4_CapInitThreadCNode, own, seL4_WordBits);
        }
    }
}

TEST("smp: threads on all harts copy a capability while it is revoked again and again")
{
    endpoint = test_object(seL4_EndpointObject, 0);
    copies = test_slot();
    for (unsigned i = 1; i < 16; i++) {
        test_slot();
    }
    for (seL4_Word i = 1; i < test_nodes(); i++) {
        smp_counters[i].value = 0;
        test_thread_start(smp_thread(copy_and_delete, (void *)i, i));
    }
    for (unsigned round = 0; round < ROUNDS * 10; round++) {
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, endpoint, seL4_WordBits));
    }
    for (unsigned i = 1; i < test_nodes(); i++) {
        smp_wait_progress(i);
    }
}

static void delete_it(void *arg)
{
    seL4_Word i = (seL4_Word)arg;

    while (!smp_counters[15].value) {
    }
    seL4_CNode_Delete(seL4_CapInitThreadCNode, copies, seL4_WordBits);
    seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits);
    smp_counters[i].value = 1;
    for (;;) {
        seL4_Yield();
    }
}

TEST("smp: all harts delete the same full CNode and revoke the same untyped at the same time")
{
    for (unsigned round = 0; round <= ROUNDS / 4; round++) {
        pool = test_object(seL4_UntypedObject, BITS);
        copies = make(seL4_CapTableObject, 10);
        seL4_CPtr inner = make(seL4_CapTableObject, 10), object = make(seL4_EndpointObject, 0);
        for (seL4_Word i = 0; i < 1000; i++) {
            CHECK_OK(seL4_CNode_Copy(inner, i, 10, seL4_CapInitThreadCNode, object, 64, seL4_AllRights));
        }
        CHECK_OK(seL4_CNode_Move(copies, 5, 10, seL4_CapInitThreadCNode, inner, 64));
        smp_counters[15].value = 0;
        for (seL4_Word i = 1; i < test_nodes(); i++) {
            smp_counters[i].value = 0;
            test_thread_start(smp_thread(delete_it, (void *)i, i));
        }
        smp_counters[15].value = 1;
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        for (unsigned i = 1; i < test_nodes(); i++) {
            WAIT_FOR(smp_counters[i].value);
        }
        CHECK(!test_slot_used(copies));
        check_whole();
        test_reset();
    }
}
