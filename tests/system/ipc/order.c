/*
 * 1.11 Yield and scheduling order. Threads on one hart write their letters into a log; what they write
 * depends on nothing but the scheduling order, unless a time slice runs out in between. A slice is at least 8
 * ms, so a run that took longer is repeated with new threads.
 */
#include <string.h>

#include "actor.h"
#include "clock.h"

#define SLICE_COUNTS 80000 /* 8 ms of the 10 MHz clock */
#define ATTEMPTS     500
#define MIDDLE       50 /* below the test's own priority */

static char order[64];
static unsigned order_length;
static seL4_CPtr done, endpoint, go;
static seL4_Word started;

static void say(char letter)
{
    order[order_length++] = letter;
    order[order_length] = 0;
}

static struct test_thread *make(void (*entry)(void *), char letter, seL4_Word priority)
{
    return test_thread_create(entry, (void *)(seL4_Word)letter, priority, 0);
}

static void finish(void *arg)
{
    seL4_Signal(done);
}

/* Starts the threads while none of them can run, so that the last is first in line, and waits until all of
 * them have stopped or blocked. */
static void start(struct test_thread **threads, unsigned count)
{
    struct test_thread *last = make(finish, 0, 1);

    started = now();
    for (unsigned i = 0; i < count; i++) {
        test_thread_start(threads[i]);
    }
    test_thread_start(last);
    seL4_Wait(done, NULL);
}

/* Runs the scenario until it was fast enough, and checks the log. */
static void check_order(void (*scenario)(void), const char *expected)
{
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        test_reset();
        order_length = 0;
        order[0] = 0;
        done = test_object(seL4_NotificationObject, 0);
        go = test_object(seL4_NotificationObject, 0);
        endpoint = test_object(seL4_EndpointObject, 0);
        scenario();
        if (now() - started < SLICE_COUNTS) {
            break;
        }
    }
    if (strcmp(order, expected) != 0) {
        test_fail(__FILE__, __LINE__, "the order is %s, expected %s", order, expected);
    }
}

static void once(void *arg)
{
    say((char)(seL4_Word)arg);
}

static void yield_twice(void *arg)
{
    char letter = (char)(seL4_Word)arg;

    say(letter);
    seL4_Yield();
    say(letter);
    seL4_Yield();
    say(letter);
}

static void three_yield(void)
{
    struct test_thread *threads[] = { make(yield_twice, 'C', MIDDLE), make(yield_twice, 'B', MIDDLE),
                                      make(yield_twice, 'A', MIDDLE) };

    start(threads, 3);
}

TEST("1.11 Yield: the current thread goes to the tail of its priority")
{
    check_order(three_yield, "ABCABCABC");
}

static void yield_alone(void)
{
    struct test_thread *threads[] = { make(once, 'L', MIDDLE - 1), make(yield_twice, 'A', MIDDLE) };

    start(threads, 2);
}

TEST("1.11 Yield: it does not let lower priorities run")
{
    check_order(yield_alone, "AAAL");
}

static seL4_Word turns[2];

static void spin(void *arg)
{
    volatile seL4_Word *own = &turns[(seL4_Word)arg], *other = &turns[1 - (seL4_Word)arg];

    for (seL4_Word seen = *other, changes = 0; changes < 3;) {
        ++*own;
        if (*other != seen) {
            seen = *other;
            changes++;
        }
    }
    seL4_Signal(done);
    for (;;) {
        ++*own;
    }
}

TEST("1.11 Timer tick: threads of one priority take turns without a system call")
{
    turns[0] = turns[1] = 0;
    done = test_object(seL4_NotificationObject, 0);
    test_thread_start(test_thread_create(spin, (void *)0, MIDDLE, 0));
    test_thread_start(test_thread_create(spin, (void *)1, MIDDLE, 0));
    seL4_Wait(done, NULL);
    CHECK(turns[0] > 0 && turns[1] > 0);
}

static void signal_between(void *arg)
{
    char letter = (char)(seL4_Word)arg;

    say(letter);
    seL4_Signal(go);
    say(letter);
}

static void wait_and_say(void *arg)
{
    seL4_Wait(go, NULL);
    say((char)(seL4_Word)arg);
}

static void wake_higher(void)
{
    struct test_thread *threads[] = { make(once, 'B', MIDDLE), make(signal_between, 'A', MIDDLE),
                                      make(wait_and_say, 'H', MIDDLE + 1) };

    start(threads, 3);
}

TEST("1.11 Wake-up, higher priority: immediate switch; the preempted thread goes to the head")
{
    check_order(wake_higher, "AHAB");
}

static void wake_equal(void)
{
    struct test_thread *threads[] = { make(once, 'B', MIDDLE), make(signal_between, 'A', MIDDLE),
                                      make(wait_and_say, 'E', MIDDLE) };

    start(threads, 3);
}

TEST("1.11 Wake-up, equal priority: the woken thread goes to the tail and the current one goes on")
{
    check_order(wake_equal, "AABE");
}

static void wake_lower(void)
{
    /* L has waited before B came, then A wakes it. */
    struct test_thread *low = make(wait_and_say, 'L', MIDDLE);
    struct test_thread *threads[] = { make(once, 'B', MIDDLE), make(signal_between, 'A', MIDDLE + 1) };
    struct test_thread *pause = make(finish, 0, 1);

    test_thread_start(low);
    test_thread_start(pause);
    seL4_Wait(done, NULL);
    start(threads, 2);
}

TEST("1.11 Wake-up, lower priority: the woken thread goes to the head of its list")
{
    check_order(wake_lower, "AALB");
}

static void resume_lower(void)
{
    struct test_thread *threads[] = { make(once, 'C', MIDDLE), make(once, 'B', MIDDLE),
                                      make(once, 'A', MIDDLE) };

    start(threads, 3);
}

TEST("1.11 Wake-up, lower priority: threads that a higher one resumes run last one first")
{
    check_order(resume_lower, "ABC");
}

static void call_and_say(void *arg)
{
    char letter = (char)(seL4_Word)arg;

    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    say(letter);
}

/* Three senders wait in the order A, B, C; deleting the endpoint wakes all in one kernel entry. They find the
 * slot empty, which a Send ignores. */
static void wake_several(void)
{
    struct test_thread *threads[] = { make(call_and_say, 'C', MIDDLE), make(call_and_say, 'B', MIDDLE),
                                      make(call_and_say, 'A', MIDDLE) };
    struct test_thread *pause = make(finish, 0, 1);

    start(threads, 3);
    seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, seL4_WordBits);
    test_thread_start(pause);
    seL4_Wait(done, NULL);
}

TEST("1.11 Several wake-ups in one kernel entry: each goes to the head, so the last is first")
{
    check_order(wake_several, "CBA");
}

static void select_highest(void)
{
    struct test_thread *threads[] = { make(once, 'D', 2), make(once, 'A', 99), make(once, 'C', 64),
                                      make(once, 'B', 65) };

    start(threads, 4);
}

TEST("1.11 Selection: the highest priority that has a thread, whatever the order of wake-ups")
{
    check_order(select_highest, "ABCD");
}

static seL4_Word words;

static void client(void *arg)
{
    char letter = (char)(seL4_Word)arg;

    for (unsigned i = 0; i < 2; i++) {
        say(letter);
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, words));
    }
    say(letter);
}

static void server(void *arg)
{
    char letter = (char)(seL4_Word)arg;

    seL4_Recv(endpoint, NULL);
    for (;;) {
        say(letter);
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, words), NULL);
    }
}

static void call_server(void)
{
    struct test_thread *threads[] = { make(once, 'B', MIDDLE), make(client, 'C', MIDDLE),
                                      make(server, 'S', MIDDLE) };

    start(threads, 3);
}

TEST("1.11 Call to an equal: the server runs next, and the client after the reply; 0 to 4 words and more")
{
    for (words = 0; words <= 8; words++) {
        check_order(call_server, "CSCSCB");
    }
}

static void call_lower_server(void)
{
    struct test_thread *threads[] = { make(once, 'M', MIDDLE - 1), make(server, 'S', MIDDLE - 2),
                                      make(client, 'C', MIDDLE) };
    struct test_thread *pause = make(finish, 0, 1);

    test_thread_start(threads[1]);
    test_thread_start(pause);
    seL4_Wait(done, NULL);
    struct test_thread *rest[] = { threads[0], threads[2] };
    start(rest, 2);
}

TEST("1.11 Call to a lower server: threads in between run first; 0 to 4 words and more")
{
    for (words = 0; words <= 8; words++) {
        check_order(call_lower_server, "CMSCSC");
    }
}

static void call_higher_server(void)
{
    struct test_thread *threads[] = { make(once, 'B', MIDDLE), make(client, 'C', MIDDLE),
                                      make(server, 'S', MIDDLE + 1) };

    start(threads, 3);
}

TEST("1.11 Call to a higher server: reply and receive go back to the client; 0 to 4 words and more")
{
    for (words = 0; words <= 8; words++) {
        check_order(call_higher_server, "CSCSCB");
    }
}

static void raise_other(void *arg)
{
    struct test_thread *other = *(struct test_thread **)arg;

    say('A');
    seL4_TCB_SetPriority(other->tcb, seL4_CapInitThreadTCB, MIDDLE + 1);
    say('A');
}

static void raise_priority(void)
{
    static struct test_thread *other;
    other = make(once, 'B', MIDDLE - 1);
    struct test_thread *threads[] = { other, make(once, 'C', MIDDLE),
                                      test_thread_create(raise_other, &other, MIDDLE, 0) };

    start(threads, 3);
}

TEST("1.11 SetPriority above the current one: immediate switch")
{
    check_order(raise_priority, "ABAC");
}

#if CONFIG_MAX_NUM_NODES > 1
static void hold(void *arg)
{
    seL4_Signal(done);
    seL4_Wait(go, NULL);
}

static void spin_until(void *arg)
{
    seL4_Signal(done);
    while (!__atomic_load_n((seL4_Word *)arg, __ATOMIC_ACQUIRE)) {
    }
}

static void say_and_signal(void *arg)
{
    say((char)(seL4_Word)arg);
    if (order_length == 3) {
        seL4_Signal(done);
    }
}

TEST("1.11 Wake-up on another core: the woken thread goes to the head of its list there")
{
    static seL4_Word stop;

    if (test_nodes() < 2) {
        return;
    }
    stop = 0;
    order_length = 0;
    done = test_object(seL4_NotificationObject, 0);
    struct test_thread *spinner = test_thread_create(spin_until, &stop, MIDDLE + 1, 0);
    test_thread_set_node(spinner, 1);
    test_thread_start(spinner);
    seL4_Wait(done, NULL);
    for (int letter = 'A'; letter <= 'C'; letter++) {
        struct test_thread *thread = make(say_and_signal, (char)letter, MIDDLE);
        test_thread_set_node(thread, 1);
        test_thread_start(thread);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    seL4_Wait(done, NULL);
    CHECK(strcmp(order, "CBA") == 0);
}

TEST("1.11 SMP: a remote wake-up of a higher thread interrupts a core that spins at a lower priority")
{
    static seL4_Word stop;

    if (test_nodes() < 2) {
        return;
    }
    stop = 0;
    done = test_object(seL4_NotificationObject, 0);
    go = test_object(seL4_NotificationObject, 0);
    struct test_thread *high = make(hold, 0, MIDDLE + 2);
    struct test_thread *spinner = test_thread_create(spin_until, &stop, MIDDLE + 1, 0);
    test_thread_set_node(high, 1);
    test_thread_set_node(spinner, 1);
    test_thread_start(high);
    seL4_Wait(done, NULL);
    test_thread_start(spinner);
    seL4_Wait(done, NULL);
    /* high blocks behind its signal; now it must come back although the core never enters the kernel. */
    struct test_thread *highest = test_thread_create(finish, NULL, MIDDLE + 3, 0);
    test_thread_set_node(highest, 1);
    test_thread_start(highest);
    seL4_Wait(done, NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

TEST("1.11 SMP: a thread stays on its core until SetAffinity moves it")
{
    struct actor actor = actor_new_at(MIDDLE);

    if (test_nodes() < 2) {
        return;
    }
    /* Below the test's priority it does not run here, and nobody else takes it. */
    actor_run(&actor, actor_ecall);
    CHECK_WAITS(&actor);
    CHECK_OK(seL4_TCB_SetAffinity(actor.tcb, 1));
    CHECK_EQUAL(actor_wait(&actor), ACTOR_FAULTED);
}
#endif

#if CONFIG_MAX_NUM_NODES > 1
/* B would run first, as the last one resumed. */
static void affinity_to_own_core(void)
{
    struct test_thread *a = make(once, 'A', MIDDLE), *b = make(once, 'B', MIDDLE), *last = make(finish, 0, 1);

    started = now();
    test_thread_start(a);
    test_thread_start(b);
    CHECK_OK(seL4_TCB_SetAffinity(b->tcb, 0));
    test_thread_start(last);
    seL4_Wait(done, NULL);
}

TEST("5.2 TCB SetAffinity: to the core that the thread is on already, it goes to the tail of its priority")
{
    check_order(affinity_to_own_core, "AB");
}
#endif

/* ---- Threads that another one lets run go to the head of their priority, whoever lets them ---- */

/* What one of several equals does to the others, in a thread of its own: that has a whole slice. */
static struct test_thread *equals[3];
static void (*deed)(void);

static void do_deed(void *arg)
{
    deed();
}

static void run_deed(void (*what)(void))
{
    struct test_thread *threads[] = { make(do_deed, 0, MIDDLE) };

    deed = what;
    start(threads, 1);
}

static void among_equals(void (*what)(void))
{
    for (unsigned i = 0; i < 3; i++) {
        equals[i] = make(once, (char)('A' + i), MIDDLE);
    }
    run_deed(what);
}

static void resume_all(void)
{
    for (unsigned i = 0; i < 3; i++) {
        test_thread_start(equals[i]);
    }
}

static void resume_equals(void)
{
    among_equals(resume_all);
}

TEST("1.11 Resume of an equal: it goes to the head, so the last one resumed runs first")
{
    check_order(resume_equals, "CBA");
}

static void write_registers_of_all(void)
{
    for (unsigned i = 0; i < 3; i++) {
        seL4_UserContext registers = { 0 };

        CHECK_OK(seL4_TCB_ReadRegisters(equals[i]->tcb, false, 0, ABI_REG_COUNT, &registers));
        CHECK_OK(seL4_TCB_WriteRegisters(equals[i]->tcb, true, 0, ABI_REG_COUNT, &registers));
    }
}

static void write_registers_of_equals(void)
{
    among_equals(write_registers_of_all);
}

TEST("1.11 WriteRegisters that resumes an equal: the same")
{
    check_order(write_registers_of_equals, "CBA");
}

static void copy_registers_of_all(void)
{
    for (unsigned i = 0; i < 3; i++) {
        /* Nothing of them, but the resumption. */
        CHECK_OK(
            seL4_TCB_CopyRegisters(equals[i]->tcb, equals[(i + 1) % 3]->tcb, false, true, false, false, 0));
    }
}

static void copy_registers_of_equals(void)
{
    among_equals(copy_registers_of_all);
}

TEST("1.11 CopyRegisters that resumes an equal: the same")
{
    check_order(copy_registers_of_equals, "CBA");
}

static seL4_CPtr deleted;

static void resume_and_delete(void)
{
    test_thread_start(equals[0]);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, deleted, seL4_WordBits));
}

/* W waits for an object, which goes away while B is ready. */
static void delete_beside_ready(seL4_CPtr object, void (*wait)(void *))
{
    struct test_thread *waiting = make(wait, 'W', MIDDLE);

    start(&waiting, 1);
    equals[0] = make(once, 'B', MIDDLE);
    deleted = object;
    run_deed(resume_and_delete);
}

static void delete_endpoint(void)
{
    delete_beside_ready(endpoint, call_and_say);
}

TEST("1.11 Deletion of an endpoint: an equal that waited goes to the head")
{
    check_order(delete_endpoint, "WB");
}
