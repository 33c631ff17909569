/*
 * Queues, executors and pages for the tests.
 */
#include "lib.h"

#include <string.h>

struct lib_user lib_users[LIB_USERS];

struct mapper {
    seL4_CPtr frame;
    seL4_Word vaddr;
    unsigned rounds;
    unsigned good;
};

static struct mapper mappers[LIB_USERS][LIB_COROUTINES];

seL4_CPtr lib_slots(unsigned count)
{
    seL4_CPtr first = test_slot();

    while (--count) {
        test_slot();
    }
    return first;
}

/* A notification for the calling thread: bound to it, which is registered as its receiver if there are user
 * interrupts. Returns the copy with the badge that answers are signalled by. */
static seL4_CPtr make_notification(seL4_CPtr tcb, struct lib_user *user)
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    memset(&user->record, 0, sizeof(user->record));
    rel4_thread_init(&user->record, tcb);
    CHECK_OK(seL4_TCB_BindNotification(tcb, notification));
    if (rel4_backend_of(test_bootinfo) != REL4_BACKEND_NONE) {
        CHECK_OK(rel4_uintr_register_receiver(
            notification, &(struct rel4_receiver_options){ .stack = user->handler_stack,
                                                           .stack_bytes = sizeof(user->handler_stack) }));
    }
    return test_mint(notification, seL4_AllRights, 1);
}

void lib_set_up(const struct lib_options *options)
{
    struct lib_user *user = &lib_users[options->user];
    unsigned bits = options->ring_bits ? options->ring_bits : 8;
    seL4_CPtr tcb = options->tcb ? options->tcb : seL4_CapInitThreadTCB;

    memset(&user->executor, 0, sizeof(user->executor));
    rel4_init(&(struct rel4_resources){ .backend = rel4_backend_of(test_bootinfo) });
    CHECK_OK(rel4_queue_create(&user->executor.queue,
                               &(struct rel4_queue_options){
                                   .untyped = test_arena,
                                   .cnode = seL4_CapInitThreadCNode,
                                   .first_slot = lib_slots(rel4_queue_slots(bits, bits + 1)),
                                   .vspace = seL4_CapInitThreadVSpace,
                                   .vaddr = LIB_RINGS(options->user),
                                   .tcb = tcb,
                                   .notification = make_notification(tcb, user),
                                   .request_bits = bits,
                                   .response_bits = bits + 1,
                                   .policy = options->policy,
                               }));
    CHECK_OK(rel4_executor_init(&user->executor, &(struct rel4_executor_options){
                                                     .memory = user->pool,
                                                     .memory_bytes = sizeof(user->pool),
                                                     .stack_bytes = LIB_STACK,
                                                     .mode = options->mode,
                                                     .waiting = options->waiting,
                                                     .polls = options->polls,
                                                     .batch = options->batch,
                                                     .on_overflow = options->on_overflow,
                                                     .answer_bit = 1,
                                                 }));
}

seL4_CPtr lib_pages(unsigned user, unsigned count)
{
    seL4_CPtr first = lib_slots(count), table = test_object(seL4_RISCV_PageTableObject, 0);

    for (unsigned done = 0; done < count; done += 256) {
        CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0,
                                     first + done, count - done < 256 ? count - done : 256));
    }
    while (!seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, LIB_PAGES(user),
                                     seL4_RISCV_Default_VMAttributes)) {
        table = test_object(seL4_RISCV_PageTableObject, 0);
    }
    return first;
}

static void map_and_unmap(void *arg)
{
    struct mapper *self = arg;
    volatile seL4_Word *page = (volatile seL4_Word *)self->vaddr;

    for (unsigned i = 0; i < self->rounds; i++) {
        if (rel4_page_map(self->frame, seL4_CapInitThreadVSpace, self->vaddr, seL4_ReadWrite,
                          seL4_RISCV_ExecuteNever)) {
            return;
        }
        self->good += *page == (i ? self->vaddr + i - 1 : 0);
        *page = self->vaddr + i;
        if (rel4_page_unmap(self->frame)) {
            return;
        }
    }
}

void lib_run_mappers(unsigned user, unsigned count, unsigned rounds)
{
    lib_run_mappers_on(lib_pages(user, count), user, count, rounds);
}

void lib_run_mappers_on(seL4_CPtr frames, unsigned user, unsigned count, unsigned rounds)
{
    for (unsigned i = 0; i < count; i++) {
        mappers[user][i] = (struct mapper){ frames + i, LIB_PAGES(user) + i * 4096ul, rounds, 0 };
        CHECK(rel4_coroutine_create(map_and_unmap, &mappers[user][i], 3));
    }
    CHECK_EQUAL(rel4_run(), 0);
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQUAL(mappers[user][i].good, rounds);
    }
}

void lib_run(void (*entry)(void *arg), void *arg)
{
    CHECK(rel4_coroutine_create(entry, arg, 3));
    CHECK_EQUAL(rel4_run(), 0);
}

struct rel4_stats lib_stats(void)
{
    struct rel4_stats stats;

    rel4_stats(&stats);
    return stats;
}

seL4_Word lib_traps(const struct rel4_stats *stats)
{
    return stats->wakes + stats->blocks + stats->yields + stats->by_trap;
}

void lib_check_answered(seL4_Word calls)
{
    struct rel4_stats stats = lib_stats();
    seL4_Word served = 0;

    for (unsigned i = 0; i < REL4_PLACES; i++) {
        served += stats.kernel.served[i];
    }
    CHECK_EQUAL(stats.submitted, calls);
    CHECK_EQUAL(stats.answered, calls);
    CHECK_EQUAL(stats.stale, 0);
    CHECK_EQUAL(served, calls);
}
