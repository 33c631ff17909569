/*
 * Nobody is current but who runs. A batch does something to the thread that ran on the hart before it, or is
 * to run there next; to the thread in whose wake call it is served; or to the thread whose queue it is.
 * Afterwards the hart runs whom it should, with the registers that it should have, and no thread is on two
 * harts.
 */
#include "workers.h"

#define ROUNDS SOAK_OR(40, 1)
#define PADS   20 /* requests, enough for a hart that idles to be called */

/* How it comes that the batch is served. */
enum way {
    OWNER_BLOCKS,
    OWNER_WAKES,
    ANOTHER_HART_WAKES, /* while the victim runs */
    VICTIM_WAKES,       /* the queue of a more important thread */
    OWN_WAKE,           /* the victim wakes its own queue, */
    OWN_WAIT,           /* or blocks with requests in it */
    WAYS
};
static const char *const names[] = {
    "its owner blocks",          "its owner wakes it",         "another hart wakes it",
    "a less important wakes it", "the thread itself wakes it", "the thread itself blocks",
};

static struct {
    enum way way;
    seL4_Word node, other_node;
    bool woken; /* the victim waits, and the batch wakes it first */
    bool tells; /* the test is signalled the answers, and so comes before whoever would run next */
    struct victim_thread victim;
    struct victim *block;
    struct rel4_queue *queue;
    seL4_CPtr go; /* for the owner */
    seL4_CPtr wait, waker;
    unsigned requests; /* written so far */
} trial;

#define WAKER_BADGE 0x77

#define ASK(cap, label, ...) (PUT(trial.queue, cap, label, __VA_ARGS__), trial.requests++)

/* Requests that change nothing. */
static void ask_for_nothing(unsigned number)
{
    put_many(trial.queue, number);
    trial.requests += number;
}

/* The victim is the thread whose queue it is. */
static bool by_itself(void)
{
    return trial.way >= OWN_WAKE;
}

static void own(void *unused)
{
    for (;;) {
        seL4_Wait(trial.go, NULL);
        if (trial.way == OWNER_WAKES && rel4_queue_must_wake(trial.queue)) {
            wake(trial.queue);
        }
    }
}

static void let_victim_wait(void)
{
    victim_call(trial.block, seL4_SysRecv, trial.wait, 0, WAKER_BADGE, 0);
}

static bool prepare(enum way way, seL4_Word node, unsigned pads, bool woken, bool tells, bool receiver)
{
    test_reset();
    begin();
    trial.way = way;
    trial.tells = tells;
    trial.node = node;
    trial.other_node = (node + 1) % test_nodes();
    trial.woken = woken;
    trial.requests = 0;
    trial.go = test_object(seL4_NotificationObject, 0);
    trial.wait = test_object(seL4_NotificationObject, 0);
    trial.waker = test_mint(trial.wait, seL4_AllRights, WAKER_BADGE);
    make_bystander(node);
    victim_start(&trial.victim, MIDDLE, node, receiver);
    trial.block = trial.victim.block;
    struct test_thread *owner = start(own, NULL, HIGH, node);
    trial.queue = queue_new(by_itself() ? trial.victim.tcb : owner->tcb, 8, REL4_POLICY_CALL);
    ask_for_nothing(pads);
    if (woken) {
        let_victim_wait();
        ASK(trial.waker, 0, .length = 0);
        return BELOW_RUNS();
    }
    /* So what ran last on its hart is the victim, or this thread and before it the victim. */
    return VICTIM_RUNS(trial.block);
}

/* Has the batch served, and waits for the answers to all requests but the last few. */
static bool serve(unsigned but)
{
    forget(ANSWERED | BELOW);
    if (trial.tells) {
        rel4_ring_sleep(rel4_queue_header(trial.queue, REL4_HEADER_REQUESTER_STATE));
    } else {
        rel4_ring_stay(rel4_queue_header(trial.queue, REL4_HEADER_REQUESTER_STATE));
    }
    rel4_queue_publish(trial.queue);
    switch (trial.way) {
    case OWNER_BLOCKS:
    case OWNER_WAKES:
        seL4_Signal(trial.go);
        break;
    case ANOTHER_HART_WAKES:
        CHECK(rel4_queue_must_wake(trial.queue));
        CHECK_OK(wake(trial.queue));
        break;
    case OWN_WAIT:
        let_victim_wait();
        break;
    default:
        CHECK(rel4_queue_must_wake(trial.queue));
        victim_call(trial.block, seL4_SysCall, trial.queue->cap, info(REL4_LABEL_QUEUE_WAKE, 0, 0), 0, 0);
        break;
    }
    for (unsigned i = 0; !trial.tells && answers(trial.queue) < trial.requests - but && i < 1000; i++) {
        let_run(MILLISECOND / 4);
    }
    return TAKE(trial.queue, trial.requests - but);
}

/* The victim does not run: what is less important does, and the victim's turns are not more afterwards. */
static bool is_stopped(void)
{
    if (!BELOW_RUNS()) {
        return false;
    }
    seL4_Word turns = trial.block->turns;
    BELOW_RUNS();
    CHECK_EQUAL(trial.block->turns, turns);
    return !test_has_failed();
}

/* It goes on, and the system call that it was in, if it was, has come back once. */
static void check_goes_on(void)
{
    if (trial.way == OWN_WAIT) {
        seL4_Signal(trial.waker);
    }
    VICTIM_RUNS(trial.block);
    CHECK_EQUAL(trial.block->called, trial.woken || trial.way >= VICTIM_WAKES);
}

/* One trial of a way; kind is a number of three bits. */
static void try(void (*deed)(void), enum way way, seL4_Word node, unsigned pads, unsigned kind)
{
    bool woken = kind & 1, tells = kind & 2, receiver = kind & 4;

    if (woken && way >= VICTIM_WAKES) {
        return; /* it has to wake */
    }
    if (prepare(way, node, pads, woken, tells, receiver)) {
        deed();
    }
    if (test_has_failed()) {
        test_note("when %s, hart %lu, %u requests before, %s, %s, %s", names[way], node, pads,
                  woken ? "it has just been woken" : "it ran",
                  tells ? "answers signalled" : "nothing signalled", receiver ? "a receiver" : "no receiver");
    }
}

/* Every way in which a batch can be served, with every kind of victim; and by turns on the first hart and on
 * the second, and with requests before or without. */
static void try_all(void (*deed)(void), unsigned kinds)
{
    for (unsigned i = 0; i < ROUNDS * WAYS * 8 && !test_has_failed(); i++) {
        enum way way = i % WAYS;
        unsigned kind = i / WAYS % 8, turn = i / (WAYS * 8) + way + kind;
        seL4_Word node = way == ANOTHER_HART_WAKES ? 1 : turn % 2 * (test_nodes() > 1);
        if (node < test_nodes()) {
            try(deed, way, node, turn & 2 && test_nodes() > 1 ? PADS : 0, kind | kinds);
        }
    }
}

/* ---- Stopped, and let go on ---- */

static void suspend(void)
{
    ASK(trial.victim.tcb, TCBSuspend, .length = 0);
    ask_for_nothing(1);
    if (serve(by_itself()) && is_stopped()) {
        CHECK_EQUAL(answers(trial.queue), 0);
        CHECK_OK(seL4_TCB_Resume(trial.victim.tcb));
        check_goes_on();
        TAKE(trial.queue, by_itself());
    }
}

TEST("workers current: a thread that a batch suspends does not run, and goes on as it was when it is resumed")
{
    try_all(suspend, 0);
}

static void change_domain(void)
{
    ASK(seL4_CapDomain, DomainSetSet, .length = 1, .words = { 1 }, .extras = 1, .caps = { trial.victim.tcb });
    ask_for_nothing(1);
    if (serve(by_itself()) && is_stopped()) {
        CHECK_EQUAL(answers(trial.queue), 0);
        CHECK_ANSWER(domain_set(0, trial.victim.tcb), seL4_NoError);
        check_goes_on();
        TAKE(trial.queue, by_itself());
    }
}

TEST("workers current: a thread that a batch puts into another domain does not run, and goes on when it is "
     "back")
{
    if (domains() > 1) {
        try_all(change_domain, 0);
    }
}

/* ---- Deleted ---- */

static seL4_Word made_of_it;

/* Words that a kernel which still took the memory for a thread would stumble over. */
static void fill_slots(seL4_CPtr cnode)
{
    for (seL4_Word i = 0; i < 64; i++) {
        ASK(cnode, CNodeMint, .length = 6,
            .words = { i, 6, trial.wait, DEPTH, ABI_RIGHTS_ALL, i % 2 ? 1 : ~i }, .extras = 1,
            .caps = { CNODE });
    }
}

/* Nobody has saved registers in it afterwards. */
static void check_is_clear(seL4_CPtr page)
{
    const seL4_Word *words = (const seL4_Word *)PAGE;

    CHECK_OK(simple_map_page(VSPACE, page, PAGE, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    for (unsigned i = 0; i < 512; i++) {
        CHECK_EQUAL(words[i], 0);
    }
}

static void make_other_use(void)
{
    static const struct arguments of_type[] = {
        [seL4_CapTableObject] = { .words = { seL4_CapTableObject, 6 } },
        [seL4_TCBObject] = { .words = { seL4_TCBObject } },
        [seL4_RISCV_4K_Page] = { .words = { seL4_RISCV_4K_Page } },
    };
    struct arguments retype = of_type[made_of_it];
    seL4_CPtr made = test_slot();

    retype.length = 6;
    retype.words[4] = made;
    retype.words[5] = 1;
    retype.extras = 1;
    retype.caps[0] = CNODE;
    ASK(CNODE, CNodeDelete, .length = 2, .words = { trial.victim.tcb, DEPTH });
    put(trial.queue, trial.victim.untyped, UntypedRetype, &retype);
    trial.requests++;
    if (made_of_it == seL4_CapTableObject) {
        fill_slots(made);
    }
    unsigned behind = made_of_it == seL4_CapTableObject ? 66 : 2;
    if (!serve(by_itself() ? behind : 0) || !is_stopped()) {
        return;
    }
    if (by_itself()) {
        /* It took its queue with it, and what was begun is to be done again. */
        CHECK_EQUAL(answers(trial.queue), 0);
        CHECK_EQUAL(wake(trial.queue), seL4_IllegalOperation);
        CHECK_OK(seL4_CNode_Delete(CNODE, trial.victim.tcb, DEPTH));
        CHECK_OK(invoke(trial.victim.untyped, UntypedRetype, &retype).error);
    }
    CHECK(!test_slot_used(trial.victim.tcb));
    CHECK(test_slot_used(made));
    if (made_of_it == seL4_RISCV_4K_Page) {
        check_is_clear(made);
    }
}

TEST("workers current: a thread that a batch deletes and makes a CNode of, full of chosen words, is gone")
{
    made_of_it = seL4_CapTableObject;
    try_all(make_other_use, 0);
}

TEST("workers current: a thread that a batch deletes and makes another thread of is gone")
{
    made_of_it = seL4_TCBObject;
    try_all(make_other_use, 0);
}

TEST("workers current: a thread that a batch deletes and makes a page of is gone")
{
    made_of_it = seL4_RISCV_4K_Page;
    try_all(make_other_use, 0);
}

/* ---- Moved ---- */

#if CONFIG_MAX_NUM_NODES > 1
static void check_moved(void)
{
    if (trial.way == OWN_WAIT) {
        seL4_Signal(trial.waker);
    }
    VICTIM_RUNS(trial.block);
    let_run(2 * MILLISECOND);
    VICTIM_RUNS(trial.block);
    CHECK_EQUAL(trial.block->called, trial.woken || trial.way >= VICTIM_WAKES);
    if (trial.node != trial.other_node) {
        BELOW_RUNS();
    }
}

static void move(void)
{
    ASK(trial.victim.tcb, TCBSetAffinity, .length = 1, .words = { trial.other_node });
    ask_for_nothing(1);
    if (serve(0)) {
        check_moved();
    }
}

TEST("workers current: a thread that a batch moves goes on where it is moved to, and nowhere else")
{
    try_all(move, 0);
}

static void move_and_resume(void)
{
    if (by_itself()) {
        return; /* nothing behind the Suspend would be served */
    }
    ASK(trial.victim.tcb, TCBSuspend, .length = 0);
    ASK(trial.victim.tcb, TCBSetAffinity, .length = 1, .words = { trial.other_node });
    ASK(trial.victim.tcb, TCBResume, .length = 0);
    if (serve(0)) {
        check_moved();
    }
}

TEST("workers current: a thread that a batch suspends, moves and resumes goes on there, and nowhere else")
{
    try_all(move_and_resume, 0);
}
#endif

/* ---- Made less important ---- */

static void lower(void)
{
    ASK(bystander_go(), 0, .length = 0);
    ASK(trial.victim.tcb, TCBSetPriority, .length = 1, .words = { LOWEST }, .extras = 1, .caps = { SELF });
    ask_for_nothing(1);
    if (serve(0) && AWAIT(BELOW)) {
        check_goes_on();
    }
}

TEST("workers current: behind a thread that a batch makes less important, those above it run first")
{
    try_all(lower, 0);
}

/* ---- Given other registers, another address space, or no user interrupts ---- */

static void write_registers(void)
{
    static struct victim other;
    struct {
        seL4_Word flags, count;
        seL4_UserContext context;
    } words = { .count = ABI_REG_COUNT };

    if (by_itself()) {
        return; /* nobody writes its own registers */
    }
    victim_fill_like(&other, trial.block);
    victim_context(&other, &words.context);
    CHECK(rel4_queue_put(trial.queue, &(struct rel4_request){ .cap = trial.victim.tcb,
                                                              .label = TCBWriteRegisters,
                                                              .word_count = 2 + ABI_REG_COUNT,
                                                              .words = &words.flags }));
    trial.requests++;
    if (serve(0) && VICTIM_RUNS(&other)) {
        seL4_Word turns = trial.block->turns;
        VICTIM_RUNS(&other);
        CHECK_EQUAL(trial.block->turns, turns);
        /* Unless it was on another hart, it was given them before it could go on. */
        CHECK(trial.block->called == 0 || test_nodes() > 1);
    }
}

TEST("workers current: a thread that a batch gives new registers goes on with these, and its other ones")
{
    try_all(write_registers, 0);
}

/* The one fault that the victim has made. */
static seL4_Word fault(seL4_Word *words)
{
    seL4_MessageInfo_t message = seL4_NBRecv(trial.victim.faults, NULL);

    for (int i = 0; i < 4; i++) {
        words[i] = seL4_GetMR(i);
    }
    return seL4_MessageInfo_get_label(message);
}

static void change_space(void)
{
    seL4_CPtr empty = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_Word words[4];

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, empty));
    if (trial.tells) {
        ASK(trial.victim.tcb, TCBSetSpace, .length = 3, .words = { trial.victim.faults, 0, 0 }, .extras = 2,
            .caps = { CNODE, empty });
    } else {
        ASK(trial.victim.tcb, TCBConfigure, .length = 4, .words = { trial.victim.faults, 0, 0, 0 },
            .extras = 3, .caps = { CNODE, empty, seL4_CapNull });
    }
    ask_for_nothing(1);
    if (!serve(0)) {
        return;
    }
    if (trial.way == OWN_WAIT) {
        seL4_Signal(trial.waker);
    }
    if (!is_stopped()) {
        return;
    }
    CHECK_EQUAL(fault(words), seL4_Fault_VMFault);
    CHECK_EQUAL(words[seL4_VMFault_Addr], words[seL4_VMFault_IP]);
    CHECK_EQUAL(words[seL4_VMFault_PrefetchFault], 1);
    CHECK(words[seL4_VMFault_IP] >= (seL4_Word)victim_begin &&
          words[seL4_VMFault_IP] < (seL4_Word)victim_end);
    CHECK_OK(seL4_TCB_SetSpace(trial.victim.tcb, trial.victim.faults, CNODE, 0, VSPACE, 0));
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    VICTIM_RUNS(trial.block);
}

TEST("workers current: a thread that a batch puts into another address space executes nothing more of the "
     "old one")
{
    try_all(change_space, 0);
}

static void unbind(void)
{
    seL4_Word words[4];

    if (!trial.block->receiver) {
        return;
    }
    ASK(trial.victim.tcb, TCBUnbindNotification, .length = 0);
    ask_for_nothing(1);
    if (!serve(0)) {
        return;
    }
    if (trial.way == OWN_WAIT) {
        seL4_Signal(trial.waker);
    }
    if (is_stopped()) {
        CHECK_EQUAL(fault(words), seL4_Fault_UserException);
        CHECK_EQUAL(words[seL4_UserException_Number], 2);
        CHECK_EQUAL(trial.block->wrong, 0);
    }
}

TEST("workers current: a receiver that a batch unbinds finds its next look at those registers illegal")
{
    try_all(unbind, 4);
}
