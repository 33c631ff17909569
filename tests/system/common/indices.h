/*
 * One index of a ring at a time (rel4/ring.h): a test that is not about what happens when both change reads
 * and writes its half of the word.
 */
#pragma once

#include <stdint.h>

static inline uint32_t index_peer(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static inline void index_publish(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}
