/*
 * Several harts: that a slot interrupts the hart that it names, and that nothing is lost when harts send,
 * receive, clear and move slots at the same time. Nothing here depends on how fast a hart is. It needs at
 * least two harts.
 */
#include "bare.h"

#ifndef ROUNDS
#define ROUNDS 200
#endif

#define MAX_HARTS 8

static uint64_t harts;
static uint64_t tables[MAX_HARTS][512] __attribute__((aligned(4096)));

/* Bits that each hart's handler has seen: how often each one came. */
static _Atomic uint64_t received[MAX_HARTS][64];
static _Atomic uint64_t errors;

static void count_bits(void)
{
    uint64_t bits = uipi_read();

    for (unsigned vector = 0; vector < 64; vector++) {
        if (bits >> vector & 1) {
            received[hart_id()][vector]++;
        }
    }
}

/* The order of the reference hardware. */
static void clear_and_count_bits(void)
{
    clear_csr(UIP, U_SOFTWARE);
    count_bits();
}

/* Hart h receives in slot h; entry i of every table sends to hart i, with the sender's number as vector. */
static void setup_hart(void)
{
    uint64_t hart = hart_id();

    for (uint64_t i = 0; i < MAX_HARTS; i++) {
        tables[hart][i] = sender_entry(i, hart);
    }
    write_csr(UTVEC, user_vectors);
    write_csr(SUIST, table_register(tables[hart], 1));
    become_receiver(hart);
    set_csr(USTATUS, STATUS_UIE);
}

static void leave_hart(void)
{
    clear_csr(USTATUS, STATUS_UIE);
    write_csr(UIE, 0);
    slot_write(hart_id(), LOW, MODE_64BIT);
    slot_read(hart_id(), HIGH);
}

static void on_all_harts(void (*function)(void))
{
    for (uint64_t hart = 1; hart < harts; hart++) {
        hart_start(hart, function);
    }
    function();
    for (uint64_t hart = 1; hart < harts; hart++) {
        hart_wait(hart);
    }
}

static void setup(void (*hook)(void))
{
    errors = 0;
    for (uint64_t hart = 0; hart < MAX_HARTS; hart++) {
        user_traps[hart] = (struct user_traps){ .hook = hook };
        for (unsigned vector = 0; vector < 64; vector++) {
            received[hart][vector] = 0;
        }
    }
    on_all_harts(setup_hart);
}

static void named_hart_only(void)
{
    for (uint64_t slot = 0; slot < harts; slot++) {
        slot_write(slot, LOW, slot_low(slot, MODE_ON));
    }
    for (uint64_t target = 0; target < harts; target++) {
        slot_write(target, SEND, 0);
        CHECK_EQ(read_csr(MIP) & U_SOFTWARE, target == 0);
        slot_read(target, HIGH);
    }
}

static _Atomic uint64_t seen;

static bool line(void)
{
    return read_csr(MIP) & U_SOFTWARE;
}

static void wait_for_line(void)
{
    while (!line()) {
        ;
    }
    seen = 1;
    while (line()) {
        ;
    }
    seen = 2;
}

static void moves(void)
{
    slot_write(0, LOW, slot_low(0, MODE_ON));
    slot_write(0, SEND, 1);
    CHECK(read_csr(MIP) & U_SOFTWARE);
    seen = 0;
    hart_start(1, wait_for_line);
    slot_write(0, LOW, slot_low(1, MODE_ON));
    CHECK(!(read_csr(MIP) & U_SOFTWARE));
    while (seen != 1) {
        ;
    }
    slot_write(0, LOW, slot_low(0, MODE_ON));
    CHECK(read_csr(MIP) & U_SOFTWARE);
    hart_wait(1);
    CHECK_EQ(seen, 2);
    CHECK_EQ(slot_read(0, HIGH), 2);
}

/* Sends to the next hart, and waits for the one before: all harts go around in a ring, ROUNDS times. */
static long ring(long unused)
{
    uint64_t hart = hart_id(), next = (hart + 1) % harts, before = (hart + harts - 1) % harts;

    for (uint64_t round = 1; round <= ROUNDS; round++) {
        if (hart == 0) {
            uipi_send(next);
        }
        while (received[hart][before] < round) {
            ;
        }
        if (received[hart][before] != round) {
            errors++;
        }
        if (hart != 0) {
            uipi_send(next);
        }
    }
    return unused;
}

static void run_ring(void)
{
    if (!ended(in_mode(USER, ring, 0))) {
        errors++;
    }
    leave_hart();
}

static void ping_pong(void)
{
    setup(count_bits);
    on_all_harts(run_ring);
    CHECK_EQ(errors, 0);
}

static void ping_pong_clearing(void)
{
    setup(clear_and_count_bits);
    on_all_harts(run_ring);
    CHECK_EQ(errors, 0);
}

/* Every hart sends to every hart, itself as well, and waits until each has counted it: no bit may be lost. */
static long cross(long unused)
{
    uint64_t hart = hart_id();

    for (uint64_t round = 1; round <= ROUNDS / 4; round++) {
        for (uint64_t to = 0; to < harts; to++) {
            uipi_send(to);
        }
        for (uint64_t to = 0; to < harts; to++) {
            while (received[to][hart] < round) {
                ;
            }
            if (received[to][hart] != round) {
                errors++;
            }
        }
    }
    return unused;
}

static _Atomic uint64_t finished;

/* A hart that has sent all goes on receiving until the others are through. */
static long cross_to_the_end(long unused)
{
    cross(unused);
    finished++;
    while (finished < harts) {
        ;
    }
    return unused;
}

static void run_cross(void)
{
    if (!ended(in_mode(USER, cross_to_the_end, 0))) {
        errors++;
    }
    leave_hart();
}

static void cross_sends(void)
{
    setup(count_bits);
    finished = 0;
    on_all_harts(run_cross);
    CHECK_EQ(errors, 0);
}

/* The receiver writes the software bit all the time; that must never swallow a level that another hart
 * raises. */
static long clear_all_the_time(long unused)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uipi_send(1);
        while (received[0][1] < round) {
            clear_csr(UIP, U_SOFTWARE);
        }
    }
    return unused;
}

static long answer(long unused)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        while (received[1][0] < round) {
            ;
        }
        uipi_send(0);
    }
    return unused;
}

static void run_answer(void)
{
    in_mode(USER, answer, 0);
    leave_hart();
}

static void clearing_races(void)
{
    setup(count_bits);
    hart_start(1, run_answer);
    in_mode(USER, clear_all_the_time, 0);
    leave_hart();
    hart_wait(1);
    CHECK_EQ(received[0][1], ROUNDS);
}

/* The receiver switches out and in all the time; bits that come meanwhile are delivered. */
static long switch_all_the_time(long unused)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uipi_send(1);
        while (received[0][1] < round) {
            uipi_deactivate();
            uipi_activate();
        }
    }
    return unused;
}

static void switching_races(void)
{
    setup(count_bits);
    hart_start(1, run_answer);
    in_mode(USER, switch_all_the_time, 0);
    leave_hart();
    hart_wait(1);
    CHECK_EQ(received[0][1], ROUNDS);
}

int main(void)
{
    harts = hart_count();
    test("a slot interrupts the hart that it names and no other", named_hart_only);
    test("a pending slot that moves takes its interrupt along", moves);
    test("ping-pong through all harts loses nothing", ping_pong);
    test("ping-pong with handlers that clear first loses nothing", ping_pong_clearing);
    test("all harts send to all: each bit arrives, once", cross_sends);
    test("clearing the software bit does not race with senders", clearing_races);
    test("switching the slot off and on does not race with senders", switching_races);
    finish();
}
