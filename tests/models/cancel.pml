/*
 * Cancelling requests of version 2 (docs/ring.md): a requester stores a new first word, the NOP, over a request that it
 * has published, while the server may be reading it. Each request has one outcome: it is done, or answered as
 * cancelled and not done. A store that comes late changes no other request.
 *
 * The server answers in order here; neither side sleeps, and there is room for all answers (queue.pml has these).
 * Of a request there is only the first word, in which a number stands for the cookie and all that a NOP leaves as
 * it was.
 *
 * Options: QUIET: every second request is quiet. ANOTHER_THREAD: the thread that cancels is not the one that
 * submits; they exclude each other by a lock. LIVE: asks whether all are answered under weak fairness.
 * LATE: the requester cancels also what it knows to be consumed, as long as it has not reused the item.
 * Defects: READ_TWICE (the server chooses the answer by a word that it reads again), REUSE_EARLY (the requester
 * cancels a request whose item it has reused), WITHOUT_LOCK (ANOTHER_THREAD finds that a request is in the ring, and
 * its item is reused before it stores).
 */
#define REQUESTS 4
#define RING     2

#ifdef ANOTHER_THREAD
#define HARTS 3
#else
#define HARTS 2
#endif
#define REQUESTER 0
#define SERVER    1
#define CANCELLER 2

/* Addresses. */
#define REQUEST_PRODUCER 0
#define SERVER_INDICES   1 /* request consumer and response producer */
#define REQUEST(n)       (2 + (n) % RING)
#define RESPONSE(n)      (2 + RING + (n))
#define WORDS            (2 + RING + REQUESTS)

#define PAIR(requests, responses) ((requests) << 4 | (responses))
#define REQUESTS_OF(pair)         ((pair) >> 4)
#define RESPONSES_OF(pair)        ((pair) & 15)

/* A first word of a request, or an answer: the request's number, and whether it is a NOP, or was one. */
#define NOP            128
#define CALL(n)        ((n) + 1)
#define NUMBER(word)   (((word) & 127) - 1)
#define IS_NOP(word)   (((word) & NOP) != 0)

#ifdef QUIET
#define IS_QUIET(n) ((n) % 2 == 1)
#else
#define IS_QUIET(n) false
#endif

#include "memory.pml"

/* The requester's own. */
byte submitted;
byte known;     /* the server's indices as the requester last saw them */
byte cancelled; /* a bit for each request that it has cancelled */
bool locked;

/* Nobody's, only for assertions: a bit for each request whose call was done. */
byte done_calls;

#define BIT(n) (1 << (n))

/* The requester may still write the item. */
#if defined(REUSE_EARLY)
#define IS_MINE(n) ((n) < submitted)
#elif defined(LATE)
#define IS_MINE(n) ((n) < submitted && (n) + RING >= submitted)
#else
#define IS_MINE(n) ((n) < submitted && (n) >= REQUESTS_OF(known))
#endif

inline lock()
{
#if defined(ANOTHER_THREAD) && !defined(WITHOUT_LOCK)
    atomic { !locked; locked = true }
#else
    skip
#endif
}

inline unlock(hart)
{
#if defined(ANOTHER_THREAD) && !defined(WITHOUT_LOCK)
    atomic { ALL_VISIBLE(hart); locked = false }
#else
    skip
#endif
}

/* Cancels a request if it is known to be in the ring. It was not cancelled before. */
inline cancel(hart, n)
{
    lock();
    if
    :: IS_MINE(n) ->
        cancelled = cancelled | BIT(n);
        store_item(hart, REQUEST(n), CALL(n) | NOP)
    :: else
    fi;
    unlock(hart)
}

#define MAY_CANCEL(n) (IS_MINE(n) && !(cancelled & BIT(n)))

/* Whatever the consumer has passed and was not answered until there was quiet, and is done. */
inline know_outcomes()
{
    if
    :: RESPONSES_OF(known) == taken ->
        for (number : 0 .. REQUESTS - 1) {
            assert(number >= REQUESTS_OF(known) || taken_from & BIT(number) ||
                   IS_QUIET(number) && done_calls & BIT(number))
        }
        number = 0
    :: else
    fi
}

inline look()
{
    d_step {
        known = mem[SERVER_INDICES];
        know_outcomes()
    }
}

/* Takes an answer. It is the only one to its request, and says what has become of it. */
inline take()
{
    d_step {
        answer = mem[RESPONSE(taken)];
        number = NUMBER(answer);
        assert(number < REQUESTS_OF(known) && !(taken_from & BIT(number)));
        assert(!IS_NOP(answer) || cancelled & BIT(number));
        assert(IS_NOP(answer) == !(done_calls & BIT(number)));
        assert(IS_NOP(answer) || !IS_QUIET(number));
        taken_from = taken_from | BIT(number);
        taken++;
        answer = 0;
        number = 0;
        know_outcomes()
    }
}

active proctype requester()
{
    byte taken;      /* answers */
    byte taken_from; /* a bit for each request whose answer was taken */
    byte answer, number;

    do
    :: REQUESTS_OF(known) == REQUESTS && RESPONSES_OF(known) == taken -> break
    :: mem[SERVER_INDICES] != known -> look()
    :: submitted < REQUESTS && submitted - REQUESTS_OF(known) < RING ->
        lock();
        store_item(REQUESTER, REQUEST(submitted), CALL(submitted));
        submitted++;
        unlock(REQUESTER);
        publish(REQUESTER, REQUEST_PRODUCER, submitted)
    :: RESPONSES_OF(known) != taken -> take()
#ifndef ANOTHER_THREAD
    :: MAY_CANCEL(0) -> cancel(REQUESTER, 0)
    :: MAY_CANCEL(1) -> cancel(REQUESTER, 1)
    :: MAY_CANCEL(2) -> cancel(REQUESTER, 2)
    :: MAY_CANCEL(3) -> cancel(REQUESTER, 3)
#endif
    od;
done:
    skip
}

#ifdef ANOTHER_THREAD
active proctype canceller()
{
end:
    do
    :: MAY_CANCEL(0) -> cancel(CANCELLER, 0)
    :: MAY_CANCEL(1) -> cancel(CANCELLER, 1)
    :: MAY_CANCEL(2) -> cancel(CANCELLER, 2)
    :: MAY_CANCEL(3) -> cancel(CANCELLER, 3)
    od
}
#endif

active proctype server()
{
    byte consumed, produced, first;

end:
    do
    :: mem[REQUEST_PRODUCER] != consumed ->
        first = mem[REQUEST(consumed)];
        assert(NUMBER(first) == consumed);
        if
        :: IS_NOP(first)
        :: else -> done_calls = done_calls | BIT(consumed)
        fi;
#ifdef READ_TWICE
        first = mem[REQUEST(consumed)];
#endif
        if
        :: IS_NOP(first) || !IS_QUIET(consumed) ->
            store_item(SERVER, RESPONSE(produced), first);
            produced++
        :: else
        fi;
        first = 0;
        consumed++;
        publish(SERVER, SERVER_INDICES, PAIR(consumed, produced))
    od
}

#ifdef LIVE
ltl all_answered { <> (requester@done) }
#endif
