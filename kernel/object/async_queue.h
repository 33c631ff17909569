/*
 * Queues of asynchronous system calls (docs/async.md): the object, as its invocations and the worker share
 * it.
 *
 * A queue holds copies of the capabilities that it needs, in slots of its own: one for each frame of the
 * rings, and one for the notification that is signalled. They are in the derivation tree like any other copy,
 * so the memory cannot be reused while the queue can access it.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "cap/slot.h"
#include "ipc/user_memory.h"
#include "thread/tcb.h"

struct request;

/* The transitions between the states are in worker/placement.h. */
enum queue_state {
    QUEUE_NEW,     /* not bound, holds no capabilities */
    QUEUE_ENDING,  /* being destroyed or detached; gets no new capabilities */
    QUEUE_STOPPED, /* bound, but not started; or its thread or a frame has gone */
    QUEUE_IDLE,    /* all requests are served */
    QUEUE_WAITING, /* has requests; its worker is ready, unless its thread is inactive */
    QUEUE_RUNNING, /* a hart serves it */
    QUEUE_KEPT,    /* the same, and that hart has released the lock meanwhile */
    QUEUE_WATCHED, /* all requests are served; an idle hart polls for more, so that the user need not call */
    QUEUE_FULL,    /* waits for room in the response ring */
    QUEUE_BLOCKED, /* waits for the console */
    QUEUE_FAULTED, /* until Reset */
};

/* Words of a request in the queue's own memory: an item and its continuation. */
#define QUEUE_COPY_WORDS (REL4_MAX_ITEMS * REL4_MORE_WORDS)

/* Words of an item of the request ring, and of a unit of the response ring. */
#define ITEM_SIZE (REL4_ITEM_BYTES / sizeof(word_t))
#define UNIT_SIZE (REL4_UNIT_BYTES / sizeof(word_t))

/* The worker's place in a ring: a run of items, or units, that lie behind one another in a frame. */
struct ring_cursor {
    struct user_words place; /* of the next one */
    struct user_words end;   /* of the frame or ring, where the next address must be looked up */
    uint32_t end_index;      /* index of what is at the end */
};

/* Returns how many of a size, ITEM_SIZE or UNIT_SIZE, are before the end. */
static inline word_t ring_cursor_left(const struct ring_cursor *cursor, unsigned size)
{
    return user_words_between(cursor->place, cursor->end) / size;
}

/* Returns the index of the next one. */
static inline uint32_t ring_cursor_index(const struct ring_cursor *cursor, unsigned size)
{
    return cursor->end_index - (uint32_t)ring_cursor_left(cursor, size);
}

/* The index that an idle or full worker waits for the user to change. */
struct ring_news {
    struct user_words indices; /* the user's; or none */
    unsigned shift;            /* of the one in them */
    uint32_t known;            /* its last known value */
};

/* The user has changed that index. Also without the lock: then whoever takes it must check again. */
static inline bool ring_news_exist(struct ring_news news)
{
    return (uint32_t)(user_ring_peer(news.indices, 0) >> news.shift) != news.known;
}

/* What is to be done of a repeated request. */
struct repeat {
    uint16_t left; /* calls; 0 if the request at hand is not repeated */
    uint16_t done;
    uint8_t words;        /* words that grow: a bit for each */
    bool pointer;         /* the capability pointer grows by one */
    uint8_t result_words; /* of the calls that were done, in the queue's copy */
    word_t step;          /* of these words */
};

/* State of worker/placement.c. Times are counts of the time counter. */
struct placement {
    uint8_t patience;     /* polls of an idle hart before it sleeps */
    uint8_t called : 4;   /* logical number of the hart that was called to serve it, plus 1; 0: none */
    uint8_t lateness : 4; /* times that harts were late, less times in time; see placement_was_late() */
    uint32_t slept;       /* when an idle hart last stopped polling: the low bits */
    word_t called_at;     /* when that hart was called */
    word_t not_before;    /* no hart is called before this time, if calling costs its home anything */
    uint32_t batch;       /* requests that idle harts have served since the queue was last idle */
    uint32_t pace;        /* time that an idle hart needs for 16 requests */
};

struct async_queue {
    struct slot notification; /* to be signalled; may be empty */
    struct user_words header; /* of the shared memory, since Start */
    word_t copy[QUEUE_COPY_WORDS];
    struct rel4_queue_statistics statistics;
    struct tcb *thread;
    enum queue_state state;
    uint8_t frame_bits;                  /* log2 of the size of all frames; 0 if there are none yet */
    uint8_t request_bits, response_bits; /* log2 of the rings' lengths, in items */
    bool at_tick;                        /* policy: serve at the next tick */
    bool holds_request;                  /* copy holds a request that is to be continued */
    uint8_t more_items;                  /* of the request at hand: the cursor is at its last one */
    uint8_t outcome;                     /* error of the last request; see REL4_LINK */
    uint16_t header_offset;              /* in the first frame */
    bool is_restricted;                  /* labels has not all bits */
    word_t labels[2];                    /* that requests may have: a bit for each below 64; from 0x400 on */
    struct repeat repeat;
    struct badged_pass pass; /* of the request in copy */

    /* What the kernel knows of the indices that the user writes, and the user of the kernel's. */
    uint32_t request_producer;
    uint32_t response_limit; /* end of the known free part of the response ring */
    uint64_t told;           /* the kernel's indices when the user was last told of them */
    uint32_t budget;         /* most calls of this run */
    struct ring_cursor requests, responses;
    struct user_words ahead; /* end of the requests that are known to be there */
    struct ring_news news;   /* what a sleeping or watched worker waits for */

    struct placement placement;

    struct slot frames[] __attribute__((aligned(1 << ABI_SLOT_BITS)));
};

/* Returns log2 of the number of frame slots. */
static inline unsigned async_queue_slot_bits(struct cap cap)
{
    return (unsigned)cap.w1;
}

static inline bool async_queue_is_started(const struct async_queue *queue)
{
    return queue->state > QUEUE_STOPPED;
}

/* Returns where the rings begin in the memory shared with the user. */
static inline word_t async_queue_requests(const struct async_queue *queue)
{
    return queue->header_offset + REL4_HEADER_BYTES;
}

static inline word_t async_queue_responses(const struct async_queue *queue)
{
    return async_queue_requests(queue) + (word_t)REL4_ITEM_BYTES * bit(queue->request_bits);
}

/* Returns the bytes up to the end of the rings. */
static inline word_t async_queue_bytes(const struct async_queue *queue)
{
    return async_queue_responses(queue) + (word_t)REL4_UNIT_BYTES * bit(queue->response_bits);
}

/* True if a request came by the ring of its thread's queue, so that its words are in the queue's copy. */
bool async_queue_is_source(const struct request *request);

/* Returns the words at a byte offset in the memory shared with the user, below async_queue_bytes(). The item
 * or unit there is in one frame. The queue is started. */
static inline struct user_words async_queue_line(const struct async_queue *queue, word_t offset)
{
    return user_words_in_frame(queue->frames[offset >> queue->frame_bits].cap,
                               offset & mask(queue->frame_bits));
}

/* Returns the words of the header at an offset, one of REL4_HEADER_. The queue is started. */
static inline struct user_words async_queue_header(const struct async_queue *queue, word_t offset)
{
    return user_words_from(queue->header, (unsigned)(offset / sizeof(word_t)));
}

/* Stops serving a queue that cannot go on, as a frame or its thread goes. Answers so far are handed over. */
void async_queue_stop(struct async_queue *queue);

/* Stops and unbinds the queue of a thread, if it has one. */
void async_queue_unbind(struct tcb *thread);

/* Adds to a counter of the statistics, in the queue and in the memory shared with the user. */
static inline void queue_count(struct async_queue *queue, word_t *counter, word_t more)
{
    *counter += more;
    user_store(async_queue_header(queue, REL4_HEADER_STATISTICS),
               (word_t)(counter - (word_t *)&queue->statistics), *counter);
}
