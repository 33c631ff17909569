/*
 * Page and page-table operations.
 */
#include "kernel.h"

#define VADDR       0x2000000
#define OTHER_VADDR 0x2200000

#define ROOT seL4_CapInitThreadVSpace
#define ATTR seL4_RISCV_Default_VMAttributes

void measure_memory(void)
{
    seL4_CPtr frame = new_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr table = new_object(seL4_RISCV_PageTableObject, 0);
    seL4_CapRights_t rights = seL4_ReadWrite;

    require(simple_map_page(ROOT, frame, VADDR, rights, ATTR), "page table set-up");
    require(seL4_RISCV_Page_Unmap(frame), "Unmap");
    MEASURE("Page Map 4 KiB", 772, , seL4_RISCV_Page_Map(frame, ROOT, VADDR, rights, ATTR),
            seL4_RISCV_Page_Unmap(frame));
    MEASURE("Page Unmap", 716, seL4_RISCV_Page_Map(frame, ROOT, VADDR, rights, ATTR),
            seL4_RISCV_Page_Unmap(frame), );
    MEASURE(
        "Page Map + Page Unmap, one round", 1492, , {
            seL4_RISCV_Page_Map(frame, ROOT, VADDR, rights, ATTR);
            seL4_RISCV_Page_Unmap(frame);
        }, );
    require(seL4_RISCV_Page_Map(frame, ROOT, VADDR, rights, ATTR), "Map");
    MEASURE("Page Map again at the same address", 791, ,
            seL4_RISCV_Page_Map(frame, ROOT, VADDR, rights, ATTR), );
    MEASURE("Page GetAddress", 566, , seL4_RISCV_Page_GetAddress(frame), );
    MEASURE("PageTable Map", 710, , seL4_RISCV_PageTable_Map(table, ROOT, OTHER_VADDR, ATTR),
            seL4_RISCV_PageTable_Unmap(table));
    MEASURE("PageTable Unmap", 2358, seL4_RISCV_PageTable_Map(table, ROOT, OTHER_VADDR, ATTR),
            seL4_RISCV_PageTable_Unmap(table), );
}
