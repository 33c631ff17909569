/*
 * What goes away in the middle of traffic: the sender's capability, the notification, either thread, the
 * sender table, the registration. From then on nothing is delivered, and the next owner of whatever it was
 * gets nothing of it; in the end all memory is back.
 */
#include "uintr.h"

#define ROUNDS     SOAK_OR(10000, 100)
#define SENDER_BIT 7
#define FLUSH_BIT  63

#define ILLEGAL_INSTRUCTION 2

static struct {
    struct uintr_thread *receiver, *sender, *next;
    seL4_CPtr badged; /* the capability that the sender uses */
    seL4_CPtr faults; /* of the receiver */
    bool stopped;     /* by one */
    int index;
    volatile seL4_Word registered, started; /* the receiver, the sender */
    volatile seL4_Word turns;               /* of the receiver's loop */
    volatile seL4_Word delivered, flushed, wrong, next_ready, next_delivered;
    enum rel4_delivery delivery, next_delivery;
    seL4_Word random;
} it;

static void deliver(seL4_Word bits)
{
    it.delivered += bits >> SENDER_BIT & 1;
    it.flushed += bits >> FLUSH_BIT;
    it.wrong += (bits & ~(1ul << SENDER_BIT | 1ul << FLUSH_BIT)) != 0;
}

static void handle(seL4_Word bits, void *arg)
{
    deliver(bits);
}

static void receive(void *arg)
{
    struct uintr_thread *self = arg;
    seL4_Word random = it.random;

    uintr_register(self, handle, NULL);
    it.delivery = rel4_uintr_delivery();
    it.registered = 1;
    for (;;) {
        if (uintr_random(&random) % 4 == 0) {
            deliver(rel4_wait(self->notification));
        } else {
            uintr_pause();
        }
        it.turns++;
    }
}

static void send(void *arg)
{
    struct uintr_thread *self = arg;
    seL4_Word random = it.random;

    rel4_thread_init(&self->record, self->thread->tcb);
    it.index = rel4_uintr_register_sender(it.badged);
    it.started = 1;
    for (;;) {
        for (seL4_Word burst = uintr_random(&random) % 32; burst; burst--) {
            rel4_uipi_send((seL4_Word)it.index);
        }
        uintr_pause();
    }
}

static void next_handle(seL4_Word bits, void *arg)
{
    it.next_delivered++;
}

static void next_receive(void *arg)
{
    uintr_register(arg, next_handle, NULL);
    it.next_delivery = rel4_uintr_delivery();
    it.next_ready = 1;
    for (;;) {
        uintr_pause();
    }
}

/* Gives the others some time: on this hart their turns, on others as long as that takes. */
static void let_run(seL4_Word turns)
{
    while (turns--) {
        uintr_pause();
    }
}

/* What it uses goes away under it: it then stops, and its fault waits in the endpoint. */
static seL4_CPtr expect_faults(const struct uintr_thread *thread)
{
    seL4_CPtr faults = test_object(seL4_EndpointObject, 0);

    CHECK_OK(seL4_TCB_SetSpace(thread->thread->tcb, faults, seL4_CapInitThreadCNode, 0,
                               seL4_CapInitThreadVSpace, 0));
    return faults;
}

static void begin(seL4_Word round)
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 3);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, UINTR_PRIORITY));
    it.delivered = it.flushed = it.wrong = it.next_ready = it.next_delivered = it.registered = it.started = 0;
    it.stopped = false;
    it.random = round * 2654435761u + 1;
    it.receiver = uintr_thread_new(0, receive, UINTR_PRIORITY);
    it.badged = test_mint(it.receiver->notification, seL4_AllRights, 1ul << SENDER_BIT);
    it.sender = uintr_thread_new(1, send, UINTR_PRIORITY);
    it.faults = expect_faults(it.receiver);
    expect_faults(it.sender);
    test_thread_set_node(it.receiver->thread, test_nodes() - 1);
    test_thread_set_node(it.sender->thread, round % test_nodes());
    test_thread_start(it.receiver->thread);
    WAIT_FOR(it.registered);
    test_thread_start(it.sender->thread);
    WAIT_FOR(it.started);
    CHECK(it.index >= 0);
    /* Mostly in full traffic, sometimes before any. */
    if (round % 8) {
        WAIT_FOR(it.delivered > 0);
    }
    let_run(uintr_random(&it.random) % 16);
}

/*
 * Whether the receiver has stopped, because it is none any more: it was in its handler, and left that. The
 * registers that it needs for that are then illegal, or, on hardware without a gate, zero, uepc and the
 * stack pointer in uscratch among them.
 */
static bool has_stopped(void)
{
    if (!it.stopped) {
        seL4_Word fault = seL4_MessageInfo_get_label(seL4_NBRecv(it.faults, NULL));

        if (fault != seL4_Fault_NullFault) {
            it.stopped = true;
            if (uintr_is_complete()) {
                CHECK_EQUAL(fault, seL4_Fault_UserException);
                CHECK_EQUAL(seL4_GetMR(seL4_UserException_Number), ILLEGAL_INSTRUCTION);
            } else {
                CHECK_EQUAL(fault, seL4_Fault_VMFault);
            }
        }
    }
    return it.stopped;
}

/* Everything that was sent before has been delivered when this returns, unless the receiver has stopped. */
static void flush(void)
{
    seL4_CPtr flusher = test_mint(it.receiver->notification, seL4_AllRights, 1ul << FLUSH_BIT);

    seL4_Word flushed = it.flushed, turns;

    /* What was pending comes with these or before them ... */
    WAIT_FOR((seL4_Signal(flusher), has_stopped() || it.flushed >= flushed + 2));
    /* ... and what the receiver took before it was interrupted by them is counted now. */
    turns = it.turns;
    WAIT_FOR((seL4_Signal(flusher), has_stopped() || it.turns >= turns + 2));
}

/*
 * Nothing is delivered any more, also not to a new receiver of a new notification. A thread that was stopped
 * between taking bits and counting them may have some left to count.
 */
static void check_silence(seL4_Word uncounted)
{
    seL4_Word before = it.delivered;

    it.next = uintr_thread_new(2, next_receive, UINTR_PRIORITY);
    test_thread_set_node(it.next->thread, test_nodes() - 1);
    test_thread_start(it.next->thread);
    WAIT_FOR(it.next_ready);
    let_run(16);
    CHECK(it.delivered <= before + uncounted);
    CHECK_EQUAL(it.next_delivered, 0);
    CHECK_EQUAL(it.wrong, 0);
    CHECK_EQUAL(it.next_delivery, it.delivery); /* a slot of the controller is back, if there are any */
}

static void delete_cap(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, cap, seL4_WordBits));
}

static void revoke(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, cap, seL4_WordBits));
}

TEST("uintr life: the sender's capability is deleted, or revoked, in the middle of traffic")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        begin(round);
        if (round % 2) {
            revoke(it.receiver->notification);
        } else {
            delete_cap(it.badged);
        }
        flush();
        CHECK(!it.stopped);
        check_silence(0);
        test_check_memory_is_whole();
    }
}

TEST("uintr life: the sender table is deleted in the middle of traffic")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        begin(round);
        delete_cap(it.sender->record.table);
        flush();
        CHECK(!it.stopped);
        check_silence(0);
        test_check_memory_is_whole();
    }
}

TEST("uintr life: the sending thread is deleted in the middle of traffic; its table serves the next one")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        begin(round);
        delete_cap(it.sender->thread->tcb);
        flush();
        CHECK(!it.stopped);
        check_silence(0);
        /* This thread takes the table over, and its entry. */
        seL4_Word before = it.delivered;
        CHECK_OK(rel4_SenderTable_Bind(it.sender->record.table, seL4_CapInitThreadTCB));
        rel4_uipi_send((seL4_Word)it.index);
        WAIT_FOR(it.delivered == before + 1);
        test_check_memory_is_whole();
    }
}

TEST("uintr life: the receiving thread is deleted in the middle of traffic; the notification lives on")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        seL4_Word word, count;

        begin(round);
        delete_cap(it.receiver->thread->tcb);
        count = it.delivered;
        seL4_Poll(it.receiver->notification, &word);
        CHECK(word == 0 || word == 1ul << SENDER_BIT);
        check_silence(0);
        CHECK_EQUAL(it.delivered, count);
        /* The entry is gone with the registration. */
        seL4_Poll(it.receiver->notification, &word);
        CHECK_EQUAL(word, 0);
        seL4_Signal(it.badged);
        seL4_Poll(it.receiver->notification, &word);
        CHECK_EQUAL(word, 1ul << SENDER_BIT);
        test_check_memory_is_whole();
    }
}

TEST("uintr life: the notification is deleted in the middle of traffic")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        begin(round);
        revoke(it.receiver->notification);
        delete_cap(it.receiver->notification);
        check_silence(2); /* one by the handler, one by rel4_wait() */
        test_check_memory_is_whole();
    }
}

TEST("uintr life: the registration or the binding is ended by another thread in the middle of traffic")
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        begin(round);
        if (round % 2) {
            CHECK_OK(rel4_TCB_UnregisterReceiver(it.receiver->thread->tcb));
        } else {
            CHECK_OK(seL4_TCB_UnbindNotification(it.receiver->thread->tcb));
        }
        flush(); /* by rel4_wait() now */
        check_silence(0);
        test_check_memory_is_whole();
    }
}

TEST("uintr life: threads are moved from hart to hart in the middle of traffic, and it goes on")
{
    for (seL4_Word round = 0; round < ROUNDS / 10; round++) {
        begin(round);
        for (seL4_Word i = 0; i < 3 * test_nodes(); i++) {
            test_thread_set_node(i % 2 ? it.sender->thread : it.receiver->thread, i % test_nodes());
            let_run(1);
        }
        seL4_Word before = it.delivered;
        WAIT_FOR(it.delivered > before);
        test_check_memory_is_whole();
    }
}
