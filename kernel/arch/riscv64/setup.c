/*
 * Prepares harts, and checks what they and the firmware have.
 */
#include "arch/setup.h"

#include "arch/fpu.h"
#include "arch/riscv64/probe.h"
#include "arch/riscv64/sbi.h"
#include "arch/riscv64/sbi_numbers.h"
#include "arch/riscv64/stack.h"
#include "arch/window.h"
#include "boot/fail.h"

extern char trap_entry[], kernel_start[];

/* User mode may read the counters of cycles, time and instructions, if the firmware permits it. */
#define COUNTERS 7

/* senvcfg, which old harts do not have. 0: programs cannot manage caches, or change the meaning of fences. */
#define CSR_SENVCFG 0x10a

/* Sets all that the firmware may have set differently. */
void setup_traps(void)
{
    csr_write(sscratch, 0);
    csr_write(stvec, trap_entry);
    csr_clear(sstatus, SSTATUS_SPP | SSTATUS_FS | SSTATUS_VS | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SIE);
    csr_set(sstatus, SSTATUS_SPIE);
    fpu_probe();
    csr_write(scounteren, COUNTERS);
    (void)instruction_runs("csrw %[csr], zero", [csr] "i"(CSR_SENVCFG));
}

bool setup_counts_instructions(void)
{
    return instruction_runs("csrr %0, instret");
}

bool setup_has_time(void)
{
    return instruction_runs("csrr %0, time");
}

bool phys_is_readable(word_t phys)
{
    return instruction_runs("lbu %0, 0(%[address])", [address] "r"(phys_to_ptr(phys)));
}

void setup_check_firmware(bool several_harts)
{
    static const struct {
        word_t number;
        const char *name, *what;
        bool with_others;
    } extensions[] = {
        { SBI_EXT_TIME, "TIME", "timer interrupts", false },
        { SBI_EXT_IPI, "IPI", "interrupts of other harts", true },
        { SBI_EXT_RFENCE, "RFENCE", "TLB fences of other harts", true },
        { SBI_EXT_HSM, "HSM", "starting other harts", true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(extensions); i++) {
        if ((several_harts || !extensions[i].with_others) && !sbi_has(extensions[i].number)) {
            boot_fail("the firmware has no SBI extension %s, for %s", extensions[i].name, extensions[i].what);
        }
    }
}

void setup_describe_hart(struct hart *hart, const struct platform *platform)
{
    const struct platform_hart *found = &platform->harts[hart->id];
    word_t controller = found->interrupts.controller ? found->interrupts.controller->region.start : 0;

    hart->arch.stack_top = stack_top(hart->id);
    hart->arch.hart_id = found->hart_id;
    hart->arch.plic = platform->controllers.plic_count ? controller : 0;
    hart->arch.aplic = platform->controllers.plic_count ? 0 : controller;
    hart->arch.interrupt_context = found->interrupts.context;
}

void setup_start_hart(const struct hart *hart)
{
    long error = sbi_hart_start(hart->arch.hart_id, ptr_to_phys(kernel_start), 0);

    if (error) {
        boot_fail("the firmware does not start hart %lu: SBI error %ld", hart->arch.hart_id, error);
    }
}
