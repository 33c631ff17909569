/*
 * Threads and notifications: two threads wait for each other, print a few lines each, and signal that they
 * are done. Each signals through a capability with a badge of its own, so that one word says which threads
 * have signalled.
 */
#include <stdatomic.h>

#include "demo.h"

enum {
    THREAD_COUNT = 2,
    LINES = 3,
    PRIORITY = 100,
    ALL_DONE = (1 << THREAD_COUNT) - 1,
};

struct worker {
    char name;
    seL4_Word node;
    seL4_CPtr done;
    struct simple_thread thread;
};

static void work(void *arg)
{
    static atomic_int arrived;
    const struct worker *worker = arg;

    /* Relaxed: the counter orders no other memory. */
    atomic_fetch_add_explicit(&arrived, 1, memory_order_relaxed);
    while (atomic_load_explicit(&arrived, memory_order_relaxed) < THREAD_COUNT) {
        seL4_Yield();
    }

    for (int i = 1; i <= LINES; i++) {
        say("thread %c on node %lu: line %d of %d", worker->name, worker->node, i, LINES);
        seL4_Yield();
    }
    seL4_Signal(worker->done);
}

bool run_threads(void)
{
    static struct worker workers[THREAD_COUNT];
    seL4_Word nodes = seL4_GetBootInfo()->numNodes;
    seL4_CPtr done = simple_object(seL4_NotificationObject, 0);
    seL4_Word finished = 0;

    for (int i = 0; i < THREAD_COUNT; i++) {
        struct worker *worker = &workers[i];

        *worker = (struct worker){
            .name = 'A' + i,
            .node = i % nodes,
            .done = simple_mint(done, seL4_CanWrite, 1 << i),
        };
        if (!exists(worker->done, "no notification to signal") ||
            !worked(simple_thread_create(
                        &worker->thread,
                        &(struct simple_thread_options){
                            .entry = work, .arg = worker, .priority = PRIORITY, .node = worker->node }),
                    "create a thread")) {
            return false;
        }
    }
    for (int i = 0; i < THREAD_COUNT; i++) {
        if (!worked(simple_thread_start(&workers[i].thread), "start a thread")) {
            return false;
        }
    }

    while (finished != ALL_DONE) {
        seL4_Word badges;

        seL4_Wait(done, &badges);
        finished |= badges;
    }
    say("both have signalled that they are done");
    return true;
}
