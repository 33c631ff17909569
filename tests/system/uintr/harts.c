/*
 * Sender and receiver on different harts. With one hart these tests have nothing to do.
 */
#include "uintr.h"

#define TCB   seL4_CapInitThreadTCB
#define BELOW (TEST_PRIORITY - 10)

/* Generous: far more than any hart needs, even on a host that does other things. */
#define SPINS 400000000ul

#define WAIT_FOR(condition)                                  \
    do {                                                     \
        seL4_Word spins_ = 0;                                \
        while (!(condition) && ++spins_ < SPINS) {           \
        }                                                    \
        if (!(condition)) {                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
        }                                                    \
    } while (0)

/* A receiver on another hart, and an entry for it. */
struct remote {
    struct receiver receiver;
    seL4_CPtr sender, table;
    seL4_Word index;
};

static struct remote remote_receiver(seL4_Word node)
{
    struct remote remote = { .receiver = uintr_receiver(BELOW) };

    test_thread_set_node(remote.receiver.actor.thread, node);
    remote.sender = uintr_sender(remote.receiver.notification, 17);
    remote.table = uintr_table(TCB);
    remote.index = uintr_add(remote.table, remote.sender);
    return remote;
}

static void start_spinning(struct actor *actor)
{
    actor->set.a0 = 0;
    actor_run(actor, actor_spin);
    do {
        actor_read(actor);
    } while (actor->got.a0 == 0);
}

/* The actor has returned from its handler. */
static void wait_until_back(struct actor *actor)
{
    do {
        actor_read(actor);
    } while (actor->got.pc - (seL4_Word)actor_spin >= 8);
}

TEST("a receiver that runs on another hart is interrupted, by instruction and by system call")
{
    if (test_nodes() == 1) {
        return;
    }
    struct remote remote = remote_receiver(1);
    struct record *record = remote.receiver.record;

    start_spinning(&remote.receiver.actor);
    for (seL4_Word i = 1; i <= 100; i++) {
        if (i % 2) {
            uipi_send(remote.index);
        } else {
            seL4_Signal(remote.sender);
        }
        WAIT_FOR(record->count >= i);
        CHECK_EQUAL(record->last, 1 << 17);
    }
    seL4_Signal(remote.receiver.notification);
    WAIT_FOR(record->count == 101);
    CHECK_EQUAL(record->last, 0);
}

TEST("a receiver blocked on another hart wakes up, however it was sent to, and however soon")
{
    if (test_nodes() == 1) {
        return;
    }
    struct remote remote = remote_receiver(1);
    for (unsigned i = 0; i < SOAK_OR(20000, 400); i++) {
        if (i && i % 100 == 0) {
            test_reset();
            remote = remote_receiver(1);
        }
        struct actor *actor = &remote.receiver.actor;
        seL4_CPtr object = i % 4 < 2 ? remote.receiver.notification : test_object(seL4_EndpointObject, 0);
        /* Before it is blocked, the handler may get the bit. Then it gets another one. */
        seL4_Word handled = remote.receiver.record->count;
        actor_start(actor, SYS_RECV, object, 0);
        for (volatile unsigned spin = 0; spin < (i % 50) * 40; spin++) {
        }
        if (i % 3) {
            uipi_send(remote.index);
        } else {
            seL4_Signal(remote.sender);
        }
        enum actor_state state;
        do {
            state = actor_look(actor);
            if (state == ACTOR_WAITS && remote.receiver.record->count != handled) {
                handled = remote.receiver.record->count;
                uipi_send(remote.index);
            }
        } while (state == ACTOR_WAITS);
        CHECK_EQUAL(state, ACTOR_DONE);
        CHECK_EQUAL(actor->got.a0, 1 << 17);
    }
}

TEST("a receiver that moves from hart to hart is interrupted where it is, and nobody else is")
{
    if (test_nodes() == 1) {
        return;
    }
    struct remote remote = remote_receiver(1);
    struct receiver other = uintr_receiver(BELOW);
    struct record *record = remote.receiver.record;

    start_spinning(&remote.receiver.actor);
    for (seL4_Word i = 1; i <= SOAK_OR(2000, 200); i++) {
        test_thread_set_node(remote.receiver.actor.thread, 1 + i % (test_nodes() - 1));
        uipi_send(remote.index);
        WAIT_FOR(record->count >= i);
        CHECK_EQUAL(record->last, 1 << 17);
    }
    CHECK_EQUAL(other.record->count, 0);
}

static volatile seL4_Word wakes, order;

/* A receiver that is masked, so that all that is sent to it comes here. */
static void wait_forever(void *notification)
{
    mask_interrupts();
    for (;;) {
        seL4_Wait((seL4_CPtr)notification, NULL);
        wakes = wakes + 1;
    }
}

/* Sends once for each order. */
static void send_when_told(void *index)
{
    for (seL4_Word done = 0;; done++) {
        while (order == done) {
        }
        uipi_send((seL4_Word)index);
    }
}

TEST("a blocked receiver that moves from hart to hart is woken each time: sent to before, after or meanwhile")
{
    seL4_Word nodes = test_nodes();
    if (nodes == 1) {
        return;
    }
    seL4_CPtr notification = uintr_notification(), sender = uintr_sender(notification, 5);
    struct test_thread *receiver =
        test_thread_create(wait_forever, (void *)notification, TEST_PRIORITY + 1, 0);
    uintr_register(receiver->tcb, notification);
    seL4_Word index = uintr_add(uintr_table(TCB), sender);
    struct test_thread *other = test_thread_create(send_when_told, (void *)0, BELOW, 0);
    CHECK_EQUAL(uintr_add(uintr_table(other->tcb), sender), 0);

    wakes = order = 0;
    test_thread_set_node(other, nodes - 1);
    test_thread_start(other);
    test_thread_start(receiver);
    for (seL4_Word i = 0; i < SOAK_OR(30000, 1500) && wakes == i; i++) {
        seL4_Word node = (i + i / nodes) % nodes;
        /* It has blocked again, or is about to. */
        for (volatile unsigned spin = 0; spin < (i % 50) * 40; spin++) {
        }
        switch (i % 3) {
        case 0:
            uipi_send(index);
            test_thread_set_node(receiver, node);
            break;
        case 1:
            test_thread_set_node(receiver, node);
            uipi_send(index);
            break;
        default:
            order = order + 1;
            test_thread_set_node(receiver, node);
            break;
        }
        WAIT_FOR(wakes == i + 1);
    }
}

TEST("a thread that becomes a receiver while it runs elsewhere is one when the call returns")
{
    if (test_nodes() == 1) {
        return;
    }
    struct actor actor = actor_new_at(BELOW);
    seL4_CPtr notification = uintr_notification();

    test_thread_set_node(actor.thread, 1);
    start_spinning(&actor);
    for (unsigned i = 0; i < 50; i++) {
        struct record *record = i ? NULL : uintr_register(actor.tcb, notification);
        static struct record *first;
        if (i == 0) {
            first = record;
        } else {
            CHECK_OK(rel4_TCB_RegisterReceiver(actor.tcb, notification, (seL4_Word)uintr_handler,
                                               (seL4_Word)first, NULL));
        }
        seL4_Word before = first->count;
        seL4_Signal(uintr_sender(notification, 3));
        WAIT_FOR(first->count == before + 1);
        wait_until_back(&actor);
        CHECK_OK(rel4_TCB_UnregisterReceiver(actor.tcb));
        seL4_Word badge;
        seL4_Signal(notification);
        CHECK_EQUAL(first->count, before + 1);
        CHECK_OK(seL4_TCB_UnbindNotification(actor.tcb));
        seL4_Wait(notification, &badge);
        CHECK_OK(seL4_TCB_BindNotification(actor.tcb, notification));
    }
    wait_until_back(&actor);
}

/* Sends to an entry without end, on its own hart. */
static volatile seL4_Word sends;

static void send_forever(void *index)
{
    for (;;) {
        uipi_send((seL4_Word)index);
        sends = sends + 1;
    }
}

TEST(
    "everything goes away under a sender that does not stop, and none of its sends reaches the next receiver")
{
    if (test_nodes() == 1) {
        return;
    }
    for (unsigned round = 0; round < SOAK_OR(400, 40); round++) {
        struct receiver receiver = uintr_receiver(BELOW);
        seL4_CPtr sender = uintr_sender(receiver.notification, 4);
        struct test_thread *thread = test_thread_create(send_forever, (void *)0, BELOW, 0);
        seL4_CPtr table = uintr_table(thread->tcb);
        CHECK_EQUAL(uintr_add(table, sender), 0);
        test_thread_set_node(thread, 1);
        if (round % 2) {
            test_thread_set_node(receiver.actor.thread, test_nodes() - 1);
            start_spinning(&receiver.actor);
        }
        test_thread_start(thread);
        seL4_Word before = sends;
        WAIT_FOR(sends > before + 3);
        const seL4_CPtr ends[] = { sender, receiver.actor.tcb, receiver.notification };
        if (round % 5 < 3) {
            CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, ends[round % 5], seL4_WordBits));
        } else if (round % 5 == 3) {
            CHECK_OK(rel4_TCB_UnregisterReceiver(receiver.actor.tcb));
        } else {
            CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, receiver.notification, seL4_WordBits));
        }
        if (round % 5 != 2) {
            before = sends;
            WAIT_FOR(sends > before + 3);
            seL4_CPtr notification = uintr_notification();
            struct record *record = uintr_register(TCB, notification);
            before = sends;
            WAIT_FOR(sends > before + 3);
            CHECK_EQUAL(record->count, 0);
        }
        if (round % 2) {
            /* The thread goes on, and its instruction is an illegal one. */
            CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, table, seL4_WordBits));
        }
        test_reset();
    }
}
