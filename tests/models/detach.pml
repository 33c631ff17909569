/*
 * A queue goes away while a worker may be at it: when detaching has returned, its frames may be anybody's memory, so
 * no hart may touch them afterwards; and detaching returns.
 *
 * LOCKED: the worker touches the rings only with the kernel lock. PUBLISHED: the worker copies without the lock,
 * while its hart says "using this queue", and looks at the queue's detaching mark once more after it has said so.
 * Defects: of LOCKED, WITHOUT_LOCKED_LOOK (it does not look at the queue again after it had given the lock away); of
 * PUBLISHED, WITHOUT_SECOND_LOOK, WITHOUT_WORKER_FENCE, WITHOUT_DETACH_FENCE, WITHOUT_WAITING, and HOLDING, where the
 * worker waits for the lock while it says so, and so the two wait for each other.
 */
#define HARTS  2
#define WORKER 0
#define DETACH 1

#define DETACHING 0
#define USING     1
#define WORDS     2

#include "memory.pml"

#define REQUESTS 2

bool locked;
bool freed;

inline lock()
{
    atomic { !locked; locked = true }
}

inline unlock(hart)
{
    atomic { ALL_VISIBLE(hart); locked = false }
}

/* A bounded copy out of the ring or into it: not one step, so that a detach may come in between. */
inline touch()
{
    assert(!freed);
    assert(!freed)
}

active proctype worker()
{
    byte n;

    do
    :: n == REQUESTS -> break
    :: n < REQUESTS ->
        n++;
#ifdef LOCKED
        lock();
        if
#ifdef WITHOUT_LOCKED_LOOK
        :: n > 1 || !mem[DETACHING] -> touch()
#else
        :: !mem[DETACHING] -> touch()
#endif
        :: else
        fi;
        unlock(WORKER)
#endif
#ifdef PUBLISHED
        if
        :: mem[DETACHING] -> break
        :: else
        fi;
        store(WORKER, USING, true);
#ifndef WITHOUT_WORKER_FENCE
        fence(WORKER);
#endif
        if
#ifndef WITHOUT_SECOND_LOOK
        :: mem[DETACHING]
#endif
        :: !mem[DETACHING] -> touch()
#ifdef WITHOUT_SECOND_LOOK
        :: else -> touch()
#endif
        fi;
#ifndef HOLDING
        publish(WORKER, USING, false);
#endif
        lock(); /* to perform the request */
        unlock(WORKER);
#ifdef HOLDING
        publish(WORKER, USING, false);
#endif
#endif
    od
}

/* With the lock, as every invocation and every deletion. */
active proctype detach()
{
    lock();
    store(DETACH, DETACHING, true);
#ifdef PUBLISHED
#ifndef WITHOUT_DETACH_FENCE
    fence(DETACH);
#endif
#ifndef WITHOUT_WAITING
    !mem[USING];
#endif
#endif
    freed = true;
    unlock(DETACH)
}
