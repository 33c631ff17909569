/*
 * Queue, executor and pages for the tests.
 */
#include "lib.h"

#include <string.h>

struct rel4_executor lib_executor;
struct rel4_thread lib_record;

static char pool[LIB_COROUTINES * (LIB_STACK + sizeof(struct rel4_coroutine)) + 64];
static char handler_stack[2048] __attribute__((aligned(16)));

seL4_CPtr lib_slots(unsigned count)
{
    seL4_CPtr first = test_slot();

    while (--count) {
        test_slot();
    }
    return first;
}

seL4_CPtr lib_notification(seL4_CPtr tcb, struct rel4_thread *record, void *stack, size_t stack_bytes)
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    memset(record, 0, sizeof(*record));
    rel4_thread_init(record, tcb);
    CHECK_OK(seL4_TCB_BindNotification(tcb, notification));
    if (rel4_backend_of(test_bootinfo) != REL4_BACKEND_NONE) {
        CHECK_OK(rel4_uintr_register_receiver(
            notification, &(struct rel4_receiver_options){ .stack = stack, .stack_bytes = stack_bytes }));
    }
    return test_mint(notification, seL4_AllRights, 1);
}

void lib_set_up(const struct lib_options *options)
{
    unsigned bits = options->ring_bits ? options->ring_bits : 8;

    memset(&lib_executor, 0, sizeof(lib_executor));
    rel4_init(&(struct rel4_resources){ .backend = rel4_backend_of(test_bootinfo) });
    CHECK_OK(rel4_queue_create(&lib_executor.queue,
                               &(struct rel4_queue_options){
                                   .untyped = test_arena,
                                   .cnode = seL4_CapInitThreadCNode,
                                   .vspace = seL4_CapInitThreadVSpace,
                                   .vaddr = LIB_RINGS,
                                   .tcb = seL4_CapInitThreadTCB,
                                   .notification = lib_notification(seL4_CapInitThreadTCB, &lib_record,
                                                                    handler_stack, sizeof(handler_stack)),
                                   .first_slot = lib_slots(rel4_queue_slots(bits, bits)),
                                   .request_bits = bits,
                                   .response_bits = bits,
                                   .policy = options->policy,
                               }));
    CHECK_OK(rel4_executor_init(&lib_executor, &(struct rel4_executor_options){ .memory = pool,
                                                                                .memory_bytes = sizeof(pool),
                                                                                .stack_bytes = LIB_STACK,
                                                                                .mode = options->mode,
                                                                                .waiting = options->waiting,
                                                                                .looks = options->looks,
                                                                                .answer_bit = 1 }));
}

seL4_CPtr lib_pages(unsigned count)
{
    seL4_CPtr first = lib_slots(count), table = test_object(seL4_RISCV_PageTableObject, 0);

    for (unsigned done = 0; done < count; done += 256) {
        CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0,
                                     first + done, count - done < 256 ? count - done : 256));
    }
    while (!seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, LIB_PAGES,
                                     seL4_RISCV_Default_VMAttributes)) {
        table = test_object(seL4_RISCV_PageTableObject, 0);
    }
    return first;
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
