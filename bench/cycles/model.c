#include "model.h"

#include <string.h>

#include "cache.h"
#include "predictor.h"
#include "tlb.h"

#define LINE_BITS  6
#define PAGE_BITS  12
#define LEVELS     3 /* of page tables: Sv39 */
#define LEVEL_BITS 9
#define MAX_RANGES 16

/* Addresses of page-table entries, which nobody sees: made up from what is translated, apart from all others.
 */
#define TABLE_SPACE (1ull << 60)

static struct model_shape shape;
static struct model_costs costs;
static struct model_counts counts;
static struct cache insn_cache, data_cache, second_cache, table_cache;
static struct tlb insn_tlb, data_tlb;
static const struct insn *current;
static uint64_t now;        /* the cycle in which the current instruction began */
static unsigned begun;      /* how many in this cycle */
static bool memory_begun;   /* and whether one of them accesses memory */
static uint64_t not_before; /* the next one begins here at the earliest */
static uint64_t ready[REG_COUNT];
static uint64_t data_cache_free;
static uint64_t fetched_line;
static uint64_t last_kernel_store;
static struct range {
    uint64_t start, end;
    unsigned bits;
} ranges[MAX_RANGES];
static unsigned range_count;

static void later(uint64_t *when, uint64_t than)
{
    if (*when < than) {
        *when = than;
    }
}

void model_init(const struct model_preset *preset, uint64_t seed)
{
    shape = preset->shape;
    costs = preset->costs;
    memset(&counts, 0, sizeof(counts));
    cache_seed(seed);
    cache_init(&insn_cache, shape.insn_lines, shape.insn_ways);
    cache_init(&data_cache, shape.data_lines, shape.data_ways);
    cache_init(&second_cache, shape.second_lines, shape.second_ways);
    cache_init(&table_cache, shape.table_entries, shape.table_entries);
    tlb_init(&insn_tlb, shape.data_sectors, shape.pages_in_sector, shape.large_pages);
    tlb_init(&data_tlb, shape.data_sectors, shape.pages_in_sector, shape.large_pages);
    predictor_init(&shape);
}

bool model_pages(uint64_t start, uint64_t end, unsigned bits)
{
    if (range_count == MAX_RANGES) {
        return false;
    }
    ranges[range_count++] = (struct range){ start, end, bits };
    return true;
}

static unsigned page_bits_of(uint64_t address)
{
    for (unsigned i = range_count; i-- > 0;) {
        if (address >= ranges[i].start && address < ranges[i].end) {
            return ranges[i].bits;
        }
    }
    return address >= MODEL_KERNEL_BASE ? PAGE_BITS + 2 * LEVEL_BITS : PAGE_BITS;
}

void model_memory(unsigned cycles)
{
    costs.memory = cycles;
}

/* What a line that a first-level cache misses costs behind it. */
static unsigned line_from_below(uint64_t line)
{
    if (shape.second_lines && cache_look(&second_cache, line, line + 1, false) == CACHE_HIT) {
        return costs.second;
    }
    counts.second_misses += shape.second_lines != 0;
    return costs.memory + (shape.second_lines ? costs.second : 0);
}

/* Returns how long the access of a line waits. */
static unsigned data_line(uint64_t physical, bool store)
{
    uint64_t line = physical >> LINE_BITS;
    enum cache_result result = cache_look(&data_cache, line, line + 1, store);

    if (result == CACHE_HIT) {
        return 0;
    }
    counts.data_lines++;
    counts.written_back += result == CACHE_MISS_DIRTY;
    return costs.line + line_from_below(line) + (result == CACHE_MISS_DIRTY ? costs.write_back : 0);
}

/* Walks the page tables for an address whose page has so many bits; returns how long that takes. */
static unsigned walk(uint64_t address, unsigned page_bits)
{
    unsigned time = costs.walk;

    for (unsigned level = LEVELS; level-- > 0;) {
        unsigned shift = PAGE_BITS + level * LEVEL_BITS;
        if (shift < page_bits) {
            break;
        }
        uint64_t table =
            TABLE_SPACE | (uint64_t)level << 56 | (address & ((1ull << 39) - 1)) >> (shift + LEVEL_BITS);
        uint64_t entry = table << PAGE_BITS | (address >> shift & ((1u << LEVEL_BITS) - 1)) << 3;
        if (shift > page_bits && cache_look(&table_cache, 0, entry, false) == CACHE_HIT) {
            continue;
        }
        time += costs.level + data_line(entry, false);
    }
    return time;
}

/* Returns how long a translation waits, and counts if it does. */
static unsigned translate(struct tlb *tlb, uint64_t address, uint64_t physical, uint64_t *misses)
{
    unsigned bits = page_bits_of(address);
    bool found;

    if (bits > PAGE_BITS) {
        found = tlb_look_large(tlb, address >> bits, bits);
    } else {
        found = tlb_look(tlb, address >> bits, physical >> bits);
    }
    if (found) {
        return 0;
    }
    ++*misses;
    return walk(address, bits);
}

/* Instructions are known by their virtual address alone. */
static void fetch_line(uint64_t address)
{
    uint64_t line = address >> LINE_BITS;
    unsigned pages = translate(&insn_tlb, address, address, &counts.insn_pages), time = 0;

    if (cache_look(&insn_cache, line, line + 1, false) != CACHE_HIT) {
        counts.insn_lines++;
        time = costs.insn_line + line_from_below(line);
    }
    counts.page_stall += pages;
    counts.insn_stall += time;
    not_before += pages + time;
    fetched_line = line;
}

static void fetch(const struct insn *insn)
{
    uint64_t last = insn->address + insn->size - 1;

    if (insn->address >> LINE_BITS != fetched_line) {
        fetch_line(insn->address);
    }
    if (last >> LINE_BITS != fetched_line) {
        fetch_line(last);
    }
}

static void flush(unsigned cycles)
{
    counts.flushes++;
    not_before = now + 1 + cycles;
    fetched_line = 0;
}

static bool is_jump(const struct insn *insn)
{
    return insn->kind == INSN_BRANCH || insn->kind == INSN_JUMP || insn->kind == INSN_JUMP_TO;
}

/* The instruction before is followed by next: what finding out costs. */
static void follow(const struct insn *insn, const struct insn *next)
{
    uint64_t behind = insn->address + insn->size;
    bool jumped = next->address != behind;

    if (is_jump(insn) && (!jumped || insn->kind == INSN_JUMP_TO || next->address == insn->target)) {
        switch (predictor_look(insn, next->address)) {
        case PREDICTED_NEXT:
            break;
        case PREDICTED_KEPT:
            later(&not_before, now + 1 + costs.taken);
            break;
        case DECODED:
            later(&not_before, now + 1 + costs.decoded);
            break;
        case MISPREDICTED:
            counts.mispredictions++;
            later(&not_before, now + 1 + costs.mispredicted);
            break;
        }
        if (jumped && next->size == 4 && next->address % 4 != 0) {
            later(&not_before, now + 1);
            not_before += costs.misaligned_target;
        }
    } else if (jumped && insn->kind != INSN_TRAP && insn->kind != INSN_RETURN) {
        flush(costs.trap); /* an interrupt or a fault */
    }
}

static bool is_memory(const struct insn *insn)
{
    return insn->kind == INSN_LOAD || insn->kind == INSN_STORE || insn->kind == INSN_ATOMIC;
}

/* Begins an instruction as early as its registers, its neighbours and the data cache allow. */
static void begin(const struct insn *insn)
{
    uint64_t when = now + (begun < shape.width && !(is_memory(insn) && memory_begun) ? 0 : 1);

    later(&when, not_before);
    for (unsigned i = 0; i < 3; i++) {
        later(&when, ready[insn->from[i]]);
    }
    later(&when, ready[insn->to]); /* an earlier result must not come later */
    if (is_memory(insn) || insn->kind == INSN_FENCE) {
        later(&when, data_cache_free);
    }
    begun = when == now ? begun + 1 : 1;
    memory_begun = is_memory(insn) || (when == now && memory_begun);
    now = when;
    not_before = 0;
}

/* When the result can be used. */
static unsigned result_delay(const struct insn *insn)
{
    switch (insn->kind) {
    case INSN_LOAD:
        return insn->narrow ? costs.narrow_load : costs.load;
    case INSN_ATOMIC:
        return costs.load;
    case INSN_MULTIPLY:
        return costs.multiply;
    case INSN_DIVIDE:
        return costs.divide;
    case INSN_FLOAT:
        return costs.floating;
    case INSN_CSR_READ:
    case INSN_CSR_WRITE:
    case INSN_CSR_FLUSH:
    case INSN_SATP:
        return costs.csr_read;
    default:
        return 0;
    }
}

static void fence_tlb(void)
{
    tlb_clear(&insn_tlb);
    tlb_clear(&data_tlb);
    cache_clear(&table_cache);
    flush(costs.fence_tlb);
}

static void fence_page(void)
{
    uint64_t index = (last_kernel_store & ((1u << PAGE_BITS) - 1)) >> 3;

    tlb_drop(&insn_tlb, index);
    tlb_drop(&data_tlb, index);
    flush(costs.fence_page);
}

static void act(const struct insn *insn)
{
    switch (insn->kind) {
    case INSN_CSR_FLUSH:
    case INSN_SATP:
        flush(costs.csr_flush);
        break;
    case INSN_TRAP:
        flush(costs.trap);
        break;
    case INSN_RETURN:
        flush(costs.trap_return);
        break;
    case INSN_FENCE:
        not_before = now + 1 + costs.fence;
        break;
    case INSN_FENCE_I:
        flush(costs.fence_insn);
        break;
    case INSN_FENCE_TLB:
        fence_tlb();
        break;
    case INSN_FENCE_PAGE:
        fence_page();
        break;
    default:
        break;
    }
}

void model_execute(const struct insn *insn)
{
    if (current) {
        follow(current, insn);
    }
    later(&not_before, now + (begun < shape.width ? 0 : 1));
    fetch(insn);
    begin(insn);
    current = insn;
    if (insn->kind == INSN_MARK) {
        now--; /* it is not part of what is measured */
        return;
    }
    *(insn->address >= MODEL_KERNEL_BASE ? &counts.kernel_instructions : &counts.user_instructions) += 1;
    ready[insn->to] = now + 1 + result_delay(insn);
    ready[NO_REG] = 0;
    act(insn);
}

void model_access(uint64_t address, uint64_t physical, bool store)
{
    unsigned pages = translate(&data_tlb, address, physical, &counts.data_pages);
    unsigned line = data_line(physical, store);

    counts.page_stall += pages;
    counts.data_stall += line;
    now += pages; /* the access is done again when the translation is there */
    data_cache_free = now + 1 + line;
    if (current->kind == INSN_LOAD) {
        later(&ready[current->to], now + 1 + line + result_delay(current));
    } else {
        now += line;
    }
    ready[NO_REG] = 0;
    if (store && address >= MODEL_KERNEL_BASE) {
        last_kernel_store = address;
    }
}

const struct model_counts *model_count(void)
{
    counts.cycles = now;
    return &counts;
}
