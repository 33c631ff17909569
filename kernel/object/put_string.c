/*
 * AsyncQueue PutString: prints a string that only more important ones can interrupt.
 *
 * Printing is slow, so that the call can be preempted and continues when it is repeated. The number of
 * printed bytes is kept in the call itself, in message word 0, so that only its repetition finds it: a
 * handler that interrupts the thread saves and restores it with the other registers. Meanwhile the call keeps
 * its turn on the console.
 */
#include "object/put_string.h"

#include "arch/console.h"
#include "lib/mutant.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include <rel4/abi.h>

/* The call can be preempted after each byte that waited for the device, and otherwise after this many. */
#define BYTES_PER_LOOK 64

/* Message word 0: the length, and above it the number of bytes that are printed. */
#define LENGTH_BITS 16

static char byte_of(const struct request *request, unsigned i)
{
    return (char)(request_word(request, 1 + i / sizeof(word_t)) >> i % sizeof(word_t) * 8);
}

enum progress perform_put_string(const struct request *request, const struct operation *operation)
{
    struct tcb *thread = request->thread;
    struct schedulable *self = async_queue_is_source(request) ? &thread->worker : &thread->ready;
    unsigned length = (unsigned)operation->count;
    unsigned out = (unsigned)operation->index;

    if (!console_take(self)) {
        return AGAIN;
    }
    while (out < length) {
        bool waited = console_put(byte_of(request, out++));
        if ((waited || out % BYTES_PER_LOOK == 0) && out < length) {
            preemption_soon();
            if (preemption_point()) {
                request_set_word(request, 0, length | (word_t)out << LENGTH_BITS);
                console_preempted(self);
                if (MUTANT(PRINT_IN_PIECES)) {
                    console_leave(self);
                }
                return AGAIN;
            }
        }
    }
    if (!MUTANT(KEEP_OUT)) {
        request_set_word(request, 0, length);
    }
    console_leave(self);
    return DONE;
}

word_t decode_put_string(const struct request *request, struct operation *operation, struct result *result)
{
    word_t length = request_word(request, 0) & mask(LENGTH_BITS);
    word_t out = request_word(request, 0) >> LENGTH_BITS;

    if (!console_enabled) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (length > REL4_PUT_STRING_MAX || out > length) {
        return error_range(result, 0, REL4_PUT_STRING_MAX);
    }
    if (request->length - 1 < (length + sizeof(word_t) - 1) / sizeof(word_t)) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->count = length;
    operation->index = out;
    return ERR_NONE;
}
