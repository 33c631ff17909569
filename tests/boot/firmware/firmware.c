/*
 * A small firmware for QEMU's machine virt, which differs from what harts usually meet. It offers the SBI
 * extensions that the kernel uses, and breaks one rule, chosen when it is compiled:
 *
 *   -DWITHOUT=EXTENSION  it does not have that one
 *   -DREFUSES=EXTENSION  it has it, and every call of it fails
 *   -DOPEN               what supervisors and programs may do is all left open, and old values are everywhere
 *   -DSTRIDE=N           harts have the numbers 0, N, 2N, ...; the device tree must say so, too
 *   -DCOUNT              it counts remote fences, and says so at each hundredth
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/riscv64/sbi_numbers.h"

#ifndef WITHOUT
#define WITHOUT 0
#endif
#ifndef REFUSES
#define REFUSES 0
#endif
#ifndef OPEN
#define OPEN 0
#endif
#ifndef STRIDE
#define STRIDE 1
#endif
#ifndef COUNT
#define COUNT 0
#endif

#define HARTS         8
#define CLINT         0x2000000ul
#define FINISHER      0x100000ul
#define UART          0x10000000ul
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x13333

#define SBI_FAILED        (-1)
#define SBI_NOT_SUPPORTED (-2)
#define SBI_INVALID_PARAM (-3)

#define CAUSE_SOFTWARE        (1ul << 63 | 3)
#define CAUSE_TIMER           (1ul << 63 | 7)
#define CAUSE_ECALL           9
#define IP_SSIP               (1ul << 1)
#define IP_MSIP               (1ul << 3)
#define IP_STIP               (1ul << 5)
#define IP_MTIP               (1ul << 7)
#define STATUS_MPP            (3ul << 11)
#define STATUS_MPP_S          (1ul << 11)
#define STATUS_LEFT_OPEN      (3ul << 18 | 3ul << 13) /* MXR, SUM, FS */
#define DELEGATED             0xb1ff                  /* all exceptions but calls of supervisors */
#define SUPERVISOR_INTERRUPTS 0x222

#define CSR_READ(name)                                      \
    ({                                                      \
        unsigned long value_;                               \
        __asm__ volatile("csrr %0, " #name : "=r"(value_)); \
        value_;                                             \
    })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((unsigned long)(value)) : "memory")
#define CSR_SET(name, value)   __asm__ volatile("csrs " #name ", %0" ::"r"((unsigned long)(value)) : "memory")
#define CSR_CLEAR(name, value) __asm__ volatile("csrc " #name ", %0" ::"r"((unsigned long)(value)) : "memory")

/* What start.S stores of the registers at a trap. */
struct frame {
    long a[8];
    long rest[8];
};

_Noreturn void enter_supervisor(unsigned long hart, unsigned long argument, unsigned long entry);
_Noreturn void firmware_main(unsigned long hart, unsigned long tree, unsigned long entry);
void firmware_trap(struct frame *frame);

/* What others ask of a hart. */
static struct {
    unsigned long entry, argument; /* where to start, 0: not yet */
    unsigned interrupt, fences;
} asked[HARTS];

static volatile uint32_t *msip(unsigned long hart)
{
    return (volatile uint32_t *)(CLINT + 4 * hart);
}

static void put(char c)
{
    *(volatile uint8_t *)UART = (uint8_t)c;
}

static void say(const char *s)
{
    while (*s) {
        put(*s++);
    }
}

static void say_number(unsigned long number)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (n) {
        put(digits[--n]);
    }
}

static void poke(unsigned long hart)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *msip(hart) = 1;
}

/* Does what was asked of this hart. */
static void attend(unsigned long hart)
{
    *msip(hart) = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&asked[hart].interrupt, 0, __ATOMIC_ACQ_REL)) {
        CSR_SET(mip, IP_SSIP);
    }
    unsigned count = __atomic_load_n(&asked[hart].fences, __ATOMIC_ACQUIRE);
    if (count) {
        __asm__ volatile("sfence.vma" ::: "memory");
        __atomic_fetch_sub(&asked[hart].fences, count, __ATOMIC_ACQ_REL);
    }
}

/* The i-th hart of a mask and its base, or -1. */
static long hart_of(unsigned long mask, unsigned long base, unsigned i)
{
    unsigned long number = base + i;

    return mask >> i & 1 && number % STRIDE == 0 && number / STRIDE < HARTS ? (long)(number / STRIDE) : -1;
}

static long interrupt(unsigned long mask, unsigned long base)
{
    for (unsigned i = 0; i < 64; i++) {
        long hart = hart_of(mask, base, i);
        if (hart >= 0) {
            __atomic_store_n(&asked[hart].interrupt, 1, __ATOMIC_RELEASE);
            poke((unsigned long)hart);
        }
    }
    return 0;
}

static void count_fence(void)
{
    static unsigned long fences;
    unsigned long count = __atomic_add_fetch(&fences, 1, __ATOMIC_RELAXED);

    if (count % 100 == 0) {
        say("firmware: ");
        say_number(count);
        say(" remote fences\n");
    }
}

/* Everything, whatever was named; waits, and does meanwhile what others ask of this hart. */
static long remote_fence(unsigned long self, unsigned long mask, unsigned long base)
{
    if (COUNT) {
        count_fence();
    }
    for (unsigned i = 0; i < 64; i++) {
        long hart = hart_of(mask, base, i);
        if (hart >= 0) {
            __atomic_fetch_add(&asked[hart].fences, 1, __ATOMIC_ACQ_REL);
            poke((unsigned long)hart);
        } else if (mask >> i & 1) {
            return SBI_INVALID_PARAM;
        }
    }
    for (unsigned i = 0; i < 64; i++) {
        long hart = hart_of(mask, base, i);
        while (hart >= 0 && __atomic_load_n(&asked[hart].fences, __ATOMIC_ACQUIRE)) {
            attend(self);
        }
    }
    return 0;
}

static long start_hart(unsigned long number, unsigned long entry, unsigned long argument)
{
    unsigned long hart = number / STRIDE;

    if (number % STRIDE || hart >= HARTS) {
        return SBI_INVALID_PARAM;
    }
    asked[hart].argument = argument;
    __atomic_store_n(&asked[hart].entry, entry, __ATOMIC_RELEASE);
    poke(hart);
    return 0;
}

static _Noreturn void end(bool failure)
{
    *(volatile uint32_t *)FINISHER = failure ? FINISHER_FAIL : FINISHER_PASS;
    for (;;) {
        __asm__ volatile("wfi");
    }
}

static bool is_there(unsigned long extension)
{
    static const unsigned long extensions[] = { SBI_EXT_BASE,   SBI_EXT_TIME, SBI_EXT_IPI,
                                                SBI_EXT_RFENCE, SBI_EXT_HSM,  SBI_EXT_SRST };

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        if (extension == extensions[i]) {
            return extension != WITHOUT;
        }
    }
    return false;
}

static void set_timer(unsigned long hart, unsigned long time)
{
    CSR_CLEAR(mip, IP_STIP);
    *(volatile uint64_t *)(CLINT + 0x4000 + 8 * hart) = time;
    CSR_SET(mie, IP_MTIP);
}

static long call(unsigned long hart, struct frame *frame)
{
    const long *a = frame->a;
    unsigned long extension = (unsigned long)a[7], a0 = (unsigned long)a[0], a1 = (unsigned long)a[1];

    if (extension == SBI_LEGACY_PUT_CHAR) {
        put((char)a0);
        return 0;
    }
    if (extension == SBI_LEGACY_SHUTDOWN) {
        end(false);
    }
    if (!is_there(extension)) {
        return SBI_NOT_SUPPORTED;
    }
    if (extension == REFUSES) {
        return SBI_FAILED;
    }
    switch (extension) {
    case SBI_EXT_BASE:
        frame->a[1] = a[6] == 3 ? is_there(a0) : a[6] == 0 ? 1 << 24 : 0;
        return 0;
    case SBI_EXT_TIME:
        set_timer(hart, a0);
        return 0;
    case SBI_EXT_IPI:
        return interrupt(a0, a1);
    case SBI_EXT_RFENCE:
        return remote_fence(hart, a0, a1);
    case SBI_EXT_HSM:
        return a[6] == 0 ? start_hart(a0, a1, (unsigned long)a[2]) : SBI_NOT_SUPPORTED;
    default:
        end(a1 != 0);
    }
}

void firmware_trap(struct frame *frame)
{
    unsigned long hart = CSR_READ(mhartid), cause = CSR_READ(mcause);

    if (cause == CAUSE_SOFTWARE) {
        attend(hart);
    } else if (cause == CAUSE_TIMER) {
        CSR_CLEAR(mie, IP_MTIP);
        CSR_SET(mip, IP_STIP);
    } else if (cause == CAUSE_ECALL) {
        CSR_WRITE(mepc, CSR_READ(mepc) + 4);
        frame->a[0] = call(hart, frame);
    } else {
        say("firmware: cause ");
        say_number(cause);
        say(" at ");
        say_number(CSR_READ(mepc));
        say("\n");
        end(true);
    }
}

/* The supervisor's registers as another program may have left them. */
static void leave_open(void)
{
    CSR_SET(mstatus, STATUS_LEFT_OPEN);
    CSR_WRITE(scounteren, ~0ul);
    CSR_WRITE(stvec, 0xdeadbee0);
    CSR_WRITE(sscratch, ~0ul);
    CSR_WRITE(sepc, ~0ul);
    CSR_WRITE(sie, ~0ul);
    __asm__ volatile("csrw 0x30a, %0\n\tcsrw 0x10a, %0" ::"r"(~0ul)); /* menvcfg, senvcfg */
    __asm__ volatile("csrw 0x306, %0" ::"r"(~0ul));                   /* mcounteren */
}

_Noreturn void firmware_main(unsigned long hart, unsigned long tree, unsigned long entry)
{
    CSR_WRITE(pmpaddr0, ~0ul);
    CSR_WRITE(pmpcfg0, 0x1f);
    CSR_WRITE(medeleg, DELEGATED);
    CSR_WRITE(mideleg, SUPERVISOR_INTERRUPTS);
    CSR_WRITE(mcounteren, 7);
    CSR_WRITE(mie, IP_MSIP);
    CSR_CLEAR(mstatus, STATUS_MPP);
    CSR_SET(mstatus, STATUS_MPP_S);
    if (OPEN) {
        leave_open();
    }
    if (hart == 0) {
        enter_supervisor(0, tree, entry);
    }
    while (!__atomic_load_n(&asked[hart].entry, __ATOMIC_ACQUIRE)) {
        __asm__ volatile("wfi");
        *msip(hart) = 0;
    }
    enter_supervisor(hart * STRIDE, asked[hart].argument, asked[hart].entry);
}
