/*
 * Under Debian's unchanged OpenSBI: the firmware delegates user interrupts, and a reboot through it clears
 * all. Runs in S-mode.
 */
#include "state.h"

#define SECOND_START    (MEMORY_END - 8)
#define SECOND_START_IS 0x7265626f6f74

#define SBI_RESET       0x53525354ul
#define SBI_COLD_REBOOT 1ul

struct user_end {
    uint64_t result;
    uint64_t cause;
};

struct user_end user(long (*function)(void));

static struct user_traps *traps;
static uint64_t table[512] __attribute__((aligned(4096)));
static uint64_t bits;

static void reboot(void)
{
    register uint64_t a0 asm("a0") = SBI_COLD_REBOOT;
    register uint64_t a1 asm("a1") = 0;
    register uint64_t a6 asm("a6") = 0;
    register uint64_t a7 asm("a7") = SBI_RESET;

    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a6), "r"(a7) : "memory");
    for (;;) {
        ;
    }
}

static void delegated(void)
{
    set_csr(SIE, U_ALL);
    CHECK_EQ(read_csr(SIE) & U_ALL, U_ALL);
    clear_csr(SIE, U_ALL);
}

static void read_bits(void)
{
    bits |= uipi_read();
}

static long send(void)
{
    uipi_send(0);
    return (long)traps->count;
}

static void received_in_user_mode(void)
{
    struct user_end end;

    traps = &user_traps[hart_id()];
    *traps = (struct user_traps){ .hook = read_bits };
    table[0] = sender_entry(1, 60);
    write_csr(SUIST, table_register(table, 1));
    write_csr(UTVEC, user_vectors);
    become_receiver(1);
    set_csr(USTATUS, STATUS_UIE);
    end = user(send);
    CHECK_EQ(end.cause, CAUSE_U_ECALL);
    CHECK_EQ(end.result, 1);
    CHECK_EQ(traps->cause, CAUSE_INTERRUPT | 0);
    CHECK_EQ(bits, 1ul << 60);
}

static void closed_gate(void)
{
    write_csr(SUICFG, GATE_CLOSED);
    CHECK_EQ(user(send).cause, CAUSE_ILLEGAL);
    CHECK_EQ(read_csr(0x143),
             0x0000607b | ((read_csr(0x143) >> 15 & 31) << 15)); /* stval: uipi_send, some rs1 */
    write_csr(SUICFG, 0);
}

int main(void)
{
    if (load64(SECOND_START) != SECOND_START_IS) {
        fill_state();
        store64(SECOND_START, SECOND_START_IS);
        reboot();
    }
    test("a reboot through the firmware clears every register, slot and wake bit", check_cleared);
    test("S-mode can enable user-level interrupts: they are delegated", delegated);
    test("a user program sends to itself and receives, without the kernel", received_in_user_mode);
    test("with the gate closed, the kernel gets the illegal instruction and its word", closed_gate);
    finish();
}
