/*
 * Queues: made, taken apart, faulted and reset.
 */
#include "lib.h"

static unsigned faulted, done;

static void map_or_fault(void *arg)
{
    int error = rel4_page_get_address((seL4_CPtr)arg, &(seL4_Word){ 0 });

    faulted += error == REL4_FAULTED;
    done += error == seL4_NoError;
}

/* What a broken program may do to its own rings. */
static void break_ring(void *arg)
{
    struct rel4_queue *queue = &rel4_executor_self->queue;

    queue->request_producer += queue->request_mask + 2;
    rel4_flush();
}

TEST("async queues: after a fault every call fails, and after a reset all is as before")
{
    LIB_SET_UP(.mode = REL4_ASYNC, .ring_bits = 5);
    seL4_CPtr frame = lib_pages(0, 1);
    for (unsigned round = 0; round < 20; round++) {
        faulted = done = 0;
        for (unsigned i = 0; i < 50; i++) {
            rel4_coroutine_create(map_or_fault, (void *)frame, 3);
        }
        rel4_coroutine_create(break_ring, NULL, 3);
        CHECK_EQUAL(rel4_run(), 0);
        CHECK_EQUAL(faulted + done, 50);
        CHECK(faulted >= 18);
        /* Whoever comes now fails at once. */
        lib_run(map_or_fault, (void *)frame);
        CHECK_EQUAL(faulted + done, 51);
        CHECK_OK(rel4_queue_reset());
        faulted = done = 0;
        for (unsigned i = 0; i < 50; i++) {
            rel4_coroutine_create(map_or_fault, (void *)frame, 3);
        }
        CHECK_EQUAL(rel4_run(), 0);
        CHECK_EQUAL(done, 50);
    }
}

TEST("async queues: calls fail when the queue goes away while they wait")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    seL4_CPtr frame = lib_pages(0, 1);
    faulted = done = 0;
    for (unsigned i = 0; i < 50; i++) {
        rel4_coroutine_create(map_or_fault, (void *)frame, 3);
    }
    CHECK_OK(rel4_AsyncQueue_Detach(lib_users[0].executor.queue.cap));
    CHECK_EQUAL(rel4_run(), 0);
    CHECK_EQUAL(faulted, 50);
    CHECK_ERROR(rel4_queue_reset(), seL4_IllegalOperation);
}

static int try_to_create(struct rel4_queue *queue, seL4_CPtr untyped, seL4_CPtr slots, seL4_CPtr notification,
                         unsigned bits)
{
    return rel4_queue_create(queue, &(struct rel4_queue_options){ .untyped = untyped,
                                                                  .cnode = seL4_CapInitThreadCNode,
                                                                  .first_slot = slots,
                                                                  .vspace = seL4_CapInitThreadVSpace,
                                                                  .vaddr = LIB_RINGS(0),
                                                                  .tcb = seL4_CapInitThreadTCB,
                                                                  .notification = notification,
                                                                  .request_bits = bits,
                                                                  .response_bits = bits + 1 });
}

TEST("async queues: a hundred times made and taken apart, with all memory and slots as before")
{
    struct rel4_queue queue = { 0 };
    /* Two pages of rings and one for the header, a queue object, two page tables: 24 KiB and less. */
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 15);
    seL4_CPtr slots = lib_slots(rel4_queue_slots(6, 7));
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    for (unsigned i = 0; i < SOAK_OR(5000, 100); i++) {
        CHECK_OK(try_to_create(&queue, untyped, slots, notification, 6));
        CHECK_EQUAL(*(volatile uint32_t *)LIB_RINGS(0), REL4_INTERFACE_VERSION);
        rel4_queue_destroy(&queue);
        /* All of it is there again: the untyped has no children. */
        CHECK_OK(
            seL4_Untyped_Retype(untyped, seL4_UntypedObject, 15, seL4_CapInitThreadCNode, 0, 0, slots, 1));
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slots, seL4_WordBits));
    }
}

TEST("async queues: what fails on the way leaves nothing behind")
{
    struct rel4_queue queue = { 0 };
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 15), small = test_object(seL4_UntypedObject, 13);
    seL4_CPtr slots = lib_slots(rel4_queue_slots(6, 7));
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    CHECK_ERROR(try_to_create(&queue, untyped, slots, notification, 4), seL4_RangeError);
    CHECK_ERROR(try_to_create(&queue, untyped, slots, notification, 13), seL4_RangeError);
    CHECK_ERROR(try_to_create(&queue, small, slots, notification, 6), seL4_NotEnoughMemory);
    CHECK_ERROR(try_to_create(&queue, untyped, slots, untyped, 6), seL4_InvalidCapability);
    CHECK_OK(seL4_Untyped_Retype(small, seL4_UntypedObject, 13, seL4_CapInitThreadCNode, 0, 0, slots, 1));
    CHECK_OK(
        seL4_Untyped_Retype(untyped, seL4_UntypedObject, 15, seL4_CapInitThreadCNode, 0, 0, slots + 1, 1));
}
