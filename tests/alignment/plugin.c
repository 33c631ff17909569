/*
 * Finds loads and stores that are not aligned to their size: a plugin for QEMU, which performs them, while
 * some processors trap or hand them to slow firmware.
 *
 * It looks at each access of the kernel and of user mode that succeeds. Atomic ones that are not aligned
 * fault in QEMU, too, so they are not among these. The firmware's own do not count.
 *
 * usage: -plugin alignment.so,symbols=FILE,out=FILE
 *   symbols   what nm -n says of the root task, and behind that, of the kernel
 *   out       where the report goes. First line: how many instructions of each were looked at. Then one
 *             line for each instruction that has made such an access
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_api.h"
#include "symbols.h"

#define MAX_PLACES 64

/* Where the firmware lies, below the kernel's image: physical addresses. */
#define FIRMWARE_START 0x80000000u
#define FIRMWARE_END   0x80200000u

/* The name that QEMU looks for. */
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc,
                                      char **argv);

/* An instruction with an access that was not aligned, and the first of these. */
struct place {
    uint64_t pc;
    uint64_t address;
    uint64_t count;
    unsigned size;
    bool store;
};

/* Written by all harts, with the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[MAX_PLACES];
static int place_count;
static uint64_t dropped; /* accesses of places for which there was no room */

/* Instructions that were translated, each as often as it was. Atomic. */
static uint64_t kernel_count, user_count;

static const char *report_path;

static void note(uint64_t pc, uint64_t address, unsigned size, bool store)
{
    int i = 0;

    while (i < place_count && places[i].pc != pc) {
        i++;
    }
    if (i == MAX_PLACES) {
        dropped++;
        return;
    }
    if (i == place_count) {
        places[place_count++] = (struct place){ .pc = pc, .address = address, .size = size, .store = store };
    }
    places[i].count++;
}

static void look(unsigned vcpu, plugin_access access, uint64_t address, void *data)
{
    unsigned size = 1u << qemu_plugin_mem_size_shift(access);

    if (address % size != 0) {
        pthread_mutex_lock(&lock);
        note((uintptr_t)data, address, size, qemu_plugin_mem_is_store(access));
        pthread_mutex_unlock(&lock);
    }
}

/* The kernel runs at its physical addresses until it has turned translation on. */
static bool is_physical(uint64_t pc)
{
    return pc >= FIRMWARE_END && pc < KERNEL_BASE;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t pc = qemu_plugin_insn_vaddr(insn);
        if (pc >= FIRMWARE_START && pc < FIRMWARE_END) {
            continue;
        }
        __atomic_fetch_add(pc >= KERNEL_BASE ? &kernel_count : &user_count, 1, __ATOMIC_RELAXED);
        qemu_plugin_register_vcpu_mem_cb(insn, look, PLUGIN_NO_REGS, PLUGIN_MEM_RW, (void *)(uintptr_t)pc);
    }
}

static void print_place(FILE *out, const struct place *place)
{
    uint64_t linked = is_physical(place->pc) ? place->pc + KERNEL_BASE : place->pc;
    int symbol = symbols_find(linked);

    (void)fprintf(
        out, "0x%" PRIx64 " %s+0x%" PRIx64 ": %s of %u bytes, first at 0x%" PRIx64 ", %" PRIu64 " in all\n",
        place->pc, symbols_name(symbol), linked - symbols_address(symbol), place->store ? "store" : "load",
        place->size, place->address, place->count);
}

static void write_report(plugin_id id, void *data)
{
    FILE *out = fopen(report_path, "w");

    if (!out) {
        perror(report_path);
        exit(1);
    }
    (void)fprintf(out, "kernel %" PRIu64 " user %" PRIu64 "\n", kernel_count, user_count);
    for (int i = 0; i < place_count; i++) {
        print_place(out, &places[i]);
    }
    if (dropped) {
        (void)fprintf(out, "elsewhere: %" PRIu64 " in all\n", dropped);
    }
    (void)fclose(out);
}

int qemu_plugin_install(plugin_id id, const struct plugin_machine *machine, int argc, char **argv)
{
    const char *symbols_path = "";

    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "symbols=", 8) == 0) {
            symbols_path = argv[i] + 8;
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            report_path = strdup(argv[i] + 4);
        } else {
            (void)fprintf(stderr, "alignment: unknown argument %s\n", argv[i]);
            return -1;
        }
    }
    if (!report_path || !symbols_read(symbols_path, NULL)) {
        (void)fprintf(stderr, "alignment: needs out=FILE and symbols=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, write_report, NULL);
    return 0;
}
