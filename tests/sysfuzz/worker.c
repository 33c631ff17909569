/*
 * What the fuzzing threads run. Their registers, stack and state may be spoiled by others at any moment; a
 * worker that goes astray faults or falls silent, and the supervisor starts it again from here. So that none
 * goes round in circles with wrong registers, every loop touches memory as it counts, except the one that
 * makes calls.
 */
#include <rel4/abi.h>
#include <rel4/ring.h>

#include "indices.h"
#include "sysfuzz.h"

static seL4_IPCBuffer *own_buffer(unsigned worker)
{
    return (seL4_IPCBuffer *)(WORKER_BLOCKS + worker * WORKER_BLOCK + WORKER_BUFFER);
}

static void fill_buffer(const struct call *call, unsigned worker)
{
    seL4_IPCBuffer *buffer = own_buffer(worker);

    for (unsigned i = 4; i < call->length; i++) {
        buffer->msg[i] = call->words[i];
    }
    for (unsigned i = 0; i < 3; i++) {
        buffer->caps_or_badges[i] = call->extras[i];
    }
    buffer->receiveCNode = call->receive[0];
    buffer->receiveIndex = call->receive[1];
    buffer->receiveDepth = call->receive[2];
}

static uint32_t *ring_word(unsigned worker, seL4_Word offset)
{
    return (uint32_t *)(WORKER_BLOCKS + worker * WORKER_BLOCK + WORKER_RING + offset);
}

/* The request goes behind those that are there, as far as the index says, and what belongs to it behind that.
 */
static void put_request(const struct call *call, unsigned worker)
{
    uint32_t *producer = ring_word(worker, REL4_HEADER_REQUEST_PRODUCER);
    const uint64_t *items = (const uint64_t *)ring_word(worker, REL4_HEADER_BYTES);
    unsigned words = REL4_MORE_WORDS << RING_BITS;
    unsigned at = *producer % (1u << RING_BITS) * REL4_MORE_WORDS;
    volatile uint64_t *to = (volatile uint64_t *)items;

    to[at] = call->receive[0] << 32 | call->words[0] % 1000;
    to[at + 1] = call->a0;
    for (unsigned i = 0; i < call->length; i++) {
        to[(at + 2 + i) % words] = call->words[i];
    }
    for (unsigned i = 0; i < REL4_MAX_EXTRAS; i++) {
        to[(at + 2 + call->length + i) % words] = call->extras[i];
    }
    index_publish(producer, *producer + (uint32_t)call->receive[1]);
}

static seL4_Word use_ring(const struct call *call, unsigned worker)
{
    uint32_t *produced = ring_word(worker, REL4_HEADER_RESPONSE_PRODUCER);

    switch ((enum ring_action)call->number) {
    case RING_PUT:
        put_request(call, worker);
        break;
    case RING_TAKE:
        index_publish(ring_word(worker, REL4_HEADER_RESPONSE_CONSUMER), index_peer(produced));
        break;
    case RING_SCRIBBLE:
        *ring_word(worker, call->a0) = (uint32_t)call->words[0];
        break;
    }
    if (call->receive[2] && rel4_ring_must_wake(ring_word(worker, REL4_HEADER_SERVER_STATE))) {
        seL4_Word queue = cell_pointer(cell_of(worker), kinds[KIND_QUEUE].first + place_of(worker));
        sel4_trap_call(seL4_SysCall,
                       (struct sel4_registers){ queue, (seL4_Word)REL4_LABEL_QUEUE_WAKE << 12, 0, 0, 0, 0 });
    }
    return digest_mix(index_peer(produced), *ring_word(worker, REL4_HEADER_FAULT));
}

static seL4_Word make_call(const struct call *call, unsigned worker)
{
    const seL4_Word *words = call->words;
    double number = 1;

    switch (call->action) {
    case ACTION_READ:
        return *(volatile uint8_t *)call->a0;
    case ACTION_WRITE:
        *(volatile seL4_Word *)(call->a0 & ~7ul) = call->words[0];
        return 0;
    case ACTION_JUMP:
        asm volatile("jalr %0" : : "r"(call->a0) : "ra", "memory");
        return 0;
    case ACTION_ILLEGAL:
        asm volatile(".word 0");
        return 0;
    case ACTION_FLOAT:
        asm volatile("fadd.d %0, %0, %0" : "+f"(number));
        return number == 2;
    case ACTION_UINTR:
        return ((seL4_Word(*)(seL4_Word))(uintr_stubs + call->number * UINTR_STUB_BYTES))(call->a0);
    case ACTION_RING:
        return use_ring(call, worker);
    default:
        break;
    }
    fill_buffer(call, worker);
    struct sel4_registers reply = sel4_trap_call(
        (seL4_Syscall_ID)call->number,
        (struct sel4_registers){ call->a0, call->info, words[0], words[1], words[2], words[3] });
    return digest_mix(reply.badge, reply.info);
}

static void report(unsigned worker, seL4_Word label)
{
    sel4_trap_call(seL4_SysCall,
                   (struct sel4_registers){ cell_pointer(cell_of(worker), SLOT_HANDLER + worker), label << 12,
                                            0, 0, 0, 0 });
}

/* The number of the call to make; the first at or behind next that is in the plan. False if there is none. */
static bool planned(const struct plan *plan, unsigned worker, uint64_t *next)
{
    const struct range *range = &plan->ranges[plan->first_range[worker]];
    const struct range *end = &plan->ranges[plan->first_range[worker + 1]];

    while (range < end && range->last < *next) {
        range++;
    }
    if (range >= end) {
        return false;
    }
    *next = *next < range->first ? range->first : *next;
    return true;
}

_Noreturn void worker_main(struct worker_state *state, const struct plan *plan, unsigned worker)
{
    struct call call;

    for (;;) {
        uint64_t number = state->next;
        if (!planned(plan, worker, &number)) {
            report(worker, LABEL_DONE);
            continue;
        }
        state->next = number + 1;
        state->made++;
        if (state->made % REPORT_INTERVAL == 0) {
            report(worker, LABEL_REPORT);
        }
        call_generate(&call, plan->seed, worker, number, plan->debug);
        state->digest = digest_mix(state->digest, number);
        state->digest = digest_mix(state->digest, make_call(&call, worker));
    }
}
