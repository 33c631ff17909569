/*
 * Measures round trips of signals between two threads, by ordinary notifications and by user interrupts, in
 * one address space and in two, on one hart and on two.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ping.h"

#define ROUNDS         1000
#define PRIORITY       150
#define PING_BADGE     1
#define PONG_BADGE     2
#define TABLES         2  /* sender tables: of this thread, and of a partner in the same address space */
#define TICKS_PER_USEC 10 /* QEMU's virt machine counts time at 10 MHz */

static struct rel4_thread record;
static char handler_stack[4096] __attribute__((aligned(16)));
static volatile seL4_Word pongs;

static const char *const way_names[] = {
    [BY_NOTIFICATION] = "notification",
    [BY_USER_INTERRUPT] = "user interrupt, both block",
    [BY_HANDLER] = "user interrupt, both run",
};

static seL4_Word now(void)
{
    seL4_Word time;

    asm volatile("rdtime %0" : "=r"(time) : : "memory");
    return time;
}

static void count(seL4_Word bits, void *arg)
{
    pongs++;
}

static bool fail(const char *what)
{
    printf("uintr-ping: FAILED: %s\n", what);
    return false;
}

/* Sends one ping and waits for its pong. ping is a capability, or an index for BY_HANDLER. */
static void round_trip(enum way way, seL4_Word ping, seL4_CPtr pong)
{
    seL4_Word before = pongs;

    switch (way) {
    case BY_NOTIFICATION:
        seL4_Signal(ping);
        seL4_Wait(pong, NULL);
        break;
    case BY_USER_INTERRUPT:
        rel4_signal(ping);
        while (!rel4_wait(pong)) {
        }
        break;
    case BY_HANDLER:
        rel4_uipi_send(ping);
        while (pongs == before) {
        }
        break;
    }
}

static int compare(const void *a, const void *b)
{
    seL4_Word x = *(const seL4_Word *)a, y = *(const seL4_Word *)b;

    return (x > y) - (x < y);
}

static void measure(enum way way, seL4_Word ping, seL4_CPtr pong)
{
    static seL4_Word ticks[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        seL4_Word start = now();

        round_trip(way, ping, pong);
        ticks[i] = now() - start;
    }
    qsort(ticks, ROUNDS, sizeof(ticks[0]), compare);
    printf("  %-28s %4lu.%lu us, 95%% within %lu.%lu us\n", way_names[way],
           ticks[ROUNDS / 2] / TICKS_PER_USEC, ticks[ROUNDS / 2] % TICKS_PER_USEC,
           ticks[ROUNDS * 95 / 100] / TICKS_PER_USEC, ticks[ROUNDS * 95 / 100] % TICKS_PER_USEC);
}

/* Registers this thread as receiver of pong. */
static bool register_here(enum way way, seL4_CPtr pong)
{
    struct rel4_receiver_options options = {
        .handler = way == BY_HANDLER ? count : NULL,
        .stack = handler_stack,
        .stack_bytes = sizeof(handler_stack),
    };

    return !rel4_uintr_register_receiver(pong, &options);
}

static bool play(enum way way, bool own_space, seL4_Word node)
{
    seL4_CPtr ping = simple_object(seL4_NotificationObject, 0),
              pong = simple_object(seL4_NotificationObject, 0);
    seL4_CPtr ping_badged = simple_mint(ping, seL4_AllRights, PING_BADGE);
    struct partner partner = {
        .way = way,
        .own_space = own_space,
        .tcb = simple_object(seL4_TCBObject, 0),
        .ping = ping,
        .pong = simple_mint(pong, seL4_AllRights, PONG_BADGE),
        .resources = {
            .backend = rel4_backend_of(seL4_GetBootInfo()),
            .untyped = simple_object(seL4_UntypedObject, REL4_SENDER_TABLE_BITS),
            .cnode = seL4_CapInitThreadCNode,
            .first_slot = simple_alloc_slot(),
            .slot_count = 1,
        },
    };
    seL4_Word target = ping_badged;

    if (!ping_badged || !partner.tcb || !partner.pong || !partner.resources.first_slot) {
        return fail("no memory");
    }
    if (seL4_TCB_BindNotification(seL4_CapInitThreadTCB, pong)) {
        return fail("binding a notification");
    }
    if (way != BY_NOTIFICATION && !register_here(way, pong)) {
        return fail("registering as a receiver");
    }
    if (!partner_start(&partner, node)) {
        return fail("starting the partner");
    }
    if (way != BY_NOTIFICATION) {
        int index;

        /* Fails until the partner has registered as a receiver. */
        while ((index = rel4_uintr_register_sender(ping_badged)) == -seL4_FailedLookup) {
            seL4_Yield();
        }
        if (index < 0) {
            return fail("registering as a sender");
        }
        if (way == BY_HANDLER) {
            target = (seL4_Word)index;
        }
    }
    measure(way, target, pong);
    seL4_CNode_Delete(seL4_CapInitThreadCNode, partner.tcb, seL4_WordBits);
    if (way != BY_NOTIFICATION) {
        rel4_uintr_unregister_receiver();
    }
    seL4_TCB_UnbindNotification(seL4_CapInitThreadTCB);
    return true;
}

static bool play_all(bool own_space, seL4_Word node, enum rel4_backend backend)
{
    printf("%s, %s:\n", own_space ? "Two address spaces" : "One address space",
           node ? "two harts" : "one hart");
    if (!play(BY_NOTIFICATION, own_space, node)) {
        return false;
    }
    if (backend == REL4_BACKEND_NONE) {
        return true;
    }
    if (!play(BY_USER_INTERRUPT, own_space, node)) {
        return false;
    }
    /* BY_HANDLER needs two harts, as both threads run all the time. */
    return node == 0 || play(BY_HANDLER, own_space, node);
}

int main(void)
{
    const seL4_BootInfo *bi = seL4_GetBootInfo();
    enum rel4_backend backend = rel4_backend_of(bi);
    seL4_Word node = bi->numNodes > 1 ? 1 : 0;

    simple_init(bi);
    rel4_init(&(struct rel4_resources){
        .backend = backend,
        .untyped = simple_object(seL4_UntypedObject, REL4_SENDER_TABLE_BITS + 1),
        .cnode = seL4_CapInitThreadCNode,
        .first_slot = simple_alloc_slots(TABLES),
        .slot_count = TABLES,
    });
    rel4_thread_init(&record, seL4_CapInitThreadTCB);
    seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY);

    printf("\nuintr-ping: a signal and its answer, %d times; user interrupts: %s\n", ROUNDS,
           rel4_backend_name(backend));
    if (!play_all(false, node, backend) || !play_all(true, node, backend)) {
        return 1;
    }
    printf("uintr-ping: done\n");
    return 0;
}
