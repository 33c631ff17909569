/*
 * SBI calls. If the firmware refuses an interrupt, a fence or a timer, the kernel panics, as it could not
 * go on safely.
 */
#include "arch/riscv64/sbi.h"

#include "arch/riscv64/sbi_numbers.h"
#include "arch/timer.h"
#include "lib/assert.h"
#include "thread/hart.h"

#define SBI_BASE_PROBE_EXTENSION          3
#define SBI_RFENCE_REMOTE_SFENCE_VMA_ASID 2

struct sbi_result {
    long error, value;
};

static struct sbi_result sbi_call(word_t extension, word_t function, word_t arg0, word_t arg1, word_t arg2,
                                  word_t arg3, word_t arg4)
{
    register word_t a0 __asm__("a0") = arg0;
    register word_t a1 __asm__("a1") = arg1;
    register word_t a2 __asm__("a2") = arg2;
    register word_t a3 __asm__("a3") = arg3;
    register word_t a4 __asm__("a4") = arg4;
    register word_t a6 __asm__("a6") = function;
    register word_t a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){ (long)a0, (long)a1 };
}

/* Makes a call with an effect on another hart. The SBI does not say how the firmware reaches it, so only
 * this fence orders the call after earlier stores. */
static long call_for_others(word_t extension, word_t function, word_t arg0, word_t arg1, word_t arg2,
                            word_t arg3, word_t arg4)
{
    io_fence();
    return sbi_call(extension, function, arg0, arg1, arg2, arg3, arg4).error;
}

bool sbi_has(word_t extension)
{
    struct sbi_result result = sbi_call(SBI_EXT_BASE, SBI_BASE_PROBE_EXTENSION, extension, 0, 0, 0, 0);

    return !result.error && result.value;
}

void sbi_put_char(char c)
{
    sbi_call(SBI_LEGACY_PUT_CHAR, 0, (unsigned char)c, 0, 0, 0, 0);
}

void timer_set(word_t time)
{
    long error = sbi_call(SBI_EXT_TIME, 0, time, 0, 0, 0, 0).error;

    if (unlikely(error)) {
        panic("the firmware does not set the timer: SBI error %ld", error);
    }
}

long sbi_hart_start(word_t hart_id, word_t phys_address, word_t argument)
{
    return call_for_others(SBI_EXT_HSM, 0, hart_id, phys_address, argument, 0, 0);
}

void hart_send_ipi(const struct hart *hart)
{
    long error = call_for_others(SBI_EXT_IPI, 0, 1, hart->arch.hart_id, 0, 0, 0);

    if (unlikely(error)) {
        panic("the firmware does not interrupt hart %lu: SBI error %ld", hart->arch.hart_id, error);
    }
}

void sbi_remote_sfence_asid(word_t mask, word_t base, word_t start, word_t size, word_t asid)
{
    long error =
        call_for_others(SBI_EXT_RFENCE, SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, mask, base, start, size, asid);

    if (unlikely(error)) {
        panic("the firmware does not flush TLBs of harts %lx << %lu: SBI error %ld", mask, base, error);
    }
}

void sbi_system_reset(bool failure)
{
    sbi_call(SBI_EXT_SRST, 0, 0, failure, 0, 0, 0);
}

_Noreturn void sbi_legacy_shutdown(void)
{
    sbi_call(SBI_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
    for (;;) {
        __asm__ volatile("wfi");
    }
}
