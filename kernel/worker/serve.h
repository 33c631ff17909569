/*
 * Serving the requests of a ring.
 */
#pragma once

#include "object/async_queue.h"

/*
 * Serves requests of a queue, whose worker waits nowhere, in the name of its owner, which hart->serving
 * names. Stops when there is nothing to serve, when budget requests were served, or when something else comes
 * before the next request: something more important, an interrupt, another hart that wants the lock, or a
 * change of the owner. At least one request is served, or makes progress. Afterwards no fence is owed, and
 * the answers are not yet published. total: requests that were served.
 *
 * Returns the next state of the queue: IDLE, FULL, FAULTED, WAITING if there is or may be more, BLOCKED if it
 * waits for the console. STOPPED: queue and owner no longer belong together, and may be gone.
 */
enum queue_state worker_run(struct async_queue *queue, struct tcb *owner, enum rel4_place place,
                            uint32_t budget, word_t *total);
