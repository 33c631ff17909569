/*
 * What a capability type does, reached through a table by type, so that new object types live in rooms of
 * their own and the core does not know them. A missing function means the plain answer given beside it.
 */
#pragma once

#include "cap/revoke.h"
#include "lib/preempt.h"

struct request;
struct operation;
struct result;

/* What finalising left to do: the capabilities that the dying object still holds, which go first; or more of
 * the same, in pieces short enough for a preemption point between them. */
struct remains {
    struct slot *slots;
    word_t count : 63;
    word_t again : 1;
};

/* What a capability type can be asked to do: a row for each label. */
struct invocation {
    uint16_t label;
    uint8_t words;  /* message words that the request has at least */
    uint8_t extras; /* extra capabilities that it has at least */

    /* Checks the request against everything it names and fills operation, or returns the error of the binary
     * interface with its words in result. Changes nothing. Missing: there is nothing to check. */
    word_t (*decode)(const struct request *request, struct operation *operation, struct result *result);

    /* Does what was checked, and cannot fail. */
    enum progress (*perform)(const struct request *request, const struct operation *operation);
} __attribute__((aligned(32))); /* so that finding a row takes no multiplication */

struct cap_ops {
    const char *name;

    /* Its invocations with consecutive labels, in order. Missing: it is not invoked in this way. */
    const struct invocation *invocations;
    unsigned invocation_count;

    /* Those with other labels. */
    unsigned other_count;
    const struct invocation *others;

    /* The capability that a copy gets, or an error. A null capability means that it cannot be copied.
     * Missing: the same capability. */
    word_t (*derive)(const struct slot *slot, struct cap cap, struct cap *derived);

    /* A capability goes away, and the object with the last one (slot_is_last()). Returns what that still
     * holds. If that is more of the same, the capability is closed before anybody else can do something with
     * it; so what can be filled by other means than the capability is closed here. Missing: nothing happens.
     */
    struct remains (*finalise)(struct cap cap, struct slot *slot);

    /* The capability is now in another slot. Missing: nobody needs to know. */
    void (*moved)(struct cap cap, struct slot *to);

    /* log2 of the bytes of physical memory that an object has, at least; 0: objects have none. */
    unsigned size_bits;

    /* log2 of the bytes of this object. Missing: all have as many. */
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

/* log2 of the bytes of physical memory that the object of a capability has; 0 if it has none. */
static inline unsigned cap_size_bits(struct cap cap)
{
    const struct cap_ops *ops = cap_ops(cap);

    return ops->exact_size_bits ? ops->exact_size_bits(cap) : ops->size_bits;
}

/* Invoked by a request that is decoded and performed. */
static inline bool cap_is_kernel_object(struct cap cap)
{
    return cap_ops(cap)->invocations;
}

/* In cap/derive.c: the derive function of types that cannot be copied. */
word_t derive_nothing(const struct slot *slot, struct cap cap, struct cap *derived);

/* In cap/derive.c: cap_derive() while a Revoke is under way. */
word_t cap_derive_while_revoking(const struct slot *slot, struct cap cap, struct cap *derived);

/* What a copy of the capability in slot gets, of which cap is a version with less rights or other data. A
 * null capability if it cannot be copied, or a Revoke is about to delete it. */
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
