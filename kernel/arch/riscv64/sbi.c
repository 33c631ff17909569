/*
 * SBI calls. Results that the kernel cannot act upon are ignored; a failing hart start is reported by the
 * caller.
 */
#include "arch/riscv64/sbi.h"

#include "arch/riscv64/hart.h"

#define SBI_LEGACY_PUT_CHAR 1
#define SBI_EXT_TIME        0x54494d45
#define SBI_EXT_IPI         0x735049
#define SBI_EXT_RFENCE      0x52464e43
#define SBI_EXT_HSM         0x48534d
#define SBI_EXT_SRST        0x53525354

#define SBI_RFENCE_REMOTE_SFENCE_VMA_ASID 2

static long sbi_call(word_t extension, word_t function, word_t arg0, word_t arg1, word_t arg2, word_t arg3,
                     word_t arg4)
{
    register word_t a0 __asm__("a0") = arg0;
    register word_t a1 __asm__("a1") = arg1;
    register word_t a2 __asm__("a2") = arg2;
    register word_t a3 __asm__("a3") = arg3;
    register word_t a4 __asm__("a4") = arg4;
    register word_t a6 __asm__("a6") = function;
    register word_t a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
    return (long)a0;
}

/* One that another hart notices. How the firmware tells it is not said, so nothing else orders that and what
 * was stored before. */
static long call_for_others(word_t extension, word_t function, word_t arg0, word_t arg1, word_t arg2,
                            word_t arg3, word_t arg4)
{
    io_fence();
    return sbi_call(extension, function, arg0, arg1, arg2, arg3, arg4);
}

void sbi_put_char(char c)
{
    sbi_call(SBI_LEGACY_PUT_CHAR, 0, (unsigned char)c, 0, 0, 0, 0);
}

void sbi_set_timer(word_t time)
{
    sbi_call(SBI_EXT_TIME, 0, time, 0, 0, 0, 0);
}

long sbi_hart_start(word_t hart_id, word_t phys_address, word_t argument)
{
    return call_for_others(SBI_EXT_HSM, 0, hart_id, phys_address, argument, 0, 0);
}

void sbi_send_ipi(word_t hart_id)
{
    call_for_others(SBI_EXT_IPI, 0, 1, hart_id, 0, 0, 0);
}

void sbi_remote_sfence_asid(word_t hart_id, word_t start, word_t size, word_t asid)
{
    call_for_others(SBI_EXT_RFENCE, SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, 1, hart_id, start, size, asid);
}

_Noreturn void sbi_shutdown(bool failure)
{
    sbi_call(SBI_EXT_SRST, 0, 0, failure, 0, 0, 0);
    for (;;) {
        __asm__ volatile("wfi");
    }
}
