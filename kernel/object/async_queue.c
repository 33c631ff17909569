/*
 * Invocations and destruction of queues. The requests in a queue are served in worker/.
 */
#include "object/async_queue.h"

#include "arch/console.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "object/console_turn.h"
#include "object/objects.h"
#include "object/put_string.h"
#include "object/request.h"
#include "worker/placement.h"
#include <rel4/abi.h>

/* Capabilities that are deleted between two preemption points. */
#define SLOTS_PER_BATCH 16

#define SIZE_FITS(n)                                                                      \
    _Static_assert(offsetof(struct async_queue, frames) + (sizeof(struct slot) << (n)) <= \
                       1ul << REL4_QUEUE_BITS(n),                                         \
                   "fits")
SIZE_FITS(0);
SIZE_FITS(3);
SIZE_FITS(4);
SIZE_FITS(5);
SIZE_FITS(6);
SIZE_FITS(7);
SIZE_FITS(8);

static word_t frame_slots(struct cap cap)
{
    return bit(async_queue_slot_bits(cap));
}

/* Drops the request that is being served. It gets no answer. */
static void forget_request(struct async_queue *queue)
{
    queue->holds_request = false;
    queue->more_items = 0;
    badged_pass_forget(&queue->pass);
}

void async_queue_stop(struct async_queue *queue)
{
    if (async_queue_is_started(queue)) {
        ring_hand_over(queue);
        placement_withdraw(queue);
        queue->state = QUEUE_STOPPED;
    }
    forget_request(queue);
}

void async_queue_unbind(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (queue) {
        async_queue_stop(queue);
        queue->thread = NULL;
        thread->async_queue = NULL;
    }
}

bool async_queue_is_source(const struct request *request)
{
    const struct async_queue *queue = request->thread->async_queue;

    return queue && request->first >= queue->copy && request->first < queue->copy + ARRAY_SIZE(queue->copy);
}

/* Unbinds the queue and deletes some of the capabilities that it holds. AGAIN if some are left.
 *
 * Below give_up(), finalise leads to finalise_frame(), finalise_notification() or finalise_closed() only. */
static enum progress give_up(struct async_queue *queue, word_t slots)
{
    unsigned deleted = 0;

    if (queue->thread) {
        async_queue_unbind(queue->thread);
    }
    queue->state = QUEUE_ENDING;
    for (word_t i = 0; i < slots; i++) {
        if (!slot_is_empty(&queue->frames[i])) {
            if (deleted++ == SLOTS_PER_BATCH) {
                preemption_soon();
                return AGAIN;
            }
            slot_delete_simple(&queue->frames[i]);
        }
    }
    /* This may be the last capability of the notification, and many threads may wait on that. */
    if (slot_delete(&queue->notification) == AGAIN) {
        return AGAIN;
    }
    queue->frame_bits = 0;
    queue->state = QUEUE_NEW;
    return DONE;
}

/* Words of Bind. */
enum {
    BIND_REQUEST_BITS,
    BIND_RESPONSE_BITS,
    BIND_POLICY,
    BIND_VERSION,
    BIND_HEADER_OFFSET,
    BIND_LABELS, /* two */
    BIND_WORDS = BIND_LABELS + 2
};

static enum progress perform_bind(const struct request *request, const struct operation *operation)
{
    struct async_queue *queue = cap_object(request->cap);
    struct slot *notification = request->extra[1];

    queue->thread = operation->thread;
    queue->thread->async_queue = queue;
    queue->thread->worker.is_worker = true;
    queue->request_bits = (uint8_t)request_word(request, BIND_REQUEST_BITS);
    queue->response_bits = (uint8_t)request_word(request, BIND_RESPONSE_BITS);
    queue->at_tick = request_word(request, BIND_POLICY) == REL4_POLICY_TICK;
    queue->header_offset = (uint16_t)operation->value;
    queue->labels[0] = operation->labels[0];
    queue->labels[1] = operation->labels[1];
    queue->is_restricted = ~(operation->labels[0] & operation->labels[1]) != 0;
    queue->state = QUEUE_STOPPED;
    slot_insert(&queue->notification, notification->cap, notification);
    return DONE;
}

static word_t decode_bind(const struct request *request, struct operation *operation, struct result *result)
{
    const struct async_queue *queue = cap_object(request->cap);
    word_t request_bits = request_word(request, BIND_REQUEST_BITS);
    word_t response_bits = request_word(request, BIND_RESPONSE_BITS);

    /* First, so that programs of another version learn why. */
    if (request->length <= BIND_VERSION || request_word(request, BIND_VERSION) != REL4_INTERFACE_VERSION) {
        return error_range(result, REL4_INTERFACE_VERSION, REL4_INTERFACE_VERSION);
    }
    if (request->length < BIND_WORDS) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->thread = request_extra_object(request, 0, CAP_TCB);
    if (!operation->thread) {
        return error_invalid_capability(result, 1);
    }
    if (!slot_can_signal(request->extra[1])) {
        return error_invalid_capability(result, 2);
    }
    if (request_bits < REL4_REQUESTS_MIN_BITS || request_bits > REL4_REQUESTS_MAX_BITS) {
        return error_range(result, REL4_REQUESTS_MIN_BITS, REL4_REQUESTS_MAX_BITS);
    }
    if (response_bits < REL4_RESPONSES_MIN_BITS || response_bits > REL4_RESPONSES_MAX_BITS) {
        return error_range(result, REL4_RESPONSES_MIN_BITS, REL4_RESPONSES_MAX_BITS);
    }
    if (request_word(request, BIND_POLICY) > REL4_POLICY_TICK) {
        return error_invalid_argument(result, BIND_POLICY);
    }
    operation->value = request_word(request, BIND_HEADER_OFFSET);
    if (operation->value > REL4_HEADER_MAX_OFFSET) {
        return error_range(result, 0, REL4_HEADER_MAX_OFFSET);
    }
    if (operation->value % REL4_ITEM_BYTES) {
        return ERR_ALIGNMENT;
    }
    operation->labels[0] = request_word(request, BIND_LABELS);
    operation->labels[1] = request_word(request, BIND_LABELS + 1);
    return queue->state == QUEUE_NEW && !operation->thread->async_queue ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static enum progress perform_add_frames(const struct request *request, const struct operation *operation)
{
    struct async_queue *queue = cap_object(request->cap);
    struct slot *to = operation->target;
    struct slot *from = operation->source;

    queue->frame_bits = (uint8_t)frame_size_bits(frame_size(from->cap));
    for (word_t i = 0; i < operation->count; i++) {
        slot_insert(&to[i], frame_set_queue(from[i].cap, queue), &from[i]);
    }
    return DONE;
}

/* True for memory that the user can read and write, in frames of one size. */
static bool is_ring_memory(struct cap cap, unsigned frame_bits)
{
    return cap_is(cap, CAP_FRAME) && !frame_is_device(cap) && frame_rights(cap) == FRAME_READ_WRITE &&
           frame_size_bits(frame_size(cap)) == frame_bits;
}

/* Checks the frames of AddFrames. All frames of a queue have the same size. */
static word_t decode_frames(const struct async_queue *queue, const struct operation *operation,
                            struct result *result)
{
    const struct slot *to = operation->target;
    const struct slot *from = operation->source;
    unsigned frame_bits = queue->frame_bits;
    bool revoking = harts_revoking; /* read once for all frames */

    if (!frame_bits && cap_is(from->cap, CAP_FRAME)) {
        frame_bits = frame_size_bits(frame_size(from->cap));
    }
    for (word_t i = 0; i < operation->count; i++) {
        if (!slot_is_empty(&to[i])) {
            return ERR_DELETE_FIRST;
        }
        if (!is_ring_memory(from[i].cap, frame_bits) || (unlikely(revoking) && revoke_concerns(&from[i]))) {
            return error_invalid_capability(result, 2 + i);
        }
    }
    return ERR_NONE;
}

static word_t decode_add_frames(const struct request *request, struct operation *operation,
                                struct result *result)
{
    struct async_queue *queue = cap_object(request->cap);
    word_t position = request_word(request, 0);
    word_t count = request_word(request, 1);
    word_t first = request_word(request, 2);
    struct cap node = request->extra[0]->cap;
    word_t slots = frame_slots(request->cap);

    if (!cap_is(node, CAP_CNODE)) {
        return error_invalid_capability(result, 1);
    }
    if (position >= slots) {
        return error_range(result, 0, slots - 1);
    }
    word_t most = min_word(slots - position, REL4_QUEUE_FRAMES_PER_CALL);
    if (count < 1 || count > most) {
        return error_range(result, 1, most);
    }
    if (first >= bit(cnode_radix(node))) {
        return error_range(result, 0, bit(cnode_radix(node)) - 1);
    }
    if (count > bit(cnode_radix(node)) - first) {
        return error_range(result, 1, bit(cnode_radix(node)) - first);
    }
    if (queue->state != QUEUE_STOPPED) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->target = &queue->frames[position];
    operation->source = (struct slot *)cap_object(node) + first;
    operation->count = count;
    return decode_frames(queue, operation, result);
}

/* Makes the rings empty, and their indices 0. */
static void clear_rings(struct async_queue *queue)
{
    forget_request(queue);
    queue->request_producer = 0;
    queue->response_limit = (uint32_t)bit(queue->response_bits);
    queue->told = 0;
    queue->outcome = ERR_NONE;
    queue->placement.batch = 0;
    queue->requests = queue->responses = (struct ring_cursor){ user_words_none(), user_words_none(), 0 };
    queue->ahead = user_words_none();
    ring_publish_word(queue, REL4_HEADER_REQUESTER, 0);
    ring_publish_word(queue, REL4_HEADER_SERVER_STATE, REL4_ASLEEP);
    ring_publish_word(queue, REL4_HEADER_SERVER, 0);
    ring_publish_word(queue, REL4_HEADER_REQUESTER_STATE, REL4_ASLEEP);
    ring_publish_word(queue, REL4_HEADER_FAULT, REL4_FAULT_NONE);
    queue->state = QUEUE_IDLE;
    if (!queue->at_tick) {
        ring_expect_news(queue, QUEUE_IDLE);
    }
}

static enum progress perform_start(const struct request *request, const struct operation *operation)
{
    struct async_queue *queue = cap_object(request->cap);

    queue->header = async_queue_line(queue, queue->header_offset);
    struct user_words version = async_queue_header(queue, REL4_HEADER_VERSION);
    struct user_words statistics = async_queue_header(queue, REL4_HEADER_STATISTICS);
    user_store(version, 0, REL4_INTERFACE_VERSION | (word_t)queue->request_bits << 32);
    user_store(version, 1, queue->response_bits);
    queue->statistics = (struct rel4_queue_statistics){ 0 };
    placement_start(queue);
    for (unsigned i = 0; i < sizeof(queue->statistics) / sizeof(word_t); i++) {
        user_store(statistics, i, 0);
    }
    clear_rings(queue);
    return DONE;
}

static word_t decode_start(const struct request *request, struct operation *operation, struct result *result)
{
    const struct async_queue *queue = cap_object(request->cap);

    if (queue->state != QUEUE_STOPPED || !queue->thread) {
        return ERR_ILLEGAL_OPERATION;
    }
    word_t bytes = async_queue_bytes(queue);
    for (word_t i = 0; i << queue->frame_bits < bytes; i++) {
        if (i == frame_slots(request->cap) || slot_is_empty(&queue->frames[i])) {
            return error_not_enough_memory(result, bytes);
        }
    }
    return ERR_NONE;
}

static HOT enum progress perform_wake(const struct request *request, const struct operation *operation)
{
    struct async_queue *queue = cap_object(request->cap);

    queue_count(queue, &queue->statistics.wakes, 1);
    return placement_wake(queue);
}

static enum progress perform_reset(const struct request *request, const struct operation *operation)
{
    struct async_queue *queue = cap_object(request->cap);

    placement_withdraw(queue);
    clear_rings(queue);
    return DONE;
}

static enum progress perform_detach(const struct request *request, const struct operation *operation)
{
    while (give_up(cap_object(request->cap), frame_slots(request->cap)) == AGAIN) {
        if (preemption_point()) {
            return AGAIN;
        }
    }
    return DONE;
}

static enum progress perform_put_char(const struct request *request, const struct operation *operation)
{
    console_put((char)request_word(request, 0));
    return DONE;
}

static word_t decode_put_char(const struct request *request, struct operation *operation,
                              struct result *result)
{
    return console_enabled ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static struct remains finalise_queue(struct cap cap, struct slot *slot)
{
    return (struct remains){ .again =
                                 slot_is_last(slot) && give_up(cap_object(cap), frame_slots(cap)) == AGAIN };
}

static unsigned queue_size_bits(struct cap cap)
{
    return REL4_QUEUE_BITS(async_queue_slot_bits(cap));
}

/* Wake, Reset and Detach depend only on the state of the queue. Returns an error if it is one of some, a bit
 * for each. */
static ALWAYS_INLINE word_t state_not_in(const struct request *request, unsigned states)
{
    const struct async_queue *queue = cap_object(request->cap);

    return states >> queue->state & 1 ? ERR_ILLEGAL_OPERATION : ERR_NONE;
}

static HOT word_t decode_wake(const struct request *request, struct operation *operation,
                              struct result *result)
{
    return state_not_in(request,
                        1 << QUEUE_NEW | 1 << QUEUE_ENDING | 1 << QUEUE_STOPPED | 1 << QUEUE_FAULTED);
}

static word_t decode_reset(const struct request *request, struct operation *operation, struct result *result)
{
    return state_not_in(request,
                        1 << QUEUE_NEW | 1 << QUEUE_ENDING | 1 << QUEUE_STOPPED | 1 << QUEUE_RUNNING);
}

static word_t decode_detach(const struct request *request, struct operation *operation, struct result *result)
{
    return state_not_in(request, 1 << QUEUE_NEW | 1 << QUEUE_RUNNING);
}

static const struct invocation invocations[] = {
    { REL4_LABEL_QUEUE_BIND, 3, 2, decode_bind, perform_bind },
    { REL4_LABEL_QUEUE_ADD_FRAMES, 3, 1, decode_add_frames, perform_add_frames },
    { REL4_LABEL_QUEUE_START, 0, 0, decode_start, perform_start },
    { REL4_LABEL_QUEUE_WAKE, 0, 0, decode_wake, perform_wake },
    { REL4_LABEL_QUEUE_RESET, 0, 0, decode_reset, perform_reset },
    { REL4_LABEL_QUEUE_DETACH, 0, 0, decode_detach, perform_detach },
    { REL4_LABEL_QUEUE_PUT_CHAR, 1, 0, decode_put_char, perform_put_char },
    { REL4_LABEL_QUEUE_PUT_STRING, 1, 0, decode_put_string, perform_put_string },
};

const struct cap_ops async_queue_ops = {
    .name = "async queue",
    INVOCATIONS(invocations),
    .finalise = finalise_queue,
    .size_bits = REL4_QUEUE_BITS(0),
    .exact_size_bits = queue_size_bits,
};
