/*
 * Page faults as messages: the kernel sends a call to the fault endpoint in the thread's name, and a reply
 * resumes the thread. This handler maps the missing page before it replies.
 */
#include "demo.h"

#define MISSING_ADDRESS 0x3000400000

enum {
    PRIORITY = 100,
    VALUE = 0x5e14,
};

struct child {
    seL4_CPtr done;
    seL4_Word read_back;
};

static void touch(void *arg)
{
    volatile seL4_Word *missing = (volatile seL4_Word *)MISSING_ADDRESS;
    struct child *child = arg;

    *missing = VALUE;
    child->read_back = *missing;
    seL4_Signal(child->done);
}

/* Receives a fault, prints it, and maps a page at its address. */
static bool serve_fault(seL4_CPtr endpoint)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);
    seL4_Fault_t fault = seL4_getFault(seL4_Recv(endpoint, NULL));
    seL4_Word address = seL4_Fault_VMFault_get_Addr(fault);
    bool store = seL4_Fault_VMFault_get_FSR(fault) == seL4_VMFault_FSR_Store;

    if (!exists(seL4_Fault_get_seL4_FaultType(fault) == seL4_Fault_VMFault, "another fault than expected")) {
        return false;
    }
    say("the thread faulted at 0x%lx, by %s; the instruction is at 0x%lx", address,
        store ? "a store" : "no store", seL4_Fault_VMFault_get_IP(fault));
    if (!exists(address == MISSING_ADDRESS && store, "a fault at another place or of another kind") ||
        !exists(frame, "no frame for the page") ||
        !worked(simple_map_page(seL4_CapInitThreadVSpace, frame, address, seL4_ReadWrite,
                                seL4_RISCV_ExecuteNever),
                "map the missing page")) {
        return false;
    }
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    return true;
}

bool handle_fault(void)
{
    static struct child child;
    seL4_CPtr endpoint = simple_object(seL4_EndpointObject, 0);
    struct simple_thread thread;

    child.done = simple_object(seL4_NotificationObject, 0);
    if (!exists(endpoint && child.done, "no fault endpoint") ||
        !worked(simple_thread_create(&thread, &(struct simple_thread_options){ .entry = touch,
                                                                               .arg = &child,
                                                                               .priority = PRIORITY,
                                                                               .fault_endpoint = endpoint }),
                "create the thread") ||
        !worked(simple_thread_start(&thread), "start the thread") || !serve_fault(endpoint)) {
        return false;
    }

    seL4_Wait(child.done, NULL);
    say("a page is there now; the thread went on and read back 0x%lx", child.read_back);
    return exists(child.read_back == VALUE, "that is not what it wrote");
}
