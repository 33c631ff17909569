/*
 * Floating point: registers belong to the thread, whoever else computes in between and on whichever hart it
 * goes on (5.1, 5.2 SetFlags, 1.1).
 */
#include "answer.h"

#include <string.h>

#define FPU_THREADS 6

/* f0 to f31 and fcsr. */
struct fpu_state {
    seL4_Word f[32];
    seL4_Word fcsr;
};

static seL4_CPtr endpoint, done;

#define ALL_32(op)                                                                                         \
    op "f0, 0(%0)\n" op "f1, 8(%0)\n" op "f2, 16(%0)\n" op "f3, 24(%0)\n" op "f4, 32(%0)\n" op             \
       "f5, 40(%0)\n" op "f6, 48(%0)\n" op "f7, 56(%0)\n" op "f8, 64(%0)\n" op "f9, 72(%0)\n" op           \
       "f10, 80(%0)\n" op "f11, 88(%0)\n" op "f12, 96(%0)\n" op "f13, 104(%0)\n" op "f14, 112(%0)\n" op    \
       "f15, 120(%0)\n" op "f16, 128(%0)\n" op "f17, 136(%0)\n" op "f18, 144(%0)\n" op "f19, 152(%0)\n" op \
       "f20, 160(%0)\n" op "f21, 168(%0)\n" op "f22, 176(%0)\n" op "f23, 184(%0)\n" op "f24, 192(%0)\n" op \
       "f25, 200(%0)\n" op "f26, 208(%0)\n" op "f27, 216(%0)\n" op "f28, 224(%0)\n" op "f29, 232(%0)\n" op \
       "f30, 240(%0)\n" op "f31, 248(%0)\n"

/* Compiled code between load and store uses no floating point: there is none in it. */
static void fpu_load(const struct fpu_state *state)
{
    __asm__ volatile(ALL_32("fld ") "ld t0, 256(%0)\n fscsr t0" ::"r"(state) : "memory", "t0");
}

static void fpu_store(struct fpu_state *state)
{
    __asm__ volatile(ALL_32("fsd ") "frcsr t0\n sd t0, 256(%0)" ::"r"(state) : "memory", "t0");
}

static struct fpu_state pattern(seL4_Word seed)
{
    struct fpu_state state;

    for (seL4_Word i = 0; i < 32; i++) {
        state.f[i] = seed * 0x9e3779b97f4a7c15 + i;
    }
    state.fcsr = (seed & 3) << 5 | (seed & 31); /* a rounding mode and exception flags */
    return state;
}

static bool same(const struct fpu_state *a, const struct fpu_state *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static struct fpu_state first_seen;

static void store_first(void *arg)
{
    fpu_store(&first_seen);
    seL4_Signal(done);
}

TEST("5.1 FPU: a new thread starts with all floating-point registers and fcsr 0")
{
    struct fpu_state mine = pattern(77), zero;

    memset(&zero, 0, sizeof(zero));
    memset(&first_seen, 0xff, sizeof(first_seen));
    done = test_object(seL4_NotificationObject, 0);
    fpu_load(&mine);
    test_thread_start(test_thread_create(store_first, NULL, TEST_PRIORITY + 1, 0));
    seL4_Wait(done, NULL);
    CHECK(same(&first_seen, &zero));
}

TEST("1.1 FPU: a system call keeps all floating-point registers and fcsr")
{
    struct fpu_state mine = pattern(5), after;

    fpu_load(&mine);
    seL4_Yield();
    seL4_TCB_Resume(seL4_CapInitThreadTCB);
    fpu_store(&after);
    CHECK(same(&mine, &after));
}

static volatile seL4_Word wrong;

/* Loads a pattern, lets others run, looks at it; many times. */
static void compute(void *arg)
{
    struct fpu_state mine, after;

    for (seL4_Word round = 0; round < SOAK_OR(20000, 200); round++) {
        mine = pattern((seL4_Word)arg * 1000 + round);
        fpu_load(&mine);
        for (seL4_Word i = 0; i <= round % 4; i++) {
            seL4_Yield();
        }
        fpu_store(&after);
        if (!same(&mine, &after)) {
            wrong++;
        }
    }
    seL4_Signal(done);
}

static void wait_for(unsigned count)
{
    while (count--) {
        seL4_Recv(endpoint, NULL);
    }
}

static void compute_and_send(void *arg)
{
    compute(arg);
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void prepare(void)
{
    wrong = 0;
    done = test_object(seL4_NotificationObject, 0);
    endpoint = test_object(seL4_EndpointObject, 0);
}

TEST("5.1 FPU: registers survive switches between several threads of one hart")
{
    prepare();
    for (seL4_Word i = 0; i < FPU_THREADS; i++) {
        test_thread_start(test_thread_create(compute_and_send, (void *)i, TEST_PRIORITY - 1, 0));
    }
    wait_for(FPU_THREADS);
    CHECK_EQUAL(wrong, 0);
}

TEST("5.1 FPU: registers survive while a thread that does not compute runs in between")
{
    struct fpu_state mine = pattern(9), after;

    prepare();
    fpu_load(&mine);
    for (int i = 0; i < 50; i++) {
        seL4_Signal(done);
        seL4_Wait(done, NULL);
        seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY);
    }
    fpu_store(&after);
    CHECK(same(&mine, &after));
}

static volatile bool stop;

/* Never gives way, so that it is interrupted in the middle. */
static void compute_without_calls(void *arg)
{
    struct fpu_state mine = pattern((seL4_Word)arg), after;

    while (!stop) {
        fpu_load(&mine);
        for (volatile int i = 0; i < 100; i++) {
        }
        fpu_store(&after);
        if (!same(&mine, &after)) {
            wrong++;
        }
    }
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

TEST("5.2 FPU: registers survive migration between harts, of threads that yield and that do not")
{
    struct test_thread *threads[FPU_THREADS];

    prepare();
    stop = false;
    for (seL4_Word i = 0; i < FPU_THREADS; i++) {
        threads[i] =
            test_thread_create(i < 3 ? compute_and_send : compute_without_calls, (void *)i, TEST_PRIORITY, 0);
        test_thread_set_node(threads[i], i % test_nodes());
        test_thread_start(threads[i]);
    }
    for (seL4_Word i = 0; i < SOAK_OR(5000, 60); i++) {
        test_thread_set_node(threads[i % FPU_THREADS], (i * 7 + i / FPU_THREADS) % test_nodes());
        seL4_Yield();
    }
    stop = true;
    wait_for(FPU_THREADS);
    CHECK_EQUAL(wrong, 0);
}

/* Computes, hands over, and looks again: what happens in between is the test's. */
static void keep(void *arg)
{
    struct fpu_state mine = pattern((seL4_Word)arg), after;

    fpu_load(&mine);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    fpu_store(&after);
    wrong = !same(&mine, &after);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

TEST("5.2 FPU: registers of a thread that was moved while it was blocked are there on the new hart")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        struct fpu_state other = pattern(123);

        prepare();
        wrong = 1;
        struct test_thread *thread = test_thread_create(keep, (void *)(node + 40), TEST_PRIORITY + 1, 0);
        test_thread_start(thread);
        seL4_Recv(endpoint, NULL);
        fpu_load(&other);
        test_thread_set_node(thread, node);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        seL4_Recv(endpoint, NULL);
        CHECK_EQUAL(wrong, 0);
    }
}

/* Each time with new values, which the test moves to another hart. */
static void keep_again(void *arg)
{
    struct fpu_state mine, after;

    for (seL4_Word round = 1;; round++) {
        mine = pattern(round);
        fpu_load(&mine);
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        fpu_store(&after);
        wrong += !same(&mine, &after);
    }
}

TEST("5.2 FPU: a thread that comes back to a hart finds its newest registers, not those it left there")
{
    prepare();
    struct test_thread *thread = test_thread_create(keep_again, NULL, TEST_PRIORITY + 1, 0);
    test_thread_start(thread);
    for (seL4_Word round = 0; round < 3 * test_nodes(); round++) {
        seL4_Recv(endpoint, NULL);
        test_thread_set_node(thread, round % test_nodes());
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    }
    seL4_Recv(endpoint, NULL);
    CHECK_EQUAL(wrong, 0);
}

static void check_exception(struct test_thread *thread)
{
    seL4_UserContext regs = { 0 };
    seL4_MessageInfo_t info = seL4_Recv(endpoint, NULL);

    CHECK_EQUAL(seL4_MessageInfo_get_label(info), seL4_Fault_UserException);
    CHECK_EQUAL(seL4_MessageInfo_get_length(info), seL4_UserException_Length);
    CHECK_EQUAL(seL4_GetMR(seL4_UserException_Number), 2);
    CHECK_EQUAL(seL4_GetMR(seL4_UserException_Code), 0);
    seL4_Word pc = seL4_GetMR(seL4_UserException_FaultIP), sp = seL4_GetMR(seL4_UserException_SP);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &regs));
    CHECK_EQUAL(pc, regs.pc);
    CHECK_EQUAL(sp, regs.sp);
}

TEST("5.2 FPU: with the FPU-disabled flag the first computation is a UserException 2")
{
    prepare();
    struct test_thread *thread = test_thread_create(keep, (void *)1, TEST_PRIORITY + 1, endpoint);

    CHECK_EQUAL(seL4_TCB_SetFlags(thread->tcb, 0, seL4_TCBFlag_fpuDisabled).flags, 1);
    test_thread_start(thread);
    check_exception(thread);
}

TEST("5.2 FPU: when the flag is cleared the repeated instruction works")
{
    prepare();
    struct test_thread *thread = test_thread_create(keep, (void *)2, TEST_PRIORITY + 1, endpoint);

    wrong = 1;
    seL4_TCB_SetFlags(thread->tcb, 0, seL4_TCBFlag_fpuDisabled);
    test_thread_start(thread);
    check_exception(thread);
    CHECK_EQUAL(seL4_TCB_SetFlags(thread->tcb, seL4_TCBFlag_fpuDisabled, 0).flags, 0);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL)), 0);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL)), 0);
    CHECK_EQUAL(wrong, 0);
}

TEST("5.2 FPU: the flag set on a thread that has computed stops its next computation, on any hart")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        prepare();
        stop = false;
        struct test_thread *thread =
            test_thread_create(compute_without_calls, (void *)3, TEST_PRIORITY, endpoint);

        test_thread_set_node(thread, node);
        test_thread_start(thread);
        seL4_Yield();
        CHECK_EQUAL(seL4_TCB_SetFlags(thread->tcb, 0, seL4_TCBFlag_fpuDisabled).flags, 1);
        check_exception(thread);
        seL4_TCB_SetFlags(thread->tcb, seL4_TCBFlag_fpuDisabled, 0);
        stop = true;
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL)), 0);
        CHECK_EQUAL(wrong, 0);
    }
}

TEST("5.2 FPU: the caller can take the FPU from itself and keeps its registers for later")
{
    struct fpu_state mine = pattern(31), after;

    fpu_load(&mine);
    sel4_invoke(seL4_CapInitThreadTCB, TCBSetFlags, 0, 2, 0, seL4_TCBFlag_fpuDisabled, 0, 0);
    sel4_invoke(seL4_CapInitThreadTCB, TCBSetFlags, 0, 2, seL4_TCBFlag_fpuDisabled, 0, 0, 0);
    fpu_store(&after);
    CHECK(same(&mine, &after));
}

TEST("5.2 FPU: a thread that is deleted while its registers are loaded leaves nothing to a new one")
{
    struct fpu_state zero;

    memset(&zero, 0, sizeof(zero));
    prepare();
    struct test_thread *thread = test_thread_create(keep, (void *)50, TEST_PRIORITY + 1, 0);
    test_thread_start(thread);
    seL4_Recv(endpoint, NULL);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, thread->tcb, seL4_WordBits));
    memset(&first_seen, 0xff, sizeof(first_seen));
    test_thread_start(test_thread_create(store_first, NULL, TEST_PRIORITY + 1, 0));
    seL4_Wait(done, NULL);
    CHECK(same(&first_seen, &zero));
}

static void use_vectors(void *arg)
{
    __asm__ volatile(".word 0xc00272d7" ::: "t0"); /* vsetivli t0, 4, e8, m1 */
    seL4_Send(endpoint, seL4_MessageInfo_new(seL4_Fault_NullFault, 0, 0, 0));
}

TEST("5.2 vectors: nobody saves their registers, so an instruction that uses them is a UserException 2")
{
    prepare();
    struct test_thread *thread = test_thread_create(use_vectors, NULL, TEST_PRIORITY + 1, endpoint);

    test_thread_start(thread);
    check_exception(thread);
}
