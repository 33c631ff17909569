/*
 * Helper macros of the seL4 headers that programs use.
 */
#pragma once

#define LIBSEL4_BIT(n) ((seL4_Word)1 << (n))
/* Inlined even without optimisation, so that a system call is only its instructions. */
#define LIBSEL4_INLINE_FUNC static inline __attribute__((always_inline))

#define SEL4_PACKED                   __attribute__((packed))
#define SEL4_COMPILE_ASSERT(name, ok) _Static_assert(ok, #name);
