/*
 * Sleep and wake of a ring's consumer: no item is left in front of a consumer that sleeps, and each sleep is
 * woken once. Every producer has a ring of its own; the consumer has one state word for all.
 *
 * The lines are those of include/rel4/ring.h. The wake itself is whatever stays until the consumer looks: the
 * pending word of a user interrupt, or the kernel's mark that a queue has work.
 *
 * Options: PRODUCERS; LIVE: asks whether all items are taken under weak fairness, not only whether something gets
 * stuck. Defects: WITHOUT_PRODUCER_FENCE, WITHOUT_CONSUMER_FENCE, WITHOUT_RELEASE,
 * WITHOUT_SECOND_LOOK, WITHOUT_EXCHANGE.
 */
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#if PRODUCERS == 1
#define ITEMS 3
#else
#define ITEMS 2 /* of each */
#endif
#define RING  2

/* Harts 0 and on are the producers; the last is the consumer. */
#define HARTS    (PRODUCERS + 1)
#define CONSUMER PRODUCERS

/* Addresses. */
#define STATE        0
#define PRODUCED(p)  (1 + (p))
#define CONSUMED(p)  (1 + PRODUCERS + (p))
#define SLOT(p, n)   (1 + 2 * PRODUCERS + (p) * RING + (n) % RING)
#define WORDS        (1 + 2 * PRODUCERS + PRODUCERS * RING)

#define ASLEEP 0
#define AWAKE  1

#include "memory.pml"

bool woken;            /* the wake that is on its way */
byte taken[PRODUCERS]; /* the consumer's own indices */

inline wake()
{
    atomic { assert(!woken); woken = true }
}

active [PRODUCERS] proctype producer()
{
    byte me = _pid - HARTS;
    byte made, before;

    do
    :: made == ITEMS -> break
    :: made < ITEMS ->
        made - mem[CONSUMED(me)] < RING; /* for how a producer waits for room see queue.pml */
        store_item(me, SLOT(me, made), made + 1);
        made++;
        publish(me, PRODUCED(me), made);

        /* rel4_ring_must_wake() */
#ifndef WITHOUT_PRODUCER_FENCE
        fence(me);
#endif
        if
        :: mem[STATE] != ASLEEP
        :: else ->
#ifdef WITHOUT_EXCHANGE
            before = ASLEEP;
            store(me, STATE, AWAKE);
#else
            exchange(me, STATE, AWAKE, before);
#endif
            if
            :: before == ASLEEP -> wake()
            :: else
            fi
        fi
    od
}

#define READY(p) (mem[PRODUCED(p)] != taken[p])
#if PRODUCERS == 1
#define ANY_READY READY(0)
#define ALL_TAKEN (taken[0] == ITEMS)
#else
#define ANY_READY (READY(0) || READY(1))
#define ALL_TAKEN (taken[0] == ITEMS && taken[1] == ITEMS)
#endif

inline take(p)
{
    assert(mem[SLOT(p, taken[p])] == taken[p] + 1);
    taken[p]++;
    publish(CONSUMER, CONSUMED(p), taken[p])
}

active proctype consumer()
{
    byte before;

asleep:
    atomic { woken; woken = false }
awake:
    do
    :: ALL_TAKEN -> goto done
    :: READY(0) -> take(0)
#if PRODUCERS == 2
    :: READY(1) -> take(1)
#endif
    :: !ANY_READY && !ALL_TAKEN -> break
    od;

    /* rel4_ring_sleep() */
    store(CONSUMER, STATE, ASLEEP);
#ifndef WITHOUT_CONSUMER_FENCE
    fence(CONSUMER);
#endif
#ifndef WITHOUT_SECOND_LOOK
    if
    :: !ANY_READY
    :: ANY_READY ->
        exchange(CONSUMER, STATE, AWAKE, before); /* rel4_ring_stay() */
        if
        :: before == ASLEEP -> goto awake
        :: else
        fi
    fi;
#endif
    goto asleep;
done:
    skip
}

#ifdef LIVE
ltl all_taken { <> (consumer@done) }
#endif
