/*
 * The machine of the unit tests: memory, and what the kernel tells devices, tables of pages and other
 * registers to do. Harts are in one_hart.c, or in simulation/harts.c.
 */
#include "arch/asid.h"
#include "arch/console.h"
#include "arch/fpu.h"
#include "arch/interrupts.h"
#include "arch/power.h"
#include "arch/riscv64/registers.h"
#include "arch/riscv64/sbi.h"
#include "arch/timer.h"
#include "arch/tlb.h"
#include "arch/uintc.h"
#include "boot/fail.h"
#include "cap/revoke.h"
#include "check/check.h"
#include "host.h"
#include "ipc/receiver.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "object/irq.h"
#include "random.h"
#include "thread/debug_threads.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

struct hart *host_hart;
word_t counts_per_tick = 20000; /* ten million in a second */
word_t host_time, host_satp;

const char *host_mutant;
unsigned long host_seed;
unsigned long host_step;
struct host_machine host_machine;

static word_t arena_used;

struct host_snapshot {
    struct host_machine machine;
    struct hart hart;
    struct asid_pool *pools[ABI_ASID_POOLS];
    struct domain_entry schedule[DOMAIN_SCHEDULE_ENTRIES];
    unsigned domain_start;
    word_t used;
    unsigned char memory[];
};

static void map_arena(void)
{
    void *wanted = phys_to_ptr(ARENA_PHYS);
    void *got = mmap(wanted, ARENA_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (got != wanted) {
        panic("cannot have memory at %p", wanted);
    }
}

void host_reset(void)
{
    if (!host_hart) {
        host_mutant = getenv("REL4_MUTANT");
        map_arena();
    }
    memset(phys_to_ptr(ARENA_PHYS), 0, arena_used);
    arena_used = 0;
    memset(harts_table, 0, sizeof(harts_table));
    for (unsigned id = 0; id < MAX_HARTS; id++) {
        harts_table[id].id = id;
        harts_table[id].arch.hart_id = id;
        harts_table[id].current = &idle_thread;
    }
    memset(asid_pools, 0, sizeof(asid_pools));
    memset(domain_schedule, 0, sizeof(domain_schedule));
    domain_schedule[0].ticks = 1;
    domain_start = 0;
    host_hart = &harts_table[0];
    idle_thread.hart = host_hart; /* as a caller */
    harts_online = 1;
    harts_revoking = 0;
    debug_threads = NULL;
    uintr_backend = REL4_UINTR_NONE;
    memset(uintc_owners, 0, sizeof(uintc_owners));
    memset(uintc_used, 0, sizeof(uintc_used));
    memset(receivers_on, 0, sizeof(receivers_on));
    uintc = (struct uintc){ 0 };
    uintc_used[0] = 1;
    host_machine = (struct host_machine){ 0 };
    host_time = 0;
    host_pays = NULL;
    idle_harts = 0;
    console_holder = NULL;
    memset(&console_waiters, 0, sizeof(console_waiters));
    console_enabled = true;
    host_reset_harts();
}

void *host_take(word_t bytes)
{
    word_t start = (arena_used + bytes - 1) & ~(bytes - 1);

    if (start + bytes > ARENA_SIZE) {
        panic("the test needs more memory than there is");
    }
    arena_used = start + bytes;
    return phys_to_ptr(ARENA_PHYS + start);
}

word_t host_used(void)
{
    return arena_used;
}

struct host_snapshot *host_snapshot_take(void)
{
    struct host_snapshot *snapshot = malloc(sizeof(*snapshot) + arena_used);

    if (!snapshot) {
        panic("no memory for a snapshot");
    }
    snapshot->machine = host_machine;
    snapshot->hart = *host_hart;
    memcpy(snapshot->pools, asid_pools, sizeof(asid_pools));
    memcpy(snapshot->schedule, domain_schedule, sizeof(domain_schedule));
    snapshot->domain_start = domain_start;
    snapshot->used = arena_used;
    memcpy(snapshot->memory, phys_to_ptr(ARENA_PHYS), arena_used);
    return snapshot;
}

static bool same(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

bool host_snapshot_matches(struct host_snapshot *snapshot)
{
    bool matches = same(&snapshot->machine, &host_machine, sizeof(host_machine)) &&
                   same(&snapshot->hart, host_hart, sizeof(*host_hart)) &&
                   same(snapshot->pools, asid_pools, sizeof(asid_pools)) &&
                   same(snapshot->schedule, domain_schedule, sizeof(domain_schedule)) &&
                   snapshot->domain_start == domain_start && snapshot->used == arena_used &&
                   same(snapshot->memory, phys_to_ptr(ARENA_PHYS), arena_used);

    free(snapshot);
    return matches;
}

void host_snapshot_drop(struct host_snapshot *snapshot)
{
    free(snapshot);
}

void host_check_init(struct slot *root, word_t root_slots)
{
    static void *memory;

    if (!memory) {
        memory = calloc(1, check_bytes(ARENA_PHYS, ARENA_PHYS + ARENA_SIZE));
    }
    check_init(memory, ARENA_PHYS, ARENA_PHYS + ARENA_SIZE, root, root_slots);
}

/* Where an expected panic goes on, with its message. */
static jmp_buf *expecting;
static char panic_message[512];

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(panic_message, sizeof(panic_message),
                    format, /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
                    args);
    va_end(args);
    if (expecting) {
        longjmp(*expecting, 1);
    }
    host_panic(panic_message);
    fail_msg("%s (seed %lu, step %lu)", panic_message, host_seed, host_step);
    abort();
}

jmp_buf *host_refused;

void boot_fail(const char *format, ...)
{
    char message[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message),
                    format, /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
                    args);
    va_end(args);
    if (host_refused) {
        longjmp(*host_refused, 1); /* NOLINT(cert-err52-cpp): to the one place that expects it */
    }
    panic("does not boot: %s", message);
}

void host_expect_panic(void (*run)(void), const char *text)
{
    jmp_buf here;

    if (setjmp(here) == 0) {
        expecting = &here;
        run();
        expecting = NULL;
        fail_msg("no panic; expected: %s", text);
    }
    expecting = NULL;
    if (!strstr(panic_message, text)) {
        fail_msg("panic \"%s\"; expected: %s", panic_message, text);
    }
}

int host_teardown(void **state)
{
    if (host_seed) {
        print_message("stopped in seed %lu, step %lu\n", host_seed, host_step);
    }
    host_seed = 0;
    host_step = 0;
    return 0;
}

/* Of kernel/lib/string.c, whose other functions the host has. */

void zero_words(void *to, size_t bytes)
{
    if (((word_t)to | bytes) & 15) {
        panic("zero_words(%p, %zu) is not aligned", to, bytes);
    }
    memset(to, 0, bytes);
}

bool string_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The machine. */

void tlb_flush_local(void)
{
}

static void count_flush(word_t asid, unsigned *counter)
{
    ++*counter;
    host_machine.flushed_asid = asid;
}

/* As in kernel/arch/riscv64/tlb.c. */
static bool batch_owes(word_t harts, word_t asid)
{
    struct tlb_batch *batch = &host_hart->tlb_batch;

    if (batch->open) {
        tlb_batch_pay();
        batch->asid = asid;
        batch->harts = harts;
    }
    return batch->open;
}

void tlb_flush_page_slow(word_t harts, word_t asid, word_t vaddr)
{
    if (!batch_owes(harts, asid)) {
        count_flush(asid, &host_machine.page_flushes);
    }
}

void tlb_flush_asid_slow(word_t harts, word_t asid)
{
    if (!batch_owes(harts, asid)) {
        count_flush(asid, &host_machine.asid_flushes);
    }
}

void (*host_pays)(void);

void tlb_batch_pay_owed(void)
{
    struct tlb_batch *batch = &host_hart->tlb_batch;

    if (host_pays) {
        host_pays();
    }
    count_flush(batch->asid, &host_machine.asid_flushes);
    batch->harts = 0;
    batch->paid = true;
}

void vm_install_kernel_half(pte_t *root)
{
    root[PT_ENTRIES - 1] = PTE_GLOBAL;
    host_machine.kernel_halves++;
}

void vm_activate(word_t root_phys, word_t asid)
{
    host_hart->arch.space = SATP_SV39 | asid << SATP_ASID_SHIFT | root_phys >> 12;
}

bool vm_has_kernel_half(const pte_t *root)
{
    return root[PT_ENTRIES - 1] == PTE_GLOBAL;
}

bool vm_is_kernel_space(word_t space)
{
    return space == 0;
}

void vm_activate_kernel(void)
{
    host_hart->arch.space = 0;
    host_hart->arch.vspace = 0;
}

void interrupt_configure(const struct hart *hart, unsigned source, bool edge)
{
}

void interrupt_enable(const struct hart *hart, unsigned source)
{
    host_machine.irq_enabled = source;
    host_machine.irq_changes++;
    if (source == uintc.wake_source) {
        host_machine.wake_harts |= bit(hart->id);
    }
}

void interrupt_disable(const struct hart *hart, unsigned source)
{
    host_machine.irq_disabled = source;
    host_machine.irq_changes++;
    if (source == uintc.wake_source) {
        host_machine.wake_harts &= ~bit(hart->id);
    }
}

unsigned interrupt_claim(const struct hart *hart)
{
    unsigned source = host_machine.irq_waiting;

    host_machine.irq_waiting = 0;
    host_hart->arch.sip &= ~INTERRUPT_DEVICE;
    return source;
}

void interrupt_complete(const struct hart *hart, unsigned source)
{
    host_machine.irq_completed = source;
}

void fpu_switch_slow(struct hart *hart, struct tcb *to)
{
}

void power_off(unsigned code)
{
    panic("power off, %u", code);
}

void fpu_park(struct hart *hart)
{
}

bool fpu_load_on_trap(struct hart *hart, struct tcb *thread)
{
    return false;
}

void fpu_forget(struct tcb *thread)
{
}

void power_init(word_t phys, word_t time_frequency)
{
}

struct host_devices host_devices;

word_t host_now(void)
{
    return host_devices.time ? host_devices.time() : host_time;
}

uint32_t register_read(word_t phys, unsigned width)
{
    return host_devices.read ? host_devices.read(phys, width) : 0;
}

void register_write(word_t phys, unsigned width, uint32_t value)
{
    if (host_devices.write) {
        host_devices.write(phys, width, value);
    }
}

void sbi_put_char(char c)
{
    host_machine.printed++;
    host_machine.last_printed = c;
    if (host_devices.put_char) {
        host_devices.put_char(c);
    }
}

/* A controller whose slots hold bits, and harts that hold no registers of it. */

struct uintc uintc;
static word_t uintc_bits[UINTC_SLOTS];

void uintc_post(unsigned slot, word_t bits)
{
    uintc_bits[slot] |= bits;
}

word_t uintc_take(unsigned slot)
{
    word_t bits = uintc_bits[slot];

    uintc_bits[slot] = 0;
    return bits;
}

word_t uintc_take_and_arm(unsigned slot)
{
    return uintc_take(slot);
}

void uintc_disarm(unsigned slot)
{
}

word_t uintc_take_woken(unsigned index)
{
    return 0;
}

void uintr_leave(struct hart *hart)
{
    hart->uintr_live = NULL;
}

void uintr_enter(struct hart *hart, struct tcb *thread)
{
    hart->uintr_live = thread;
}
