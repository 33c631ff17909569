/*
 * A queue of asynchronous calls with its rings, for tests of the worker. The memory around the frames of the
 * queue, and behind the queue, is poisoned: whatever indexes, headers and items say, nothing else may be
 * touched.
 */
#pragma once

#include "build.h"
#include "object/async_queue.h"

/* What the owner of the queue has: capability pointers. */
enum {
    NOTIFICATION = 1, /* with a badge */
    FRAME,
    OWN_THREAD,
    OWN_QUEUE,
    ROOT,
    UNTYPED,
    OTHER_THREAD,
    NOBODY, /* an empty slot, as are those behind it */
    POINTERS = 16
};

extern struct slot *thread, *queue_slot; /* the capabilities that the owner's are copies of */
extern struct tcb *owner;
extern struct async_queue *queue;
extern uint32_t produced, consumed; /* the user's own indexes */
extern uint64_t seed;

/* host_reset(), and a queue that is started, with rings of so many items and units, as powers of two. */
void open_queue(unsigned request_bits, unsigned response_bits);

/* For cmocka: nothing is poisoned any more. */
int close_queue(void **state);

/* The owner's slot with a capability pointer below POINTERS. */
struct slot *own(unsigned pointer);

/* The shared memory: a word of the header, one of REL4_HEADER_, and the item and unit with an index. */
char *header_page(void);
uint32_t *header(unsigned line);
struct rel4_item *request_at(uint32_t index);
struct rel4_unit *response_at(uint32_t index);

/* Writes a request of one item, without publishing it; the second one asks for the address of FRAME. */
void put(uint32_t cookie, uint32_t head, word_t cap, struct words words);
void put_simple(uint32_t cookie);

/* Writes Revoke of a capability with 256 children, in the CNode that is returned. */
struct slot *put_long_revoke(uint32_t cookie);

/* Writes and publishes so many simple requests, with cookies from 0 on; and takes their answers. */
void put_batch(unsigned requests);
void take_batch(unsigned requests);

/* AsyncQueue Wake, by another thread than the owner. */
void wake(void);

/* Has the queue served once, if it waits: as a kernel does on the owner's hart when the worker's turn comes;
 * in a wake call of the owner; or on the second hart, which has nothing to run. */
void serve(enum rel4_place place);

/* Both, the latter on the owner's hart; the second one publishes what was put before. */
void wake_and_serve(void);
void publish_and_serve(void);

/* Units of answers that have not been taken. */
unsigned answers(void);

/* Takes them, so that there is room again. */
void give_room(uint32_t units);

/* Takes the next answer: it is this error with so many words, to the request with this cookie. The second one
 * is for put_simple(). */
void check_answer(uint32_t cookie, word_t error, unsigned length);
void check_served(uint32_t cookie);

/* Returns word i of the answer that was checked last; with data, that is word 0. */
uint64_t response_word(unsigned i);

/* AsyncQueue Reset, on both sides. */
void reset_queue(void);

/* The queue serves a request. */
void check_works(void);

/* It has stopped for this reason, stays so, and Reset repairs it. */
void check_fault(enum rel4_ring_fault reason);

/* A pseudo-random value that is right, or nearly, or anything, for an index of a ring of some length. */
uint32_t nearly(uint32_t right, uint32_t length);
