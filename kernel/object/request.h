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

/* What decoding a request found, for performing it: nothing that user memory can still change. Beside it,
 * performing uses the request's capabilities and first four words, which nobody changes meanwhile. Members
 * have one meaning in all invocations; each uses a few of them. */
struct operation {
    struct result *result; /* where the answer goes */
    struct slot
        *source; /* the capability that is copied or moved, or that gives memory; the first of count */
    struct slot *target; /* the slot that gets a capability, or is changed; the first of count */
    struct slot *pivot;  /* of Rotate */
    struct cap caps[3];  /* for the target, the pivot; or the CSpace, VSpace and buffer of a thread */
    struct tcb *thread;  /* that an extra capability names */
    word_t *entry;       /* of a page table */
    word_t value;        /* for the entry, or a parameter of the object */
    word_t parameter;    /* a further one */
    word_t mapping;      /* for the capability, by cap_mapping() */
    word_t address;      /* physical */
    word_t index;        /* in a table: its entry, an ASID, an interrupt's number */
    word_t count;
    unsigned size_bits; /* log2 of the bytes of an object */
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
static inline void request_copy_words(const struct request *request, word_t start, word_t *to, word_t count)
{
    const word_t *first = request->first;
    struct user_words words = request->words;
    word_t end = start + count;
    word_t in_first = user_words_exist(words) ? ABI_MSG_REGISTERS : end;

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

/* It is one word. */
static inline void result_set_word(struct result *result, word_t word)
{
    result->own[0] = word;
    result_set_length(result, 1);
}

/* The object of extra capability i, below request->extra_count, if that is of a type; otherwise NULL. */
static inline void *request_extra_object(const struct request *request, unsigned i, enum cap_type type)
{
    struct cap cap = request->extra[i]->cap;

    return cap_is(cap, type) ? cap_object(cap) : NULL;
}

/* A capability by which a notification may be signalled, and of which a copy may be made. */
static inline bool slot_can_signal(const struct slot *slot)
{
    return cap_is(slot->cap, CAP_NOTIFICATION) && cap_allows(slot->cap, ABI_RIGHT_WRITE) &&
           !slot_is_revoked(slot);
}

/* Errors of the binary interface. Each sets the words that belong to it and returns its code. */

static inline word_t error_with_word(struct result *result, word_t error, word_t word)
{
    result_set_word(result, word);
    return error;
}

static inline word_t error_invalid_argument(struct result *result, word_t argument)
{
    return error_with_word(result, ERR_INVALID_ARGUMENT, argument);
}

static inline word_t error_invalid_capability(struct result *result, word_t capability)
{
    return error_with_word(result, ERR_INVALID_CAPABILITY, capability);
}

static inline word_t error_not_enough_memory(struct result *result, word_t bytes)
{
    return error_with_word(result, ERR_NOT_ENOUGH_MEMORY, bytes);
}

static inline word_t error_range(struct result *result, word_t low, word_t high)
{
    result->own[0] = low;
    result->own[1] = high;
    result_set_length(result, 2);
    return ERR_RANGE;
}

/* from_source is 1 for the lookup of a source slot, 0 for everything else. */
word_t error_failed_lookup(struct result *result, word_t from_source, const struct lookup_failure *failure);
word_t error_missing_capability(struct result *result, word_t from_source, word_t bits_left);
word_t error_invalid_root(struct result *result, word_t from_source);

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

/* The row for a request whose label is not one of the consecutive ones; NULL if there is none. */
const struct invocation *request_find_other(const struct request *request);

static inline const struct invocation *request_find(const struct request *request)
{
    const struct cap_ops *ops = cap_ops(request->cap);
    word_t index = request->label - ops->invocations->label;

    return likely(index < ops->invocation_count) ? &ops->invocations[index] : request_find_other(request);
}

/* Decodes and performs, if the capability is that of a kernel object. On success the error is ERR_NONE;
 * *progress is AGAIN if the request must be made again. */
static inline word_t request_serve(const struct request *request, struct result *result,
                                   enum progress *progress)
{
    const struct invocation *invocation = request_find(request);
    struct operation operation;

    operation.result = result;
    *progress = DONE;
    result->length = 0;
    if (unlikely(!invocation)) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (unlikely(request->length < invocation->words || request->extra_count < invocation->extras)) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t error = invocation->decode ? invocation->decode(request, &operation, result) : ERR_NONE;
    if (likely(error == ERR_NONE)) {
        *progress = invocation->perform(request, &operation);
    }
    return error;
}
