/*
 * Serving the requests of a ring.
 */
#pragma once

#include "object/async_queue.h"

/*
 * Serves requests of a queue, which waits nowhere, in the name of its owner, whose worker hart->serving is,
 * until there is nothing to serve, the budget is used up, or something else comes before the next request:
 * something more important, an interrupt, another hart that wants the lock, or the owner is not to be served
 * any more. One is served at least, or makes progress. No fence is owed afterwards. The answers are not
 * published. total: how many were served.
 *
 * Returns what becomes of the queue: IDLE, FULL, FAULTED, WAITING if there is or may be more, BLOCKED if it
 * waits for the console. STOPPED: the queue is no longer this thread's, and nothing may be done with either.
 */
enum queue_state worker_run(struct async_queue *queue, struct tcb *owner, enum rel4_place place,
                            uint32_t budget, word_t *total);
