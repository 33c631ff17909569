/*
 * Threads on all harts do valid operations at random, from fixed seeds. Whatever happens, nothing crashes,
 * and at the end everything can be taken back and works.
 */
#include "smp.h"

#define WORKERS   12
#define SLOTS     16
#define PAGES     4 /* slots behind those, which hold pages or nothing: a Call to an endpoint would block */
#define STEPS     SOAK_OR(3000, 60)
#define POOL_BITS 17

static seL4_CPtr endpoint, notification, slots[WORKERS], pools[WORKERS], peers[WORKERS], done[WORKERS];
static seL4_Word finished;

/* One step of worker i with its own slots and untyped; peers may be stopped, moved and changed by anybody. */
static void step(seL4_Word i, seL4_Word random)
{
    seL4_CPtr slot = slots[i] + random / 64 % SLOTS, other = slots[i] + random / 1024 % SLOTS;
    seL4_CPtr page = slots[i] + SLOTS + random / 64 % PAGES;
    seL4_CPtr peer = peers[(random >> 20) % WORKERS];
    seL4_Word badge;

    switch (random % 18) {
    case 0:
        seL4_Untyped_Retype(pools[i], seL4_EndpointObject, 0, seL4_CapInitThreadCNode, 0, 0, slot, 1);
        break;
    case 1:
        seL4_Untyped_Retype(pools[i], seL4_CapTableObject, 1 + random / 4096 % 6, seL4_CapInitThreadCNode, 0,
                            0, slot, 1);
        break;
    case 2:
        seL4_Untyped_Retype(pools[i], seL4_TCBObject, 0, seL4_CapInitThreadCNode, 0, 0, slot, 1);
        break;
    case 3:
        seL4_Untyped_Retype(pools[i], seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0, page, 1);
        break;
    case 4:
        seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, other, 64,
                        seL4_AllRights);
        break;
    case 5:
        seL4_CNode_Mint(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, other, 64, seL4_AllRights,
                        random);
        break;
    case 6:
        seL4_CNode_Move(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, other, 64);
        break;
    case 7:
        seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, 64);
        break;
    case 8:
        seL4_CNode_Revoke(seL4_CapInitThreadCNode, random & 0x100000 ? pools[i] : slot, 64);
        break;
    case 9:
        seL4_Signal(notification);
        break;
    case 10:
        seL4_NBSend(endpoint, seL4_MessageInfo_new(random, 0, random / 64 % 4, random / 256 % 121));
        break;
    case 11:
        seL4_NBRecv(random & 0x100000 ? endpoint : notification, &badge);
        break;
    case 12:
        /* A thread that suspends itself does so again whenever it is resumed. */
        if (peer != peers[i]) {
            seL4_TCB_Suspend(peer);
            seL4_TCB_Resume(peer);
        }
        break;
    case 13:
        seL4_TCB_SetPriority(peer, seL4_CapInitThreadTCB, SMP_PRIORITY - random / 64 % 3);
        break;
#if CONFIG_MAX_NUM_NODES > 1
    case 14:
        seL4_TCB_SetAffinity(peer, random / 64 % test_nodes());
        break;
#endif
    case 15:
        seL4_Yield();
        break;
    case 16:
        seL4_RISCV_Page_Map(page, seL4_CapInitThreadVSpace,
                            0x2000000000 + ((i * SLOTS + random / 4096 % SLOTS) << 12), seL4_AllRights, 0);
        break;
    default:
        if (random & 0x100000) {
            seL4_RISCV_Page_Unmap(page);
        } else {
            seL4_CNode_Delete(seL4_CapInitThreadCNode, page, 64);
        }
        break;
    }
}

static void work(void *arg)
{
    seL4_Word i = (seL4_Word)arg, state = 0x9e3779b97f4a7c15 * (i + 1);

    for (unsigned n = 0; n < STEPS; n++) {
        step(i, smp_random(&state));
        smp_think(smp_counters[i].value++);
    }
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    for (;;) {
        seL4_Wait(done[i], NULL);
    }
}

TEST("stress: 12 threads on all harts create, copy, delete, revoke, map, signal, stop and move at random")
{
    seL4_CPtr first_page = test_object(seL4_RISCV_4K_Page, 0);

    finished = 0;
    endpoint = test_object(seL4_EndpointObject, 0);
    notification = test_object(seL4_NotificationObject, 0);
    /* The page tables have to be there before. */
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, first_page, 0x2000000000, seL4_AllRights, 0));
    CHECK_OK(seL4_RISCV_Page_Unmap(first_page));
    for (seL4_Word i = 0; i < WORKERS; i++) {
        slots[i] = test_slot();
        for (unsigned n = 1; n < SLOTS + PAGES; n++) {
            test_slot();
        }
        pools[i] = test_object(seL4_UntypedObject, POOL_BITS);
        done[i] = test_object(seL4_NotificationObject, 0);
        smp_counters[i].value = 0;
        struct test_thread *thread = smp_thread(work, (void *)i, i % test_nodes());
        peers[i] = thread->tcb;
    }
    for (seL4_Word i = 0; i < WORKERS; i++) {
        CHECK_OK(seL4_TCB_Resume(peers[i]));
    }
    /* A thread that was stopped between Suspend and Resume by another one that was itself stopped there would
     * stay so: wake everybody from time to time. */
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, SMP_PRIORITY - 2));
    for (seL4_Word spins = 0; __atomic_load_n(&finished, __ATOMIC_ACQUIRE) < WORKERS && spins < 100000000;
         spins++) {
        for (unsigned i = 0; i < WORKERS && spins % 64 == 0; i++) {
            seL4_TCB_Resume(peers[i]);
        }
        seL4_Yield();
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
    CHECK_EQUAL(finished, WORKERS);
    for (seL4_Word i = 0; i < WORKERS; i++) {
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, peers[i], 64));
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, pools[i], 64));
        CHECK_OK(seL4_Untyped_Retype(pools[i], seL4_UntypedObject, POOL_BITS, seL4_CapInitThreadCNode, 0, 0,
                                     test_slot(), 1));
        for (unsigned n = 0; n < SLOTS + PAGES; n++) {
            CHECK(!test_slot_used(slots[i] + n));
        }
    }
    /* Endpoint and notification still work. */
    seL4_Word word;
    seL4_Signal(test_mint(notification, seL4_AllRights, 0x40));
    seL4_Poll(notification, &word);
    CHECK(word & 0x40);
    seL4_NBRecv(endpoint, &word);
    CHECK_EQUAL(word, 0);
}
