/*
 * What stands in for the machine and for kernel/thread/kernel.c in unit tests: memory, one hart, and a
 * preemption point that does what the test says.
 */
#pragma once

#include "cap/slot.h"
#include "lib/preempt.h"

#include <setjmp.h>

/* Physical memory that exists. Its addresses use all bits that a capability has for them. */
#define ARENA_PHYS 0x3f40000000ul
#define ARENA_BITS 23
#define ARENA_SIZE (1ul << ARENA_BITS)

/* Makes everything as after boot: memory cleared as far as it was used, one idle hart, no address spaces, no
 * preemption. Every test begins with it. */
void host_reset(void);

/* The part of it that is in one_hart.c, or in simulation/harts.c; and what happens first when a test fails.
 */
void host_reset_harts(void);
void host_panic(const char *message);

/* Clears bytes taken from memory, aligned to their own size, a power of two. */
void *host_take(word_t bytes);

/* Memory handed out so far, for snapshots. */
word_t host_used(void);

/* A copy of everything that the object layer may write: memory and hart. */
struct host_snapshot;
struct host_snapshot *host_snapshot_take(void);

/* Nothing has changed since. Frees the snapshot. */
bool host_snapshot_matches(struct host_snapshot *snapshot);
void host_snapshot_drop(struct host_snapshot *snapshot);

/* When preemption_point() says yes: never, at every n-th call (1: always), or pseudo-randomly, on average
 * once in n calls. */
void host_preempt_never(void);
void host_preempt_every(unsigned n);
void host_preempt_randomly(uint32_t seed, unsigned n);

/* Whether another hart waits for the kernel lock: NULL for never. Asked on a hart that locks, for example
 * between the requests of a ring, so it is also a place to be another hart in. NULL again after host_reset().
 */
extern bool (*host_lock_wanted)(void);

/* Whether another hart has the lock at the moment, for those who take it only if not: NULL for never, also
 * after host_reset(). And how often this one has queued for it since then. */
extern bool (*host_lock_taken)(void);
extern unsigned host_lock_queued;

/* What other harts do while this one has let go of the lock, or sleeps: a test may be any of them, by setting
 * host_hart. NULL again after host_reset(). */
extern void (*host_meanwhile)(void);

/* Called before fences are paid that a batch owes. NULL again after host_reset(). */
extern void (*host_pays)(void);

/* The time counter. */
extern word_t host_time;

/* Where a test with many pseudo-random runs is, for the message when it fails. */
extern unsigned long host_seed;
extern unsigned long host_step;

/* Fails the test, naming seed and step. */
#define check(condition)                                        \
    do {                                                        \
        if (!(condition)) {                                     \
            panic("%s:%d: %s", __FILE__, __LINE__, #condition); \
        }                                                       \
    } while (0)

/* Prepares the kernel's checker (kernel/check/): all capabilities are found from these slots. */
void host_check_init(struct slot *root, word_t root_slots);

/* Calls a function that must end in a panic whose message contains text. */
void host_expect_panic(void (*run)(void), const char *text);

/* Where boot_fail() ends; NULL, the default: the test fails. */
extern jmp_buf *host_refused;

/* A teardown that names the seed when the test ended in a way that nobody could report. */
int host_teardown(void **state);

/* Calls of preemption_point() since host_reset(). */
extern unsigned long host_preemption_points;

/* What the kernel told the machine to do, since host_reset(). */
struct host_machine {
    unsigned page_flushes;
    unsigned asid_flushes;
    word_t flushed_asid;
    unsigned irq_enabled;
    unsigned irq_disabled;
    unsigned irq_completed;
    unsigned irq_waiting; /* what interrupt_claim() gives next */
    unsigned irq_changes; /* calls of interrupt_enable() and interrupt_disable() */
    word_t wake_harts;    /* which the line of the controller for user interrupts interrupts */
    unsigned kernel_halves;
    unsigned printed; /* characters */
    char last_printed;
    word_t interrupted; /* harts that were sent an interrupt */
};

extern struct host_machine host_machine;

/* Devices that a test plays: what the time counter says, what a device register reads and what is written to
 * it (width is 1 or 4 bytes), and the firmware's console. NULL for a register that is 0, or that nobody looks
 * at. */
struct host_devices {
    word_t (*time)(void);
    uint32_t (*read)(word_t phys, unsigned width);
    void (*write)(word_t phys, unsigned width, uint32_t value);
    void (*put_char)(char c);
};

extern struct host_devices host_devices;
