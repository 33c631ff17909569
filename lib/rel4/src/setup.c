/*
 * Queues from untyped memory. Slots are used in this order: the queue, its pages, page tables. Deleting the
 * first slots_used slots undoes everything. Other threads may make queues at the same time, so another thread
 * may map a page table that was missing a moment ago.
 */
#include <rel4/setup.h>

#include <rel4/invocations.h>

#define PAGE ((seL4_Word)1 << seL4_PageBits)

static unsigned pages_of(const struct rel4_queue_options *options)
{
    seL4_Word bytes =
        options->header_offset + rel4_queue_bytes(options->request_bits, options->response_bits);

    return (unsigned)((bytes + PAGE - 1) / PAGE);
}

static bool are_possible(const struct rel4_queue_options *options)
{
    return options->request_bits >= REL4_REQUESTS_MIN_BITS &&
           options->request_bits <= REL4_REQUESTS_MAX_BITS &&
           options->response_bits >= REL4_RESPONSES_MIN_BITS &&
           options->response_bits <= REL4_RESPONSES_MAX_BITS &&
           options->header_offset <= REL4_HEADER_MAX_OFFSET;
}

static void delete_slot(const struct rel4_queue *queue, unsigned i)
{
    seL4_CNode_Delete(queue->cnode, queue->first_slot + i, seL4_WordBits);
}

/* Makes objects in the next slots. */
static seL4_Error make(struct rel4_queue *queue, seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits,
                       unsigned count)
{
    seL4_Error error = seL4_Untyped_Retype(untyped, type, size_bits, queue->cnode, 0, 0,
                                           queue->first_slot + queue->slots_used, count);

    if (!error) {
        queue->slots_used += count;
    }
    return error;
}

/* Maps a missing page table. If another thread mapped one first, ours is spare, in the last slot, until the
 * next one is missing. */
static seL4_Error add_table(struct rel4_queue *queue, const struct rel4_queue_options *options,
                            seL4_Word vaddr, bool *spare)
{
    if (!*spare) {
        seL4_Error error = make(queue, options->tables ? options->tables : options->untyped,
                                seL4_RISCV_PageTableObject, 0, 1);
        if (error) {
            return error;
        }
        *spare = true;
    }
    seL4_Error error = seL4_RISCV_PageTable_Map(queue->first_slot + queue->slots_used - 1, options->vspace,
                                                vaddr, seL4_RISCV_Default_VMAttributes);
    if (error) {
        return error == seL4_DeleteFirst ? seL4_NoError : error;
    }
    *spare = false;
    if (options->tables) {
        queue->slots_kept++;
    }
    return seL4_NoError;
}

/* Maps a page, and the page tables that are missing. If more than two seem missing, a large page is in the
 * way. */
static seL4_Error map(struct rel4_queue *queue, const struct rel4_queue_options *options, seL4_CPtr frame,
                      seL4_Word vaddr, bool *spare)
{
    for (unsigned tables = 0; tables <= 2; tables++) {
        seL4_Error error =
            seL4_RISCV_Page_Map(frame, options->vspace, vaddr, seL4_ReadWrite, seL4_RISCV_ExecuteNever);

        if (error != seL4_FailedLookup) {
            return error;
        }
        error = add_table(queue, options, vaddr, spare);
        if (error) {
            return error;
        }
    }
    return seL4_DeleteFirst;
}

static seL4_Error make_rings(struct rel4_queue *queue, const struct rel4_queue_options *options)
{
    unsigned pages = pages_of(options), size_bits = 0;
    seL4_CPtr frames = queue->first_slot + 1;
    bool spare = false;

    while (1u << size_bits < pages) {
        size_bits++;
    }
    seL4_Error error = make(queue, options->untyped, REL4_TYPE_ASYNC_QUEUE, size_bits, 1);
    if (error) {
        return error;
    }
    error = make(queue, options->untyped, seL4_RISCV_4K_Page, 0, pages);
    for (unsigned i = 0; i < pages && !error; i++) {
        error = map(queue, options, frames + i, options->vaddr + i * PAGE, &spare);
    }
    if (spare) {
        delete_slot(queue, --queue->slots_used);
    }
    return error;
}

static seL4_Error add_frames(const struct rel4_queue *queue, const struct rel4_queue_options *options)
{
    seL4_Word pages = pages_of(options);

    for (seL4_Word done = 0, count; done < pages; done += count) {
        count = pages - done < REL4_QUEUE_FRAMES_PER_CALL ? pages - done : REL4_QUEUE_FRAMES_PER_CALL;
        seL4_Error error =
            rel4_AsyncQueue_AddFrames(queue->cap, done, count, queue->first_slot + 1 + done, options->cnode);
        if (error) {
            return error;
        }
    }
    return seL4_NoError;
}

static seL4_Error start(const struct rel4_queue *queue, const struct rel4_queue_options *options)
{
    seL4_Error error =
        rel4_AsyncQueue_Bind(queue->cap, options->request_bits, options->response_bits, options->policy,
                             REL4_INTERFACE_VERSION, options->header_offset, ~options->denied_labels[0],
                             ~options->denied_labels[1], options->tcb, options->notification);

    if (!error) {
        error = add_frames(queue, options);
    }
    return error ? error : rel4_AsyncQueue_Start(queue->cap);
}

int rel4_queue_create(struct rel4_queue *queue, const struct rel4_queue_options *options)
{
    if (!are_possible(options)) {
        return seL4_RangeError;
    }
    queue->cnode = options->cnode;
    queue->first_slot = queue->cap = options->first_slot;
    queue->slots_used = queue->slots_kept = 0;
    queue->notification = options->notification;
    seL4_Error error = make_rings(queue, options);
    if (!error) {
        error = start(queue, options);
    }
    if (error) {
        rel4_queue_destroy(queue);
        return error;
    }
    rel4_queue_attach(queue, (void *)(options->vaddr + options->header_offset), options->request_bits,
                      options->response_bits);
    return seL4_NoError;
}

void rel4_queue_destroy(struct rel4_queue *queue)
{
    unsigned kept = queue->slots_kept, gone = queue->slots_used - kept;

    for (unsigned i = 0; i < gone; i++) {
        delete_slot(queue, i);
    }
    *queue = (struct rel4_queue){
        .cnode = queue->cnode, .first_slot = queue->first_slot + gone, .slots_used = kept, .slots_kept = kept
    };
}
