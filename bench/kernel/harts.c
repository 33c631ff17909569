/*
 * Calls to a server on another hart and, for comparison, on this hart. Both are measured in time, as
 * instruction counts mean nothing while harts run independently.
 */
#include "kernel.h"

static seL4_CPtr endpoint;

static seL4_Word cycles(void)
{
    seL4_Word value;

    __asm__ volatile("rdcycle %0" : "=r"(value)::"memory");
    return value;
}

static void server(void *arg)
{
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    seL4_RecvWithMRs(endpoint, NULL, NULL, NULL, NULL, NULL);
    for (;;) {
        seL4_ReplyRecvWithMRs(endpoint, none, NULL, NULL, NULL, NULL, NULL);
    }
}

static unsigned measure(const char *name, seL4_Word node, seL4_Word reference)
{
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr thread = start_thread_on(node, server, NULL, PRIORITY + 1, 0);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = cycles();
        seL4_CallWithMRs(endpoint, none, NULL, NULL, NULL, NULL);
        record(start, cycles());
    }
    seL4_TCB_Suspend(thread);
    return report_in("ticks", name, reference);
}

void measure_harts(void)
{
    unsigned one = measure("Call + ReplyRecv round trip, 0 words, on one of two harts", 0, 0);

    measure("Call + ReplyRecv round trip, 0 words, between two harts", 1, one);
}
