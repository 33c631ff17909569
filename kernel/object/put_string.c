/*
 * AsyncQueue PutString: a string that nobody else's comes between.
 *
 * Printing is slow, so it can be interrupted every few bytes, and goes on when the request is made again. In
 * between its thread holds the console: other strings of threads that are not more important wait. How much
 * of a string is out is noted where its words are, with the thread or with the queue.
 */
#include "object/put_string.h"

#include "arch/riscv64/console.h"
#include "ipc/endpoint.h"
#include "object/async_queue.h"
#include "thread/work.h"
#include <rel4/abi.h>

#define BYTES_PER_LOOK 64

/* Whose string has been begun and not ended; NULL if nobody's. */
static struct tcb *holder;

void put_string_forget(struct tcb *thread)
{
    thread->printed = 0;
    put_string_release(thread);
}

void put_string_release(const struct tcb *thread)
{
    if (holder == thread) {
        holder = NULL;
    }
}

/* Came by a ring: the words are in the copy of the thread's queue. */
static bool is_from_ring(const struct request *request)
{
    const struct async_queue *queue = request->thread->async_queue;

    return queue && request->first >= queue->copy && request->first < queue->copy + ARRAY_SIZE(queue->copy);
}

static void put_some(const struct request *request, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        word_t word = request_word(request, 1 + i / sizeof(word_t));
        console_put((char)(word >> i % sizeof(word_t) * 8));
    }
}

static enum progress perform_put_string(struct operation *operation, struct result *result)
{
    const struct request *request = operation->queue.request;
    struct tcb *thread = request->thread;
    uint16_t *printed = is_from_ring(request) ? &thread->async_queue->printed : &thread->printed;
    unsigned length = operation->queue.count;

    (void)result;
    if (holder && holder != thread && holder->state != THREAD_INACTIVE &&
        holder->priority >= thread->priority) {
        thread->work_retry = is_from_ring(request);
        return AGAIN;
    }
    holder = thread;
    while (*printed < length) {
        unsigned end = (unsigned)min_word(length, *printed + BYTES_PER_LOOK);
        put_some(request, *printed, end);
        *printed = (uint16_t)end;
        preemption_soon();
        if (*printed < length && preemption_point()) {
            return AGAIN;
        }
    }
    *printed = 0;
    holder = NULL;
    return DONE;
}

word_t decode_put_string(const struct request *request, struct operation *operation, struct result *result)
{
    if (request->length < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!console_enabled) {
        return ERR_ILLEGAL_OPERATION;
    }
    word_t length = request_word(request, 0);
    if (length > REL4_PUT_STRING_MAX) {
        return error_range(result, 0, REL4_PUT_STRING_MAX);
    }
    if (request->length - 1 < (length + sizeof(word_t) - 1) / sizeof(word_t)) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->queue.request = request;
    operation->queue.count = (unsigned)length;
    operation->perform = perform_put_string;
    return ERR_NONE;
}
