/*
 * The thread that answers. It uses only variables of the program, so that it also runs in a copy of the
 * address space.
 */
#include <string.h>

#include "ping.h"

#define PRIORITY 150

static char stack[8192] __attribute__((aligned(16)));
static char handler_stack[4096] __attribute__((aligned(16)));
static char tls[1024] __attribute__((aligned(64)));
static char ipc_buffer[4096] __attribute__((aligned(4096)));
static struct rel4_thread record;
static struct partner self;
static seL4_Word pong_index;

static void answer(seL4_Word bits, void *arg)
{
    rel4_uipi_send(pong_index);
}

/* Registers as a sender first, as signals may come as soon as it is a receiver. */
static bool set_up(void)
{
    struct rel4_receiver_options options = {
        .handler = self.way == BY_HANDLER ? answer : NULL,
        .stack = handler_stack,
        .stack_bytes = sizeof(handler_stack),
    };

    if (self.own_space) {
        rel4_init(&self.resources);
    }
    rel4_thread_init(&record, self.tcb);
    int index = rel4_uintr_register_sender(self.pong);
    pong_index = (seL4_Word)index;
    return index >= 0 && !rel4_uintr_register_receiver(self.ping, &options);
}

static void run(void)
{
    if (self.way != BY_NOTIFICATION && !set_up()) {
        seL4_TCB_Suspend(self.tcb);
    }
    for (;;) {
        switch (self.way) {
        case BY_NOTIFICATION:
            seL4_Wait(self.ping, NULL);
            seL4_Signal(self.pong);
            break;
        case BY_USER_INTERRUPT:
            if (rel4_wait(self.ping)) {
                rel4_signal(self.pong);
            }
            break;
        case BY_HANDLER: /* the handler answers */
            break;
        }
    }
}

bool partner_start(const struct partner *partner, seL4_Word node)
{
    seL4_CPtr frame = sel4_image_frame(ipc_buffer), space = seL4_CapInitThreadVSpace;
    seL4_UserContext registers = { .pc = (seL4_Word)run, .sp = (seL4_Word)(stack + sizeof(stack)) };
    seL4_CPtr tcb = partner->tcb;

    if (sel4_tls_size() > sizeof(tls)) {
        return false;
    }
    self = *partner;
    /* In this address space the partner uses the sender table of the previous one. */
    if (partner->own_space) {
        memset(&record, 0, sizeof(record));
    }
    registers.tp = sel4_tls_init(tls, (seL4_IPCBuffer *)ipc_buffer);
    asm("mv %0, gp" : "=r"(registers.gp));
    if (partner->own_space) {
        space = space_copy(ipc_buffer, &frame);
    }
#if CONFIG_MAX_NUM_NODES > 1
    if (seL4_TCB_SetAffinity(tcb, node)) {
        return false;
    }
#else
#endif
    return space &&
           !seL4_TCB_Configure(tcb, 0, seL4_CapInitThreadCNode, 0, space, 0, (seL4_Word)ipc_buffer, frame) &&
           !seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY) &&
           !seL4_TCB_BindNotification(tcb, partner->ping) &&
           !seL4_TCB_WriteRegisters(tcb, seL4_True, 0, ABI_REG_COUNT, &registers);
}
