/*
 * A model of an in-order processor core: how many cycles a stream of instructions takes. It knows the
 * pipeline's hazards, branch prediction, first-level caches for instructions and data, one second level, and
 * TLBs. It has no values of registers: what the stream did tells it what it needs.
 *
 * The core's own costs are parameters (struct model_costs), measured once on a real core for each preset.
 * Everything else, such as which lines and pages are missed, follows from the stream.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"

/* Sizes; powers of two, and 0 where there is none. */
struct model_shape {
    unsigned width; /* instructions that may begin in one cycle, 1 or 2 */
    unsigned insn_lines, insn_ways;
    unsigned data_lines, data_ways;
    unsigned second_lines, second_ways;
    unsigned data_sectors, pages_in_sector;
    unsigned large_pages;
    unsigned table_entries; /* of upper levels of page tables, kept by the walker */
    unsigned targets;       /* of jumps and branches, kept by the branch predictor */
    unsigned directions;    /* of branches */
    unsigned history;       /* bits of it that choose among these */
    unsigned returns;       /* addresses on the return stack */
};

/* Cycles, over the one that each instruction takes. */
struct model_costs {
    unsigned load;        /* until what was loaded can be used */
    unsigned narrow_load; /* the same of one or two bytes */
    unsigned csr_read;
    unsigned multiply, divide, floating;
    unsigned taken;   /* a jump or branch that was predicted */
    unsigned decoded; /* a jump that only its code tells of */
    unsigned mispredicted;
    unsigned
        misaligned_target; /* an instruction of four bytes, jumped to, that begins in the middle of four */
    unsigned csr_flush;    /* a write to a control register behind which fetching begins anew */
    unsigned trap, trap_return;
    unsigned fence, fence_insn, fence_tlb, fence_page;
    unsigned line; /* fetching a line into a first-level cache, but for the memory's part */
    unsigned insn_line;
    unsigned second;     /* the second level's part */
    unsigned memory;     /* the memory's part; can change while the model runs */
    unsigned write_back; /* a line that must be written back first */
    unsigned walk;       /* filling a TLB, and for each level of the tables that is looked up */
    unsigned level;
};

struct model_preset {
    const char *name;
    struct model_shape shape;
    struct model_costs costs;
};

/* What was counted since the beginning. cycles is of the model's clock, the rest says what happened. */
struct model_counts {
    uint64_t cycles;
    uint64_t user_instructions, kernel_instructions;
    uint64_t data_lines, written_back, insn_lines, second_misses;
    uint64_t data_pages, insn_pages;
    uint64_t mispredictions, flushes;
    uint64_t data_stall, insn_stall, page_stall; /* cycles of these */
};

/* Returns the preset of that name, or NULL. */
const struct model_preset *model_preset(const char *name);

/* Begins with empty caches. seed is of the choice of what is replaced. */
void model_init(const struct model_preset *preset, uint64_t seed);

/* The kernel's addresses begin here; everything below is user mode's. */
#define MODEL_KERNEL_BASE 0xffffffc000000000u

/* An instruction is about to be executed. insn must stay where it is until the next one. */
void model_execute(const struct insn *insn);

/* The last instruction has accessed memory: virtual and physical address. */
void model_access(uint64_t address, uint64_t physical, bool store);

/* Addresses from start to end, which is not among them, are mapped by pages of 2^bits bytes: 12, 21 or 30.
 * What is said later counts; of the kernel's addresses without any, 30, of user mode's 12. Returns whether
 * there was room. */
bool model_pages(uint64_t start, uint64_t end, unsigned bits);

/* The memory answers so many cycles later from now on. */
void model_memory(unsigned cycles);

/* Brings what was counted up to date: everything that has begun is counted as ended. */
const struct model_counts *model_count(void);
