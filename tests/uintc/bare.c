/*
 * What the bare-metal tests share; bare.h explains. The console is the UART of QEMU's virt machine, and power
 * is its test device.
 */
#include "bare.h"

#include <stddef.h>

#define UART        0x10000000ul
#define UART_STATUS 5
#define UART_EMPTY  0x20
#define CLINT       0x2000000ul
#define POWER       0x100000ul
#define POWER_PASS  0x5555u
#define POWER_FAIL  0x13333u

struct user_traps user_traps[8];

static void (*_Atomic hart_function[8])(void);

static unsigned tests_run, checks_failed, tests_failed;

static void put(char c)
{
    volatile uint8_t *uart = (volatile uint8_t *)UART;

    while (!(uart[UART_STATUS] & UART_EMPTY)) {
        ;
    }
    *uart = c;
}

void print(const char *text)
{
    for (; *text; text++) {
        put(*text);
    }
}

static void print_number(uint64_t value, unsigned base)
{
    char digits[20];
    int n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n > 0) {
        put(digits[--n]);
    }
}

void check(bool holds, const char *what, const char *file, int line)
{
    if (holds) {
        return;
    }
    checks_failed++;
    print("# ");
    print(file);
    print(":");
    print_number(line, 10);
    print(": ");
    print(what);
    print("\n");
}

void check_equal(uint64_t value, uint64_t expected, const char *what, const char *file, int line)
{
    if (value == expected) {
        return;
    }
    check(false, what, file, line);
    print("#   is 0x");
    print_number(value, 16);
    print(", not 0x");
    print_number(expected, 16);
    print("\n");
}

void test(const char *sentence, void (*function)(void))
{
    checks_failed = 0;
    function();
    tests_run++;
    if (checks_failed) {
        tests_failed++;
        print("not ");
    }
    print("ok ");
    print_number(tests_run, 10);
    print(" - ");
    print(sentence);
    print("\n");
}

void finish(void)
{
    print("1..");
    print_number(tests_run, 10);
    print("\n");
    store32(POWER, tests_failed ? POWER_FAIL : POWER_PASS);
    for (;;) {
        ;
    }
}

struct trap in_mode(enum mode mode, long (*function)(long), long argument)
{
    struct trap trap;

    enter(mode, function, argument, &trap);
    return trap;
}

uint32_t instruction[2];

struct trap run_instruction(enum mode mode, uint32_t word)
{
    instruction[0] = word;
    instruction[1] = 0x00008067; /* ret */
    asm volatile("fence.i" : : : "memory");
    return in_mode(mode, (long (*)(long))instruction, 0);
}

bool ended(struct trap trap)
{
    return trap.cause >= CAUSE_U_ECALL && trap.cause <= 11;
}

void user_trap(uint64_t vector)
{
    struct user_traps *traps = &user_traps[hart_id()];

    traps->count++;
    traps->vector = vector;
    traps->cause = read_csr(UCAUSE);
    traps->pc = read_csr(UEPC);
    traps->value = read_csr(UTVAL);
    traps->status = read_csr(USTATUS);
    if (traps->hook) {
        traps->hook();
    }
}

void reset_user_interrupts(void)
{
    write_csr(SUICFG, 0);
    clear_csr(USTATUS, STATUS_UIE | STATUS_UPIE);
    write_csr(SIDELEG, U_ALL);
    write_csr(UIE, 0);
    write_csr(SIDELEG, 0);
    clear_csr(MIP, U_ALL);
    write_csr(SEDELEG, 0);
    write_csr(MEDELEG, 0);
    write_csr(UTVEC, user_vectors);
    write_csr(UEPC, 0);
    write_csr(UCAUSE, 0);
    write_csr(UTVAL, 0);
    write_csr(SUIST, 0);
    write_csr(SUIRS, 0);
    for (uint64_t slot = 0; slot < 8; slot++) {
        slot_write(slot, LOW, 0);
        slot_read(slot, HIGH);
        slot_write(slot, LOW, MODE_64BIT);
        slot_read(slot, HIGH);
    }
    user_traps[hart_id()] = (struct user_traps){ 0 };
}

void become_receiver(uint64_t slot)
{
    write_csr(SUIRS, SLOT_ENABLE | slot);
    slot_write(slot, LOW, slot_low(hart_id(), MODE_ON));
    write_csr(SIDELEG, U_SOFTWARE);
    write_csr(UIE, U_SOFTWARE);
}

/* Harts other than 0: run what hart_start() gives. */
_Noreturn void hart_loop(uint64_t hart)
{
    for (;;) {
        void (*function)(void) = hart_function[hart];

        if (!function) {
            continue;
        }
        function();
        hart_function[hart] = NULL;
    }
}

void hart_start(uint64_t hart, void (*function)(void))
{
    hart_function[hart] = function;
}

void hart_wait(uint64_t hart)
{
    while (hart_function[hart]) {
        ;
    }
}

/* A hart exists if its machine software interrupt can be set. */
uint64_t hart_count(void)
{
    uint64_t count = 0;

    while (count < 8) {
        store32(CLINT + 4 * count, 1);
        if (!load32(CLINT + 4 * count)) {
            break;
        }
        store32(CLINT + 4 * count, 0);
        count++;
    }
    return count;
}
