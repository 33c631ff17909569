/*
 * A whole queue of version 2 (docs/ring.md): a thread that submits and takes answers, and the kernel's worker, with
 * both rings small. Each side publishes its two indices in one word. Every request is done, and answered if it is
 * to be, whoever stops for whatever: the thread for answers or for requests that are done, the worker for requests
 * or for room in the response ring. The worker gives the kernel lock away between two requests, and also in the
 * middle of one, which the queue then holds. Meanwhile no other hart runs it, but another one may go on with a
 * request that is held.
 *
 * What a request does is seen by others when the worker pays for it: that stands for its fences. A quiet request
 * is answered only if it fails, and any of them may. The thread knows that it is done, and whether it has failed,
 * when the consumer has passed it.
 *
 * Options: where the worker runs. CALL: in the wake call. BLOCK: when the thread blocks. IDLE: on a hart that an
 * interrupt between harts wakes. TICK: at a timer tick. STRANGER: somebody else makes wake calls, too.
 * QUIET: 0, no request is quiet; 1, every second one; 2, all.
 * LIVE: asks whether all are done under weak fairness, not only whether something gets stuck.
 * LATER: the worker publishes, but may leave it for the end of the batch to wake a thread that sleeps. Without it,
 * it may leave both, as long as it keeps the lock.
 * ANSWERS_FIRST: as long as an answer is to come, the thread sleeps for answers, not for quiet requests.
 * Defects: WITHOUT_ROOM_LOOK (freeing room wakes nobody), WITHOUT_SECOND_LOOK (the worker's), WITHOUT_FLUSH,
 * WITHOUT_TELLING (what was left is forgotten), WITHOUT_RELEASE, QUIET_EARLY (the consumer passes a quiet request
 * before it is done), UNPAID (before it is paid for), HELD_PASSED (the consumer passes a request that is held),
 * QUIET_UNTOLD (only answers wake the thread), QUIET_WITHOUT_ROOM (a quiet request is begun without room for an
 * error), TORN (the consumer is published before the response producer).
 */
#ifndef REQUESTS
#define REQUESTS      3
#endif
#define REQUEST_RING  2
#ifndef RESPONSE_RING
#define RESPONSE_RING 1
#endif
#ifndef QUIET
#define QUIET         0
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
#define SERVER_STATE    0
#define REQUESTER_STATE 1
#define REQUESTER       2 /* request producer and response consumer */
#define SERVER          3 /* request consumer and response producer */
#define EFFECTS         4 /* so many requests were done, as others see it */
#define REQUEST(n)      (5 + (n) % REQUEST_RING)
#define RESPONSE(n)     (5 + REQUEST_RING + (n) % RESPONSE_RING)
#define WORDS           (5 + REQUEST_RING + RESPONSE_RING)

#define ASLEEP 0
#define AWAKE  1

/* A side's two indices in one word. */
#define PAIR(requests, responses) ((requests) << 4 | (responses))
#define REQUESTS_OF(pair)         ((pair) >> 4)
#define RESPONSES_OF(pair)        ((pair) & 15)

#if QUIET == 0
#define IS_QUIET(n) false
#elif QUIET == 1
#define IS_QUIET(n) ((n) % 2 == 1)
#else
#define IS_QUIET(n) true
#endif

#include "memory.pml"

/* The thread's. */
bool signalled; /* its notification */

/* The kernel's, under its lock. */
bool locked;
bool queued;    /* woken, and not looked at since */
bool running;   /* a hart is at it, though it may have given the lock away */
bool held;      /* the next request was copied, and its turn is not over */
byte served;    /* requests that are done */
byte produced;  /* answers */
byte told;      /* both, when the thread was last told of them */
bool interrupt; /* between harts, on its way */

/* Nobody's, only for assertions. */
byte answers; /* a bit for each request that was answered */

#define PROGRESS PAIR(served, produced)
#define MORE     (REQUESTS_OF(mem[REQUESTER]) != served)
#define ROOM     (produced - RESPONSES_OF(mem[REQUESTER]) < RESPONSE_RING)

/* There is room for the longest answer to the next request, quiet or not. */
#ifdef QUIET_WITHOUT_ROOM
#define MAY_BEGIN (ROOM || IS_QUIET(served))
#else
#define MAY_BEGIN ROOM
#endif

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
    told = PROGRESS;
    must_wake(hart, REQUESTER_STATE, yes);
    if
    :: yes -> signalled = true; yes = false
    :: else
    fi
}

/* Pays for what was done, and publishes both indices. requests: the consumer */
inline pay_and_publish(hart, requests)
{
#ifndef UNPAID
    store_item(hart, EFFECTS, served);
#endif
#ifdef TORN
    publish(hart, SERVER, PAIR(requests, RESPONSES_OF(told)));
#endif
    publish(hart, SERVER, PAIR(requests, produced));
#ifdef UNPAID
    store_item(hart, EFFECTS, served);
#endif
}

#ifdef QUIET_UNTOLD
#define UNTOLD (RESPONSES_OF(told) != produced)
#else
#define UNTOLD (told != PROGRESS)
#endif

/* Publishes what the thread has not been told of. */
inline publish_progress(hart)
{
    if
    :: told != PROGRESS -> pay_and_publish(hart, served)
    :: else
    fi
}

/* Publishes it, and tells the thread. */
inline hand_over(hart)
{
    publish_progress(hart);
#ifndef WITHOUT_TELLING
    if
    :: UNTOLD -> tell(hart)
    :: else
    fi
#endif
}

/* Copies a request, which may be held once, and does it. */
inline serve_one(hart)
{
    if
    :: held -> held = false
    :: !held ->
        assert(mem[REQUEST(served)] == served + 1);
#ifdef QUIET_EARLY
        if
        :: IS_QUIET(served) -> publish(hart, SERVER, PAIR(served + 1, produced))
        :: else
        fi;
#endif
        if
        :: held = true
        :: skip
        fi
    fi;
    if
    :: held ->
#ifdef HELD_PASSED
        pay_and_publish(hart, served + 1);
        tell(hart)
#else
        skip
#endif
    :: !held ->
        if
        :: answers = answers | 1 << served;
            store_item(hart, RESPONSE(produced), served + 1);
            produced++
        :: IS_QUIET(served)
        fi;
        served++
    fi
}

/* rel4_ring_sleep() and rel4_ring_stay(). Sets yes if there is something to go on with. */
inline worker_sleeps(hart)
{
    store(hart, SERVER_STATE, ASLEEP);
    fence(hart);
    yes = false;
#ifndef WITHOUT_SECOND_LOOK
    if
    :: MORE && MAY_BEGIN -> exchange(hart, SERVER_STATE, AWAKE, before); yes = before == ASLEEP
    :: else
    fi
#endif
}

/* Gives the lock away. Afterwards another hart may have gone on with a request that is held. Sets yes if this one
 * goes on. */
inline let_others_in(hart)
{
    if
    :: held ->
        queued = true;
        running = false;
        unlock(hart);
        lock();
        yes = queued && !running;
        if
        :: yes -> running = true; queued = false
        :: else
        fi
    :: !held ->
        unlock(hart);
        lock();
        yes = true
    fi
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
        :: MORE && MAY_BEGIN ->
            serve_one(hart);
            if
            :: true -> hand_over(hart); let_others_in(hart)
#ifdef LATER
            :: true -> publish_progress(hart); let_others_in(hart)
#endif
            :: !held -> yes = true
            fi;
            if
            :: yes
            :: !yes -> break
            fi
        :: else ->
            hand_over(hart);
            worker_sleeps(hart);
            if
            :: yes
            :: !yes -> running = false; break
            fi
        od;
        yes = false
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
    must_wake(THREAD, SERVER_STATE, yes);
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

/* There is something that the thread would sleep for. */
#ifdef ANSWERS_FIRST
#define NEWS (awaited && RESPONSES_OF(mem[SERVER]) != taken || !awaited && mem[SERVER] != known)
#else
#define NEWS (mem[SERVER] != known)
#endif

/* The thread looks at the worker's indices. What the consumer has passed is done. */
inline look()
{
    d_step {
        known = mem[SERVER];
        assert(mem[EFFECTS] >= REQUESTS_OF(known))
    }
}

/* Takes an answer, which is the only one to its request. */
inline take()
{
    d_step {
        which = mem[RESPONSE(taken)] - 1;
        assert(answers >> which & 1 && !(taken_from >> which & 1));
        assert(which < REQUESTS_OF(known));
        taken_from = taken_from | 1 << which;
        if
        :: IS_QUIET(which)
        :: else -> awaited--
        fi;
        which = 0;
        taken++
    }
}

/* All answers were taken that the thread knows of. */
#define ALL_TAKEN (RESPONSES_OF(known) == taken)

/* Then the requests that were passed and not answered have succeeded. */
inline know_outcomes()
{
    assert((answers & (1 << REQUESTS_OF(known)) - 1) == taken_from)
}

active proctype thread()
{
    byte before, submitted;
    byte known;      /* the worker's indices as the thread last saw them */
    byte taken;      /* answers */
    byte taken_from; /* a bit for each request whose answer was taken */
    byte awaited;    /* requests that are not quiet and whose answers were not taken */
    byte which;
    bool yes, unflushed;

    do
    :: ALL_TAKEN && REQUESTS_OF(known) == REQUESTS -> break
    :: mem[SERVER] != known -> look()
    :: submitted < REQUESTS && submitted - REQUESTS_OF(known) < REQUEST_RING ->
        store_item(THREAD, REQUEST(submitted), submitted + 1);
        if
        :: IS_QUIET(submitted)
        :: else -> awaited++
        fi;
        submitted++;
        publish(THREAD, REQUESTER, PAIR(submitted, taken));
        unflushed = true
    :: !ALL_TAKEN ->
        take();
        publish(THREAD, REQUESTER, PAIR(submitted, taken));
#ifndef WITHOUT_ROOM_LOOK
        flush();
        unflushed = false
#endif
    :: !NEWS && ALL_TAKEN && REQUESTS_OF(known) != submitted ->
        know_outcomes();
#ifndef WITHOUT_FLUSH
        if
        :: unflushed -> flush(); unflushed = false
        :: else
        fi;
#endif
        store(THREAD, REQUESTER_STATE, ASLEEP);
        fence(THREAD);
        if
        :: !NEWS -> block()
        :: NEWS ->
            exchange(THREAD, REQUESTER_STATE, AWAKE, before);
            if
            :: before == ASLEEP
            :: else -> block()
            fi
        fi
    od;
    know_outcomes();
    assert(!awaited);
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
ltl all_done { <> (thread@done) }
#endif
