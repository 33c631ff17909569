/*
 * From one coroutine to the next, on the host: what lib/rel4/include/rel4/switch.h is for RISC-V.
 */
#pragma once

#include <rel4/coroutine.h>

_Noreturn void rel4_schedule(struct rel4_executor *executor, struct rel4_coroutine *current, void *pc);

int rel4_suspend(struct rel4_executor *executor);
_Noreturn void rel4_switch_to(const struct rel4_coroutine *coroutine, int error);
void rel4_switch_prepare(struct rel4_coroutine *coroutine, void *stack_top, void (*begin)(void));

#define rel4_switch_rest(rest, executor) rest(executor)
