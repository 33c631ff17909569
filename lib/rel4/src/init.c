/*
 * State of the whole program: the backend, and the memory and slots that the library may use.
 */
#include <sel4/runtime.h>

#include "resources.h"

struct rel4_resources rel4_resources;

/* Number of slots taken. Several threads may take slots at the same time. */
static seL4_Word slots_used;

/* Returns a word of the kernel's chunk of BootInfo, or 0 if there is no such chunk. */
static seL4_Word chunk_word(const seL4_BootInfo *bi, unsigned i)
{
    const seL4_BootInfoHeader *header = NULL;

    while ((header = sel4_bootinfo_next(bi, header))) {
        const seL4_Word *words = (const seL4_Word *)header;
        if (header->id == SEL4_BOOTINFO_HEADER_PADDING &&
            header->len >= REL4_BOOTINFO_WORDS * sizeof(seL4_Word) &&
            words[REL4_BOOTINFO_MAGIC] == REL4_BOOTINFO_MAGIC_WORD) {
            return words[i];
        }
    }
    return 0;
}

enum rel4_backend rel4_backend_of(const seL4_BootInfo *bi)
{
    seL4_Word backend = chunk_word(bi, REL4_BOOTINFO_USER_INTERRUPTS);

    return backend > REL4_BACKEND_EMULATED ? REL4_BACKEND_NONE : (enum rel4_backend)backend;
}

seL4_Word rel4_features_of(const seL4_BootInfo *bi)
{
    return chunk_word(bi, REL4_BOOTINFO_FEATURES);
}

seL4_Word rel4_harts_of(const seL4_BootInfo *bi)
{
    return chunk_word(bi, REL4_BOOTINFO_HARTS);
}

const char *rel4_backend_name(enum rel4_backend backend)
{
    static const char *const names[] = {
        [REL4_BACKEND_NONE] = "none",
        [REL4_BACKEND_HARDWARE] = "hardware",
        [REL4_BACKEND_EMULATED] = "emulated",
    };

    return names[backend];
}

void rel4_init(const struct rel4_resources *resources)
{
    rel4_resources = *resources;
    slots_used = 0;
}

bool rel4_sends_by_instruction(void)
{
    switch (rel4_resources.backend) {
    case REL4_BACKEND_HARDWARE:
        return true;
    case REL4_BACKEND_EMULATED:
        /* The system call is cheaper: it needs no decoding and does not pass through the firmware. */
        return rel4_resources.sending == REL4_SEND_INSTRUCTION;
    default:
        return false;
    }
}

seL4_CPtr rel4_take_slot(void)
{
    seL4_Word used = __atomic_load_n(&slots_used, __ATOMIC_RELAXED);

    do {
        if (used >= rel4_resources.slot_count) {
            return seL4_CapNull;
        }
    } while (!__atomic_compare_exchange_n(&slots_used, &used, used + 1, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED)); /* relaxed: slots order no memory */
    return rel4_resources.first_slot + used;
}
