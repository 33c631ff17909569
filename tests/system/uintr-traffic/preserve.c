/*
 * Handlers that are preempted: their CSRs, their interrupted stack pointer and their floating-point registers
 * are still theirs when they go on, although others, who use the same, have run on the hart in between.
 */
#include "uintr.h"

#define USERS     3
#define TURNS     SOAK_OR(200, 6)
#define SIGNATURE 0x1000000000000000

extern const char rel4_uintr_entry_float[], uintr_other_entry[];

static struct state {
    struct uintr_floats floats;
    seL4_Word csrs[6]; /* as the handler found or set them */
    seL4_Word errors;
    volatile seL4_Word inside;
    volatile seL4_Word done;
} states[USERS];

static volatile seL4_Word stop;

static void csrs_now(seL4_Word csrs[6])
{
    csrs[0] = REL4_CSR_READ(0x000);
    csrs[1] = REL4_CSR_READ(0x005);
    csrs[2] = REL4_CSR_READ(0x040);
    csrs[3] = REL4_CSR_READ(0x041);
    csrs[4] = REL4_CSR_READ(0x042);
    csrs[5] = REL4_CSR_READ(0x043);
}

static void handle(seL4_Word bits, void *arg)
{
    struct state *state = arg;
    seL4_Word i = (seL4_Word)(state - states), after[6];

    state->errors += bits != 1;
    REL4_CSR_WRITE(0x043, SIGNATURE + i);
    csrs_now(state->csrs);
    for (unsigned n = 0; n < 32; n++) {
        state->floats.in[n] = 0x4000000000000000 + i * 0x100 + n;
    }
    state->floats.fcsr_in = i << 5 | i;
    state->inside = 1;
    uintr_float_across(&state->floats, -1ul, &stop);
    csrs_now(after);
    for (unsigned n = 0; n < 6; n++) {
        state->errors += after[n] != state->csrs[n];
    }
    for (unsigned n = 0; n < 32; n++) {
        state->errors += state->floats.out[n] != state->floats.in[n];
    }
    state->errors += state->floats.fcsr_out != state->floats.fcsr_in;
}

static void run(void *arg)
{
    struct uintr_thread *self = arg;
    struct state *state = &states[self - uintr_threads];

    rel4_thread_init(&self->record, self->thread->tcb);
    CHECK_OK(rel4_uintr_register_receiver(self->notification,
                                          &(struct rel4_receiver_options){ .handler = handle,
                                                                           .arg = state,
                                                                           .stack = self->stack,
                                                                           .stack_bytes = sizeof(self->stack),
                                                                           .saves_float = true }));
    if (state != states) {
        REL4_CSR_WRITE(0x005, uintr_other_entry); /* so that utvec differs, too */
    }
    volatile double mine = 1.25 + (double)(state - states), before = mine;
    rel4_uipi_write(1);
    state->errors += !state->inside || mine != before;
    state->done = 1;
}

TEST("uintr preserve: CSRs and floating-point registers survive preemption inside handlers")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, USERS);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, UINTR_PRIORITY));
    stop = 0;
    for (unsigned i = 0; i < USERS; i++) {
        states[i] = (struct state){ .errors = 0 };
        test_thread_start(uintr_thread_new(i, run, UINTR_PRIORITY)->thread);
    }
    for (unsigned i = 0; i < USERS; i++) {
        WAIT_FOR(states[i].inside);
    }
    /* Each turn ends when every one of them has used up its time slice inside its handler. */
    for (unsigned turn = 0; turn < TURNS; turn++) {
        seL4_Yield();
    }
    stop = 1;
    for (unsigned i = 0; i < USERS; i++) {
        WAIT_FOR(states[i].done);
        CHECK_EQUAL(states[i].errors, 0);
        CHECK_EQUAL(states[i].csrs[0] & 1, 0);
        CHECK_EQUAL(states[i].csrs[5], SIGNATURE + i);
        CHECK(states[i].csrs[2] != states[(i + 1) % USERS].csrs[2]);
    }
}

#if CONFIG_MAX_NUM_NODES > 1
TEST("uintr preserve: the same while the threads are moved from hart to hart inside their handlers")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, USERS);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, UINTR_PRIORITY));
    stop = 0;
    for (unsigned i = 0; i < USERS; i++) {
        states[i] = (struct state){ .errors = 0 };
        test_thread_start(uintr_thread_new(i, run, UINTR_PRIORITY)->thread);
    }
    for (unsigned i = 0; i < USERS; i++) {
        WAIT_FOR(states[i].inside);
    }
    for (unsigned turn = 0; turn < 20 * TURNS; turn++) {
        test_thread_set_node(uintr_threads[turn % USERS].thread, turn / USERS % test_nodes());
        if (turn % 8 == 0) {
            seL4_Yield();
        }
    }
    stop = 1;
    for (unsigned i = 0; i < USERS; i++) {
        WAIT_FOR(states[i].done);
        CHECK_EQUAL(states[i].errors, 0);
    }
}
#endif
