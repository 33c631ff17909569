#include <stddef.h>
#include <string.h>

#include "model.h"

/* Lines of 64 bytes in so many KiB. */
#define KIB_OF_LINES(kib) ((kib)*1024 / 64)

static const struct model_preset presets[] = {
    /* A Rocket core as its generator makes it: in order, one instruction a cycle, no second level. Most costs were
     * measured on its RTL, one by one; bench/README.md says which were fitted. It has 8 sectors and 512 directions: 9
     * and 128 of the model are missed and mispredicted as often. */
    {
        .name = "rocket",
        .shape = {
            .width = 1,
            .insn_lines = KIB_OF_LINES(16), .insn_ways = 4,
            .data_lines = KIB_OF_LINES(16), .data_ways = 4,
            .second_ways = 8,
            .data_sectors = 9, .pages_in_sector = 4, .large_pages = 4,
            .table_entries = 8,
            .targets = 28, .directions = 128, .history = 3, .returns = 6,
        },
        .costs = {
            .load = 1, .narrow_load = 2, .csr_read = 2, .multiply = 4, .divide = 65, .floating = 3,
            .taken = 0, .decoded = 1, .mispredicted = 3, .misaligned_target = 1,
            .csr_flush = 4, .trap = 4, .trap_return = 4,
            .fence = 0, .fence_insn = 44, .fence_tlb = 14, .fence_page = 12,
            .line = 14, .insn_line = 14, .second = 2, .memory = 20, .write_back = 20,
            .walk = 10, .level = 3,
        },
    },
    /* A core like SiFive's U74, which begins two instructions a cycle and has ASIDs; sizes are those of its manual
     * (21G1.01). The costs are guesses, checked against nothing. */
    {
        .name = "u74",
        .shape = {
            .width = 2,
            .insn_lines = KIB_OF_LINES(32), .insn_ways = 2,
            .data_lines = KIB_OF_LINES(32), .data_ways = 4,
            .second_lines = KIB_OF_LINES(2048), .second_ways = 16,
            .data_sectors = 40, .pages_in_sector = 1, .large_pages = 16,
            .table_entries = 16,
            .targets = 16, .directions = 4096, .history = 8, .returns = 6,
        },
        .costs = {
            .load = 2, .narrow_load = 2, .csr_read = 4, .multiply = 2, .divide = 65, .floating = 6,
            .taken = 0, .decoded = 1, .mispredicted = 4, .misaligned_target = 0,
            .csr_flush = 8, .trap = 8, .trap_return = 8,
            .fence = 2, .fence_insn = 60, .fence_tlb = 20, .fence_page = 20,
            .line = 2, .insn_line = 2, .second = 16, .memory = 120, .write_back = 4,
            .walk = 10, .level = 4,
        },
    },
};

const struct model_preset *model_preset(const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}
