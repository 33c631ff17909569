/*
 * The coroutine switch by ucontext, with the address sanitizer told of it, and the doors to a kernel that
 * only knows how to serve a ring.
 */
#include "rel4_machine.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <ucontext.h>

#include "../../lib/rel4/src/executor.h"

/*
 * ---- Switching ----
 */

struct context {
    ucontext_t registers;
    const void *stack;
    size_t stack_bytes;
    void (*begin)(void);
    int error; /* to go on with */
};

/* The last one is for outside of coroutines. */
static __thread struct context contexts[MACHINE_COROUTINES + 1];

static struct context *context_of(const struct rel4_coroutine *coroutine)
{
    const struct rel4_executor *executor = rel4_executor_self;

    if (coroutine == &executor->main) {
        return &contexts[MACHINE_COROUTINES];
    }
    return &contexts[coroutine - executor->coroutines];
}

int rel4_suspend(struct rel4_executor *executor)
{
    struct rel4_coroutine *current = executor->current;
    volatile bool resumed = false;

    current->sp = __builtin_frame_address(0);
    getcontext(&context_of(current)->registers);
    if (!resumed) {
        resumed = true;
        rel4_schedule(executor, current, NULL);
    }
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
    return context_of(current)->error;
}

_Noreturn void rel4_switch_to(const struct rel4_coroutine *coroutine, int error)
{
    struct context *context = context_of(coroutine);
    void *fake_stack;

    context->error = error;
    /* What we leave below us on this stack never returns. */
    __asan_handle_no_return();
    __sanitizer_start_switch_fiber(&fake_stack, context->stack, context->stack_bytes);
    setcontext(&context->registers);
    abort();
}

static void enter(void)
{
    struct context *outside = &contexts[MACHINE_COROUTINES];
    const void *stack;
    size_t bytes;

    __sanitizer_finish_switch_fiber(NULL, &stack, &bytes);
    /* The first time, that is where we come from. */
    if (!outside->stack) {
        outside->stack = stack;
        outside->stack_bytes = bytes;
    }
    context_of(rel4_executor_self->current)->begin();
}

void rel4_switch_prepare(struct rel4_coroutine *coroutine, void *stack_top, void (*begin)(void))
{
    struct context *context = context_of(coroutine);
    char *lowest = (char *)(coroutine->guard + 2);

    coroutine->sp = stack_top;
    context->stack = lowest;
    context->stack_bytes = (size_t)((char *)stack_top - lowest);
    context->begin = begin;
    getcontext(&context->registers);
    context->registers.uc_stack.ss_sp = lowest;
    context->registers.uc_stack.ss_size = context->stack_bytes;
    context->registers.uc_link = NULL;
    makecontext(&context->registers, enter, 0);
}

/*
 * ---- The kernel ----
 */

__thread struct machine *machine;

static sem_t work, answers;
static pthread_mutex_t responses_lock = PTHREAD_MUTEX_INITIALIZER; /* answers are written by both threads */
static pthread_t server;
static bool stopping;

static uint32_t *header(struct machine *of, unsigned offset)
{
    return (uint32_t *)(of->buffer + offset);
}

static uint64_t *indices(struct machine *of, unsigned offset)
{
    return (uint64_t *)(void *)(of->buffer + offset);
}

/* The user's indices: producer of requests, consumer of responses. */
static uint32_t request_producer(struct machine *of)
{
    return (uint32_t)rel4_ring_peer(indices(of, REL4_HEADER_REQUESTER));
}

static uint32_t response_consumer(struct machine *of)
{
    return (uint32_t)(rel4_ring_peer(indices(of, REL4_HEADER_REQUESTER)) >> 32);
}

static struct rel4_item *requests_of(struct machine *of)
{
    return (struct rel4_item *)(of->buffer + REL4_HEADER_BYTES);
}

static void publish(struct machine *of)
{
    rel4_ring_publish(indices(of, REL4_HEADER_SERVER),
                      rel4_ring_pair(of->request_consumer, of->response_producer));
}

/* Writes an answer behind the others, and publishes it. */
static void answer(struct machine *of, uint32_t cookie, uint32_t head, const seL4_Word *words)
{
    uint32_t mask = (2u << of->response_bits) - 1, place = 2 * of->response_producer;
    uint64_t *responses = (uint64_t *)(requests_of(of) + ((seL4_Word)1 << of->request_bits));

    responses[place & mask] = cookie | (uint64_t)head << 32;
    for (unsigned i = 0; i < rel4_header_words(head); i++) {
        responses[(place + 1 + i) & mask] = words[i];
    }
    of->response_producer += rel4_units_for(rel4_header_words(head));
    publish(of);
}

/* Answers one request, which begins at the consumer's index. */
static void serve_one(struct machine *of)
{
    seL4_Word mask = ((seL4_Word)1 << of->request_bits) - 1, words[REL4_MAX_WORDS];
    const struct rel4_item *request = &requests_of(of)[of->request_consumer & mask];
    unsigned count = 0, error = of->service(request, words, &count);

    of->request_consumer +=
        rel4_items_for(rel4_header_words(request->header) + rel4_header_extras(request->header) +
                       rel4_flag_words(request->header));
    if (request->header & REL4_QUIET && !error) {
        publish(of);
        return;
    }
    answer(of, request->cookie, rel4_header(rel4_header_label(request->header), error, count, 0), words);
}

static bool has_room(struct machine *of)
{
    uint32_t used = of->response_producer - response_consumer(of);

    return used + rel4_units_for(REL4_MAX_WORDS) <= 1u << of->response_bits;
}

bool machine_forge(uint32_t cookie, unsigned error, unsigned word_count)
{
    static const seL4_Word ones[REL4_MAX_WORDS] = { [0 ... REL4_MAX_WORDS - 1] = -1ul };

    pthread_mutex_lock(&responses_lock);
    bool room = has_room(machine);
    if (room) {
        answer(machine, cookie, rel4_header(1, error, word_count, 0), ones);
    }
    pthread_mutex_unlock(&responses_lock);
    return room;
}

static bool has_work(struct machine *of)
{
    return request_producer(of) != of->request_consumer && has_room(of);
}

/* Serves one request, if there is one, and room for its answer. */
static bool serve_next(struct machine *of)
{
    pthread_mutex_lock(&responses_lock);
    bool serves = has_work(of);
    if (serves) {
        serve_one(of);
    }
    pthread_mutex_unlock(&responses_lock);
    return serves;
}

bool machine_serve(struct machine *of)
{
    uint32_t *state = header(of, REL4_HEADER_SERVER_STATE);
    unsigned served = 0;

    do {
        while ((!of->budget || served < of->budget) && serve_next(of)) {
            served++;
        }
        if (of->budget && served == of->budget) {
            break;
        }
        rel4_ring_sleep(state);
    } while (has_work(of) && rel4_ring_stay(state));
    if (of->budget && served == of->budget) {
        __atomic_store_n(state, REL4_ASLEEP, __ATOMIC_SEQ_CST);
    }
    if (served && rel4_ring_must_wake(header(of, REL4_HEADER_REQUESTER_STATE))) {
        sem_post(&answers);
    }
    return served;
}

static void *serve(void *arg)
{
    struct machine *of = arg;

    for (;;) {
        sem_wait(&work);
        if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
            return NULL;
        }
        machine_serve(of);
    }
}

void machine_start(struct machine *new, struct rel4_queue *queue, unsigned request_bits,
                   unsigned response_bits, bool threaded, machine_service *service)
{
    size_t bytes = rel4_queue_bytes(request_bits, response_bits);

    *new = (struct machine){
        .request_bits = request_bits, .response_bits = response_bits, .service = service, .threaded = threaded
    };
    new->buffer = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    for (size_t i = 0; i < bytes; i++) {
        new->buffer[i] = 0;
    }
    rel4_queue_attach(queue, new->buffer, request_bits, response_bits);
    sem_init(&work, 0, 0);
    sem_init(&answers, 0, 0);
    stopping = false;
    machine = new;
    if (threaded) {
        pthread_create(&server, NULL, serve, new);
    }
}

void machine_stop(void)
{
    if (machine->threaded) {
        __atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
        sem_post(&work);
        pthread_join(server, NULL);
    }
    free(machine->buffer);
    machine = NULL;
}

void machine_fault(void)
{
    machine->fails = true;
    __atomic_store_n(header(machine, REL4_HEADER_FAULT), REL4_FAULT_INCOMPLETE, __ATOMIC_RELEASE);
    if (rel4_ring_must_wake(header(machine, REL4_HEADER_REQUESTER_STATE))) {
        sem_post(&answers);
    }
}

/* Tests of batches have a ring. */
int batch_add_by_trap(struct rel4_batch *batch, const struct rel4_request *request)
{
    abort();
}

int door_wake(const struct rel4_queue *queue)
{
    machine->wakes++;
    if (machine->fails) {
        return 3;
    }
    if (machine->threaded) {
        sem_post(&work);
    } else {
        machine_serve(machine);
    }
    return 0;
}

int door_reset(const struct rel4_queue *queue)
{
    machine->fails = false;
    machine->request_consumer = machine->response_producer = 0;
    for (unsigned offset = REL4_HEADER_REQUESTER; offset <= REL4_HEADER_FAULT; offset += 4) {
        __atomic_store_n(header(machine, offset), 0, __ATOMIC_SEQ_CST);
    }
    return 0;
}

void door_yield(void)
{
    if (!machine->threaded) {
        machine_serve(machine);
    }
    sched_yield();
}

seL4_Word door_time(void)
{
    static seL4_Word time;

    return ++time;
}

seL4_Word door_wait(const struct rel4_queue *queue)
{
    machine->waits++;
    /* Blocking is a wake-up, too. */
    if (!machine->threaded) {
        machine_serve(machine);
    }
    sem_wait(&answers);
    return 1;
}

seL4_Word door_user_interrupts(void)
{
    return 0;
}
