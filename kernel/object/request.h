/*
 * Requests. System calls and the rings of queues both become requests. Decoding a request checks everything
 * and changes nothing, performing it changes the state and cannot fail, and the result is a value.
 *
 * Neither step depends on where the request came from. "The caller" of the binary interface is
 * request->thread, which need not be the running thread.
 */
#pragma once

#include "cap/lookup.h"
#include "cap/ops.h"
#include "ipc/user_memory.h"
#include "lib/preempt.h"
#include "thread/tcb.h"

struct request {
    struct tcb *thread; /* the caller */
    struct slot *slot;  /* of the invoked capability */
    struct cap cap;
    word_t label;    /* LABEL_... */
    unsigned length; /* message words */
    unsigned extra_count;
    struct slot *extra[ABI_MSG_MAX_EXTRA_CAPS]; /* may be empty slots */
    word_t *first;                              /* the first four message words; all, if words is none */
    struct user_words words;                    /* message word i at index i, from the fourth on */
};

struct result {
    unsigned length;
    const word_t *words; /* valid until the next request of the thread; set if length is not 0 */
    word_t own[5];       /* their place, unless the operation has them elsewhere */
};

/* What decoding found and performing needs: nothing that user memory can still change. Performing may also
 * use the request's capabilities and first four words, which do not change meanwhile. Each member means the
 * same in all invocations; an invocation uses some of them. */
struct operation {
    struct result *result; /* for the words of the answer */
    struct slot *source;   /* the capability to copy, move or take memory from; the first of count */
    struct slot *target;   /* the slot that gets a capability, or changes; the first of count */
    struct slot *pivot;    /* of Rotate */
    struct cap caps[3];    /* for target and pivot; or CSpace, VSpace and buffer of a thread */
    struct tcb *thread;    /* named by an extra capability */
    word_t *entry;         /* of a page table */
    word_t value;          /* for the entry, or a new value of the object */
    word_t parameter;      /* a second one */
    word_t mapping;        /* for the capability, by cap_mapping() */
    word_t address;        /* physical */
    word_t index;          /* of a table entry; an ASID; the number of an interrupt */
    word_t count;
    word_t labels[2];   /* that the requests of a queue may have */
    unsigned size_bits; /* log2 of the bytes of an object */
};

/* Returns message word i, below request->length. Read it once, as the user may change it at any time unless
 * it is one of the first four. */
static inline word_t request_word(const struct request *request, unsigned i)
{
    return i < ABI_MSG_REGISTERS || !user_words_exist(request->words) ? request->first[i]
                                                                      : user_load(request->words, i);
}

/* Changes message word i, one of the first four, for the repetition of the request. */
static inline void request_set_word(const struct request *request, unsigned i, word_t value)
{
    request->first[i] = value;
}

/* Copies count message words from word start on. All are below request->length. */
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

/* The result has some of its own words. */
static inline void result_set_length(struct result *result, unsigned length)
{
    result->words = result->own;
    result->length = length;
}

/* The result is one word. */
static inline void result_set_word(struct result *result, word_t word)
{
    result->own[0] = word;
    result_set_length(result, 1);
}

/* Returns the object of extra capability i, below request->extra_count; NULL if it is of another type. */
static inline void *request_extra_object(const struct request *request, unsigned i, enum cap_type type)
{
    struct cap cap = request->extra[i]->cap;

    return cap_is(cap, type) ? cap_object(cap) : NULL;
}

/* True for a notification capability with the right to signal, and of which a copy may be made. */
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

/* from_source: 1 for the lookup of a source slot, else 0. */
word_t error_failed_lookup(struct result *result, word_t from_source, const struct lookup_failure *failure);
word_t error_missing_capability(struct result *result, word_t from_source, word_t bits_left);
word_t error_invalid_root(struct result *result, word_t from_source);

/* The general case of request_lookup_slot(). */
word_t request_lookup_slot_slow(struct cap root, word_t index, word_t depth, word_t from_source,
                                struct slot **slot, struct result *result);

/* Looks up a slot by index and depth arguments, with the errors of the binary interface. */
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

/* The same for a slot that must be empty. */
word_t request_lookup_empty_slot(struct cap root, word_t index, word_t depth, struct slot **slot,
                                 struct result *result);

/* Programs use the labels of single-node builds (boot option abi=up). */
extern bool abi_up;

/* Returns the kernel's number of a program's label. up: abi_up. */
static inline word_t request_label(word_t label, bool up)
{
    if (unlikely(up) && label >= ABI_LABEL_FIRST_SHIFTED && label < ABI_LABEL_FIRST_EXTENSION - 1) {
        return label + 1;
    }
    return label;
}

/* Finds an invocation whose label is not one of the consecutive ones; NULL if there is none. */
const struct invocation *request_find_other(const struct request *request);

static inline const struct invocation *request_find(const struct request *request)
{
    const struct cap_ops *ops = cap_ops(request->cap);
    word_t index = request->label - ops->invocations->label;

    return likely(index < ops->invocation_count) ? &ops->invocations[index] : request_find_other(request);
}

/* Decodes and performs a request for a kernel object. Returns ERR_NONE on success; then *progress is AGAIN if
 * the request must be repeated. */
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
