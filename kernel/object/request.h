/*
 * The one room behind both doors: a request is a value, decoding it checks everything and changes nothing,
 * performing it changes the state and cannot fail, and the result is a value.
 *
 * Neither step knows which door the request came through. "The caller" of the binary interface is
 * request->thread, never the thread that happens to run.
 */
#pragma once

#include "cap/lookup.h"
#include "cap/ops.h"
#include "ipc/user_memory.h"
#include "lib/preempt.h"
#include "thread/tcb.h"

struct request {
    struct tcb *thread; /* who asks */
    struct slot *slot;  /* the invoked capability's */
    struct cap cap;
    word_t label;    /* LABEL_... */
    unsigned length; /* words */
    unsigned extra_count;
    struct slot *extra[ABI_MSG_MAX_EXTRA_CAPS]; /* may be empty slots */
    word_t *first;                              /* the first four message words; all, if words are none */
    struct user_words words;                    /* message word i at index i, from the fourth on */
};

struct result {
    unsigned length;
    const word_t *words; /* valid until the next request of the same thread; only set if there are any */
    word_t own[5];       /* where they are, unless the operation has them elsewhere */
};

/* A checked request: what perform() needs, and nothing that user memory can still change; except for
 * WriteRegisters, whose registers may have any value and are read then. */
struct operation {
    enum progress (*perform)(struct operation *operation, struct result *result);
    union {
        struct {
            struct slot *untyped;
            struct slot *first;
            word_t start; /* physical address of the first object */
            word_t type;
            unsigned size_bits; /* of the object */
            word_t number;      /* the size that was asked for */
            unsigned count;
            struct tcb *caller;
        } retype;
        struct {
            struct slot *target;
            struct slot *source;
            struct slot *pivot;
            struct cap cap; /* for the target */
            struct cap pivot_cap;
            const struct request *request;
        } cnode;
        struct {
            struct tcb *target;
            struct tcb *source;
            const struct request *request;
            word_t flags;
            word_t count;
            word_t value;
            struct notification *notification;
        } tcb;
        struct {
            struct tcb *target;
            bool set_roots;
            bool set_buffer;
            word_t fault_handler;
            word_t buffer;
            struct slot *sources[TCB_SLOTS];
            struct cap caps[TCB_SLOTS];
        } configure;
        struct {
            struct slot *control;
            struct slot *target;
            struct slot *notification;
            unsigned irq;
            bool edge;
            struct hart *hart;
        } irq;
        struct {
            struct tcb *target;
            word_t index;
            word_t domain;
            word_t ticks;
        } domain;
        struct {
            struct slot *slot;
            word_t *entry;  /* of a page table */
            word_t value;   /* for the entry */
            word_t mapping; /* for the capability, by cap_mapping() */
        } map;
        struct {
            struct tcb *target;
            struct sender_table *table;
            struct slot *notification;
            word_t index;
            word_t handler, stack;
        } uintr;
        struct {
            struct async_queue *queue;
            struct tcb *thread;
            struct slot *slot; /* the notification capability, or the first of frames */
            const struct request *request;
            unsigned request_bits, response_bits, policy;
            unsigned position, count;
        } queue;
        struct {
            struct slot *untyped;
            struct slot *target;
            struct slot *table;
            struct asid_pool *pool;
            word_t number;
        } asid;
    };
};

/* Message word i, below request->length. Read it once: it may be in memory that the user is changing. */
static inline word_t request_word(const struct request *request, unsigned i)
{
    return i < ABI_MSG_REGISTERS || !user_words_exist(request->words) ? request->first[i]
                                                                      : user_load(request->words, i);
}

/* Changes message word i, one of the first four, where the repeated request finds it. */
static inline void request_set_word(const struct request *request, unsigned i, word_t value)
{
    request->first[i] = value;
}

/* Copies count message words from word start on, all below request->length. */
static inline void request_copy_words(const struct request *request, unsigned start, word_t *to,
                                      unsigned count)
{
    const word_t *first = request->first;
    struct user_words words = request->words;
    unsigned end = start + count;
    unsigned in_first = user_words_exist(words) ? ABI_MSG_REGISTERS : end;

    for (; start < end && start < in_first; start++) {
        *to++ = first[start];
    }
    for (; start < end; start++) {
        *to++ = user_load(words, start);
    }
}

/* The words of a result are its own. */
static inline void result_set_length(struct result *result, unsigned length)
{
    result->words = result->own;
    result->length = length;
}

/* Errors of the binary interface. Each sets the words that belong to it and returns its code. */

static inline word_t error_invalid_argument(struct result *result, word_t argument)
{
    result->own[0] = argument;
    result_set_length(result, 1);
    return ERR_INVALID_ARGUMENT;
}

static inline word_t error_invalid_capability(struct result *result, word_t capability)
{
    result->own[0] = capability;
    result_set_length(result, 1);
    return ERR_INVALID_CAPABILITY;
}

static inline word_t error_range(struct result *result, word_t low, word_t high)
{
    result->own[0] = low;
    result->own[1] = high;
    result_set_length(result, 2);
    return ERR_RANGE;
}

static inline word_t error_not_enough_memory(struct result *result, word_t bytes)
{
    result->own[0] = bytes;
    result_set_length(result, 1);
    return ERR_NOT_ENOUGH_MEMORY;
}

/* from_source is 1 for the lookup of a source slot, 0 for everything else. */
word_t error_failed_lookup(struct result *result, word_t from_source, const struct lookup_failure *failure);
word_t error_missing_capability(struct result *result, word_t from_source, word_t bits_left);

/* The general case of request_lookup_slot(). */
word_t request_lookup_slot_slow(struct cap root, word_t index, word_t depth, word_t from_source,
                                struct slot **slot, struct result *result);

/* The lookup of a slot for index and depth arguments, with its group of errors. */
static inline word_t request_lookup_slot(struct cap root, word_t index, word_t depth, word_t from_source,
                                         struct slot **slot, struct result *result)
{
    if (likely(depth == WORD_BITS && cap_is_full_cnode(root) &&
               index >> cnode_radix(root) == cnode_guard(root))) {
        *slot = cap_lookup_full(root, index);
        return ERR_NONE;
    }
    return request_lookup_slot_slow(root, index, depth, from_source, slot, result);
}

/* The same for the slot that is to receive a capability: occupied is an error too. */
word_t request_lookup_empty_slot(struct cap root, word_t index, word_t depth, struct slot **slot,
                                 struct result *result);

/* The programs of this boot use the numbering of single-node builds. */
extern bool abi_up;

/* The label that a program gave, in the numbering of the kernel. up is abi_up. */
static inline word_t request_label(word_t label, bool up)
{
    if (unlikely(up) && label >= ABI_LABEL_FIRST_SHIFTED && label < ABI_LABEL_FIRST_EXTENSION - 1) {
        return label + 1;
    }
    return label;
}

/* Decodes and performs, if the capability is that of a kernel object. On success the error is ERR_NONE;
 * *progress is AGAIN if the request must be made again. */
static inline word_t request_serve(const struct request *request, struct result *result,
                                   enum progress *progress)
{
    struct operation operation;

    *progress = DONE;
    result->length = 0;
    word_t error = cap_ops(request->cap)->decode(request, &operation, result);
    if (likely(error == ERR_NONE)) {
        *progress = operation.perform(&operation, result);
    }
    return error;
}
