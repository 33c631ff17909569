/*
 * Cycles of a processor that QEMU does not model: a plugin for QEMU that hands each instruction and each
 * access of hart 0 to a model of a core (model.h).
 *
 * The program says what is measured, by hints that do nothing: `xori x0, rs, CODE`. Measurements may lie in
 * one another; each stop ends the one that was started last. What a register holds cannot be seen here, so
 * they are reported in the order in which they are started.
 *
 * usage: -plugin cycles.so,out=FILE[,preset=NAME][,second=KIB][,memory=CYCLES[:CYCLES...]][,seed=NUMBER]
 *        [,pages=START-END-BITS...][,costs.NAME=N...]
 *   out      where the report goes: a line of JSON for each measurement
 *   preset   rocket (the default) or u74
 *   second   KiB of second-level cache, 0 is none
 *   memory   how long memory takes; the next one of the list from each hint MARK_MEMORY on
 *   seed     of the choice of what caches replace
 *   pages    START-END-BITS: these addresses are mapped by pages of 2^BITS bytes (model_pages()); several are
 * allowed
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "plugin_api.h"

enum mark {
    MARK_END = 2,
    MARK_START = 3,
    MARK_STOP = 4,
    MARK_MEMORY = 8
};

#define MAX_DEPTH  8
#define LINE_BYTES 64

/* The name that QEMU looks for. */
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc,
                                      char **argv);

struct measurement {
    struct model_counts from, counts; /* at its start; between that and its stop */
    bool stopped;
};

static struct plugin_machine machine_of_run;
static struct measurement *measurements;
static size_t count, room;
static size_t open_ones[MAX_DEPTH];
static unsigned depth;
static char *memory_list; /* what is left of it */
static char *report_path;

static void next_memory(void)
{
    if (memory_list && *memory_list) {
        model_memory((unsigned)strtoul(memory_list, &memory_list, 10));
        memory_list += *memory_list == ':';
    }
}

static void start(void)
{
    if (count == room) {
        room = room ? 2 * room : 1024;
        measurements = realloc(measurements, room * sizeof(*measurements));
        if (!measurements) {
            abort();
        }
    }
    measurements[count] = (struct measurement){ .from = *model_count() };
    open_ones[depth++ % MAX_DEPTH] = count++;
}

static void stop(void)
{
    if (depth == 0) {
        return;
    }
    struct measurement *m = &measurements[open_ones[--depth % MAX_DEPTH]];
    const struct model_counts *now = model_count();
    const uint64_t *to = (const uint64_t *)now, *from = (const uint64_t *)&m->from;
    uint64_t *difference = (uint64_t *)&m->counts;
    for (size_t i = 0; i < sizeof(*now) / sizeof(uint64_t); i++) {
        difference[i] = to[i] - from[i];
    }
    m->stopped = true;
}

static void write_report(plugin_id id, void *data)
{
    FILE *out = fopen(report_path, "w");

    if (!out) {
        perror(report_path);
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        const struct model_counts *of = &measurements[i].counts;
        if (!measurements[i].stopped) {
            continue;
        }
        (void)fprintf(out,
                      "{\"cycles\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"user_instructions\":%" PRIu64
                      ",\"data_lines\":%" PRIu64 ",\"written_back\":%" PRIu64 ",\"insn_lines\":%" PRIu64
                      ",\"data_pages\":%" PRIu64 ",\"insn_pages\":%" PRIu64 ",\"mispredictions\":%" PRIu64
                      ",\"flushes\":%" PRIu64 ",\"data_stall\":%" PRIu64 ",\"insn_stall\":%" PRIu64
                      ",\"page_stall\":%" PRIu64 "}\n",
                      of->cycles, of->user_instructions + of->kernel_instructions, of->user_instructions,
                      of->data_lines, of->written_back, of->insn_lines, of->data_pages, of->insn_pages,
                      of->mispredictions, of->flushes, of->data_stall, of->insn_stall, of->page_stall);
    }
    (void)fclose(out);
}

static void execute(unsigned vcpu, void *data)
{
    const struct insn *insn = data;

    if (vcpu != 0) {
        return;
    }
    model_execute(insn);
    if (insn->kind != INSN_MARK) {
        return;
    }
    switch (insn->mark) {
    case MARK_START:
        start();
        break;
    case MARK_STOP:
        stop();
        break;
    case MARK_MEMORY:
        next_memory();
        break;
    case MARK_END:
        write_report(0, NULL);
        _exit(0);
    default:
        break;
    }
}

static void access_memory(unsigned vcpu, plugin_access access, uint64_t address, void *data)
{
    struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(access, address);

    if (vcpu == 0 && place && !qemu_plugin_hwaddr_is_io(place)) {
        model_access(address, qemu_plugin_hwaddr_phys_addr(place), qemu_plugin_mem_is_store(access));
    }
}

static void translate(plugin_id id, struct qemu_plugin_tb *block)
{
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(block, i);
        struct insn *insn =
            malloc(sizeof(*insn)); /* as long as the run: the block may be executed until then */
        if (!insn) {
            abort();
        }
        *insn = insn_decode(qemu_plugin_insn_vaddr(one), plugin_insn_code(&machine_of_run, one),
                            (unsigned)qemu_plugin_insn_size(one));
        qemu_plugin_register_vcpu_insn_exec_cb(one, execute, PLUGIN_NO_REGS, insn);
        qemu_plugin_register_vcpu_mem_cb(one, access_memory, PLUGIN_NO_REGS, PLUGIN_MEM_RW, NULL);
    }
}

/* Cost parameters by name, to fit a preset to a core. */
static const struct cost_name {
    const char *name;
    size_t offset;
} cost_names[] = {
#define COST(name)                                \
    {                                             \
#name, offsetof(struct model_costs, name) \
    }
    COST(load),      COST(narrow_load), COST(csr_read),    COST(multiply),     COST(divide),
    COST(floating),  COST(taken),       COST(decoded),     COST(mispredicted), COST(misaligned_target),
    COST(csr_flush), COST(trap),        COST(trap_return), COST(fence),        COST(fence_insn),
    COST(fence_tlb), COST(fence_page),  COST(line),        COST(insn_line),    COST(second),
    COST(memory),    COST(write_back),  COST(walk),        COST(level),
#undef COST
};

static bool set_cost(struct model_costs *costs, const char *word)
{
    for (size_t i = 0; i < sizeof(cost_names) / sizeof(cost_names[0]); i++) {
        size_t length = strlen(cost_names[i].name);
        if (strncmp(word, cost_names[i].name, length) == 0 && word[length] == '=') {
            *(unsigned *)((char *)costs + cost_names[i].offset) =
                (unsigned)strtoul(word + length + 1, NULL, 0);
            return true;
        }
    }
    return false;
}

static bool set_pages(const char *text)
{
    char *at;
    uint64_t start = strtoull(text, &at, 0), end = *at == '-' ? strtoull(at + 1, &at, 0) : 0;
    unsigned bits = *at == '-' ? (unsigned)strtoul(at + 1, &at, 0) : 0;

    return *at == 0 && start < end && (bits == 12 || bits == 21 || bits == 30) &&
           model_pages(start, end, bits);
}

static const char *value_of(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') {
            return argv[i] + length + 1;
        }
    }
    return NULL;
}

int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc, char **argv)
{
    const char *out = value_of(argc, argv, "out"), *second = value_of(argc, argv, "second");
    const char *memory = value_of(argc, argv, "memory"), *seed = value_of(argc, argv, "seed");
    const char *name = value_of(argc, argv, "preset");
    const struct model_preset *known = model_preset(name ? name : "rocket");

    if (!out || !known) {
        (void)fprintf(stderr, "cycles: %s\n", known ? "needs out=FILE" : "there is no such preset");
        return -1;
    }
    struct model_preset preset = *known;
    for (int i = 0; i < argc; i++) {
        if ((strncmp(argv[i], "costs.", 6) == 0 && !set_cost(&preset.costs, argv[i] + 6)) ||
            (strncmp(argv[i], "pages=", 6) == 0 && !set_pages(argv[i] + 6))) {
            (void)fprintf(stderr, "cycles: makes no sense: %s\n", argv[i]);
            return -1;
        }
    }
    if (second) {
        preset.shape.second_lines = (unsigned)strtoul(second, NULL, 0) * 1024 / LINE_BYTES;
    }
    machine_of_run = *machine;
    report_path = strdup(out);
    memory_list = memory ? strdup(memory) : NULL;
    model_init(&preset, seed ? strtoull(seed, NULL, 0) : 1);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, write_report, NULL);
    return 0;
}
