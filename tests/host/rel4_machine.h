/*
 * A machine for lib/rel4 on the host: the switch between coroutines, and a kernel that serves one queue, in
 * the wake call or in a thread of its own.
 */
#pragma once

#include <rel4/coroutine.h>

/* Coroutines that a test may have at a time. */
#define MACHINE_COROUTINES 600

/* What the kernel does with a request: fills words, and returns the error. */
typedef unsigned machine_service(const struct rel4_item *request, seL4_Word *words, unsigned *word_count);

struct machine {
    char *buffer; /* of rel4_queue_bytes() */
    unsigned request_bits, response_bits;
    machine_service *service;
    bool threaded;   /* a thread serves, not the wake call */
    unsigned budget; /* requests per run; 0: no limit */
    unsigned wakes, waits;
    bool fails; /* the queue is faulted: Wake is an error */
    uint32_t request_consumer, response_producer;
};

extern __thread struct machine *machine;

/* Makes a machine with rings of these lengths, and attaches the queue to it. */
void machine_start(struct machine *new, struct rel4_queue *queue, unsigned request_bits,
                   unsigned response_bits, bool threaded, machine_service *service);
void machine_stop(void);

/* Serves what there is. Returns whether it answered anything. */
bool machine_serve(struct machine *of);

/* Answers what nobody has asked, with words of ones, as another program that has the response ring can.
 * False: it is full. */
bool machine_forge(uint32_t cookie, unsigned error, unsigned word_count);

/* Faults the queue, and wakes its user. */
void machine_fault(void);
