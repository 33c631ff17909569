/*
 * How long a hart keeps interrupts waiting: a plugin for QEMU that counts instructions while an unmodified
 * kernel runs.
 *
 * The clock of a hart starts where the kernel is entered and where it has looked for interrupts, and stops at
 * the return to user mode. Instructions at kernel addresses are the hart's own, except for those that wait
 * for others: in the functions that wait for the kernel lock and for the console's UART, and in loops around
 * the PAUSE instruction. Firmware that runs in between is counted apart, too. An interrupt that comes right
 * behind a look for interrupts waits until the next look, and then until the operation has ended early and
 * the kernel is left; so a stay counts as what was executed since the last look but one.
 *
 * usage: -plugin latency.so,symbols=FILE,out=FILE
 *   symbols   what nm -n says of the kernel, and in the same form, of type P, the instructions that follow
 *             PAUSE in a loop
 *   out       where the report goes, in JSON
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_api.h"
#include "symbols.h"

#define MAX_HARTS  8
#define MAX_PAUSES 256

#define INSN_SRET     0x10200073u
#define INSN_WFI      0x10500073u
#define INSN_PAUSE    0x0100000fu
#define INSN_READ_SIP 0x14402073u
#define READ_MASK     0xfffff07fu /* all but the register that is written */

/* The name that QEMU looks for. */
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc,
                                      char **argv);

enum kind {
    OWN,
    LOCK,     /* waiting for the kernel lock; counts what the other harts execute in the kernel meanwhile */
    PARTNER,  /* waiting for something that another hart does without the lock, or for the console's UART */
    FIRMWARE, /* at a low address, while the hart is in the kernel */
    KINDS
};

/* What the end of a block means for the clock. */
enum event {
    NOTHING,
    HANDLE, /* every pending interrupt is handled from here on, or the hart sleeps */
    LOOK,   /* a preemption point looks for interrupts */
    LEAVE   /* to user mode */
};

/* A translated block, which QEMU always enters at its first instruction and leaves only at its last. */
struct block {
    unsigned instructions;
    enum kind kind;
    enum event event;
    bool enter;     /* the first of the trap entry */
    int symbol;     /* the function that it belongs to, -1 if that is not known */
    bool operation; /* the first of a function that names what the kernel does */
};

/* One hart, touched only by its own thread. */
static struct hart {
    bool in_kernel;
    uint64_t count[KINDS]; /* since the clock started */
    uint64_t before;       /* own ones between the last two looks */
    uint64_t unseen; /* both pieces at the last return to user mode, where nothing has run since; or 0 */
    int operation;   /* the last one entered */
    bool waits;      /* for the lock, since the others had executed: */
    uint64_t others_before;

    uint64_t entries;
    uint64_t longest[KINDS];
    int longest_operation[KINDS];
    uint64_t total[KINDS];
    uint64_t by_operation[MAX_SYMBOLS]; /* longest own */
} harts[MAX_HARTS];

/* QEMU ends a block at PAUSE, so what else is in a loop around it is a block that begins right behind, or
 * some more where it ends blocks for reasons of its own, such as the end of a page. */
static uint64_t behind_pause[MAX_PAUSES];
static int pause_count;

static struct plugin_machine qemu;
static uint64_t trap_entry;
static const char *report_path;

static void note(struct hart *hart, enum kind kind, uint64_t count)
{
    if (count > hart->longest[kind]) {
        hart->longest[kind] = count;
        hart->longest_operation[kind] = hart->operation;
    }
    if (kind == OWN && hart->operation >= 0 && count > hart->by_operation[hart->operation]) {
        hart->by_operation[hart->operation] = count;
    }
}

static void restart(struct hart *hart)
{
    hart->before = 0;
    hart->waits = false;
    memset(hart->count, 0, sizeof(hart->count));
}

static void end_of_block(struct hart *hart, enum event event)
{
    switch (event) {
    case LOOK:
        hart->before = hart->count[OWN];
        hart->count[OWN] = 0;
        break;
    case HANDLE:
        restart(hart);
        break;
    case LEAVE:
        hart->unseen = hart->before + hart->count[OWN];
        hart->in_kernel = false;
        break;
    default:
        break;
    }
}

/* A waiting hart may sleep, so its own instructions say nothing; those of the others do, among them the
 * owner. */
static void wait_for_others(struct hart *hart)
{
    uint64_t others = 0;

    for (int i = 0; i < MAX_HARTS; i++) {
        if (&harts[i] != hart) {
            others += __atomic_load_n(&harts[i].total[OWN], __ATOMIC_RELAXED);
        }
    }
    if (!hart->waits) {
        hart->waits = true;
        hart->others_before = others;
    }
    uint64_t count = others - hart->others_before;
    hart->total[LOCK] += count - hart->count[LOCK];
    hart->count[LOCK] = count;
}

static void execute(unsigned vcpu, void *data)
{
    const struct block *block = data;
    struct hart *hart = &harts[vcpu % MAX_HARTS];

    if (block->enter) {
        note(hart, OWN, hart->unseen);
        hart->in_kernel = true;
        hart->operation = block->symbol;
        hart->entries++;
        restart(hart);
    }
    /* Low addresses are user mode most of the time; boot is not counted. */
    if (!hart->in_kernel) {
        hart->unseen = 0;
        return;
    }
    if (block->operation) {
        hart->operation = block->symbol;
    }
    if (block->kind == LOCK) {
        wait_for_others(hart);
    } else {
        hart->count[block->kind] += block->instructions;
        /* Read by other harts, so the word is written as one. */
        __atomic_store_n(&hart->total[block->kind], hart->total[block->kind] + block->instructions,
                         __ATOMIC_RELAXED);
    }
    note(hart, block->kind, hart->count[block->kind]);
    end_of_block(hart, block->event);
}

static bool starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

static bool is_one_of(const char *name, const char *a, const char *b)
{
    return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

static bool follows_pause(uint64_t address)
{
    int i = 0;

    while (i < pause_count && behind_pause[i] != address) {
        i++;
    }
    return i < pause_count;
}

static void classify(struct block *block, const struct qemu_plugin_tb *tb)
{
    const char *name = symbols_name(block->symbol);
    bool waits_for_lock = is_one_of(name, "kernel_lock_among_harts", "sleep_for_lock");
    bool waits_for_partner = strcmp(name, "wait_until_free") == 0 || follows_pause(qemu_plugin_tb_vaddr(tb));

    block->kind = waits_for_lock ? LOCK : waits_for_partner ? PARTNER : OWN;
    for (size_t i = 0; i < block->instructions; i++) {
        uint32_t code = plugin_insn_code(&qemu, qemu_plugin_tb_get_insn(tb, i));
        if (code == INSN_PAUSE && !waits_for_lock) {
            block->kind = PARTNER;
        } else if (code == INSN_SRET) {
            block->event = LEAVE;
        } else if (code == INSN_WFI && !waits_for_lock) {
            block->event = HANDLE;
        } else if ((code & READ_MASK) == INSN_READ_SIP) {
            block->event = strcmp(name, "preemption_point") == 0 ? LOOK : HANDLE;
        }
    }
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    struct block *block = calloc(1, sizeof(*block));

    if (!block) {
        abort();
    }
    block->instructions = (unsigned)qemu_plugin_tb_n_insns(tb);
    block->symbol = -1;
    block->kind = FIRMWARE;
    if (address >= KERNEL_BASE) {
        block->symbol = symbols_find(address);
        block->enter = address == trap_entry;
        classify(block, tb);
        if (block->symbol >= 0 && symbols_address(block->symbol) == address) {
            const char *name = symbols_name(block->symbol);
            block->operation = starts_with(name, "perform_") || starts_with(name, "handle_") ||
                               starts_with(name, "fault_") || starts_with(name, "debug_");
        }
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, PLUGIN_NO_REGS, block);
}

static void write_report(plugin_id id, void *data)
{
    static const char *const kinds[KINDS] = { "own", "lock", "partner", "firmware" };
    FILE *out = fopen(report_path, "w");

    if (!out) {
        perror(report_path);
        exit(1);
    }
    (void)fprintf(out, "{\"harts\": [");
    for (int h = 0; h < plugin_vcpu_count() && h < MAX_HARTS; h++) {
        const struct hart *hart = &harts[h];
        (void)fprintf(out, "%s\n  {\"entries\": %" PRIu64, h ? "," : "", hart->entries);
        for (int kind = 0; kind < KINDS; kind++) {
            (void)fprintf(out, ", \"%s\": %" PRIu64 ", \"%s_total\": %" PRIu64 ", \"%s_in\": \"%s\"",
                          kinds[kind], hart->longest[kind], kinds[kind], hart->total[kind], kinds[kind],
                          hart->longest[kind] ? symbols_name(hart->longest_operation[kind]) : "");
        }
        (void)fprintf(out, ",\n   \"operations\": {");
        const char *comma = "";
        for (int i = 0; i < symbols_count(); i++) {
            if (hart->by_operation[i]) {
                (void)fprintf(out, "%s\"%s\": %" PRIu64, comma, symbols_name(i), hart->by_operation[i]);
                comma = ", ";
            }
        }
        (void)fprintf(out, "}}");
    }
    (void)fprintf(out, "\n]}\n");
    (void)fclose(out);
}

static void read_pause(char type, uint64_t address)
{
    if (type == 'P' && pause_count < MAX_PAUSES) {
        behind_pause[pause_count++] = address;
    }
}

static bool read_symbols(const char *path)
{
    if (!symbols_read(path, read_pause)) {
        return false;
    }
    trap_entry = symbols_address(symbols_named("trap_entry"));
    return trap_entry != 0;
}

int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc, char **argv)
{
    const char *symbols_path = "";

    qemu = *machine;
    for (int i = 0; i < argc; i++) {
        if (starts_with(argv[i], "symbols=")) {
            symbols_path = argv[i] + strlen("symbols=");
        } else if (starts_with(argv[i], "out=")) {
            report_path = strdup(argv[i] + strlen("out="));
        } else {
            (void)fprintf(stderr, "latency: unknown argument %s\n", argv[i]);
            return -1;
        }
    }
    if (!report_path || !read_symbols(symbols_path)) {
        (void)fprintf(stderr, "latency: needs out=FILE and the kernel's symbols=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, write_report, NULL);
    return 0;
}
