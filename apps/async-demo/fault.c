/*
 * The fault handler of the thread that runs the coroutines: a thread that records each fault and resumes the
 * other one after the faulting instruction.
 */
#include "demo.h"

enum {
    PRIORITY = 254
};

/* Bytes of each access instruction below. */
#define INSTRUCTION 4

static seL4_CPtr endpoint;
static struct fault last;

const struct fault *last_fault(void)
{
    return &last;
}

void __attribute__((noinline)) try_store(seL4_Word address, seL4_Word value)
{
    asm volatile(".option push\n\t.option norvc\n\tsd %1, 0(%0)\n\t.option pop"
                 :
                 : "r"(address), "r"(value)
                 : "memory");
}

seL4_Word __attribute__((noinline)) try_load(seL4_Word address)
{
    seL4_Word value = 0;

    asm volatile(".option push\n\t.option norvc\n\tld %0, 0(%1)\n\t.option pop"
                 : "+r"(value)
                 : "r"(address)
                 : "memory");
    return value;
}

static void skip_instruction(seL4_CPtr tcb)
{
    seL4_UserContext registers;

    if (seL4_TCB_ReadRegisters(tcb, seL4_False, 0, ABI_REG_COUNT, &registers)) {
        return;
    }
    registers.pc += INSTRUCTION;
    seL4_TCB_WriteRegisters(tcb, seL4_True, 0, ABI_REG_COUNT, &registers);
}

static void handle_faults(void *arg)
{
    for (;;) {
        seL4_Fault_t fault = seL4_getFault(seL4_Recv(endpoint, NULL));

        last.type = seL4_Fault_get_seL4_FaultType(fault);
        last.address = seL4_Fault_VMFault_get_Addr(fault);
        last.cause = seL4_Fault_VMFault_get_FSR(fault);
        last.count++;
        skip_instruction(seL4_CapInitThreadTCB);
    }
}

bool faults_init(void)
{
    struct simple_thread handler;

    endpoint = simple_object(seL4_EndpointObject, 0);
    return endpoint &&
           !simple_thread_create(
               &handler, &(struct simple_thread_options){ .entry = handle_faults, .priority = PRIORITY }) &&
           !simple_thread_start(&handler) &&
           !seL4_TCB_SetSpace(seL4_CapInitThreadTCB, endpoint, seL4_CapInitThreadCNode, 0,
                              seL4_CapInitThreadVSpace, 0);
}
