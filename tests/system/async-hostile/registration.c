/*
 * Registering a queue with everything that is not right: each is refused, and changes nothing, so that the
 * right registration afterwards works.
 */
#include "clock.h"
#include "queue.h"

#define REQUEST_BITS  5
#define RESPONSE_BITS 6
#define FRAME_BITS    1
#define FRAMES        2

/* Where pages of this file's queues are seen. */
#define VIEW ((char *)0x3001000000)

static struct answer bind(seL4_CPtr queue, seL4_Word requests, seL4_Word responses, seL4_Word policy,
                          seL4_CPtr tcb, seL4_CPtr notification)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7,
                  .words = { requests, responses, policy, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul },
                  .extras = 2, .caps = { tcb, notification });
}

static struct answer add(seL4_CPtr queue, seL4_Word position, seL4_Word count, seL4_Word slot)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { position, count, slot },
                  .extras = 1, .caps = { seL4_CapInitThreadCNode });
}

static struct answer start(seL4_CPtr queue)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_START, .length = 0);
}

#define CHECK_REFUSED(answer) CHECK((answer).error != seL4_NoError)

/* What a registration is made of. */
static seL4_CPtr queue, tcb, notification, frames;

static void set_up(void)
{
    queue = queue_object(FRAME_BITS);
    struct actor actor = actor_new();
    tcb = actor.tcb;
    /* It waits for ever: the queue of a suspended thread is not served. */
    actor_start(&actor, SYS_RECV, test_object(seL4_EndpointObject, 0), 0);
    notification = test_object(seL4_NotificationObject, 0);
    frames = queue_frames(FRAMES, VIEW);
}

static void bind_right(void)
{
    CHECK_OK(bind(queue, REQUEST_BITS, RESPONSE_BITS, REL4_POLICY_CALL, seL4_CapInitThreadTCB, notification)
                 .error);
}

/* The rest of the registration, and a request that is served. */
static void finish(bool bound, bool framed)
{
    struct queue whole = {
        .cap = queue,
        .notification = notification,
        .reply = notification,
        .frames = frames,
        .pages = FRAMES,
        .request_bits = REQUEST_BITS,
        .response_bits = RESPONSE_BITS,
        .memory = VIEW,
    };

    if (!bound) {
        bind_right();
    }
    if (!framed) {
        CHECK_OK(add(queue, 0, FRAMES, frames).error);
    }
    CHECK_OK(start(queue).error);
    queue_check_works(&whole);
}

TEST("async registration: Bind takes no lengths, policies and sizes that do not exist")
{
    static const seL4_Word bits[] = {
        0,
        REL4_REQUESTS_MIN_BITS - 1,
        REL4_RESPONSES_MAX_BITS + 1,
        31,
        32,
        63,
        64,
        -1ul,
        1ul << 32 | 6,
        1ul << 63 | 6,
        256 + 6,
    };
    static const seL4_Word policies[] = { 2, 3, 256, 1ul << 32, 1ul << 63, -1ul };

    set_up();
    for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        CHECK_REFUSED(bind(queue, bits[i], 6, 0, seL4_CapInitThreadTCB, notification));
        CHECK_REFUSED(bind(queue, 5, bits[i], 0, seL4_CapInitThreadTCB, notification));
    }
    for (unsigned i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        CHECK_REFUSED(bind(queue, 5, 6, policies[i], seL4_CapInitThreadTCB, notification));
    }
    for (seL4_Word length = 0; length < 3; length++) {
        CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = length, .words = { 5, 6, 0 }, .extras = 2,
                            .caps = { seL4_CapInitThreadTCB, notification }),
                     seL4_TruncatedMessage);
    }
    for (seL4_Word extras = 0; extras < 2; extras++) {
        CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 3, .words = { 5, 6, 0 }, .extras = extras,
                            .caps = { seL4_CapInitThreadTCB, notification }),
                     seL4_TruncatedMessage);
    }
    finish(false, false);
}

TEST("async registration: Bind takes a TCB and a notification with the right to signal, and nothing else")
{
    set_up();
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr silent = test_mint(notification, seL4_CapRights_new(true, true, true, false), 0);
    seL4_CPtr no_tcb[] = {
        seL4_CapNull,
        queue,
        notification,
        endpoint,
        frames,
        seL4_CapInitThreadCNode,
        test_arena,
        seL4_CapInitThreadVSpace,
        seL4_CapIRQControl,
        seL4_CapDomain,
    };
    seL4_CPtr no_notification[] = {
        seL4_CapNull,
        queue,
        seL4_CapInitThreadTCB,
        endpoint,
        frames,
        seL4_CapInitThreadCNode,
        test_arena,
        seL4_CapInitThreadVSpace,
        seL4_CapIRQControl,
        seL4_CapDomain,
        silent,
    };

    for (unsigned i = 0; i < sizeof(no_tcb) / sizeof(no_tcb[0]); i++) {
        CHECK_REFUSED(bind(queue, 5, 6, 0, no_tcb[i], notification));
    }
    for (unsigned i = 0; i < sizeof(no_notification) / sizeof(no_notification[0]); i++) {
        CHECK_REFUSED(bind(queue, 5, 6, 0, seL4_CapInitThreadTCB, no_notification[i]));
    }
    finish(false, false);
}

TEST("async registration: a thread has one queue and a queue one thread, also if they ask twice")
{
    set_up();
    seL4_CPtr other = queue_object(FRAME_BITS);

    bind_right();
    CHECK_REFUSED(bind(queue, 5, 6, 0, seL4_CapInitThreadTCB, notification));
    CHECK_REFUSED(bind(queue, 5, 6, 0, tcb, notification));
    CHECK_REFUSED(bind(other, 5, 6, 0, seL4_CapInitThreadTCB, notification));
    CHECK_OK(bind(other, 5, 6, 0, tcb, notification).error);
    finish(true, false);
    CHECK_REFUSED(bind(queue, 5, 6, 0, seL4_CapInitThreadTCB, notification));
    CHECK_REFUSED(bind(queue, 6, 6, 0, tcb, notification));
}

TEST("async registration: AddFrames takes no positions, counts and slots beyond what there is")
{
    static const seL4_Word bad[] = {
        FRAMES, FRAMES + 1, 255, 256, 257, 1ul << 32, 1ul << 63, -1ul, -2ul,
    };

    set_up();
    CHECK_REFUSED(add(queue, 0, FRAMES, frames));
    bind_right();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_REFUSED(add(queue, bad[i], 1, frames));
        CHECK_REFUSED(add(queue, 1, bad[i], frames));
        CHECK_REFUSED(add(queue, bad[i], bad[i], frames));
        CHECK_REFUSED(add(queue, bad[i], -bad[i], frames));
        CHECK_REFUSED(add(queue, 0, FRAMES, bad[i] << 20));
    }
    CHECK_REFUSED(add(queue, 0, 3, frames));
    CHECK_REFUSED(add(queue, 0, 0, frames));
    CHECK_REFUSED(add(queue, 0, 2, -1ul));
    CHECK_REFUSED(add(queue, 0, 2, 1ul << 32 | frames));
    CHECK_REFUSED(add(queue, 0, 2, 1ul << 63 | frames));
    for (seL4_Word length = 0; length < 3; length++) {
        CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = length, .words = { 0, 2, frames },
                            .extras = 1, .caps = { seL4_CapInitThreadCNode }),
                     seL4_TruncatedMessage);
    }
    CHECK_ANSWER(
        INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { 0, 2, frames }, .extras = 0),
        seL4_TruncatedMessage);
    seL4_CPtr no_cnode[] = { seL4_CapNull, queue, tcb, notification, frames, test_arena };
    for (unsigned i = 0; i < sizeof(no_cnode) / sizeof(no_cnode[0]); i++) {
        CHECK_REFUSED(INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { 0, 2, frames },
                             .extras = 1, .caps = { no_cnode[i] }));
    }
    finish(true, false);
}

/* Slot first + 1 holds what is in cap; the slot before it a good frame. */
static seL4_CPtr pair_with(seL4_CPtr cap, seL4_CapRights_t rights)
{
    seL4_CPtr first = test_mint(frames, seL4_AllRights, 0), second = test_slot();

    CHECK_EQUAL(second, first + 1);
    if (cap) {
        CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, second, seL4_WordBits, seL4_CapInitThreadCNode, cap,
                                 seL4_WordBits, rights));
    }
    return first;
}

TEST("async registration: frames are frames of memory with read and write rights, all of them")
{
    set_up();
    bind_right();
    seL4_CPtr device = rtc_frame();
    CHECK(device != seL4_CapNull);
    seL4_CPtr wrong[] = {
        seL4_CapNull,
        tcb,
        notification,
        queue,
        seL4_CapInitThreadVSpace,
        device,
        test_object(seL4_CapTableObject, 1),
    };
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_REFUSED(add(queue, 0, 2, pair_with(wrong[i], seL4_AllRights)));
    }
    CHECK_REFUSED(add(queue, 0, 2, pair_with(frames + 1, seL4_CanRead)));
    CHECK_REFUSED(add(queue, 0, 2, pair_with(frames + 1, seL4_CapRights_new(false, false, false, false))));
    finish(true, false);
}

TEST("async registration: the same memory at two places is the user's own affair, and does no harm")
{
    set_up();
    bind_right();
    CHECK_OK(add(queue, 0, 2, pair_with(frames, seL4_AllRights)).error);
    CHECK_OK(start(queue).error);
    /* What is header and what is ring is now the same memory. */
    for (uint32_t i = 0; i < 100; i++) {
        *(volatile uint32_t *)(VIEW + REL4_HEADER_REQUEST_PRODUCER) = i;
        INVOKE(queue, REL4_LABEL_QUEUE_WAKE, .length = 0);
        if (INVOKE(queue, REL4_LABEL_QUEUE_RESET, .length = 0).error) {
            hostile_pause();
        }
    }
    CHECK_REFUSED(add(queue, 1, 1, frames));
    CHECK_OK(INVOKE(queue, REL4_LABEL_QUEUE_DETACH, .length = 0).error);
    finish(false, false);
}

TEST("async registration: pages of one size, and as many as the rings need")
{
    set_up();
    seL4_CPtr large = test_object(seL4_RISCV_Mega_Page, 0);

    bind_right();
    CHECK_REFUSED(start(queue));
    CHECK_OK(add(queue, 1, 1, frames + 1).error);
    CHECK_REFUSED(start(queue));
    struct answer mixed = add(queue, 0, 1, large);
    CHECK(mixed.error || start(queue).error);
    if (!mixed.error) {
        return;
    }
    CHECK_OK(add(queue, 0, 1, frames).error);
    finish(true, true);
    CHECK_REFUSED(start(queue));
    CHECK_REFUSED(add(queue, 0, 1, frames));
}

TEST("async registration: rings that the frames cannot hold are refused, at Bind or at Start")
{
    set_up();
    seL4_CPtr first = queue_frames(FRAMES, VIEW + 0x100000);

    for (seL4_Word bits = 7; bits <= REL4_REQUESTS_MAX_BITS; bits++) {
        seL4_CPtr small = queue_object(FRAME_BITS), some = test_object(seL4_TCBObject, 0);
        struct answer bound = bind(small, bits, 6, 0, some, notification);
        if (!bound.error) {
            add(small, 0, FRAMES, first);
            CHECK_REFUSED(start(small));
        }
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, some, seL4_WordBits));
        some = test_object(seL4_TCBObject, 0);
        bound = bind(queue_object(FRAME_BITS), 5, bits + 2, 0, some, notification);
        if (!bound.error) {
            CHECK_REFUSED(start(small));
        }
    }
    finish(false, false);
}

TEST("async registration: frames in any order of adding are the queue's memory in the order of positions")
{
    set_up();
    bind_right();
    CHECK_OK(add(queue, 1, 1, frames + 1).error);
    CHECK_OK(add(queue, 0, 1, frames).error);
    finish(true, true);
}

TEST("async registration: a page that is deleted before Start is missing at Start")
{
    set_up();
    bind_right();
    CHECK_OK(add(queue, 0, FRAMES, frames).error);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, frames + 1, seL4_WordBits));
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, test_arena, seL4_WordBits));
}

TEST("async registration: a queue takes 2^0 to 2^8 frames, and no others")
{
    static const seL4_Word sizes[] = { 9, 10, 31, 32, 63, 64, 256, 1ul << 32, 1ul << 63, -1ul };

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_ERROR(seL4_Untyped_Retype(test_arena, REL4_TYPE_ASYNC_QUEUE, sizes[i], seL4_CapInitThreadCNode,
                                        0, 0, test_slot(), 1),
                    seL4_RangeError);
    }
    for (unsigned bits = 0; bits <= 8; bits++) {
        queue_object(bits);
    }
    CHECK_ERROR(seL4_Untyped_Retype(test_arena, REL4_TYPE_ASYNC_QUEUE + 1, 0, seL4_CapInitThreadCNode, 0, 0,
                                    test_slot(), 1),
                seL4_InvalidArgument);
}

/* Every state that a queue can be in. */
enum state {
    NEW,
    BOUND,
    PARTIAL,
    FRAMED,
    STARTED,
    FAULTED,
    DETACHED,
    ORPHANED, /* its thread is deleted */
    STATES
};

static seL4_CPtr thread_of_queue;

static void bring_into(enum state state)
{
    set_up();
    thread_of_queue = tcb;
    if (state == NEW) {
        return;
    }
    CHECK_OK(bind(queue, REQUEST_BITS, RESPONSE_BITS, 0, tcb, notification).error);
    if (state == PARTIAL) {
        CHECK_OK(add(queue, 1, 1, frames + 1).error);
    } else if (state >= FRAMED) {
        CHECK_OK(add(queue, 0, FRAMES, frames).error);
    }
    if (state >= STARTED) {
        CHECK_OK(start(queue).error);
    }
    if (state == FAULTED) {
        *(volatile uint32_t *)(VIEW + REL4_HEADER_REQUEST_PRODUCER) = 1000;
        CHECK_OK(INVOKE(queue, REL4_LABEL_QUEUE_WAKE, .length = 0).error);
        WAIT_FOR(*(volatile uint32_t *)(VIEW + REL4_HEADER_FAULT) == REL4_FAULT_REQUEST_INDEX);
    } else if (state == DETACHED) {
        CHECK_OK(INVOKE(queue, REL4_LABEL_QUEUE_DETACH, .length = 0).error);
    } else if (state == ORPHANED) {
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, tcb, seL4_WordBits));
    }
}

static struct answer anything(seL4_Word label)
{
    return INVOKE(queue, label, .length = 4, .words = { 5, 5, 0, 0 }, .extras = 3,
                  .caps = { tcb, notification, frames });
}

TEST("async registration: every invocation in every state is answered, and all memory comes back")
{
    for (enum state state = NEW; state < STATES; state++) {
        for (seL4_Word first = REL4_LABEL_QUEUE_BIND; first <= REL4_LABEL_QUEUE_DETACH; first++) {
            for (seL4_Word second = REL4_LABEL_QUEUE_BIND; second <= REL4_LABEL_QUEUE_DETACH; second++) {
                bring_into(state);
                anything(first);
                anything(second);
                test_check_memory_is_whole();
            }
        }
    }
}

TEST("async registration: what is out of turn is refused")
{
    static const bool allowed[STATES][REL4_LABEL_QUEUE_DETACH - REL4_LABEL_QUEUE_BIND + 1] = {
        /*               Bind, AddFrames, Start, Wake, Reset, Detach */
        [FRAMED] = { false, false, true, false, false, true },
        [STARTED] = { false, false, false, true, false, true },
        [FAULTED] = { false, false, false, false, true, true },
    };

    for (enum state state = FRAMED; state <= FAULTED; state++) {
        for (seL4_Word label = REL4_LABEL_QUEUE_BIND; label <= REL4_LABEL_QUEUE_DETACH; label++) {
            bring_into(state);
            bool worked = anything(label).error == seL4_NoError;
            if (allowed[state][label - REL4_LABEL_QUEUE_BIND] && !worked) {
                test_fail(__FILE__, __LINE__, "state %u, label 0x%lx is refused", state, label);
            }
            test_reset();
        }
    }
}

TEST("async registration: after Detach the queue and the thread can be registered anew")
{
    set_up();
    bind_right();
    CHECK_OK(add(queue, 0, FRAMES, frames).error);
    CHECK_OK(start(queue).error);
    CHECK_OK(INVOKE(queue, REL4_LABEL_QUEUE_DETACH, .length = 0).error);
    for (unsigned i = 0; i < FRAMES * 4096; i++) {
        VIEW[i] = 0;
    }
    finish(false, false);
}
