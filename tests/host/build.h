/*
 * Single objects and invocations for tests that need no whole world.
 */
#pragma once

#include "host.h"
#include "object/request.h"
#include "thread/tcb.h"

/* Who invokes. */
extern struct tcb *caller;

/* What the last invocation answered. */
extern struct result result;
extern enum progress progress;

/* host_reset(), and a caller. */
void build_reset(void);

/* An empty slot that no CNode holds. */
struct slot *build_slot(void);

/* A slot with the only capability of a new object; it is in a list of its own. */
struct slot *build_root(struct cap cap);
struct slot *build_thread(void);
struct slot *build_endpoint(void);
struct slot *build_notification(void);
struct slot *build_cnode(unsigned radix);
struct slot *build_untyped(unsigned size_bits);
struct slot *build_page_table(void);
struct slot *build_frame(void);
struct slot *build_object(enum cap_type type, unsigned size_bits, word_t w1);

/* A second capability for the same object, derived from the first. */
struct slot *build_copy(struct slot *source);

/* Binds a notification to a thread, which becomes a receiver of user interrupts. Returns a copy of the
 * notification's capability with badge 1. */
struct slot *build_receiver(struct slot *thread, struct slot *notification);

static inline struct tcb *thread_of(const struct slot *slot)
{
    return cap_object(slot->cap);
}

static inline struct slot *slots_of(const struct slot *cnode)
{
    return cap_object(cnode->cap);
}

/* Lists of words and extra capabilities, for invoke(). */
struct words {
    unsigned count;
    const word_t *list;
};

struct extras {
    unsigned count;
    struct slot *const *list;
};

#define words(...) \
    ((struct words){ sizeof((word_t[]){ __VA_ARGS__ }) / sizeof(word_t), (const word_t[]){ __VA_ARGS__ } })
#define extras(...)                                                                     \
    ((struct extras){ sizeof((struct slot *[]){ __VA_ARGS__ }) / sizeof(struct slot *), \
                      (struct slot *const[]){ __VA_ARGS__ } })

/* Makes the caller invoke a capability, once, and returns the error. */
word_t invoke(struct slot *slot, word_t label, struct words words, struct extras extras);

/* The same, again and again until it is done. Returns how often it was interrupted; fails on an error. */
unsigned invoke_until_done(struct slot *slot, word_t label, struct words words, struct extras extras);

/* As the front door does: the error of an invocation, also of what cannot be invoked. */
word_t invoke_any(struct slot *slot, word_t label, struct words words, struct extras extras);

/* Works on a slot to the end, where a step is what a preemption point comes behind, with an attack on another
 * between two steps, which must not work. Returns how often the work was interrupted, which must be at most
 * as often as said. */
unsigned to_the_end_against(enum progress (*work)(struct slot *slot), struct slot *slot,
                            bool (*attack)(struct slot *slot), struct slot *victim, unsigned most);

/* The invocation fails with this error and exactly these words, and changes nothing at all. */
#define refuses(error, error_words, ...) refuse(__FILE__, __LINE__, (error), (error_words), __VA_ARGS__)
void refuse(const char *file, int line, word_t error, struct words expected, struct slot *slot, word_t label,
            struct words words, struct extras extras);
