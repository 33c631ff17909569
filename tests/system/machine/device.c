#include "device.h"

#define DEVICES     0x3000000000
#define MAX_DEVICES 4

volatile void *device_registers(seL4_Word paddr)
{
    static seL4_Word known[MAX_DEVICES];

    for (seL4_Word i = 0; i < MAX_DEVICES; i++) {
        seL4_Word vaddr = DEVICES + (i << seL4_PageBits);

        if (!known[i]) {
            seL4_CPtr frame = simple_device_frame(paddr);
            CHECK(frame != seL4_CapNull);
            CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, frame, vaddr, seL4_ReadWrite,
                                     seL4_RISCV_ExecuteNever));
            CHECK_EQUAL(seL4_RISCV_Page_GetAddress(frame).paddr, paddr);
            known[i] = paddr;
        }
        if (known[i] == paddr) {
            return (volatile void *)vaddr;
        }
    }
    CHECK(!"room for another device");
    return NULL;
}
