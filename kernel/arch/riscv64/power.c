/*
 * Powers off, with a status through the test finisher if there is one, else through the firmware.
 */
#include "arch/power.h"

#include "arch/processor.h"
#include "arch/riscv64/probe.h"
#include "arch/riscv64/sbi.h"
#include "arch/timer.h"
#include "arch/window.h"
#include "lib/print.h"

#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

static volatile uint32_t *finisher;
static word_t patience; /* in counts of the time CSR */

void power_init(word_t phys, word_t time_frequency)
{
    volatile uint32_t *at = phys_to_ptr(phys);

    patience = time_frequency;
    finisher = instruction_runs("lw %0, 0(%[at])", [at] "r"(at)) ? at : NULL;
}

static void turn_off(unsigned code)
{
    volatile uint32_t *at = finisher;

    finisher = NULL; /* if it traps, the panic must not come here again */
    if (at) {
        *at = code ? code << 16 | FINISHER_FAIL : FINISHER_PASS;
        /* QEMU stops harts a little later. Wait, because the firmware would replace the status. */
        for (word_t start = time_now(); time_now() - start < patience;) {
            pause_hint();
        }
    }
    sbi_system_reset(code != 0);
}

_Noreturn void power_off(unsigned code)
{
    turn_off(code);
    log_error("if the machine does not turn itself off now, stop it from outside (QEMU: Ctrl-C)\n");
    sbi_legacy_shutdown();
}

_Noreturn void power_cut(void)
{
    turn_off(1);
    sbi_legacy_shutdown();
}
