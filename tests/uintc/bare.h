/*
 * What the bare-metal tests of the user-interrupt hardware share: registers, instructions, modes, and TAP on
 * the console. A trap is an answer here: in_mode() returns the one that ended the function.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define USTATUS  0x000
#define UIE      0x004
#define UTVEC    0x005
#define USCRATCH 0x040
#define UEPC     0x041
#define UCAUSE   0x042
#define UTVAL    0x043
#define UIP      0x044
#define SSTATUS  0x100
#define SEDELEG  0x102
#define SIDELEG  0x103
#define SIE      0x104
#define SEPC     0x141
#define SIP      0x144
#define SUIST    0x1b0
#define SUIRS    0x1b1
#define SUICFG   0x1b2
#define MSTATUS  0x300
#define MISA     0x301
#define MEDELEG  0x302
#define MIDELEG  0x303
#define MIE      0x304
#define MIP      0x344
#define PMPCFG0  0x3a0
#define PMPADDR0 0x3b0
#define PMPADDR1 0x3b1

/* Bits of ustatus, sstatus and mstatus. */
#define STATUS_UIE  0x01ul
#define STATUS_SIE  0x02ul
#define STATUS_UPIE 0x10ul
#define STATUS_SPP  0x100ul

/* Bits of the interrupt registers. */
#define U_SOFTWARE 0x001ul
#define S_SOFTWARE 0x002ul
#define M_SOFTWARE 0x008ul
#define U_TIMER    0x010ul
#define U_EXTERNAL 0x100ul
#define S_EXTERNAL 0x200ul
#define U_ALL      (U_SOFTWARE | U_TIMER | U_EXTERNAL)

#define CAUSE_ILLEGAL     2
#define CAUSE_BREAKPOINT  3
#define CAUSE_LOAD_FAULT  5
#define CAUSE_STORE_FAULT 7
#define CAUSE_U_ECALL     8
#define CAUSE_VIRTUAL     22
#define CAUSE_INTERRUPT   (1ul << 63)

#define TABLE_ENABLE (1ul << 63)
#define SLOT_ENABLE  (1ul << 63)
#define GATE_CLOSED  1ul

#define UINTC       0x2f10000ul
#define SLOTS       512ul
#define MEMORY_END  0xa0000000ul /* with 512 MiB */
#define SEND        0x00
#define LOW         0x08
#define HIGH        0x10
#define ACTIVE      0x18
#define WAKE_WORDS  (UINTC + 0x4000)
#define MODE_ACTIVE 1ul
#define MODE_64BIT  2ul
#define MODE_WAKE   4ul
#define MODE_ON     (MODE_ACTIVE | MODE_64BIT)

#define read_csr(number)                                                     \
    ({                                                                       \
        uint64_t value_;                                                     \
        asm volatile("csrr %0, %1" : "=r"(value_) : "i"(number) : "memory"); \
        value_;                                                              \
    })
#define write_csr(number, value) \
    asm volatile("csrw %0, %1" : : "i"(number), "r"((uint64_t)(value)) : "memory")
#define set_csr(number, bits)   asm volatile("csrs %0, %1" : : "i"(number), "r"((uint64_t)(bits)) : "memory")
#define clear_csr(number, bits) asm volatile("csrc %0, %1" : : "i"(number), "r"((uint64_t)(bits)) : "memory")

static inline void uipi_send(uint64_t index)
{
    asm volatile(".insn r 0x7b, 6, 0, x0, %0, x0" : : "r"(index) : "memory");
}

static inline uint64_t uipi_read(void)
{
    uint64_t bits;
    asm volatile(".insn r 0x7b, 6, 1, %0, x0, x0" : "=r"(bits) : : "memory");
    return bits;
}

static inline void uipi_write(uint64_t bits)
{
    asm volatile(".insn r 0x7b, 6, 2, x0, %0, x0" : : "r"(bits) : "memory");
}

static inline void uipi_activate(void)
{
    asm volatile(".insn r 0x7b, 6, 3, x0, x0, x0" : : : "memory");
}

static inline void uipi_deactivate(void)
{
    asm volatile(".insn r 0x7b, 6, 4, x0, x0, x0" : : : "memory");
}

static inline uint64_t load64(uint64_t address)
{
    return *(volatile uint64_t *)address;
}

static inline void store64(uint64_t address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

static inline uint32_t load32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void store32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline uint64_t slot_read(uint64_t slot, uint64_t offset)
{
    return load64(UINTC + slot * 32 + offset);
}

static inline void slot_write(uint64_t slot, uint64_t offset, uint64_t value)
{
    store64(UINTC + slot * 32 + offset, value);
}

static inline uint64_t slot_low(uint64_t hart, uint64_t mode)
{
    return hart << 16 | mode;
}

static inline uint64_t sender_entry(uint64_t slot, uint64_t vector)
{
    return slot << 48 | vector << 16 | 1;
}

static inline uint64_t table_register(const uint64_t *table, uint64_t pages)
{
    return TABLE_ENABLE | pages << 44 | (uint64_t)table >> 12;
}

static inline uint64_t hart_id(void)
{
    uint64_t hart;
    asm("mv %0, tp" : "=r"(hart));
    return hart;
}

/* What ended a function in another mode. */
struct trap {
    uint64_t cause;
    uint64_t pc;
    uint64_t value;
    uint64_t mode;   /* the mode that took it */
    uint64_t result; /* what the function returned, if cause is an ECALL */
};

enum mode {
    USER = 0,
    SUPERVISOR = 1,
    MACHINE = 3,
    VIRTUAL_USER = 4,
    VIRTUAL_SUPERVISOR = 5
};

void enter(enum mode mode, long (*function)(long), long argument, struct trap *trap);
struct trap in_mode(enum mode mode, long (*function)(long), long argument);

/* Runs one instruction, and a return behind it, in another mode. */
extern uint32_t instruction[2];
struct trap run_instruction(enum mode mode, uint32_t word);
#define CSRR_A0(number) ((uint32_t)(number) << 20 | 0x2573)

/* True if the function came to its end and no trap was taken by M-mode or S-mode before. */
bool ended(struct trap trap);

/*
 * User-level traps of each hart: what the last one brought, and how many there were. user_trap() records,
 * then calls the hook.
 */
struct user_traps {
    uint64_t count;
    uint64_t vector;
    uint64_t cause;
    uint64_t pc;
    uint64_t value;
    uint64_t status;
    void (*hook)(void);
};

extern struct user_traps user_traps[8];
extern char user_vectors[];

/* Everything about user interrupts on this hart back to its reset state; slots 0 to 7 as well. */
void reset_user_interrupts(void);

/* This hart as receiver with an active slot, and with the software interrupt delegated and enabled. */
void become_receiver(uint64_t slot);

/* Runs a function in M-mode on another hart, and waits for its end. */
void hart_start(uint64_t hart, void (*function)(void));
void hart_wait(uint64_t hart);
uint64_t hart_count(void);

/* TAP. A test is a sentence and a function that calls CHECK. finish() powers off. */
void test(const char *sentence, void (*function)(void));
void check(bool holds, const char *what, const char *file, int line);
void check_equal(uint64_t value, uint64_t expected, const char *what, const char *file, int line);
void print(const char *text);
_Noreturn void finish(void);

#define CHECK(condition)        check(condition, #condition, __FILE__, __LINE__)
#define CHECK_EQ(value, expect) check_equal(value, expect, #value, __FILE__, __LINE__)
