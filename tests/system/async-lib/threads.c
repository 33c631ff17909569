/*
 * Several threads, each with a queue and an executor of its own: what one does, the others do not notice.
 */
#include "lib.h"

/* A thread that sets up, says so, and waits until all have. */
struct user {
    struct lib_options options;
    seL4_CPtr ready, go, done;
    seL4_CPtr frames;
};

static struct user users[LIB_USERS];

static void set_up_and_run(void *arg)
{
    struct user *self = arg;

    lib_set_up(&self->options);
    self->frames = lib_pages(self->options.user, 100);
    seL4_Signal(self->ready);
    seL4_Wait(self->go, NULL);
    lib_run_mappers_on(self->frames, self->options.user, 100, SOAK_OR(400, 10));
    lib_check_answered(200ul * SOAK_OR(400, 10));
    seL4_Signal(self->done);
}

static void start(unsigned i, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(set_up_and_run, &users[i], TEST_PRIORITY, 0);

    users[i] = (struct user){
        .options = { .user = i, .tcb = thread->tcb, .polls = 100 },
        .ready = test_object(seL4_NotificationObject, 0),
        .go = test_object(seL4_NotificationObject, 0),
        .done = test_object(seL4_NotificationObject, 0),
    };
    test_thread_set_node(thread, node);
    test_thread_start(thread);
    /* Slots are handed out to one thread at a time. */
    seL4_Wait(users[i].ready, NULL);
}

TEST("async threads: two threads with queues of their own, on one hart and on two")
{
    for (seL4_Word node = 0; node < 2 && node < test_nodes(); node++) {
        test_reset();
        start(1, 0);
        start(2, node);
        seL4_Signal(users[1].go);
        seL4_Signal(users[2].go);
        seL4_Wait(users[1].done, NULL);
        seL4_Wait(users[2].done, NULL);
    }
}
