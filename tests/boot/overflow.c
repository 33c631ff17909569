/*
 * A kernel whose stack overflows, for overflow.t: linked behind the kernel's own objects, with these
 * functions in front of six of theirs (-Wl,--wrap). On one hart that happens in a system call; on several,
 * on the last one, which boot starts; but the last of four loses its record and traps, and so do all of five,
 * at the same time. Then it looks for memory that has changed, and traps once more at the end of the panic.
 */
#include "arch/context.h"
#include "arch/power.h"
#include "arch/riscv64/stack.h"
#include "arch/timer.h"
#include "lib/print.h"
#include "thread/hart.h"

#define MOST_WORDS 20000
#define NOWHERE    ((struct hart *)8)
#define SECOND     10000000 /* of QEMU's time counter */

extern char rodata_end[], kernel_end[];
extern unsigned char kernel_stacks[MAX_HARTS][KERNEL_STACK_SIZE];

/* All of the kernel's memory that can be written, but for this, as it was. */
static struct {
    word_t count;
    word_t words[MOST_WORDS];
} before;

void __real_timer_start(struct hart *hart);
void __wrap_timer_start(struct hart *hart);
_Noreturn void __real_kernel_enter(void);
_Noreturn void __wrap_kernel_enter(void);
void __wrap_handle_other_syscall(void);
_Noreturn void __real_handle_kernel_trap(const struct context *context);
_Noreturn void __wrap_handle_kernel_trap(const struct context *context);
_Noreturn void __real_power_cut(void);
_Noreturn void __wrap_power_cut(void);
_Noreturn void __real_power_off(unsigned code);
_Noreturn void __wrap_power_off(unsigned code);

static bool lies_in(word_t address, const void *start, word_t bytes)
{
    return address - (word_t)start < bytes;
}

static word_t next_word(word_t address)
{
    address += sizeof(word_t);
    return lies_in(address, &before, sizeof(before)) ? (word_t)(&before + 1) : address;
}

/* Depth is never 0, so this has no end. NOLINTNEXTLINE(misc-no-recursion): what the test is about */
static __attribute__((noinline)) word_t go_deeper(word_t depth)
{
    volatile word_t here[6];

    here[depth % 6] = depth;
    return depth ? go_deeper(depth + 1) + here[depth % 6] : 0;
}

static void overflow(void)
{
    for (word_t at = (word_t)rodata_end; at < (word_t)kernel_end && before.count < MOST_WORDS;
         at = next_word(at)) {
        before.words[before.count++] = *(word_t *)at;
    }
    print("%lu\n", go_deeper(1));
}

static void lose_record(void)
{
    __asm__ volatile("mv tp, %0\n\tunimp" ::"r"(NOWHERE));
}

void __wrap_timer_start(struct hart *hart)
{
    __real_timer_start(hart);
    if (hart->id > 0 && hart->id == harts_online - 1 && harts_online != 5) {
        if (harts_online == 4) {
            lose_record();
        }
        overflow();
    }
}

_Noreturn void __wrap_kernel_enter(void)
{
    static unsigned arrived;

    if (harts_online == 5) {
        __atomic_add_fetch(&arrived, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < harts_online) {
        }
        lose_record();
    }
    __real_kernel_enter();
}

void __wrap_handle_other_syscall(void)
{
    overflow();
}

/* What lies between the registers and this frame is the stack on which panics of traps run. */
_Noreturn void __wrap_handle_kernel_trap(const struct context *context)
{
    word_t registers_and_stack = (word_t)__builtin_frame_address(0) - (word_t)context;
    word_t changed = 0, i = 0;

    if (this_hart() == NOWHERE) {
        /* By then the others trap, too. */
        for (word_t start = time_now(); harts_online == 5 && time_now() - start < SECOND;) {
        }
        __real_handle_kernel_trap(context);
    }
    for (word_t at = (word_t)rodata_end; at < (word_t)kernel_end && i < MOST_WORDS; at = next_word(at)) {
        bool is_own = lies_in(at, kernel_stacks[this_hart()->id], KERNEL_STACK_SIZE) ||
                      lies_in(at, context, registers_and_stack);
        changed += before.words[i++] != *(word_t *)at && !is_own;
    }
    print("%lu words of %lu changed\n", changed, i < MOST_WORDS ? i : 0);
    __real_handle_kernel_trap(context);
}

_Noreturn void __wrap_power_cut(void)
{
    print("a trap in the panic\n");
    __real_power_cut();
}

_Noreturn void __wrap_power_off(unsigned code)
{
    static bool again;

    if (!again) {
        again = true;
        __asm__ volatile("unimp");
    }
    __real_power_off(code);
}
