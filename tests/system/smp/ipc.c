/*
 * Messages and signals between harts: nothing is lost, doubled or out of order.
 */
#include "smp.h"

#define ROUNDS SOAK_OR(10000, 500)

static seL4_CPtr endpoint, badged[TEST_THREADS], done, ping[2];
static seL4_Word errors, words, served[TEST_THREADS];

/* Counts an error if there is one. */
static void add(seL4_Word error)
{
    __atomic_fetch_add(&errors, error, __ATOMIC_RELAXED);
}

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    done = test_object(seL4_NotificationObject, 0);
    errors = 0;
    for (unsigned i = 0; i < TEST_THREADS; i++) {
        badged[i] = i < test_nodes() * 2 ? test_mint(endpoint, seL4_AllRights, i + 1) : seL4_CapNull;
        served[i] = 0;
    }
}

/* Echoes word 0 and counts, per badge, the sequence that it carries. */
static void serve(void *arg)
{
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);

    for (;;) {
        seL4_Word length = seL4_MessageInfo_get_length(message), sequence = seL4_GetMR(0);
        if (badge == 0 || badge > TEST_THREADS || sequence != served[badge - 1]) {
            add(1);
        } else {
            served[badge - 1]++;
        }
        for (seL4_Word i = 1; i < length; i++) {
            add(seL4_GetMR((int)i) != (sequence ^ i << 32 ^ badge << 48));
        }
        seL4_SetMR(0, sequence + badge);
        message = seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(sequence, 0, 0, length), &badge);
    }
}

static void ask(void *arg)
{
    seL4_Word i = (seL4_Word)arg, badge = i + 1;

    for (seL4_Word sequence = 0; sequence < ROUNDS; sequence++) {
        seL4_SetMR(0, sequence);
        for (seL4_Word w = 1; w < words; w++) {
            seL4_SetMR((int)w, sequence ^ w << 32 ^ badge << 48);
        }
        seL4_MessageInfo_t reply = seL4_Call(badged[i], seL4_MessageInfo_new(0, 0, 0, words));
        add(reply.words[0] != info(sequence, 0, words) || seL4_GetMR(0) != sequence + badge);
    }
    seL4_Signal(done);
}

static void wait_for(seL4_CPtr notification, unsigned count)
{
    /* Signals may come together, so each thread signals a badge of its own where more than one does. */
    for (unsigned i = 0; i < count; i++) {
        seL4_Wait(notification, NULL);
    }
}

static void conversation(seL4_Word client, seL4_Word server)
{
    set_up();
    test_thread_start(smp_thread(serve, NULL, server));
    test_thread_start(smp_thread(ask, (void *)0, client));
    wait_for(done, 1);
    CHECK_EQUAL(errors, 0);
    CHECK_EQUAL(served[0], ROUNDS);
}

TEST("smp: Call and ReplyRecv between each two harts, 1 and 9 words, every sequence number once")
{
    for (words = 1; words <= 9; words += 8) {
        for (seL4_Word client = 0; client < test_nodes(); client++) {
            conversation(client, (client + 1) % test_nodes());
            test_reset();
        }
    }
}

TEST("smp: clients on all harts and one server: each is answered, in its own order")
{
    unsigned clients = (unsigned)test_nodes();
    seL4_Word all = 0, word;

    for (words = 1; words <= 6; words += 5) {
        set_up();
        test_thread_start(smp_thread(serve, NULL, test_nodes() - 1));
        for (unsigned i = 0; i < clients; i++) {
            test_thread_start(smp_thread(ask, (void *)(seL4_Word)i, i));
        }
        for (unsigned i = 0; i < clients; i++) {
            /* Signals of several clients may fall together: look at the counts instead. */
            while (__atomic_load_n(&served[i], __ATOMIC_RELAXED) < ROUNDS) {
                seL4_Wait(done, &word);
                all |= word;
            }
        }
        CHECK_EQUAL(errors, 0);
        test_reset();
    }
    CHECK_EQUAL(all, 0);
}

static void pong(void *arg)
{
    seL4_Word side = (seL4_Word)arg, badge;

    for (seL4_Word round = 0; round < ROUNDS; round++) {
        seL4_Wait(ping[side], &badge);
        add(badge != 1);
        /* Only one side runs at a time, so a plain counter is enough. */
        add(smp_counters[0].value != 2 * round + side);
        smp_counters[0].value++;
        seL4_Signal(ping[1 - side]);
    }
    seL4_Signal(done);
}

TEST("smp: two threads on two harts signal each other: no wake-up is lost, none is doubled")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        set_up();
        smp_counters[0].value = 0;
        for (unsigned i = 0; i < 2; i++) {
            ping[i] = test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1);
        }
        test_thread_start(smp_thread(pong, (void *)0, node));
        test_thread_start(smp_thread(pong, (void *)1, (node + 1) % test_nodes()));
        seL4_Signal(ping[0]);
        while (smp_counters[0].value < 2ul * ROUNDS) {
            seL4_Wait(done, NULL);
        }
        CHECK_EQUAL(errors, 0);
        test_reset();
    }
}

static seL4_CPtr bits[64];
static seL4_Word seen[64];

static void signal_own_bit(void *arg)
{
    seL4_Word bit = (seL4_Word)arg;

    for (seL4_Word round = 0; round < ROUNDS / 10; round++) {
        /* The receiver sets the word again when it has this bit's signal. */
        __atomic_store_n(&seen[bit], 0, __ATOMIC_RELEASE);
        seL4_Signal(bits[bit]);
        for (seL4_Word spins = 0; !__atomic_load_n(&seen[bit], __ATOMIC_ACQUIRE) && spins < SPINS; spins++) {
            seL4_Yield();
        }
    }
    smp_counters[bit].value = 1;
    seL4_Signal(bits[bit]);
}

TEST("smp: signals from all harts to one notification: every bit arrives")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    unsigned count = (unsigned)test_nodes();
    unsigned ended = 0;

    for (unsigned i = 0; i < count; i++) {
        bits[i] = test_mint(notification, seL4_AllRights, 1ul << i);
        smp_counters[i].value = 0;
        seen[i] = 1;
        test_thread_start(smp_thread(signal_own_bit, (void *)(seL4_Word)i, i));
    }
    while (ended < count) {
        seL4_Word word;
        seL4_Wait(notification, &word);
        CHECK(word != 0 && word >> count == 0);
        for (unsigned i = 0; i < count; i++) {
            if (word >> i & 1) {
                __atomic_store_n(&seen[i], 1, __ATOMIC_RELEASE);
            }
        }
        ended = 0;
        for (unsigned i = 0; i < count; i++) {
            ended += smp_counters[i].value != 0;
        }
    }
}

static void send_sequence(void *arg)
{
    seL4_Word i = (seL4_Word)arg;

    for (seL4_Word sequence = 0; sequence < ROUNDS; sequence++) {
        seL4_SetMR(0, sequence);
        seL4_Send(badged[i], seL4_MessageInfo_new(1, 0, 0, 1 + sequence % 8));
    }
}

TEST("smp: Send from all harts, received by Recv and by polling: every sequence number once, in order")
{
    unsigned senders = (unsigned)test_nodes();

    set_up();
    for (unsigned i = 0; i < senders; i++) {
        test_thread_start(smp_thread(send_sequence, (void *)(seL4_Word)i, i));
    }
    for (seL4_Word total = 0, turn = 0; total < (seL4_Word)ROUNDS * senders; turn++) {
        seL4_Word badge = 0;
        seL4_MessageInfo_t message = turn % 5 ? seL4_Recv(endpoint, &badge) : seL4_NBRecv(endpoint, &badge);
        if (badge == 0) {
            continue;
        }
        seL4_Word sequence = served[badge - 1]++;
        CHECK_EQUAL(seL4_GetMR(0), sequence);
        CHECK_EQUAL(message.words[0], info(1, 0, 1 + sequence % 8));
        total++;
    }
}

static void receive_either(void *arg)
{
    seL4_Word badge;

    for (;;) {
        seL4_Recv(endpoint, &badge);
        if (badge & 0x100) {
            smp_counters[1].value++;
        } else {
            smp_counters[0].value++;
        }
    }
}

TEST("smp: messages and signals of the bound notification both reach a receiver on another hart")
{
    set_up();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr signal = test_mint(notification, seL4_AllRights, 0x100);
    struct test_thread *thread = smp_thread(receive_either, NULL, test_nodes() - 1);

    smp_counters[0].value = smp_counters[1].value = 0;
    CHECK_OK(seL4_TCB_BindNotification(thread->tcb, notification));
    test_thread_start(thread);
    for (seL4_Word round = 1; round <= ROUNDS; round++) {
        seL4_Signal(signal);
        seL4_Send(badged[0], seL4_MessageInfo_new(0, 0, 0, 0));
        if (test_nodes() > 1) {
            WAIT_FOR(smp_counters[0].value == round && smp_counters[1].value == round);
        }
    }
}

static seL4_CPtr victim_endpoint;

static void send_or_stop(void *arg)
{
    seL4_Word i = (seL4_Word)arg;

    for (;;) {
        seL4_Send(victim_endpoint, seL4_MessageInfo_new(i, 0, 0, 0));
        smp_counters[i].value++;
    }
}

TEST("smp: an endpoint is deleted while threads on all harts queue at it; they find its successor")
{
    unsigned senders = (unsigned)test_nodes() * 2 - 1;

    victim_endpoint = test_object(seL4_EndpointObject, 0);
    for (unsigned i = 0; i < senders; i++) {
        smp_counters[i].value = 0;
        test_thread_start(smp_thread(send_or_stop, (void *)(seL4_Word)i, i % test_nodes()));
    }
    for (unsigned round = 0; round < SOAK_OR(3000, 200); round++) {
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, victim_endpoint, seL4_WordBits));
        CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_EndpointObject, 0, seL4_CapInitThreadCNode, 0, 0,
                                     victim_endpoint, 1));
        for (unsigned i = 0; i < senders; i++) {
            seL4_Word badge;
            seL4_Recv(victim_endpoint, &badge);
            CHECK_EQUAL(badge, 0);
        }
    }
}
