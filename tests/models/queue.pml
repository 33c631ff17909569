/*
 * A whole queue: a thread that submits and takes answers, and the kernel's worker, with both rings small. Every
 * request is answered, whoever stops for whatever: the thread for answers, the worker for requests or for room in
 * the response ring. The worker gives the kernel lock away between two requests; meanwhile no other hart runs it.
 *
 * Options: where the worker runs. CALL: in the wake call. BLOCK: when the thread blocks. IDLE: on a hart that an
 * interrupt between harts wakes. TICK: at a timer tick. STRANGER: somebody else makes wake calls, too.
 * LIVE: asks whether all are answered under weak fairness, not only whether something gets stuck.
 * LATER: the worker hands over answers, but may leave it for the end of the batch to wake a thread that sleeps.
 * Defects: WITHOUT_ROOM_LOOK (freeing room wakes nobody), WITHOUT_SECOND_LOOK (the worker's), WITHOUT_FLUSH,
 * WITHOUT_TELLING (what was left is forgotten).
 */
#ifndef REQUESTS
#define REQUESTS      3
#endif
#define REQUEST_RING  2
#ifndef RESPONSE_RING
#define RESPONSE_RING 1
#endif

/* Harts that store: the thread's, where the kernel also serves its calls; the idle one, or that of the tick; and
 * the stranger's. */
#ifdef STRANGER
#define HARTS 3
#else
#define HARTS 2
#endif
#define THREAD   0
#define OTHER    1
#define ELSEWHERE 2

/* Addresses. */
#define KERNEL_STATE      0
#define USER_STATE        1
#define REQUEST_PRODUCER  2
#define REQUEST_CONSUMER  3
#define RESPONSE_PRODUCER 4
#define RESPONSE_CONSUMER 5
#define REQUEST(n)        (6 + (n) % REQUEST_RING)
#define RESPONSE(n)       (6 + REQUEST_RING + (n) % RESPONSE_RING)
#define WORDS             (6 + REQUEST_RING + RESPONSE_RING)

#define ASLEEP 0
#define AWAKE  1

#include "memory.pml"

/* The thread's. */
byte submitted, answered;
bool signalled; /* its notification */

/* The kernel's, under its lock. */
bool locked;
bool queued;    /* woken, and not looked at since */
bool running;   /* a hart is at it, though it may have given the lock away */
byte served;
bool untold;    /* answers were handed over, and a thread that sleeps has not been woken for them */
bool interrupt; /* between harts, on its way */

#define MORE    (mem[REQUEST_PRODUCER] != served)
#define ROOM    (served - mem[RESPONSE_CONSUMER] < RESPONSE_RING)
#define ANSWERS (mem[RESPONSE_PRODUCER] != answered)

inline lock()
{
    atomic { !locked; locked = true }
}

inline unlock(hart)
{
    atomic { ALL_VISIBLE(hart); locked = false }
}

/* rel4_ring_must_wake() */
inline must_wake(hart, state, yes)
{
    fence(hart);
    yes = false;
    if
    :: mem[state] != ASLEEP
    :: else -> exchange(hart, state, AWAKE, before); yes = before == ASLEEP
    fi
}

/* Wakes the thread if it sleeps. */
inline tell(hart)
{
    untold = false;
    must_wake(hart, USER_STATE, yes);
    if
    :: yes -> signalled = true; yes = false
    :: else
    fi
}

inline serve_one(hart)
{
    assert(mem[REQUEST(served)] == served + 1);
    store_item(hart, RESPONSE(served), served + 1);
    publish(hart, REQUEST_CONSUMER, served + 1);
    publish(hart, RESPONSE_PRODUCER, served + 1);
    served++;
#ifdef LATER
    if
    :: untold = true
    :: tell(hart)
    fi
#else
    tell(hart)
#endif
}

/* rel4_ring_sleep() and rel4_ring_stay(). Sets yes if there is something to go on with. */
inline worker_sleeps(hart)
{
    store(hart, KERNEL_STATE, ASLEEP);
    fence(hart);
    yes = false;
#ifndef WITHOUT_SECOND_LOOK
    if
    :: MORE && ROOM -> exchange(hart, KERNEL_STATE, AWAKE, before); yes = before == ASLEEP
    :: else
    fi
#endif
}

/* Serves until there is no request or no room. Begins and ends with the lock. */
inline serve(hart)
{
    if
    :: running /* it looks once more before it ends */
    :: !running ->
        running = true;
        queued = false;
        do
        :: MORE && ROOM ->
            serve_one(hart);
            unlock(hart);
            lock()
        :: else ->
#ifndef WITHOUT_TELLING
            if
            :: untold -> tell(hart)
            :: else
            fi;
#endif
            worker_sleeps(hart);
            if
            :: yes
            :: !yes -> break
            fi
        od;
        running = false
    fi
}

/* The wake call. */
inline wake(hart)
{
    lock();
    queued = true;
#ifdef CALL
    serve(hart);
#endif
#ifdef IDLE
    interrupt = true;
#endif
    unlock(hart)
}

/* For the thread, after submitting, and after freeing room. */
inline flush()
{
    must_wake(THREAD, KERNEL_STATE, yes);
    if
    :: yes -> wake(THREAD)
    :: else
    fi
}

/* Waits for the notification. Blocking may be a wake as well. */
inline block()
{
#ifdef BLOCK
    lock();
    queued = true;
    serve(THREAD);
    unlock(THREAD);
#endif
    atomic { signalled; signalled = false }
}

active proctype thread()
{
    byte before;
    bool yes, unflushed;

    do
    :: answered == REQUESTS -> break
    :: submitted < REQUESTS && submitted - mem[REQUEST_CONSUMER] < REQUEST_RING ->
        store_item(THREAD, REQUEST(submitted), submitted + 1);
        submitted++;
        publish(THREAD, REQUEST_PRODUCER, submitted);
        unflushed = true
    :: ANSWERS ->
        assert(mem[RESPONSE(answered)] == answered + 1);
        answered++;
        publish(THREAD, RESPONSE_CONSUMER, answered);
#ifndef WITHOUT_ROOM_LOOK
        flush();
        unflushed = false
#endif
    :: !ANSWERS && submitted > answered ->
#ifndef WITHOUT_FLUSH
        if
        :: unflushed -> flush(); unflushed = false
        :: else
        fi;
#endif
        store(THREAD, USER_STATE, ASLEEP);
        fence(THREAD);
        if
        :: !ANSWERS -> block()
        :: ANSWERS ->
            exchange(THREAD, USER_STATE, AWAKE, before);
            if
            :: before == ASLEEP
            :: else -> block()
            fi
        fi
    od;
done:
    skip
}

#ifdef IDLE
active proctype idle_hart()
{
    byte before;
    bool yes;

end:
    do
    :: atomic { interrupt; interrupt = false } ->
        lock();
        serve(OTHER);
        unlock(OTHER)
    od
}
#endif

#ifdef TICK
active proctype tick()
{
    byte before;
    bool yes;

end:
    do
    :: queued && !running ->
        lock();
        serve(OTHER);
        unlock(OTHER)
    od
}
#endif

#ifdef STRANGER
active proctype stranger()
{
    byte before;
    bool yes;

    wake(ELSEWHERE)
}
#endif

#ifdef LIVE
ltl all_answered { <> (thread@done) }
#endif
