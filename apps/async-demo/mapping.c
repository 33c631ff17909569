/*
 * Mapping a page table and a page, unmapping them, and accesses without the mapping.
 */
#include "demo.h"

/* An address without a page table. */
#define ADDRESS 0x2000000ul

#define VALUE 10000000

/* Content of the page. */
struct record {
    seL4_Word first;
    seL4_Word number;
};

static void set_number(struct record *record, seL4_Word number)
{
    record->number = number;
}

static seL4_Word get_number(const struct record *record)
{
    return record->number;
}

/* Expects that exactly one fault has come since, at this address and with this cause. */
static void expect_fault(unsigned count_before, seL4_Word address, seL4_Word cause)
{
    const struct fault *fault = last_fault();

    expect("faults since then", 1, fault->count - count_before);
    expect("the last one's type (virtual memory)", seL4_Fault_VMFault, fault->type);
    expect("its cause (7: a store, 5: a load)", cause, fault->cause);
    expect("its address", address, fault->address);
}

void show_mapping(void)
{
    struct record *record = (struct record *)ADDRESS;
    seL4_CPtr untyped = simple_object(seL4_UntypedObject, 13);
    seL4_CPtr table = simple_alloc_slot(), frame = simple_alloc_slot();
    unsigned faults = last_fault()->count;

    expect_error(
        "Untyped Retype to a page table", seL4_NoError,
        rel4_untyped_retype(untyped, seL4_RISCV_PageTableObject, 0, seL4_CapInitThreadCNode, 0, 0, table, 1));
    expect_error(
        "PageTable Map", seL4_NoError,
        rel4_page_table_map(table, seL4_CapInitThreadVSpace, ADDRESS, seL4_RISCV_Default_VMAttributes));
    expect_error(
        "Untyped Retype to a frame", seL4_NoError,
        rel4_untyped_retype(untyped, seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0, frame, 1));
    expect_error(
        "Page Map", seL4_NoError,
        rel4_page_map(frame, seL4_CapInitThreadVSpace, ADDRESS, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    expect("the number in the new page", 0, get_number(record));
    set_number(record, VALUE);
    expect("the number after it was set", VALUE, get_number(record));
    expect("faults so far", 0, last_fault()->count - faults);

    expect_error("Page Unmap", seL4_NoError, rel4_page_unmap(frame));
    say("now a store to 0x%lx:", ADDRESS + sizeof(seL4_Word));
    try_store(ADDRESS + sizeof(seL4_Word), VALUE);
    expect_fault(faults, ADDRESS + sizeof(seL4_Word), seL4_VMFault_FSR_Store);

    expect_error(
        "Page Map, the same page once more", seL4_NoError,
        rel4_page_map(frame, seL4_CapInitThreadVSpace, ADDRESS, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    expect("the number is still there", VALUE, get_number(record));
    expect_error("PageTable Unmap", seL4_NoError, rel4_page_table_unmap(table));
    faults = last_fault()->count;
    try_load(ADDRESS);
    expect_fault(faults, ADDRESS, seL4_VMFault_FSR_Load);
}

void show_control(void)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);
    unsigned faults = last_fault()->count;

    /* Without the page table this must fail. */
    expect_error(
        "Page Map where no page table is", seL4_FailedLookup,
        rel4_page_map(frame, seL4_CapInitThreadVSpace, ADDRESS, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    expect("log2 of the bytes whose table is missing", 21, rel4_error_word(2));
    try_store(ADDRESS, VALUE);
    expect_fault(faults, ADDRESS, seL4_VMFault_FSR_Store);
    faults = last_fault()->count;
    try_load(ADDRESS);
    expect_fault(faults, ADDRESS, seL4_VMFault_FSR_Load);
}
