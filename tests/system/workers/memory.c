/*
 * What others may rely on about memory: a word that the kernel has written is seen as written, and a signal
 * behind an Unmap says that nobody uses the page any more.
 */
#include <string.h>

#include "workers.h"

#include <rel4/rel4.h>
#include <rel4/uintr.h>

#define ROUNDS SOAK_OR(2000, 40)

/* ---- A store that is conditional on nobody having written ---- */

extern seL4_Word store_across_wake(uint32_t *word, seL4_CPtr queue);

static struct rel4_queue *queue;

static struct {
    unsigned offset;
    volatile unsigned succeeded;
    seL4_CPtr done;
} conditional;

static void store_and_wake(void *unused)
{
    uint32_t *user_state = rel4_queue_header(queue, REL4_HEADER_REQUESTER_STATE);

    for (unsigned round = 0; round < ROUNDS; round++) {
        put_many(queue, 1);
        rel4_ring_sleep(user_state);
        rel4_queue_publish(queue);
        conditional.succeeded +=
            store_across_wake(rel4_queue_header(queue, conditional.offset), queue->cap) == 0;
        /* The answer is there: with one request, the call serves it. */
        queue->response_consumer += answers(queue);
    }
    seL4_Signal(conditional.done);
}

TEST("workers memory: a conditional store to a word of the header that a wake call wrote in between fails")
{
    static const unsigned words[] = { REL4_HEADER_REQUEST_CONSUMER, REL4_HEADER_RESPONSE_PRODUCER,
                                      REL4_HEADER_SERVER_STATE, REL4_HEADER_REQUESTER_STATE };

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        test_reset();
        begin();
        conditional.offset = words[i];
        conditional.succeeded = 0;
        conditional.done = teller(FIRST);
        struct test_thread *thread = make(store_and_wake, NULL, HIGH, 0);
        queue = queue_new(thread->tcb, 5, REL4_POLICY_CALL);
        test_thread_start(thread);
        if (AWAIT(FIRST) && conditional.succeeded) {
            test_fail(__FILE__, __LINE__, "%u of %u stores to the word at 0x%x succeeded",
                      conditional.succeeded, (unsigned)ROUNDS, words[i]);
        }
    }
}

/* ---- A signal behind an Unmap ---- */

#define BEHIND 600 /* requests behind the signal: the batch takes long */

static struct {
    struct rel4_thread record;
    char stack[4096] __attribute__((aligned(16)));
    struct test_thread *thread;
    seL4_CPtr notification, frame, faults;
    volatile bool registered, waits, may_go_on;
    volatile unsigned stores; /* that succeeded behind the signal */
    volatile unsigned rounds; /* that are over */
} receiver;

/* Whoever has the signal has been told that the page is not mapped. */
static void store(void)
{
    receiver.stores = 0;
    while (!receiver.may_go_on) {
        *(volatile seL4_Word *)PAGE = receiver.stores;
        if (!receiver.may_go_on) {
            receiver.stores++;
        }
    }
    receiver.rounds++;
}

static void handle(seL4_Word bits, void *arg)
{
    store();
}

static void receive(void *unused)
{
    if (receiver.waits) {
        for (;;) {
            *(volatile seL4_Word *)PAGE = 1; /* so that the hart knows the page */
            receiver.registered = true;
            seL4_Wait(receiver.notification, NULL);
            store();
        }
    }
    rel4_thread_init(&receiver.record, receiver.thread->tcb);
    CHECK_OK(rel4_uintr_register_receiver(
        receiver.notification, &(struct rel4_receiver_options){ .handler = handle,
                                                                .stack = receiver.stack,
                                                                .stack_bytes = sizeof(receiver.stack) }));
    receiver.registered = true;
    for (;;) {
        *(volatile seL4_Word *)PAGE = 1;
    }
}

static void map_page(void)
{
    CHECK_OK(simple_map_page(VSPACE, receiver.frame, PAGE, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
}

static void wake_when_told(void *go)
{
    for (;;) {
        seL4_Wait(*(seL4_CPtr *)go, NULL);
        wake(queue);
    }
}

/* Waits for the receiver's fault. */
static bool faults(void)
{
    for (unsigned i = 0; i < patience() / MILLISECOND; i++) {
        seL4_Word badge = 0;
        seL4_MessageInfo_t message = seL4_NBRecv(receiver.faults, &badge);
        if (badge) {
            CHECK_EQUAL(seL4_MessageInfo_get_label(message), seL4_Fault_VMFault);
            CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), PAGE);
            return true;
        }
        let_run(MILLISECOND / 10);
    }
    test_fail(__FILE__, __LINE__, "the receiver does not fault");
    return false;
}

static void check_signal_behind_unmap(bool waits)
{
    static seL4_CPtr go;

    test_reset();
    begin();
    occupy_harts_but(0);
    go = test_object(seL4_NotificationObject, 0);
    receiver.frame = test_object(seL4_RISCV_4K_Page, 0);
    receiver.notification = test_object(seL4_NotificationObject, 0);
    receiver.faults = test_object(seL4_EndpointObject, 0);
    receiver.registered = false;
    receiver.rounds = 0;
    receiver.waits = waits;
    memset(&receiver.record, 0, sizeof(receiver.record));
    rel4_init(&(struct rel4_resources){ .backend = rel4_backend_of(test_bootinfo) });
    map_page();
    receiver.thread =
        test_thread_create(receive, NULL, HIGHER, test_mint(receiver.faults, seL4_AllRights, 1));
    test_thread_set_node(receiver.thread, 1);
    CHECK_OK(seL4_TCB_BindNotification(receiver.thread->tcb, receiver.notification));
    test_thread_start(receiver.thread);
    seL4_CPtr signal = test_mint(receiver.notification, seL4_AllRights, 1);
    queue = queue_new(start(wake_when_told, &go, HIGH, 0)->tcb, 10, REL4_POLICY_CALL);
    for (unsigned i = 0; !receiver.registered && i < patience() / MILLISECOND; i++) {
        let_run(MILLISECOND);
    }
    for (unsigned round = 0; round < ROUNDS && !test_has_failed(); round++) {
        receiver.may_go_on = false;
        PUT(queue, receiver.frame, RISCVPageUnmap, .length = 0);
        PUT(queue, signal, 0, .length = 0);
        put_many(queue, BEHIND);
        rel4_queue_publish(queue);
        rel4_queue_must_wake(queue);
        seL4_Signal(go);
        if (!faults()) {
            return;
        }
        if (receiver.stores) {
            test_fail(__FILE__, __LINE__, "round %u: %u stores behind the signal", round, receiver.stores);
        }
        TAKE(queue, BEHIND + 2);
        receiver.may_go_on = true;
        map_page();
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        for (unsigned i = 0; receiver.rounds == round && i < patience() / MILLISECOND; i++) {
            let_run(MILLISECOND / 10);
        }
        CHECK_EQUAL(receiver.rounds, round + 1);
    }
}

TEST("workers memory: a handler that is called by the signal behind an Unmap finds the page gone on its hart")
{
    if (test_nodes() > 1) {
        check_signal_behind_unmap(false);
    }
}

TEST("workers memory: a thread that is woken by the signal behind an Unmap finds the page gone on its hart")
{
    if (test_nodes() > 1) {
        check_signal_behind_unmap(true);
    }
}
