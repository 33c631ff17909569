/*
 * A receiver on one hart is woken again and again, while the others have none, or none any more. All harts
 * are in user mode, so each interrupt that one of them gets is a trap; tests/uintc/wake-line.t counts those.
 */
#include "test.h"

#include <rel4/abi.h>
#include <rel4/invocations.h>

#define SENDS 300
#define HARTS 4

/* Nothing is mapped there. Who loads from it tells which hart it is on, in the list of traps. */
#define MARK 0x6d61726bul

static volatile seL4_Word wakes, turns[HARTS];

/* Masked, so its handler is never called. */
static void receive(void *notification)
{
    __asm__ volatile("csrci %0, %1" ::"i"(REL4_CSR_USTATUS), "i"(REL4_USTATUS_UIE));
    for (;;) {
        seL4_Wait((seL4_CPtr)notification, NULL);
        wakes = wakes + 1;
    }
}

static void spin(void *node)
{
    for (;;) {
        turns[(seL4_Word)node]++;
    }
}

static void mark(void *arg)
{
    (void)*(volatile char *)MARK;
}

static struct test_thread *start(void (*entry)(void *), seL4_Word arg, seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(entry, (void *)arg, priority, 0);

    test_thread_set_node(thread, node);
    test_thread_start(thread);
    return thread;
}

/* A thread on a hart becomes the receiver of a notification. */
static struct test_thread *receiver_on(seL4_Word node, seL4_CPtr notification)
{
    struct test_thread *thread = test_thread_create(receive, (void *)notification, TEST_PRIORITY + 1, 0);

    test_thread_set_node(thread, node);
    CHECK_OK(seL4_TCB_BindNotification(thread->tcb, notification));
    CHECK_OK(rel4_TCB_RegisterReceiver(thread->tcb, notification, (seL4_Word)receive, 0, NULL));
    return thread;
}

/* The thread below a receiver has run meanwhile, so the receiver is blocked. */
static void let_block(seL4_Word node)
{
    seL4_Word before = turns[node];

    while (turns[node] - before < 2) {
    }
}

TEST("a receiver that came from a hart is woken on another one, and a third had a receiver, too")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0), table, index;

    CHECK_EQUAL(test_nodes(), HARTS);
    for (seL4_Word node = 1; node < HARTS; node++) {
        start(spin, node, TEST_PRIORITY, node);
        let_block(node);
    }
    struct test_thread *marker =
        test_thread_create(mark, NULL, TEST_PRIORITY + 1, test_object(seL4_EndpointObject, 0));
    struct test_thread *ended = receiver_on(2, test_object(seL4_NotificationObject, 0));
    struct test_thread *receiver = receiver_on(3, notification);
    test_thread_start(ended);
    test_thread_start(receiver);
    let_block(2);
    let_block(3);
    test_thread_set_node(marker, 1);
    test_thread_start(marker);
    CHECK_OK(rel4_TCB_UnregisterReceiver(ended->tcb));
    test_thread_set_node(receiver, 1);
    let_block(1);

    table = test_object(REL4_TYPE_SENDER_TABLE, 0);
    CHECK_OK(rel4_SenderTable_Bind(table, seL4_CapInitThreadTCB));
    CHECK_OK(rel4_SenderTable_Add(table, test_mint(notification, seL4_CanWrite, 1), &index));
    for (seL4_Word i = 1; i <= SENDS; i++) {
        __asm__ volatile(".insn r 0x7b, 6, 0, x0, %0, x0" ::"r"(index) : "memory");
        while (wakes != i) {
        }
        let_block(1);
    }
    test_note("sends: %u", SENDS);
}
