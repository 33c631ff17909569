/*
 * What each capability type does: a table by type, so that the core does not know object types, and a new one
 * is a file of its own. Each member says what it means if it is missing.
 */
#pragma once

#include "cap/revoke.h"
#include "lib/preempt.h"

struct request;
struct operation;
struct result;

/* What is left to do after finalise: delete the capabilities that the dying object holds, or call finalise
 * again, as the work is done in pieces with preemption points between them. */
struct remains {
    struct slot *slots;
    word_t count : 63;
    word_t again : 1;
};

/* An invocation of a capability type. */
struct invocation {
    uint16_t label;
    uint8_t words;  /* least number of message words */
    uint8_t extras; /* least number of extra capabilities */

    /* Checks the request and fills operation, or returns an error of the binary interface with its words in
     * result. Changes nothing. Missing: there is nothing to check. */
    word_t (*decode)(const struct request *request, struct operation *operation, struct result *result);

    /* Carries out the checked request. Cannot fail. */
    enum progress (*perform)(const struct request *request, const struct operation *operation);
} __attribute__((aligned(32))); /* so that a row is found by a shift */

struct cap_ops {
    const char *name;

    /* Invocations with consecutive labels, in order. Missing: the capability is not invoked by a request. */
    const struct invocation *invocations;
    unsigned invocation_count;

    /* Invocations with other labels. */
    unsigned other_count;
    const struct invocation *others;

    /* Returns an error, or the capability for a copy; a null capability if it cannot be copied. Missing: the
     * same capability. */
    word_t (*derive)(const struct slot *slot, struct cap cap, struct cap *derived);

    /* Called before a capability is deleted; the last one (slot_is_last()) takes the object with it. Returns
     * what is left to do. If that is to call again, the capability is closed meanwhile; other ways to add to
     * that work must be closed here. Missing: nothing to do. */
    struct remains (*finalise)(struct cap cap, struct slot *slot);

    /* Called after the capability has moved to another slot. Missing: nothing to do. */
    void (*moved)(struct cap cap, struct slot *to);

    /* log2 of the bytes of the smallest object of this type; 0 if objects have no memory. */
    unsigned size_bits;

    /* Returns log2 of the bytes of this object. Missing: all objects have the same size. */
    unsigned (*exact_size_bits)(struct cap cap);
};

#define INVOCATIONS(rows) .invocations = (rows), .invocation_count = ARRAY_SIZE(rows)
#define OTHERS(rows)      .others = (rows), .other_count = ARRAY_SIZE(rows)

/* In cap/delete.c. */
extern const struct cap_ops zombie_ops;
extern const struct cap_ops closed_ops;

extern const struct cap_ops *const cap_ops_table[CAP_TYPES];

static inline const struct cap_ops *cap_ops(struct cap cap)
{
    return cap_ops_table[cap_type(cap)];
}

/* Returns log2 of the bytes of a capability's object; 0 if it has no memory. */
static inline unsigned cap_size_bits(struct cap cap)
{
    const struct cap_ops *ops = cap_ops(cap);

    return ops->exact_size_bits ? ops->exact_size_bits(cap) : ops->size_bits;
}

/* True if the capability is invoked by a request that is decoded and performed. */
static inline bool cap_is_kernel_object(struct cap cap)
{
    return cap_ops(cap)->invocations;
}

/* The derive function of types that cannot be copied (cap/derive.c). */
word_t derive_nothing(const struct slot *slot, struct cap cap, struct cap *derived);

/* cap_derive() while a Revoke is under way (cap/derive.c). */
word_t cap_derive_while_revoking(const struct slot *slot, struct cap cap, struct cap *derived);

/* Makes the capability for a copy of the one in slot, of which cap is a version with fewer rights or other
 * data. A null capability if it cannot be copied, or a Revoke is about to delete it. */
static inline word_t cap_derive(const struct slot *slot, struct cap cap, struct cap *derived)
{
    const struct cap_ops *ops = cap_ops(cap);

    if (unlikely(harts_revoking != 0)) {
        return cap_derive_while_revoking(slot, cap, derived);
    }
    if (ops->derive) {
        return ops->derive(slot, cap, derived);
    }
    *derived = cap;
    return ERR_NONE;
}
