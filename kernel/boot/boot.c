/*
 * The order of boot: find out about the machine, prepare this hart, build the root task, start the other
 * harts, leave for user mode. Nothing here trusts the device tree, the boot arguments or the ramdisk.
 */
#include "boot/boot.h"

#include "arch/asid.h"
#include "arch/console.h"
#include "arch/fpu.h"
#include "arch/interrupts.h"
#include "arch/power.h"
#include "arch/riscv64/aplic.h"
#include "arch/riscv64/plic.h"
#include "arch/riscv64/probe.h"
#include "arch/riscv64/sbi.h"
#include "arch/riscv64/sbi_numbers.h"
#include "arch/stack.h"
#include "arch/timer.h"
#include "arch/uintc.h"
#include "arch/vm.h"
#include "arch/window.h"
#include "boot/fail.h"
#include "boot/options.h"
#include "boot/platform.h"
#include "boot/root_task.h"
#include "lib/print.h"
#include "object/irq.h"
#include "object/request.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

#define REL4_VERSION "0.1"

#define DEVICE_TREE_MAX bit(21)

/* A hart that was started and says nothing for so long will not. */
#define HART_START_SECONDS 60

extern char trap_entry[], kernel_start[], kernel_end[];

static struct platform platform;
static struct fdt device_tree;

/* The hart that was told to start; it takes its record from here. */
struct hart *starting_hart;

/* Harts that arrived, apart from the boot hart, and whether they may go on. */
static unsigned harts_arrived;
static unsigned boot_finished;

/* User mode may read the counters of cycles, time and instructions, unless the firmware keeps them back. */
#define COUNTERS 7

/* senvcfg, which old harts do not have. 0: programs cannot manage caches, or change what fences order. */
#define CSR_SENVCFG 0x10a

/* Nothing of it is left as the firmware has set it. */
static void set_user_environment(void)
{
    csr_write(scounteren, COUNTERS);
    (void)instruction_runs("csrw %[csr], zero", [csr] "i"(CSR_SENVCFG));
}

/* What a hart needs before it can take a trap, and for its first return to user mode: interrupts on there,
 * floating point off, and vectors off for good, as nobody saves them. */
static void prepare_traps(void)
{
    csr_write(sscratch, 0);
    csr_write(stvec, trap_entry);
    csr_clear(sstatus, SSTATUS_SPP | SSTATUS_FS | SSTATUS_VS | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SIE);
    csr_set(sstatus, SSTATUS_SPIE);
    fpu_look_for();
    set_user_environment();
}

/* Whether an address can be read at all: a wrong address from the firmware is a mistake to report, not to die
 * of. */
static bool is_readable(word_t phys)
{
    return instruction_runs("lbu %0, 0(%[address])", [address] "r"(phys_to_ptr(phys)));
}

/* Looks at every 2^step_bits bytes. */
static bool range_is_readable(word_t phys, word_t bytes, unsigned step_bits)
{
    if (phys >= PHYS_WINDOW_SIZE || bytes > PHYS_WINDOW_SIZE - phys) {
        return false;
    }
    for (word_t at = phys; at < phys + bytes; at = align_down(at, step_bits) + bit(step_bits)) {
        if (!is_readable(at)) {
            return false;
        }
    }
    return true;
}

static void open_device_tree(word_t phys)
{
    if (phys == 0 || !range_is_readable(phys, FDT_HEADER_SIZE, 2)) {
        boot_fail("the firmware passed no device tree");
    }
    word_t size = fdt_total_size(phys_to_ptr(phys));
    if (size > DEVICE_TREE_MAX) {
        boot_fail("the device tree is too large: %lu bytes", size);
    }
    if (!range_is_readable(phys, size, 12) || !fdt_open(&device_tree, phys_to_ptr(phys))) {
        boot_fail("what the firmware passed at %lx is no device tree", phys);
    }
}

/* The UART that the device tree names is used if something answers there; else the firmware goes on. */
static void choose_console(void)
{
    struct region kernel = { ptr_to_phys(kernel_start), ptr_to_phys(kernel_end) };
    struct region *uart = &platform.uart;

    console_init(platform.time_frequency);
    if (uart->end && !region_overlaps(*uart, kernel) &&
        is_readable(console_status_address(uart->start, platform.uart_shift))) {
        console_use_uart(uart->start, platform.uart_shift, platform.uart_width);
    } else {
        *uart = (struct region){ 0, 0 };
    }
}

/* What the kernel cannot do without. */
static void check_firmware(void)
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
        if ((boot_options.harts > 1 || !extensions[i].with_others) && !sbi_has(extensions[i].number)) {
            boot_fail("the firmware has no SBI extension %s, for %s", extensions[i].name, extensions[i].what);
        }
    }
}

static void describe_harts(void)
{
    harts_online = boot_options.harts;
    for (unsigned i = 0; i < harts_online; i++) {
        const struct platform_hart *found = &platform.harts[i];
        struct hart *hart = &harts_table[i];
        hart->id = i;
        hart->current = &idle_thread;
        hart->arch.stack_top = stack_top(i);
        hart->arch.hart_id = found->hart_id;
        hart->arch.plic = found->interrupts.plic ? found->interrupts.plic->region.start : 0;
        hart->arch.aplic = found->interrupts.aplic ? found->interrupts.aplic->region.start : 0;
        hart->arch.interrupt_context = found->interrupts.context;
    }
}

/* No hart before this one has the same interrupt controller. */
static bool is_first_of_controller(unsigned hart)
{
    unsigned first = 0;

    while (harts_table[first].arch.plic != harts_table[hart].arch.plic ||
           harts_table[first].arch.aplic != harts_table[hart].arch.aplic) {
        first++;
    }
    return first == hart;
}

/* Initialises each APLIC in use, and tries out whether the boot hart has its IMSIC; the others are looked at
 * when they start. Returns what is wrong, or NULL. */
static const char *init_aplics(void)
{
    const char *wrong = NULL;

    for (unsigned i = 0; !wrong && i < harts_online; i++) {
        if (is_first_of_controller(i)) {
            wrong = aplic_init(harts_table[i].arch.aplic, (unsigned)platform.controllers.last_source,
                               (unsigned)platform.controllers.last_identity);
        }
    }
    if (!wrong && !interrupt_init_hart(&harts_table[0])) {
        wrong = "the hart does not have the IMSIC of the device tree";
    }
    return wrong;
}

/* Initialises each PLIC in use. */
static void init_plics(void)
{
    for (unsigned i = 0; platform.controllers.plic_count && i < harts_online; i++) {
        word_t plic = harts_table[i].arch.plic;
        if (is_first_of_controller(i) && !plic_init(plic, (unsigned)platform.controllers.last_source)) {
            boot_fail("where the device tree has an interrupt controller, at %lx, there is none", plic);
        }
    }
}

/* missing is why there are no device interrupts, as far as the device tree tells, or NULL. */
static void init_interrupts(const char *missing)
{
    init_plics();
    if (!missing && !platform.controllers.plic_count) {
        missing = init_aplics();
    }
    if (missing) {
        log_info("%s: no device interrupts\n", missing);
        platform.controllers.last_source = 0;
        for (unsigned i = 0; i < harts_online; i++) {
            harts_table[i].arch.aplic = 0;
        }
    } else {
        log_debug("device interrupts come through %s\n", platform.controllers.plic_count ? "a PLIC"
                                                         : platform.controllers.last_identity
                                                             ? "an APLIC and IMSICs"
                                                             : "an APLIC");
    }
    irq_init((unsigned)platform.controllers.last_source,
             boot_options.abi_up ? ABI_IRQ_MAX_UP : ABI_IRQ_MAX_SMP);
}

/* Which of the backends there are is taken. */
static void choose_uintr_backend(void)
{
    enum uintr_option option = boot_options.uintr;
    bool registers = platform.controllers.uintc.end && uintc_registers_exist();

    if (registers) {
        uintc.phys = platform.controllers.uintc.start;
        uintc.extended = platform.controllers.uintc_extended && option != UINTR_PLAIN;
        uintc.wake_source = uintc.extended ? (unsigned)platform.controllers.uintc_wake_source : 0;
    }
    if (option == UINTR_NONE) {
        uintr_backend = REL4_UINTR_NONE;
    } else if (registers && option != UINTR_EMULATED && uintc_is_delegated()) {
        uintr_backend = REL4_UINTR_HARDWARE;
    } else {
        /* Where the instructions are there and no gate, they do not trap. */
        uintr_backend = registers && !uintc.extended ? REL4_UINTR_NONE : REL4_UINTR_EMULATED;
    }
}

/* The last preparation of a hart: its interrupts, and code that was written as data. */
static void prepare_interrupts(struct hart *hart)
{
    if (!interrupt_init_hart(hart)) {
        boot_fail("hart %lu does not have the IMSIC of the device tree", hart->arch.hart_id);
    }
    timer_start(hart);
    interrupts_select(INTERRUPTS_ALL);
    if (uintc.phys) {
        uintc_init_hart(hart, uintr_backend == REL4_UINTR_HARDWARE);
    }
    __asm__ volatile("fence.i" ::: "memory");
}

/* Sleeps until another hart sends an interrupt, or until a time. An emulator that runs one hart after the
 * other goes on with another one at once. */
static void sleep_until_called(word_t time)
{
    interrupts_select(INTERRUPT_IPI | INTERRUPT_TIMER);
    sbi_set_timer(time);
    wait_for_interrupt();
    ipi_clear();
}

/*
 * One hart after the other, all at the address where the firmware started the first one: firmware may mark a
 * hart as started before it has written down where, and a hart that looks in between begins at its old
 * address.
 */
static void start_harts(void)
{
    word_t deadline = csr_read(time) + HART_START_SECONDS * platform.time_frequency;

    for (unsigned i = 1; i < harts_online; i++) {
        starting_hart = &harts_table[i];
        long error = sbi_hart_start(starting_hart->arch.hart_id, ptr_to_phys(kernel_start), 0);
        if (error) {
            boot_fail("the firmware does not start hart %lu: SBI error %ld", starting_hart->arch.hart_id,
                      error);
        }
        while (__atomic_load_n(&harts_arrived, __ATOMIC_ACQUIRE) < i) { /* pairs with boot_secondary() */
            if (csr_read(time) > deadline) {
                boot_fail("of %u harts, only %u started", harts_online, harts_arrived + 1);
            }
            sleep_until_called(deadline);
        }
    }
}

/* All harts may go on. */
static void finish_boot(void)
{
    __atomic_store_n(&boot_finished, 1, __ATOMIC_RELEASE); /* pairs with boot_secondary() */
    for (unsigned i = 1; i < harts_online; i++) {
        hart_send_ipi(&harts_table[i]);
    }
}

_Noreturn void boot_main(word_t hart_id, word_t dtb_phys)
{
    struct hart *hart = &harts_table[0];

    __asm__ volatile("mv tp, %0" ::"r"(hart) : "memory");
    prepare_traps();
    bool counts = instruction_runs("csrr %0, instret");
    word_t start = counts ? instructions_retired() : 0;
    if (!instruction_runs("csrr %0, time")) {
        boot_fail("the hart cannot read the time counter");
    }
    open_device_tree(dtb_phys);
    platform_read(&platform, &device_tree, hart_id);
    choose_console();
    options_parse(&platform.boot_arguments, platform.hart_count);
    check_firmware();
    const char *no_interrupts = controllers_connect(&platform, boot_options.harts);
    describe_harts();
    log_info("ReL4-C " REL4_VERSION " on %u of %u harts, %lu MiB of memory\n", harts_online,
             platform.hart_count, regions_total(&platform.ram) >> 20);
    log_debug("the kernel prints through %s\n", platform.uart.end ? "a UART" : "the firmware");

    vm_init_kernel();
    asids_work = boot_options.asids;
    vm_init_hart(hart);
    init_interrupts(no_interrupts);
    timer_init(platform.time_frequency);
    choose_uintr_backend();
    abi_up = boot_options.abi_up;
    console_enabled = boot_options.console;
    struct tcb *root = root_task_create(&platform, &device_tree);

    start_harts();
    if (fpu_missing) {
        log_info("the machine has no floating point of double precision: programs do without\n");
    }
    if (!asids_work) {
        log_info("without ASIDs: each switch of address spaces flushes the TLB\n");
    }
    prepare_interrupts(hart);
    sched_enqueue_tail(root);
    if (counts) {
        word_t instructions = instructions_retired() - start;
        log_debug("boot took %lu instructions\n", instructions);
    }
    finish_boot();
    kernel_enter();
}

_Noreturn void boot_secondary(void)
{
    struct hart *hart = this_hart();

    prepare_traps();
    vm_init_hart(hart);
    prepare_interrupts(hart);
    __atomic_add_fetch(&harts_arrived, 1, __ATOMIC_RELEASE); /* pairs with start_harts() */
    hart_send_ipi(&harts_table[0]);
    while (!__atomic_load_n(&boot_finished, __ATOMIC_ACQUIRE)) { /* pairs with finish_boot() */
        ipi_clear();
        if (!__atomic_load_n(&boot_finished, __ATOMIC_ACQUIRE)) {
            wait_for_interrupt();
        }
    }
    kernel_enter();
}
