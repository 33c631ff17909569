/*
 * Mappings, address spaces and threads of <sel4/simple.h>.
 */
#include <sel4/simple.h>

#define PAGE_SIZE          LIBSEL4_BIT(seL4_PageBits)
#define DEFAULT_STACK_SIZE 0x4000
#define STACK_ALIGNMENT    16

static seL4_Word next_page = SIMPLE_PAGES_START;

/* A page table that was made and is not mapped, or null. */
static seL4_CPtr spare_table;

/* Maps a missing page table. Succeeds if another thread has just mapped one. */
static seL4_Error add_table(seL4_CPtr vspace, seL4_Word vaddr)
{
    if (!spare_table) {
        spare_table = simple_object(seL4_RISCV_PageTableObject, 0);
    }
    if (!spare_table) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = seL4_RISCV_PageTable_Map(spare_table, vspace, vaddr, seL4_RISCV_Default_VMAttributes);
    if (error) {
        return error == seL4_DeleteFirst ? seL4_NoError : error;
    }
    spare_table = seL4_CapNull;
    return seL4_NoError;
}

seL4_Error simple_map_page(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights,
                           seL4_RISCV_VMAttributes attr)
{
    /* At most two tables can be missing. If more seem to be, a page or table of another size is in the way.
     */
    for (unsigned tables = 0; tables <= 2; tables++) {
        seL4_Error error = seL4_RISCV_Page_Map(frame, vspace, vaddr, rights, attr);

        if (error != seL4_FailedLookup) {
            return error;
        }
        error = add_table(vspace, vaddr);
        if (error) {
            return error;
        }
    }
    return seL4_DeleteFirst;
}

seL4_CPtr simple_new_vspace(void)
{
    seL4_CPtr root = simple_object(seL4_RISCV_PageTableObject, 0);

    if (!root || seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, root)) {
        return seL4_CapNull;
    }
    return root;
}

/* Maps one new page at the next free address. Returns its frame, or null. */
static seL4_CPtr new_page(void)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);

    if (!frame || simple_map_page(seL4_CapInitThreadVSpace, frame, next_page, seL4_ReadWrite,
                                  seL4_RISCV_Default_VMAttributes)) {
        return seL4_CapNull;
    }
    next_page += PAGE_SIZE;
    return frame;
}

void *simple_new_pages(size_t count)
{
    seL4_Word start = next_page + PAGE_SIZE;

    next_page = start;
    for (size_t i = 0; i < count; i++) {
        if (!new_page()) {
            return NULL;
        }
    }
    return (void *)start;
}

/* First function of every thread, on its own stack. */
static void thread_main(void (*entry)(void *arg), void *arg, seL4_CPtr tcb)
{
    entry(arg);
    for (;;) {
        seL4_TCB_Suspend(tcb);
    }
}

/* Sets the thread's spaces, priority and node. */
static seL4_Error configure(const struct simple_thread *thread, const struct simple_thread_options *options)
{
    seL4_Error error = seL4_TCB_Configure(thread->tcb, options->fault_endpoint, seL4_CapInitThreadCNode, 0,
                                          seL4_CapInitThreadVSpace, 0, (seL4_Word)thread->ipc_buffer,
                                          thread->ipc_buffer_frame);
    if (error) {
        return error;
    }
    error = seL4_TCB_SetSchedParams(thread->tcb, seL4_CapInitThreadTCB, options->priority, options->priority);
    if (error) {
        return error;
    }
#if CONFIG_MAX_NUM_NODES > 1
    error = seL4_TCB_SetAffinity(thread->tcb, options->node);
#endif
    return error;
}

seL4_Error simple_thread_create(struct simple_thread *thread, const struct simple_thread_options *options)
{
    seL4_Word stack_size = options->stack_size ? options->stack_size : DEFAULT_STACK_SIZE;
    seL4_Word pages = (stack_size + sel4_tls_size() + PAGE_SIZE - 1) / PAGE_SIZE;
    seL4_UserContext registers = { 0 };

    thread->tcb = simple_object(seL4_TCBObject, 0);
    seL4_Word stack = (seL4_Word)simple_new_pages(pages);
    thread->ipc_buffer = (seL4_IPCBuffer *)next_page;
    thread->ipc_buffer_frame = new_page();
    if (!thread->tcb || !stack || !thread->ipc_buffer_frame) {
        return seL4_NotEnoughMemory;
    }

    seL4_Error error = configure(thread, options);
    if (error) {
        return error;
    }

    /* The stack grows down from the thread-local storage, which fills the end of the last page. */
    seL4_Word tls = (stack + pages * PAGE_SIZE - sel4_tls_size()) & -(seL4_Word)STACK_ALIGNMENT;
    registers.pc = (seL4_Word)thread_main;
    registers.sp = tls;
    asm("mv %0, gp" : "=r"(registers.gp));
    registers.tp = sel4_tls_init((void *)tls, thread->ipc_buffer);
    registers.a0 = (seL4_Word)options->entry;
    registers.a1 = (seL4_Word)options->arg;
    registers.a2 = thread->tcb;
    return seL4_TCB_WriteRegisters(thread->tcb, seL4_False, 0, ABI_REG_COUNT, &registers);
}

seL4_Error simple_thread_start(const struct simple_thread *thread)
{
    return seL4_TCB_Resume(thread->tcb);
}
