/*
 * Switching between coroutines. A coroutine that waits calls the scheduler, which does not return but resumes
 * another one. Only the stack pointer, the program counter and s0 are saved. The compiler is told that all
 * other registers are lost, floating point included, and saves those that it still needs.
 */
#pragma once

#include <rel4/coroutine.h>

/* Resumes the next coroutine. Entered on the stack of the current one, which has saved sp and s0 and will be
 * resumed at pc. */
_Noreturn void rel4_schedule(struct rel4_executor *executor, struct rel4_coroutine *current, void *pc);

#define REL4_LOST_INTEGERS                                                                                \
    "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5", "a6", "a7", "s1", "s2", "s3", \
        "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"

#ifdef __riscv_flen
#define REL4_LOST_FLOATS                                                                                  \
    , "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", "fa1", \
        "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", \
        "fs8", "fs9", "fs10", "fs11"
#else
#define REL4_LOST_FLOATS
#endif

/* Lets other coroutines run until the current one is made ready again. Returns its error. */
static inline int rel4_suspend(struct rel4_executor *executor)
{
    register seL4_Word a0 asm("a0");
    register seL4_Word a1 asm("a1");

    a0 = (seL4_Word)executor;
    a1 = (seL4_Word)executor->current;
    asm volatile("sd     sp, 8(a1)\n\t"
                 "sd     s0, 24(a1)\n\t"
                 "call   a2, rel4_schedule" /* the return address is an argument */
                 : "+r"(a0), "+r"(a1)
                 :
                 : "memory", REL4_LOST_INTEGERS REL4_LOST_FLOATS);
    return (int)a0;
}

_Static_assert(offsetof(struct rel4_coroutine, sp) == 8, "rel4_suspend() relies on it");
_Static_assert(offsetof(struct rel4_coroutine, s0) == 24, "rel4_suspend() relies on it");

/* Resumes a coroutine where it waits; its wait returns error. */
static inline __attribute__((always_inline)) _Noreturn void
rel4_switch_to(const struct rel4_coroutine *coroutine, int error)
{
    register seL4_Word a0 asm("a0");
    register seL4_Word a1 asm("a1");
    register seL4_Word t1 asm("t1");

    a0 = (seL4_Word)error;
    a1 = (seL4_Word)coroutine;
    t1 = (seL4_Word)coroutine->pc;
    asm volatile("ld     sp, 8(a1)\n\t"
                 "ld     s0, 24(a1)\n\t"
                 "jr     t1"
                 :
                 : "r"(a0), "r"(a1), "r"(t1)
                 : "memory");
    __builtin_unreachable();
}

/* Jumps from rel4_schedule() to a function that never returns. A call would need a stack frame. */
static inline __attribute__((always_inline)) _Noreturn void
rel4_switch_rest(void (*rest)(struct rel4_executor *), struct rel4_executor *executor)
{
    register seL4_Word a0 asm("a0") = (seL4_Word)executor;

    asm volatile("tail   %1" : : "r"(a0), "i"(rest) : "memory");
    __builtin_unreachable();
}

/* Prepares a new coroutine to begin with a function that never returns. */
static inline void rel4_switch_prepare(struct rel4_coroutine *coroutine, void *stack_top, void (*begin)(void))
{
    coroutine->sp = stack_top;
    coroutine->pc = (void *)begin;
    coroutine->s0 = NULL;
}
