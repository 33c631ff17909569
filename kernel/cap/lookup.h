/*
 * Resolving capability pointers.
 */
#pragma once

#include "cap/slot.h"

/* Why a lookup failed, in the words of the binary interface. */
struct lookup_failure {
    word_t type; /* LOOKUP_... */
    word_t bits_left;
    word_t guard;      /* of the CNode where it failed */
    word_t bits_found; /* that the CNode would have resolved */
};

struct lookup_result {
    struct slot *slot; /* NULL if it failed */
    word_t bits_left;  /* left unresolved, as the slot holds no CNode */
    struct lookup_failure failure;
};

/* Resolves the low bits of index, bits of them (1 to 64), starting at a CNode. Fails with LOOKUP_INVALID_ROOT
 * if root is none. The slot may be empty. */
void cap_lookup_bits(struct cap root, word_t index, unsigned bits, struct lookup_result *result);

/* The general case of cap_lookup(). */
struct slot *cap_lookup_slow(struct cap root, word_t pointer, struct lookup_failure *failure);

/* Returns the slot for a capability pointer that begins with the guard of a full CNode. */
static inline struct slot *cap_lookup_full(struct cap root, word_t pointer)
{
    return (struct slot *)cap_object(root) + (pointer ^ cnode_guard(root) << cnode_radix(root));
}

/* Resolves a full capability pointer. Bits that are left over at a slot without a CNode are ignored. On
 * failure returns NULL and fills failure. */
static inline struct slot *cap_lookup(struct cap root, word_t pointer, struct lookup_failure *failure)
{
    if (likely(cap_is_full_cnode(root) && pointer >> cnode_radix(root) == cnode_guard(root))) {
        return cap_lookup_full(root, pointer);
    }
    return cap_lookup_slow(root, pointer, failure);
}

/* Writes the words that describe a failure in a message, type first. Returns their number, 1 to 4. */
unsigned lookup_failure_words(const struct lookup_failure *failure, word_t words[4]);
