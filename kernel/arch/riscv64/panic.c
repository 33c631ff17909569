/*
 * The report of a panic: the hart, the registers of a trap, and a backtrace with names from the symbol
 * table that the build links in. It runs on a stack of its own.
 */
#include "arch/context.h"
#include "arch/power.h"
#include "arch/riscv64/stack.h"
#include "arch/window.h"
#include "lib/assert.h"
#include "lib/print.h"
#include "thread/hart.h"

#include <stdarg.h>

#define MAX_FRAMES 24

struct kernel_symbol {
    uint32_t offset; /* from kernel_start */
    uint32_t name;   /* in kernel_symbol_names */
};

extern const uint32_t kernel_symbol_count;
extern const struct kernel_symbol kernel_symbols[];
extern const char kernel_symbol_names[];
extern char kernel_start[], text_end[];

/* The message of panic(), and where the frames of its callers are. */
struct panic_report {
    const char *format;
    va_list args;
    word_t fp, sp;
};

_Noreturn void panic_on_its_stack(struct panic_report *report);
_Noreturn void report_panic(struct panic_report *report);
_Noreturn void handle_kernel_trap(const struct context *context);

/* In entry.S. */
extern word_t panicking;
extern char panic_stack[], panic_stack_top[];

/* Returns the logical number of the hart; 0 if it has no record yet, or tp is lost. */
static unsigned hart_id(void)
{
    for (unsigned i = 0; i < MAX_HARTS; i++) {
        if (this_hart() == &harts_table[i]) {
            return i;
        }
    }
    return 0;
}

static bool in_text(word_t address)
{
    return address >= (word_t)kernel_start && address < (word_t)text_end;
}

static void print_frame(word_t address)
{
    word_t offset = address - (word_t)kernel_start;
    const struct kernel_symbol *best = NULL;

    for (uint32_t i = 0; i < kernel_symbol_count && kernel_symbols[i].offset <= offset; i++) {
        best = &kernel_symbols[i];
    }
    if (best) {
        print("  %016lx %s+0x%lx\n", address, kernel_symbol_names + best->name, offset - best->offset);
    } else {
        print("  %016lx\n", address);
    }
}

/*
 * Prints the callers. Debug builds follow frame pointers. Others print every word on the stack that points
 * behind a call in the text of the kernel, some of which are left over from earlier calls.
 */
static void print_backtrace(word_t pc, word_t fp, word_t sp)
{
    unsigned hart = hart_id();

    print("backtrace:\n");
    if (in_text(pc)) {
        print_frame(pc);
    }
#if REL4_DEBUG
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        if (!stack_holds(hart, fp - 16) || fp % 16) {
            break;
        }
        /* On the stack, as was checked. NOLINTNEXTLINE(performance-no-int-to-ptr) */
        word_t return_address = ((word_t *)fp)[-1];
        if (!in_text(return_address)) {
            break;
        }
        print_frame(return_address);
        fp = ((word_t *)fp)[-2]; /* NOLINT(performance-no-int-to-ptr): the same */
    }
#else
    unsigned shown = 0;
    for (; stack_holds(hart, sp) && shown < MAX_FRAMES; sp += 8) {
        word_t value = *(word_t *)sp; /* NOLINT(performance-no-int-to-ptr): a place on this stack */
        if (in_text(value)) {
            print_frame(value);
            shown++;
        }
    }
#endif
}

/* Lets only the first hart that panics report; others stop here. A panic inside a panic, whose frame is
 * on the panic stack, powers off. */
static void begin_panic(word_t frame)
{
    if (!__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL)) {
        return;
    }
    if (frame >= (word_t)panic_stack && frame <= (word_t)panic_stack_top) {
        power_cut();
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

_Noreturn void panic(const char *format, ...)
{
    struct panic_report report = { .format = format, .fp = (word_t)__builtin_frame_address(0) };

    begin_panic(report.fp);
    report.sp = (word_t)&report;
    va_start(report.args, format);
    panic_on_its_stack(&report);
}

_Noreturn void report_panic(struct panic_report *report)
{
    print("\nPANIC on hart %u: ", hart_id());
    print_args(report->format, report->args);
    print("\n");
    print_backtrace(0, report->fp, report->sp);
    power_off(1);
}

_Noreturn void handle_kernel_trap(const struct context *context)
{
    static const char *const names[ABI_REG_COUNT] = {
        "pc", "ra", "sp", "gp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
        "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6",  "tp",
    };
    bool overflow = stack_ends_above(hart_id(), csr_read(stval));
    word_t sp = overflow ? stack_bottom(hart_id()) : context->regs[ABI_REG_SP];

    print("\nPANIC on hart %u: %s, scause %lx, stval %lx, sstatus %lx\n", hart_id(),
          overflow ? "the kernel stack overflowed" : "trap in the kernel", csr_read(scause), csr_read(stval),
          csr_read(sstatus));
    for (unsigned i = 0; i < ABI_REG_COUNT; i++) {
        print("%s%s %016lx%s", i % 4 ? "  " : "", names[i], context->regs[i], i % 4 == 3 ? "\n" : "");
    }
    print_backtrace(context->regs[ABI_REG_PC], context->regs[ABI_REG_S0], sp);
    power_off(1);
}
