/*
 * What is being taken down on one hart is filled again from another, at every moment of it.
 *
 * A thread on the last hart takes something down that needs many steps, and lets the others into the kernel
 * between them. As soon as the first step can be seen, the test tries to fill what is left, again and again,
 * until it is gone. No attempt may work: then the work is bounded by what was there. A round counts if the
 * end had not come when an attempt was refused; there are as many rounds as that takes.
 */
#include "actor.h"
#include "answer.h"

#include <rel4/invocations.h>
#include <rel4/rel4.h>

#define CNODE  seL4_CapInitThreadCNode
#define VSPACE seL4_CapInitThreadVSpace
#define DEPTH  seL4_WordBits
#define ROUNDS 1000

/* How often one hart looks whether another runs, and how often within a time in which nobody takes it away.
 */
#define LOOKS         1000000
#define LOOKS_AT_ONCE 1000
#define DELAY         10007

#define WAITERS     800
#define SPACES      400
#define ENTRIES     REL4_SENDER_TABLE_ENTRIES
#define FRAMES      256
#define CHILD_RADIX 12
#define CHILDREN    LIBSEL4_BIT(CHILD_RADIX)
#define PIECES      256

struct teardown {
    void (*build)(void);
    seL4_Error (*take_down)(void); /* on the last hart */
    bool (*begun)(void);           /* it has been seen that something is gone */
    bool (*fill)(void);            /* true if it worked */
    bool (*goes_on)(void);         /* it has not come to its end yet */
};

/* What is taken down, and what else a test needs. */
static seL4_CPtr victim, spare, faults;
static seL4_CPtr first;  /* of a row of slots */
static seL4_Word probed; /* entries, from the first on */

static const struct teardown *current;
static volatile seL4_Error error;
static volatile bool go, ended;
static volatile unsigned beat, delay;

static void run(void *arg)
{
    while (!go) {
        beat++;
    }
    for (unsigned i = delay; i; i--) {
        beat++;
    }
    error = current->take_down();
    ended = true;
}

static void start(void)
{
    struct test_thread *thread = test_thread_create(run, NULL, TEST_PRIORITY, 0);

    go = ended = false;
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
}

/*
 * Lets it go when both harts are running, as far as one can see: a host that runs one after the other would
 * let it come to its end alone each time. If there is no such moment, it waits a bit longer each round, so
 * that at some time the host takes turns in the middle.
 */
static void let_go(unsigned round)
{
    unsigned changes = 0;

    for (unsigned looks = 0; looks < LOOKS && changes < LOOKS_AT_ONCE / 10; looks++) {
        unsigned before = beat;
        changes = looks % LOOKS_AT_ONCE ? changes : 0;
        changes += beat != before;
    }
    delay = changes < LOOKS_AT_ONCE / 10 ? round * DELAY : 0;
    go = true;
}

/* False if there is no second hart. */
static bool check(const struct teardown *teardown)
{
    unsigned refused = 0, filled = 0;

    if (test_nodes() == 1) {
        test_note("needs a second hart");
        return false;
    }
    current = teardown;
    for (unsigned round = 0; round < ROUNDS && !refused && !filled; round++) {
        test_reset();
        probed = 0;
        start();
        teardown->build();
        let_go(round);
        while (!ended && !teardown->begun()) {
        }
        while (!ended && !filled) {
            bool worked = teardown->fill();
            if (!teardown->goes_on()) {
                break;
            }
            filled += worked;
            refused += !worked;
        }
        while (!ended) {
        }
        CHECK_OK(error);
    }
    CHECK_EQUAL(filled, 0);
    CHECK(refused > 0);
    return true;
}

static seL4_Error delete_victim(void)
{
    return seL4_CNode_Delete(CNODE, victim, DEPTH);
}

static seL4_Error copy(seL4_CPtr source)
{
    seL4_Error copied = seL4_CNode_Copy(CNODE, spare, DEPTH, CNODE, source, DEPTH, seL4_AllRights);

    if (!copied) {
        seL4_CNode_Delete(CNODE, spare, DEPTH);
    }
    return copied;
}

/* If it was copied, it would not be the last, and gone at once. */
static bool victim_is_there(void)
{
    seL4_Error copied = copy(victim);

    CHECK(copied != seL4_NoError);
    return copied != seL4_FailedLookup;
}

/* Endpoints and notifications. The threads wait by a capability that is gone when they are woken. The first
 * repeats its call at once, which is a fault then; the others would do so when the test is over. */

static struct actor late;

static void let_many_wait(void)
{
    seL4_CPtr way = test_mint(victim, seL4_AllRights, 0);

    spare = test_slot();
    faults = test_object(seL4_EndpointObject, 0);
    seL4_CPtr handler = test_mint(faults, seL4_AllRights, 1);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY - 2));
    for (unsigned i = 0; i < WAITERS; i++) {
        seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
        seL4_Word priority = TEST_PRIORITY + (i == 0 ? 1 : -1);
        seL4_UserContext regs = { .pc = (seL4_Word)actor_ecall, .a0 = way, .a7 = (seL4_Word)SYS_RECV };
        CHECK_OK(seL4_TCB_Configure(tcb, handler, CNODE, 0, VSPACE, 0, 0, 0));
        CHECK_OK(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, priority));
        CHECK_OK(seL4_TCB_WriteRegisters(tcb, true, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
    CHECK_OK(seL4_CNode_Delete(CNODE, way, DEPTH));
    late = actor_new();
}

static void build_endpoint(void)
{
    victim = test_object(seL4_EndpointObject, 0);
    let_many_wait();
}

static void build_notification(void)
{
    victim = test_object(seL4_NotificationObject, 0);
    let_many_wait();
}

static bool first_was_woken(void)
{
    seL4_Word badge = 0;

    seL4_NBRecv(faults, &badge);
    return badge;
}

static bool another_waits(void)
{
    actor_start(&late, SYS_RECV, victim, 0);
    return actor_look(&late) != ACTOR_FAULTED;
}

TEST("robustness: nobody waits on an endpoint that is being deleted")
{
    check(
        &(struct teardown){ build_endpoint, delete_victim, first_was_woken, another_waits, victim_is_there });
}

TEST("robustness: nobody waits on a notification that is being deleted")
{
    check(&(struct teardown){ build_notification, delete_victim, first_was_woken, another_waits,
                              victim_is_there });
}

/* ASID pools. */

static seL4_CPtr page;

static void build_pool(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, seL4_ASIDPoolBits);

    spare = test_slot();
    victim = test_slot();
    page = test_object(seL4_RISCV_4K_Page, 0);
    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, CNODE, victim, DEPTH));
    for (unsigned i = 0; i < SPACES; i++) {
        seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);
        first = i ? first : table;
        CHECK_OK(seL4_RISCV_ASIDPool_Assign(victim, table));
    }
    test_object(seL4_RISCV_PageTableObject, 0);
}

static bool first_space_is_gone(void)
{
    struct answer answer =
        INVOKE(page, RISCVPageMap, .length = 3, .words = { 0x10000, 3, 0 }, .extras = 1, .caps = { first });

    return answer.words[1] == seL4_InvalidRoot;
}

static bool another_is_assigned(void)
{
    return !seL4_RISCV_ASIDPool_Assign(victim, first + SPACES);
}

TEST("robustness: no address space is assigned from an ASID pool that is being deleted")
{
    check(&(struct teardown){ build_pool, delete_victim, first_space_is_gone, another_is_assigned,
                              victim_is_there });
}

/* Receivers and those that send to them. The entry that was made last goes first; but of a table that is
 * deleted itself, the first one. */

/* Nothing is ever sent. */
#define HANDLER 0x10000

static seL4_CPtr receiver, notification, vector, table;

static bool no_user_interrupts(void)
{
    return rel4_backend_of(test_bootinfo) == REL4_UINTR_NONE;
}

static bool add(void)
{
    seL4_Word index;

    return !rel4_SenderTable_Add(table, vector, &index);
}

static seL4_Error remove_entry(seL4_Word index)
{
    return rel4_SenderTable_Remove(table, index);
}

static void build_entries(void)
{
    receiver = test_thread_create(run, NULL, TEST_PRIORITY, 0)->tcb;
    notification = test_object(seL4_NotificationObject, 0);
    vector = test_mint(notification, seL4_CanWrite, 1);
    table = test_object(REL4_TYPE_SENDER_TABLE, 0);
    spare = test_slot();
    CHECK_OK(seL4_TCB_BindNotification(receiver, notification));
    CHECK_OK(rel4_TCB_RegisterReceiver(receiver, notification, HANDLER, 0, NULL));
    for (unsigned i = 0; i < ENTRIES && add(); i++) {
    }
    CHECK(!add());
}

/* Makes an entry anew that is still there. */
static bool is_gone(seL4_Word index)
{
    return remove_entry(index) || !add();
}

static bool last_entry_is_gone(void)
{
    return is_gone(ENTRIES - 1);
}

static bool first_entry_is_gone(void)
{
    return is_gone(0);
}

static void build_owner(void)
{
    build_entries();
    victim = vector;
}

static void build_receiver(void)
{
    build_entries();
    victim = receiver;
}

static void build_table(void)
{
    build_entries();
    victim = table;
}

static seL4_Error unregister(void)
{
    return rel4_TCB_UnregisterReceiver(receiver);
}

static seL4_Error unbind(void)
{
    return seL4_TCB_UnbindNotification(receiver);
}

static bool entries_are_left(void)
{
    return !remove_entry(probed++);
}

/* What ends is something that entries are made with. */
static void check_entries(void (*build)(void), seL4_Error (*take_down)(void), bool (*begun)(void),
                          bool (*goes_on)(void))
{
    if (!no_user_interrupts()) {
        check(&(struct teardown){ build, take_down, begun, add, goes_on });
    }
}

TEST("robustness: no entry is made from a notification capability that is being deleted")
{
    check_entries(build_owner, delete_victim, last_entry_is_gone, victim_is_there);
}

TEST("robustness: no entry is made for a receiver whose thread is being deleted")
{
    check_entries(build_receiver, delete_victim, last_entry_is_gone, victim_is_there);
}

TEST("robustness: no entry is put into a sender table that is being deleted")
{
    check_entries(build_table, delete_victim, first_entry_is_gone, victim_is_there);
}

TEST("robustness: no entry is made for a receiver that is being unregistered")
{
    check_entries(build_entries, unregister, last_entry_is_gone, entries_are_left);
}

TEST("robustness: no entry is made for a receiver whose notification is being unbound")
{
    check_entries(build_entries, unbind, last_entry_is_gone, entries_are_left);
}

/* Queues. Their thread is free for another queue from the first step on. */

static seL4_CPtr other_queue;

static seL4_Error bind(seL4_CPtr queue)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7,
                  .words = { 5, 6, 0, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul }, .extras = 2,
                  .caps = { receiver, notification })
        .error;
}

static seL4_Error add_frames(seL4_Word position, seL4_Word count)
{
    return INVOKE(victim, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { position, count, first },
                  .extras = 1, .caps = { CNODE })
        .error;
}

static void build_queue(void)
{
    receiver = test_thread_create(run, NULL, TEST_PRIORITY, 0)->tcb;
    notification = test_object(seL4_NotificationObject, 0);
    spare = test_slot();
    victim = test_object(REL4_TYPE_ASYNC_QUEUE, REL4_QUEUE_MAX_SIZE_BITS);
    other_queue = test_object(REL4_TYPE_ASYNC_QUEUE, 0);
    first = test_object(seL4_RISCV_4K_Page, 0);
    for (unsigned i = 1; i < REL4_QUEUE_FRAMES_PER_CALL; i++) {
        test_object(seL4_RISCV_4K_Page, 0);
    }
    CHECK_OK(bind(victim));
    for (seL4_Word i = 0; i < FRAMES; i += REL4_QUEUE_FRAMES_PER_CALL) {
        CHECK_OK(add_frames(i, REL4_QUEUE_FRAMES_PER_CALL));
    }
}

static seL4_Error detach(void)
{
    return INVOKE(victim, REL4_LABEL_QUEUE_DETACH, .length = 0).error;
}

static bool thread_is_free(void)
{
    return bind(other_queue) == seL4_NoError;
}

static bool another_frame_is_added(void)
{
    return !add_frames(0, 1);
}

/* It is new when it has come to its end. */
static bool is_not_new(void)
{
    receiver = seL4_CapInitThreadTCB;
    return bind(victim) != seL4_NoError;
}

TEST("robustness: no frame is added to a queue that is being detached")
{
    check(&(struct teardown){ build_queue, detach, thread_is_free, another_frame_is_added, is_not_new });
}

TEST("robustness: no frame is added to a queue that is being deleted")
{
    check(&(struct teardown){ build_queue, delete_victim, thread_is_free, another_frame_is_added,
                              victim_is_there });
}

/* Revoke. Of copies, the one that was made last goes first. */

static seL4_CPtr family;

static seL4_Error revoke_victim(void)
{
    return seL4_CNode_Revoke(CNODE, victim, DEPTH);
}

static void build_children(void)
{
    spare = test_slot();
    victim = test_object(seL4_EndpointObject, 0);
    first = test_mint(victim, seL4_AllRights, 0);
    family = test_object(seL4_CapTableObject, CHILD_RADIX);
    for (seL4_Word i = 0; i < CHILDREN; i++) {
        CHECK_OK(seL4_CNode_Copy(family, i, CHILD_RADIX, CNODE, victim, DEPTH, seL4_AllRights));
    }
}

static bool last_child_is_gone(void)
{
    if (seL4_CNode_Move(CNODE, spare, DEPTH, family, CHILDREN - 1, CHILD_RADIX)) {
        return true;
    }
    seL4_CNode_Move(family, CHILDREN - 1, CHILD_RADIX, CNODE, spare, DEPTH);
    return false;
}

static bool another_is_copied(void)
{
    return !copy(victim) || !copy(first);
}

static bool first_child_is_there(void)
{
    return copy(first) != seL4_FailedLookup;
}

TEST("robustness: nobody copies a capability that is being revoked, nor what is revoked by that; but then "
     "again")
{
    if (check(&(struct teardown){ build_children, revoke_victim, last_child_is_gone, another_is_copied,
                                  first_child_is_there })) {
        CHECK_OK(copy(victim));
    }
}

static void build_pieces(void)
{
    spare = test_slot();
    victim = test_object(seL4_UntypedObject, 22);
    for (seL4_Word i = 0; i < PIECES; i++) {
        seL4_CPtr slot = test_slot();
        first = i ? first : slot;
        CHECK_OK(seL4_Untyped_Retype(victim, seL4_UntypedObject, 12, CNODE, 0, 0, slot, 1));
    }
}

static seL4_Error retype(seL4_CPtr untyped)
{
    seL4_Error retyped = seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, spare, 1);

    if (!retyped) {
        seL4_CNode_Delete(CNODE, spare, DEPTH);
    }
    return retyped;
}

static bool last_piece_is_gone(void)
{
    return identify(first + PIECES - 1) == KIND_NULL;
}

static bool more_is_given_away(void)
{
    return !retype(victim) || !retype(first);
}

static bool first_piece_is_there(void)
{
    return identify(first) != KIND_NULL;
}

TEST("robustness: no memory is given away that is being revoked; but then again")
{
    if (check(&(struct teardown){ build_pieces, revoke_victim, last_piece_is_gone, more_is_given_away,
                                  first_piece_is_there })) {
        CHECK_OK(retype(victim));
    }
}
