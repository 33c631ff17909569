/*
 * Strings on the console (printers.h), beside one that holds it: others wait, most important first and then
 * in order, and cost the hart nothing; a more important one comes between.
 */
#include "printers.h"

/* ---- More important ones, and two strings of one thread ---- */

TEST("workers console: a more important thread or ring does not wait, but comes between")
{
    if (on_instruction_clock()) {
        begin_case("more-important");
        struct printer *ring = new_ring('Y', WAITER_LINES, HIGH, last_node());
        struct printer *thread = new_thread('X', WAITER_LINES, HIGH, last_node());
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0))) {
            start_printing(thread);
            await_printed(thread);
            start_printing(ring);
            await_printed(ring);
            await_holder();
        }
        end_case("PXP?YP");
    }
}

TEST("workers console: a string by a system call and one by the ring of the same thread come whole, one by "
     "one")
{
    if (on_instruction_clock()) {
        begin_case("both-doors");
        struct printer *thread = new_thread('P', HOLDER_LINES, MIDDLE, 0);
        struct printer *ring = new_printer('R', WAITER_LINES);
        ring->thread = thread->thread;
        ring->queue = queue_new(thread->thread->tcb, 5, REL4_POLICY_CALL);
        put_string(ring);
        if (hold(thread)) {
            start_printing(ring);
            await_printed(ring);
            await_printed(thread);
        }
        end_case("PR|RP|PRP");
    }
}

/* ---- Those who wait ---- */

static bool let_others_wait_for_thread(const char *name)
{
    begin_case(name);
    return hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait();
}

/* On one hart A, on several B. */
static struct printer *first_waiter(void)
{
    return waiters[test_nodes() > 1 ? 3 : 0];
}

static void await_holder_and_others_but(const struct printer *first)
{
    await_holder();
    for (unsigned i = 0; i < waiter_count; i++) {
        if (waiters[i] != first) {
            await_printed(waiters[i]);
        }
    }
}

TEST("workers console: one who waits and is suspended waits no longer, and prints when it is resumed")
{
    if (on_instruction_clock()) {
        if (let_others_wait_for_thread("waiter-suspended")) {
            struct printer *first = first_waiter();
            CHECK_OK(seL4_TCB_Suspend(first->thread->tcb));
            await_holder_and_others_but(first);
            CHECK(!has_printed(first));
            CHECK_OK(seL4_TCB_Resume(first->thread->tcb));
            await_printed(first);
        }
        end_case(test_nodes() > 1 ? "PDACB" : "PBA");
    }
}

TEST("workers console: one who waits and is deleted waits no longer, and the others print")
{
    if (on_instruction_clock()) {
        if (let_others_wait_for_thread("waiter-deleted")) {
            struct printer *first = first_waiter();
            CHECK_OK(seL4_CNode_Delete(CNODE, first->thread->tcb, DEPTH));
            await_holder_and_others_but(first);
        }
        end_case(test_nodes() > 1 ? "PDAC" : "PB");
    }
}

TEST("workers console: one who waits and becomes more important comes before those that are less")
{
    if (on_instruction_clock() && test_nodes() > 1) {
        if (let_others_wait_for_thread("waiter-raised")) {
            CHECK_OK(seL4_TCB_SetPriority(waiters[1]->thread->tcb, SELF, MIDDLE - 2)); /* C */
            await_holder();
            await_others();
        }
        end_case("PBCDA");
    }
}

TEST("workers console: a signal does not wake one who waits for the console")
{
    if (on_instruction_clock()) {
        if (let_others_wait_for_thread("waiter-signalled")) {
            seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
            CHECK_OK(seL4_TCB_BindNotification(waiters[0]->thread->tcb, notification));
            seL4_Signal(test_mint(notification, seL4_AllRights, 1));
            let_run(MILLISECOND);
            CHECK(!has_printed(waiters[0]));
            await_holder();
            await_others();
        }
        end_case("PW");
    }
}

TEST("workers console: a queue that waits and is reset or detached waits no longer")
{
    for (unsigned detaches = 0; detaches <= 1 && on_instruction_clock() && test_nodes() > 1; detaches++) {
        if (let_others_wait_for_thread(detaches ? "waiting-ring-detached" : "waiting-ring-reset")) {
            CHECK_OK(INVOKE(waiters[2]->queue->cap,
                            detaches ? REL4_LABEL_QUEUE_DETACH : REL4_LABEL_QUEUE_RESET, .length = 0)
                         .error);
            await_holder();
            await_printed(waiters[3]);
            await_printed(waiters[0]);
            await_printed(waiters[1]);
        }
        end_case("PBAC");
    }
}
