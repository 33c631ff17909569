/*
 * The order of the original ReL4, which loses wake-ups and makes too many: the consumer finds nothing, clears its
 * flag, and does not look again; the producer tests the flag, and then sets it. Each of these must fail, even on
 * memory where every store is visible at once.
 *
 * REQUESTS: the consumer is the kernel's worker, on another hart than the producer.
 * RESPONSES: the consumer is the thread's dispatcher, and all of the producer's steps happen in one timer tick
 * on the same hart, between any two instructions of the thread.
 * TWO_PRODUCERS: both find the flag clear, and both wake the consumer.
 */
#ifdef TWO_PRODUCERS
#define PRODUCERS 2
#else
#define PRODUCERS 1
#endif
#define ITEMS 2 /* of each producer */

byte made, taken;
bool awake; /* the flag */
bool woken; /* the wake that is on its way */

inline produce()
{
    made++;
    if
    :: awake
    :: !awake ->
        skip; /* one instruction tests the flag, another one sets it */
        awake = true;
        assert(!woken);
        woken = true
    fi
}

active [PRODUCERS] proctype producer()
{
    byte n;

    do
    :: n == ITEMS -> break
    :: n < ITEMS ->
        n++;
#ifdef RESPONSES
        atomic { produce() }
#else
        produce()
#endif
    od
}

active proctype consumer()
{
    do
    :: atomic { woken -> woken = false };
        do
        :: taken < made -> taken++
        :: taken == made -> break
        od;
        awake = false
    :: taken == PRODUCERS * ITEMS -> break
    od
}
