/*
 * CancelBadgedSends takes long, and is interrupted. How far it is belongs to the call: one that comes after
 * another one has failed in its middle, or that the same thread makes by the other door, does all of its
 * work.
 */
#include "workers.h"

#define SENDERS  64
#define ATTEMPTS SOAK_OR(400, 24)
#define BADGE    1

extern const char repeat_call[];

static struct {
    seL4_CPtr endpoint;
    seL4_CPtr badged, slot; /* copies with the badge: one for the senders, and one that is invoked */
    seL4_CPtr away;         /* an empty slot */
    seL4_CPtr go, again, first, second;
    volatile seL4_Error error;
    volatile unsigned left;
} trial;

/* Senders with the badge, less important than who cancels, and more than the bystander: when that runs, they
 * wait. */
static void start_senders(seL4_CPtr cap)
{
    seL4_CPtr memory = test_object(seL4_UntypedObject, seL4_TCBBits + 6);

    for (unsigned i = 0; i < SENDERS; i++) {
        seL4_UserContext registers = { .pc = (seL4_Word)repeat_call,
                                       .a0 = cap,
                                       .a7 = (seL4_Word)seL4_SysSend };
        seL4_CPtr tcb = test_slot();
        CHECK_OK(seL4_Untyped_Retype(memory, seL4_TCBObject, 0, CNODE, 0, 0, tcb, 1));
        CHECK_OK(seL4_TCB_Configure(tcb, 0, CNODE, 0, VSPACE, 0, 0, 0));
        CHECK_OK(seL4_TCB_SetPriority(tcb, SELF, LOW + 1));
        CHECK_OK(seL4_TCB_WriteRegisters(tcb, true, 0, ABI_REG_COUNT, &registers));
    }
}

static void prepare(void)
{
    begin();
    occupy_harts_but(0);
    make_bystander(0);
    trial.endpoint = test_object(seL4_EndpointObject, 0);
    trial.badged = test_mint(trial.endpoint, seL4_AllRights, BADGE);
    trial.slot = test_mint(trial.endpoint, seL4_AllRights, BADGE);
    trial.away = test_slot();
    trial.go = test_object(seL4_NotificationObject, 0);
    trial.again = test_object(seL4_NotificationObject, 0);
    trial.first = teller(FIRST);
    trial.second = teller(SECOND);
    start_senders(trial.badged);
}

/* Messages with the badge that wait. */
static unsigned count_left(seL4_CPtr endpoint)
{
    unsigned left = 0;
    seL4_Word badge;

    while (seL4_NBRecv(endpoint, &badge), badge != 0) {
        left++;
    }
    return left;
}

/* While this runs no sender does. */
static void cancel_twice(void *unused)
{
    for (;;) {
        seL4_Wait(trial.go, NULL);
        trial.error = seL4_CNode_CancelBadgedSends(CNODE, trial.slot, DEPTH);
        seL4_Signal(trial.first);
        seL4_Wait(trial.again, NULL);
        CHECK_OK(seL4_CNode_CancelBadgedSends(CNODE, trial.slot, DEPTH));
        trial.left = count_left(trial.endpoint);
        seL4_Signal(trial.second);
    }
}

TEST("workers cancel: a CancelBadgedSends behind one that failed in its middle leaves no message with the "
     "badge")
{
    unsigned failed = 0;

    prepare();
    start(cancel_twice, NULL, MIDDLE, 0);
    seL4_CPtr other = test_mint(trial.endpoint, seL4_AllRights, BADGE + 1);
    for (unsigned i = 0; i < ATTEMPTS && BELOW_RUNS(); i++) {
        seL4_Signal(trial.go);
        let_run(10000 + 2000 * i); /* in nanoseconds: in the middle of it, if the host is not slow */
        CHECK_OK(seL4_CNode_Move(CNODE, trial.away, DEPTH, CNODE, trial.slot, DEPTH));
        CHECK_OK(seL4_CNode_CancelBadgedSends(CNODE, other, DEPTH));
        AWAIT(FIRST);
        failed += trial.error != seL4_NoError;
        CHECK_OK(seL4_CNode_Move(CNODE, trial.slot, DEPTH, CNODE, trial.away, DEPTH));
        BELOW_RUNS(); /* all senders wait again */
        seL4_Signal(trial.again);
        AWAIT(SECOND);
        if (trial.left) {
            test_fail(__FILE__, __LINE__, "attempt %u: %u messages are left", i, trial.left);
            return;
        }
    }
    test_note("%u of %lu calls failed in their middle", failed, (seL4_Word)ATTEMPTS);
    CHECK(failed > 0 || !instruction_nanoseconds());
}

/* ---- By both doors ---- */

static struct rel4_queue *queue;
static seL4_CPtr by_call;

static void cancel_by_call(void *unused)
{
    for (;;) {
        seL4_Wait(trial.go, NULL);
        CHECK_OK(seL4_CNode_CancelBadgedSends(CNODE, by_call, DEPTH));
        seL4_Signal(trial.first);
    }
}

TEST("workers cancel: a thread's call and its ring's, one in the middle of the other, both do all of their "
     "work")
{
    static struct spinner keeper; /* keeps senders that were cancelled from sending again */

    prepare();
    spinner_start(&keeper, LOW + 2, 0);
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    by_call = test_mint(endpoint, seL4_AllRights, BADGE);
    start_senders(by_call);
    queue = queue_new(start(cancel_by_call, NULL, MIDDLE, 0)->tcb, 5, REL4_POLICY_CALL);
    for (unsigned i = 0; i < ATTEMPTS && BELOW_RUNS(); i++) {
        PUT(queue, CNODE, CNodeCancelBadgedSends, .length = 2, .words = { trial.slot, DEPTH });
        spinner_go(&keeper);
        rel4_queue_publish(queue);
        rel4_queue_must_wake(queue);
        CHECK_OK(wake(queue));
        let_run(10000 + 2000 * i); /* the ring's is in its middle */
        seL4_Signal(trial.go);
        AWAIT(FIRST);
        TAKE(queue, 1);
        unsigned ring_left = count_left(trial.endpoint), call_left = count_left(endpoint);
        if (ring_left || call_left) {
            test_fail(__FILE__, __LINE__, "attempt %u: %u and %u messages are left", i, ring_left, call_left);
            return;
        }
        keeper.stop = true;
    }
}
