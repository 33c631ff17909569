/*
 * A server in an address space of its own. The address space has this program's code, read-only, and a
 * private page for a stack and one variable; the capability space holds one endpoint. The server keeps a sum
 * and replies with it to each call.
 */
#include "demo.h"

/* Address of the server's private page, which is not used in this address space. */
#define SERVER_PAGE 0x2000000000

enum {
    PRIORITY = 150,
    CLIENT_BADGE = 7,
    SERVER_CNODE_BITS = 2,
    SERVER_ENDPOINT = 1, /* slot in its CNode */
};

/* Set by the linker script: start and end of code and constants. */
extern char __image_start[], __rodata_end[];

/* Runs in the other address space, where no global or thread-local variable exists. */
static void server_main(void)
{
    volatile seL4_Word *sum = (volatile seL4_Word *)SERVER_PAGE;
    seL4_Word badge, number;

    seL4_RecvWithMRs(SERVER_ENDPOINT, &badge, &number, NULL, NULL, NULL);
    for (;;) {
        *sum += number;
        number = *sum;
        seL4_Word sender = badge;
        seL4_ReplyRecvWithMRs(SERVER_ENDPOINT, seL4_MessageInfo_new(0, 0, 0, 2), &badge, &number, &sender,
                              NULL, NULL);
    }
}

/* Makes an address space, and maps this program's code and constants and a private page in it. */
static seL4_CPtr new_server_vspace(void)
{
    seL4_CPtr vspace = simple_new_vspace();
    seL4_CPtr page = simple_object(seL4_RISCV_4K_Page, 0);

    if (!exists(vspace && page, "no new address space")) {
        return seL4_CapNull;
    }
    for (seL4_Word address = (seL4_Word)__image_start; address < (seL4_Word)__rodata_end;
         address += LIBSEL4_BIT(seL4_PageBits)) {
        seL4_CPtr frame = simple_mint(sel4_image_frame((void *)address), seL4_CanRead, 0);

        if (!exists(frame, "no copy of a code page") ||
            !worked(simple_map_page(vspace, frame, address, seL4_CanRead, seL4_RISCV_Default_VMAttributes),
                    "map a code page")) {
            return seL4_CapNull;
        }
    }
    if (!worked(simple_map_page(vspace, page, SERVER_PAGE, seL4_ReadWrite, seL4_RISCV_ExecuteNever),
                "map the private page")) {
        return seL4_CapNull;
    }
    return vspace;
}

/* Makes a CNode with one capability, which receives from the endpoint. */
static seL4_CPtr new_server_cnode(seL4_CPtr endpoint)
{
    seL4_CPtr cnode = simple_object(seL4_CapTableObject, SERVER_CNODE_BITS);

    if (!exists(cnode, "no CNode") ||
        !worked(seL4_CNode_Copy(cnode, SERVER_ENDPOINT, SERVER_CNODE_BITS, seL4_CapInitThreadCNode, endpoint,
                                seL4_WordBits, seL4_CanRead),
                "give the server its endpoint")) {
        return seL4_CapNull;
    }
    return cnode;
}

static bool start_server(seL4_CPtr endpoint)
{
    seL4_CPtr tcb = simple_object(seL4_TCBObject, 0);
    seL4_CPtr vspace = new_server_vspace();
    seL4_CPtr cnode = new_server_cnode(endpoint);
    seL4_Word guard = seL4_CNode_CapData_new(0, seL4_WordBits - SERVER_CNODE_BITS).words[0];
    seL4_UserContext registers = {
        .pc = (seL4_Word)server_main,
        .sp = SERVER_PAGE + LIBSEL4_BIT(seL4_PageBits),
    };

    return exists(tcb && vspace && cnode, "no thread for the server") &&
           worked(seL4_TCB_Configure(tcb, 0, cnode, guard, vspace, 0, 0, 0), "configure the server") &&
           worked(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY), "set its priority") &&
           worked(seL4_TCB_WriteRegisters(tcb, seL4_True, 0, ABI_REG_COUNT, &registers), "start it");
}

bool call_server(void)
{
    static const seL4_Word numbers[] = { 10, 20, 12 };
    seL4_CPtr endpoint = simple_object(seL4_EndpointObject, 0);
    seL4_CPtr client = simple_mint(endpoint, seL4_AllRights, CLIENT_BADGE);
    seL4_Word expected = 0;

    if (!exists(client, "no endpoint") || !start_server(endpoint)) {
        return false;
    }
    say("the server runs; its variable is at 0x%lx, where we have nothing", SERVER_PAGE);

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        seL4_Word answer = numbers[i], badge = 0;

        seL4_CallWithMRs(client, seL4_MessageInfo_new(0, 0, 0, 1), &answer, &badge, NULL, NULL);
        expected += numbers[i];
        say("sent %lu, the sum is now %lu; the server knows us as %lu", numbers[i], answer, badge);
        if (!exists(answer == expected && badge == CLIENT_BADGE, "the answer is wrong")) {
            return false;
        }
    }
    return true;
}
