/*
 * The order of boot: read the device tree, prepare this hart, build the root task, start the other harts,
 * enter user mode. Nothing here trusts the device tree, the boot arguments or the ramdisk.
 */
#include "boot/boot.h"

#include "arch/asid.h"
#include "arch/console.h"
#include "arch/controllers.h"
#include "arch/fpu.h"
#include "arch/setup.h"
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
#include "syscall/exit.h"
#include "thread/scheduler.h"

#define REL4_VERSION "0.1"

#define DEVICE_TREE_MAX bit(21)

/* A hart that does not arrive for so long will not. */
#define HART_START_SECONDS 60

extern char kernel_start[], kernel_end[];

static struct platform platform;
static struct fdt device_tree;

/* The hart that is being started, which takes its record from here. */
struct hart *starting_hart;

/* How many harts have arrived, apart from the boot hart, and whether they may continue. */
static unsigned harts_arrived;
static unsigned boot_finished;

/* Returns whether memory can be read; tries one byte in each 2^step_bits. */
static bool range_is_readable(word_t phys, word_t bytes, unsigned step_bits)
{
    if (phys >= PHYS_WINDOW_SIZE || bytes > PHYS_WINDOW_SIZE - phys) {
        return false;
    }
    for (word_t at = phys; at < phys + bytes; at = align_down(at, step_bits) + bit(step_bits)) {
        if (!phys_is_readable(at)) {
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

/* Uses the UART of the device tree if something answers there, else still the firmware. */
static void choose_console(void)
{
    struct region kernel = { ptr_to_phys(kernel_start), ptr_to_phys(kernel_end) };
    struct region *uart = &platform.uart;

    console_init(platform.time_frequency);
    if (uart->end && !region_overlaps(*uart, kernel) &&
        phys_is_readable(console_status_address(uart->start, platform.uart_shift))) {
        console_use_uart(uart->start, platform.uart_shift, platform.uart_width);
    } else {
        *uart = (struct region){ 0, 0 };
    }
}

static void describe_harts(void)
{
    harts_online = boot_options.harts;
    for (unsigned i = 0; i < harts_online; i++) {
        struct hart *hart = &harts_table[i];
        hart->id = i;
        hart->current = &idle_thread;
        setup_describe_hart(hart, &platform);
    }
}

/* Chooses the backend of user interrupts. */
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
        /* Without a gate the instructions exist for every thread, so they do not trap and cannot be
         * emulated. */
        uintr_backend = registers && !uintc.extended ? REL4_UINTR_NONE : REL4_UINTR_EMULATED;
    }
}

/* Prepares the interrupts of a hart, and lets it execute code that was written as data. */
static void prepare_interrupts(struct hart *hart)
{
    controllers_init_hart(hart);
    timer_start(hart);
    interrupts_select(INTERRUPTS_ALL);
    if (uintc.phys) {
        uintc_init_hart(hart, uintr_backend == REL4_UINTR_HARDWARE);
    }
    instruction_fence();
}

/* Sleeps until another hart sends an interrupt, or until a time. An emulator that runs harts in turn
 * continues with another one at once. */
static void sleep_until_called(word_t time)
{
    interrupts_select(INTERRUPT_IPI | INTERRUPT_TIMER);
    timer_set(time);
    wait_for_interrupt();
    ipi_clear();
}

/*
 * Starts harts one after the other, all at the address where the firmware started the first one: firmware
 * may mark a hart as started before it has stored the address, and a hart that reads it in between starts
 * at its old address.
 */
static void start_harts(void)
{
    word_t deadline = time_now() + HART_START_SECONDS * platform.time_frequency;

    for (unsigned i = 1; i < harts_online; i++) {
        starting_hart = &harts_table[i];
        setup_start_hart(starting_hart);
        while (__atomic_load_n(&harts_arrived, __ATOMIC_ACQUIRE) < i) { /* pairs with boot_secondary() */
            if (time_now() > deadline) {
                boot_fail("of %u harts, only %u started", harts_online, harts_arrived + 1);
            }
            sleep_until_called(deadline);
        }
    }
}

/* Lets all harts continue. */
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

    set_this_hart(hart);
    setup_traps();
    bool counts = setup_counts_instructions();
    word_t start = counts ? instructions_retired() : 0;
    if (!setup_has_time()) {
        boot_fail("the hart cannot read the time counter");
    }
    open_device_tree(dtb_phys);
    platform_read(&platform, &device_tree, hart_id);
    choose_console();
    options_parse(&platform.boot_arguments, platform.hart_count);
    setup_check_firmware(boot_options.harts > 1);
    const char *no_interrupts = controllers_connect(&platform, boot_options.harts);
    describe_harts();
    log_info("ReL4-C " REL4_VERSION " on %u of %u harts, %lu MiB of memory\n", harts_online,
             platform.hart_count, regions_total(&platform.ram) >> 20);
    log_debug("the kernel prints through %s\n", platform.uart.end ? "a UART" : "the firmware");

    vm_init_kernel();
    asids_work = boot_options.asids;
    vm_init_hart(hart);
    irq_init(controllers_init(&platform.controllers, no_interrupts),
             boot_options.abi_up ? ABI_IRQ_MAX_UP : ABI_IRQ_MAX_SMP);
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

    setup_traps();
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
