/*
 * Requests that ask for more than one plain call (docs/ring.md): flags, NOP, and queues that may not make all
 * calls. What they say is read from the queue's copy.
 */
#include "worker/ring.h"

#include "lib/bits.h"

#define FLAGS_ZERO (0xfu << 12 | 7u << 29) /* bits of a request's header that must be 0 */

#define COUNT_BITS (REL4_REPEAT_COUNT_MASK | 0x3fu << 16 | REL4_REPEAT_POINTER)

/* Words of an answer at the most: five of an error, and the number of calls that were done. */
#define ERROR_WORDS 6

_Static_assert(REL4_ANSWER_UNITS >= 1 + (ERROR_WORDS + 1) / 2, "with data");
_Static_assert(1 + (REL4_MAX_ADDRESSES + ERROR_WORDS + 1) / 2 <= 1 << REL4_RESPONSES_MIN_BITS,
               "the longest answer fits into any ring");
_Static_assert(COPY_OF_RESULTS >= ITEM_WORDS + REL4_ITEM_WORDS + REL4_MAX_EXTRAS + 3, "no request is there");
_Static_assert(COPY_OF_RESULTS + REL4_MAX_ADDRESSES <= QUEUE_COPY_WORDS, "they fit into the copy");

/* Calls that answer with words, except GetAddress; that change who serves the queue; or that can be
 * interrupted in their middle and count that in their words. A bit for each label; those of the extension
 * from REL4_LABEL_QUEUE_BIND on. tests/static/repeat.t compares the first kind with the interface. */
#define NOT_REPEATED                                                                             \
    (bit(LABEL_TCB_READ_REGISTERS) | bit(LABEL_TCB_WRITE_REGISTERS) | bit(LABEL_TCB_SET_FLAGS) | \
     bit(LABEL_CNODE_CANCEL_BADGED_SENDS))
#define EXTENSION_BIT(label) bit((label)-REL4_LABEL_QUEUE_BIND)
#define EXTENSION_NOT_REPEATED                                                             \
    (EXTENSION_BIT(REL4_LABEL_QUEUE_BIND) | EXTENSION_BIT(REL4_LABEL_QUEUE_START) |        \
     EXTENSION_BIT(REL4_LABEL_QUEUE_WAKE) | EXTENSION_BIT(REL4_LABEL_QUEUE_RESET) |        \
     EXTENSION_BIT(REL4_LABEL_QUEUE_DETACH) | EXTENSION_BIT(REL4_LABEL_QUEUE_PUT_STRING) | \
     EXTENSION_BIT(REL4_LABEL_TCB_REGISTER_RECEIVER) | EXTENSION_BIT(REL4_LABEL_SENDER_TABLE_ADD))

/* Returns whether a set of labels, in two words, has a label. */
static bool labels_have(word_t first, word_t extension, word_t label)
{
    if (label < WORD_BITS) {
        return first >> label & 1;
    }
    label -= REL4_LABEL_QUEUE_BIND;
    return label < WORD_BITS && extension >> label & 1;
}

/* Where the words of the flags begin in the queue's copy. */
static unsigned flag_words(struct call call)
{
    return ITEM_WORDS + call_words(call) + call_extras(call);
}

word_t special_data(const struct async_queue *queue, struct call call)
{
    return queue->copy[flag_words(call) + (call_header(call) & REL4_REPEAT ? 2 : 0)];
}

enum queue_state special_begin(struct async_queue *queue, struct call call)
{
    uint32_t header = call_header(call);

    if (header & FLAGS_ZERO) {
        return ring_fault(queue, REL4_FAULT_FLAGS);
    }
    if (!(header & REL4_REPEAT)) {
        return QUEUE_RUNNING;
    }
    const word_t *words = &queue->copy[flag_words(call)];
    word_t count = words[1];
    if (call_words(call) > REL4_ITEM_WORDS || !(count & REL4_REPEAT_COUNT_MASK) ||
        count & ~(word_t)COUNT_BITS || (count >> 16 & 0x3f) >> call_words(call)) {
        return ring_fault(queue, REL4_FAULT_FLAGS);
    }
    queue->repeat = (struct repeat){
        .left = (uint16_t)(count & REL4_REPEAT_COUNT_MASK),
        .words = count >> 16 & 0x3f,
        .pointer = count & REL4_REPEAT_POINTER,
        .step = words[0],
    };
    return QUEUE_RUNNING;
}

word_t special_refusal(const struct async_queue *queue, struct call call)
{
    uint32_t header = call_header(call);
    word_t label = request_label(call_label(call), abi_up);

    if (header & REL4_LINK && queue->outcome) {
        return REL4_ERROR_SKIPPED;
    }
    if (call_label(call) == REL4_LABEL_NOP) {
        return REL4_ERROR_CANCELLED;
    }
    if (queue->is_restricted && !labels_have(queue->labels[0], queue->labels[1], call_label(call))) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (header & REL4_REPEAT &&
        (labels_have(NOT_REPEATED, EXTENSION_NOT_REPEATED, label) ||
         (label == LABEL_PAGE_GET_ADDRESS && queue->repeat.done + queue->repeat.left > REL4_MAX_ADDRESSES))) {
        return ERR_ILLEGAL_OPERATION;
    }
    return ERR_NONE;
}

unsigned special_answer_units(const struct async_queue *queue, struct call call)
{
    uint32_t header = call_header(call);
    unsigned words = ERROR_WORDS;

    if (reads_registers(call)) {
        unsigned registers = (unsigned)min_word(queue->copy[ITEM_WORDS + 1], ABI_REG_COUNT);
        words = registers > words ? registers : words;
    }
    if (header & REL4_REPEAT && request_label(call_label(call), abi_up) == LABEL_PAGE_GET_ADDRESS) {
        words += queue->repeat.result_words + queue->repeat.left;
    }
    return rel4_units_for(words + (header & REL4_DATA ? 1 : 0));
}

bool special_has_next(struct async_queue *queue, struct call call, word_t error, struct result *result)
{
    struct repeat *repeat = &queue->repeat;

    if (!(call_header(call) & REL4_REPEAT)) {
        return false;
    }
    ring_forget_ahead(queue); /* the budget counts calls */
    if (error) {
        return false;
    }
    for (unsigned i = 0; i < result->length; i++) {
        queue->copy[COPY_OF_RESULTS + repeat->result_words++] = result->words[i];
    }
    result->length = 0;
    repeat->done++;
    if (!--repeat->left) {
        return false;
    }
    word_t *word = &queue->copy[ITEM_WORDS];
    for (unsigned words = repeat->words; words; words >>= 1, word++) {
        if (words & 1) {
            *word += repeat->step;
        }
    }
    return true;
}
