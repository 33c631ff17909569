/*
 * Queues of asynchronous system calls (docs/async.md): the object, and what its invocations and the worker
 * share.
 *
 * A queue holds copies of the capabilities that it needs, in slots of its own: one for each frame of the
 * rings, and one for the notification that is signalled. They are in the derivation tree like any other copy,
 * so the memory cannot become something else while the queue can reach it.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "cap/slot.h"
#include "ipc/user_memory.h"
#include "thread/tcb.h"

struct request;

/* What becomes of each, and when: the table in worker/placement.h. */
enum queue_state {
    QUEUE_NEW,     /* bound to nobody, and without capabilities */
    QUEUE_ENDING,  /* some of its capabilities are still to be deleted; it gets no new ones */
    QUEUE_STOPPED, /* bound, but not started; or what is left when its thread or a frame has gone */
    QUEUE_IDLE,    /* all requests are served */
    QUEUE_WAITING, /* there is something to serve; its worker is ready, unless its thread is inactive */
    QUEUE_RUNNING, /* a hart serves it */
    QUEUE_KEPT,    /* the same, and that hart lets others have the lock */
    QUEUE_WATCHED, /* all requests are served, and an idle hart looks for more; the user need not wake it */
    QUEUE_FULL,    /* waits for room in the response ring */
    QUEUE_BLOCKED, /* waits for the console */
    QUEUE_FAULTED, /* until Reset */
};

/* Words of a request in the queue's own memory: an item, and those that continue it. */
#define QUEUE_COPY_WORDS (REL4_MAX_ITEMS * REL4_MORE_WORDS)

/* Where the worker is in a ring: items that follow one another in a frame. */
struct ring_cursor {
    struct user_words item; /* the next one */
    struct user_words end;  /* of the frame, or of the ring: the item after that has to be looked up */
    uint32_t end_index;     /* of the item that would be there */
};

/* How many items are left before the end. */
static inline word_t ring_cursor_left(const struct ring_cursor *cursor)
{
    return user_words_between(cursor->item, cursor->end) / REL4_MORE_WORDS;
}

/* The index of the item that it is at. */
static inline uint32_t ring_cursor_index(const struct ring_cursor *cursor)
{
    return cursor->end_index - (uint32_t)ring_cursor_left(cursor);
}

/* What worker/placement.c knows of a queue. Times are counts of the time counter. */
struct placement {
    uint8_t patience,
        looks;            /* of an idle hart: how often it looks before it sleeps, and what is left of that */
    uint8_t called : 4;   /* the hart that was called to serve it, by logical number, plus 1; 0: none */
    uint8_t lateness : 4; /* how often harts were late, less how often in time; see placement_was_late() */
    uint32_t slept;       /* when an idle hart last looked no longer: the low bits */
    word_t called_at;     /* when a hart was called */
    word_t not_before;    /* if that costs its home anything, no hart is called again before this time */
    uint32_t batch;       /* requests that idle harts have served since all were served */
    uint32_t pace;        /* time that an idle hart needs for 16 requests */
};

struct async_queue {
    struct slot notification; /* that is signalled; may be empty */
    struct user_words header; /* the first page of the shared memory, since Start */
    word_t copy[QUEUE_COPY_WORDS];
    struct rel4_queue_statistics statistics;
    struct tcb *thread;
    enum queue_state state;
    uint8_t frame_bits;                  /* log2 of the size of all frames; 0 if there are none yet */
    uint8_t request_bits, response_bits; /* log2 of the rings' lengths, in items */
    bool at_tick;                        /* the policy: wait for the next tick */
    bool holds_request;                  /* copy is the request that the worker goes on with */
    struct badged_pass pass;             /* of the request in copy */

    /* What is known of the indices that the user writes, and what the user knows. */
    uint32_t request_producer;
    uint32_t response_limit; /* up to here the response ring is known to be free */
    uint32_t told;           /* up to here the user knows of the answers */
    uint32_t budget;         /* requests of the run that is under way, at most */
    struct ring_cursor requests, responses;
    struct user_words ahead; /* up to this request the worker need not look at indices */
    struct user_words news;  /* the index that a worker which sleeps, or is watched, waits for; or none */
    uint32_t known;          /* what it was */

    struct placement placement;

    struct slot frames[] __attribute__((aligned(1 << ABI_SLOT_BITS)));
};

/* log2 of the frame slots. */
static inline unsigned async_queue_slot_bits(struct cap cap)
{
    return (unsigned)cap.w1;
}

static inline bool async_queue_is_started(const struct async_queue *queue)
{
    return queue->state > QUEUE_STOPPED;
}

/* Bytes that the header and the rings take. */
static inline word_t async_queue_bytes(const struct async_queue *queue)
{
    return REL4_RINGS + (bit(queue->request_bits) + bit(queue->response_bits)) * REL4_ITEM_BYTES;
}

/* A request came by the ring of its thread's queue: its words are in the copy there. */
bool async_queue_is_source(const struct request *request);

/* The words of the memory shared with the user, at a byte offset below what the rings take; the line of 64
 * bytes there does not cross a frame. The queue is started. */
static inline struct user_words async_queue_line(const struct async_queue *queue, word_t offset)
{
    return user_words_in_frame(queue->frames[offset >> queue->frame_bits].cap,
                               offset & mask(queue->frame_bits));
}

/* The words of the line of the header page at an offset, one of REL4_HEADER_. The queue is started. */
static inline struct user_words async_queue_header(const struct async_queue *queue, word_t offset)
{
    return user_words_from(queue->header, (unsigned)(offset / sizeof(word_t)));
}

/* A frame goes, or something else without which the queue cannot go on: it is served no more. What is
 * answered already is handed over. */
void async_queue_stop(struct async_queue *queue);

/* The same, and it is nobody's; for a thread that ends, and may have none. */
void async_queue_unbind(struct tcb *thread);

/* Counts in the statistics, of which counter is one, and shows it to the user. */
static inline void queue_count(struct async_queue *queue, word_t *counter, word_t more)
{
    *counter += more;
    user_store(async_queue_header(queue, REL4_HEADER_STATISTICS),
               (word_t)(counter - (word_t *)&queue->statistics), *counter);
}
