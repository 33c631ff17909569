/*
 * System calls that transfer messages and signals.
 */
#include "kernel.h"

static seL4_CPtr endpoint, ping, pong;
static volatile seL4_Word started, arrived;

static void yielder(void *arg)
{
    for (;;) {
        seL4_Yield();
    }
}

/* Records when a signal arrives. */
static void waiter(void *arg)
{
    for (;;) {
        seL4_Wait(ping, NULL);
        arrived = now();
    }
}

static void answering_waiter(void *arg)
{
    for (;;) {
        seL4_Wait(ping, NULL);
        seL4_Signal(pong);
    }
}

static void measure_single_calls(void)
{
    seL4_CPtr empty = simple_alloc_slot();
    seL4_CPtr idle_endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr notification = new_object(seL4_NotificationObject, 0);
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    MEASURE("NBSend to an empty slot", 405, , seL4_NBSend(empty, none), );
    MEASURE("NBRecv on an idle notification", 314, , seL4_Poll(notification, NULL), );
    MEASURE("NBSend to an endpoint where nobody waits", 489, , seL4_NBSend(idle_endpoint, none), );
    MEASURE("Call with an empty slot", 539, , seL4_Call(empty, none), );
    MEASURE("Yield, alone", 465, , seL4_Yield(), );
    MEASURE("Signal, nobody waits", 472, , seL4_Signal(notification), seL4_Poll(notification, NULL));
    MEASURE(
        "Signal, then Wait, by the same thread", 800, , {
            seL4_Signal(notification);
            seL4_Wait(notification, NULL);
        }, );
}

static void measure_ping_pong(const char *name)
{
    MEASURE(
        name, 2056, , {
            seL4_Signal(ping);
            seL4_Wait(pong, NULL);
        }, );
}

static void measure_switches(void)
{
    seL4_CPtr other = start_thread(yielder, NULL, PRIORITY, 0);

    MEASURE("Yield there and back between two threads", 847, , seL4_Yield(), );
    seL4_TCB_Suspend(other);

    ping = new_object(seL4_NotificationObject, 0);
    pong = new_object(seL4_NotificationObject, 0);
    other = start_thread(waiter, NULL, PRIORITY + 1, 0);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();
        seL4_Signal(ping);
        record(start, arrived);
    }
    report("Signal to a waiting higher-priority thread, until it runs", 655);
    MEASURE("the same, and until the signaller runs again", 1256, , seL4_Signal(ping), );
    seL4_TCB_Suspend(other);

    other = start_thread(answering_waiter, NULL, PRIORITY - 1, 0);
    seL4_Signal(ping);
    seL4_Wait(pong, NULL);
    MEASURE("Signal to a waiting lower-priority thread", 930, , seL4_Signal(ping), seL4_Wait(pong, NULL));
    require(seL4_TCB_SetPriority(other, seL4_CapInitThreadTCB, PRIORITY), "SetPriority");
    measure_ping_pong("Notification ping-pong, round trip");
    seL4_TCB_Suspend(other);

    other = start_stranger(answering_waiter, NULL, PRIORITY);
    measure_ping_pong("the same, between two address spaces");
    seL4_TCB_Suspend(other);
}

/* Answers calls with as many words as arg says, and records when they arrive. */
static void server(void *arg)
{
    seL4_MessageInfo_t answer = seL4_MessageInfo_new(0, 0, 0, (seL4_Word)arg);

    seL4_Recv(endpoint, NULL);
    for (;;) {
        arrived = now();
        started = now();
        seL4_ReplyRecv(endpoint, answer, NULL);
    }
}

static void server_with_mrs(void *arg)
{
    seL4_Word words[4] = { 1, 2, 3, 4 };
    seL4_MessageInfo_t answer = seL4_MessageInfo_new(0, 0, 0, (seL4_Word)arg);

    seL4_RecvWithMRs(endpoint, NULL, NULL, NULL, NULL, NULL);
    for (;;) {
        arrived = now();
        started = now();
        seL4_ReplyRecvWithMRs(endpoint, answer, NULL, &words[0], &words[1], &words[2], &words[3]);
    }
}

static void call(seL4_Word words)
{
    seL4_Word mr[4] = { 1, 2, 3, 4 };
    seL4_MessageInfo_t info = seL4_MessageInfo_new(0, 0, 0, words);

    if (words == 0) {
        seL4_CallWithMRs(endpoint, info, NULL, NULL, NULL, NULL);
    } else if (words <= 4) {
        seL4_CallWithMRs(endpoint, info, &mr[0], &mr[1], &mr[2], &mr[3]);
    } else {
        seL4_Call(endpoint, info);
    }
}

static void measure_one_way(const char *there, const char *back, const char *both)
{
    call(0);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        record(start, arrived);
    }
    report(there, 254);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        seL4_Word stop = now();
        record(started, stop);
    }
    report(back, 291);
    /* The server reads the counter twice and stores it once: four instructions that do not belong to the
     * call. */
    MEASURE(both, 544, , call(0), );
}

static void measure_calls(void)
{
    endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr other = start_thread(server_with_mrs, NULL, PRIORITY + 1, 0);
    measure_one_way("Call, one way, 0 words", "ReplyRecv, one way, 0 words",
                    "Call + ReplyRecv round trip, 0 words");
    seL4_TCB_Suspend(other);

    other = start_stranger(server_with_mrs, NULL, PRIORITY + 1);
    measure_one_way("Call, one way, 0 words, to another address space",
                    "ReplyRecv, one way, 0 words, to another address space",
                    "Call + ReplyRecv round trip, 0 words, two address spaces");
    seL4_TCB_Suspend(other);

    other = start_thread(server_with_mrs, (void *)4, PRIORITY + 1, 0);
    MEASURE("Call + ReplyRecv round trip, 4 words", 590, , call(4), );
    seL4_TCB_Suspend(other);

    other = start_thread(server, (void *)8, PRIORITY + 1, 0);
    MEASURE("Call + ReplyRecv round trip, 8 words", 1906, , call(8), );
    seL4_TCB_Suspend(other);
}

void measure_ipc(void)
{
    measure_single_calls();
    measure_switches();
    measure_calls();
}
