/*
 * The only access to memory that user programs can write at the same time: one word is read or written once.
 *
 * Such memory is named by a value that is no pointer and is made only from a frame capability. So code cannot
 * dereference, copy or cast it, but must call user_load() or user_store(). The address is in the physical
 * window, so that an access cannot fault. Every word that is read comes from an attacker.
 * tests/static/user_memory.t enforces this (docs/design.md, memory layout).
 */
#pragma once

#include "arch/store.h"
#include "cap/cap.h"
#include <rel4/ring.h>

/* Words in a frame. The member is for this file only. */
struct user_words {
    volatile word_t *window_address; /* NULL if there are none */
};

static inline struct user_words user_words_none(void)
{
    return (struct user_words){ NULL };
}

static inline bool user_words_exist(struct user_words words)
{
    return words.window_address != NULL;
}

/* Returns the words of a frame from a byte offset on, a multiple of eight. */
static inline struct user_words user_words_in_frame(struct cap frame, word_t offset)
{
    assert(cap_is(frame, CAP_FRAME) && !frame_is_device(frame));
    return (struct user_words){ phys_to_ptr(frame_phys(frame) + offset) };
}

/* Returns the words from index i on. */
static inline struct user_words user_words_from(struct user_words words, unsigned i)
{
    return (struct user_words){ words.window_address + i };
}

/* True if both are none or the same word. */
static inline bool user_words_equal(struct user_words a, struct user_words b)
{
    return a.window_address == b.window_address;
}

/* Returns the number of words from first to second, which lies behind it in the same frame. */
static inline word_t user_words_between(struct user_words first, struct user_words second)
{
    return ((word_t)second.window_address - (word_t)first.window_address) / sizeof(word_t);
}

static inline word_t user_load(struct user_words words, word_t i)
{
    return words.window_address[i];
}

static inline void user_store(struct user_words words, word_t i, word_t value)
{
    store_word(&words.window_address[i], value);
}

/* Access to the words of a ring's header (rel4/ring.h), each in word i. */

static inline uint64_t *user_ring_indices(struct user_words words, unsigned i)
{
    return (uint64_t *)(words.window_address + i);
}

static inline uint32_t *user_ring_state(struct user_words words, unsigned i)
{
    return (uint32_t *)(word_t *)(words.window_address + i);
}

static inline uint64_t user_ring_peer(struct user_words words, unsigned i)
{
    return rel4_ring_peer(user_ring_indices(words, i));
}

static inline void user_ring_publish(struct user_words words, unsigned i, uint64_t pair)
{
    rel4_ring_publish(user_ring_indices(words, i), pair);
}

static inline bool user_ring_must_wake(struct user_words words, unsigned i)
{
    return rel4_ring_must_wake(user_ring_state(words, i));
}

static inline void user_ring_sleep(struct user_words words, unsigned i)
{
    rel4_ring_sleep(user_ring_state(words, i));
}

static inline bool user_ring_stay(struct user_words words, unsigned i)
{
    return rel4_ring_stay(user_ring_state(words, i));
}
