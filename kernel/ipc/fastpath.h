/*
 * The fast path of Call and ReplyRecv: the common case of a short message to a waiting partner that runs
 * next. It does what the slow path does, or nothing and returns false.
 *
 * Needs the kernel lock in exclusive mode; thread is the running thread.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

bool fastpath_call(struct hart *hart, struct tcb *thread, word_t pointer, word_t info);
bool fastpath_reply_recv(struct hart *hart, struct tcb *thread, word_t pointer, word_t info);
