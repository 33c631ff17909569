/*
 * Helpers of these tests.
 */
#include "objects.h"

#define JUNK 0x6a756e6b00000000ul

struct answer invoke(seL4_CPtr cap, struct message message)
{
    struct answer answer = { .registers_kept = true };
    seL4_Word in[4];

    for (unsigned i = 0; i < 4; i++) {
        in[i] = i < message.length || message.word[i] ? message.word[i] : JUNK + i;
        seL4_SetMR((int)i + 4, message.word[i + 4]);
    }
    for (unsigned i = 0; i < 3; i++) {
        seL4_SetCap((int)i, i < message.caps ? message.cap[i] : JUNK + i);
    }
    struct sel4_registers registers = {
        cap, message.label << 12 | message.caps << 7 | message.length, in[0], in[1], in[2], in[3],
    };
    registers = sel4_trap_call(seL4_SysCall, registers);
    seL4_Word out[] = { registers.mr0, registers.mr1, registers.mr2, registers.mr3 };

    answer.badge = registers.badge;
    answer.info = registers.info;
    for (unsigned i = 0; i < 4; i++) {
        answer.word[i] = out[i];
        answer.word[i + 4] = seL4_GetMR((int)i + 4);
        if (i >= (registers.info & 127) && out[i] != in[i]) {
            answer.registers_kept = false;
        }
    }
    return answer;
}

void expect(const char *file, int line, const char *what, struct answer answer, unsigned count,
            const seL4_Word *expected)
{
    seL4_Word info = expected[0] << 12 | (count - 1);

    if (answer.info != info) {
        test_fail(file, line, "%s: error %lu with %lu words (info 0x%lx), expected error %lu with %u words",
                  what, answer.info >> 12, answer.info & 127, answer.info, expected[0], count - 1);
        return;
    }
    if (answer.badge != 0) {
        test_fail(file, line, "%s: badge 0x%lx, expected 0", what, answer.badge);
    }
    if (!answer.registers_kept) {
        test_fail(file, line, "%s: changed registers beyond the length of the answer", what);
    }
    for (unsigned i = 0; i < count - 1; i++) {
        if (answer.word[i] != expected[i + 1]) {
            test_fail(file, line, "%s: word %u is 0x%lx, expected 0x%lx", what, i, answer.word[i],
                      expected[i + 1]);
        }
    }
}

struct message retype_message(seL4_Word type, seL4_Word size_bits, seL4_Word offset, seL4_Word num)
{
    return (struct message){
        .label = UntypedRetype,
        .length = 6,
        .word = { type, size_bits, 0, 0, offset, num },
        .caps = 1,
        .cap = { ROOT },
    };
}

struct message retype_into(seL4_CPtr root, seL4_Word index, seL4_Word depth, seL4_Word offset, seL4_Word num)
{
    struct message message = retype_message(seL4_EndpointObject, 0, offset, num);

    message.word[2] = index;
    message.word[3] = depth;
    message.cap[0] = root;
    return message;
}

struct message slot_message(seL4_Word label, seL4_Word index, seL4_Word depth)
{
    return (struct message){ .label = label, .length = 2, .word = { index, depth } };
}

static seL4_Word transfer_length(seL4_Word label)
{
    switch (label) {
    case CNodeMove:
        return 4;
    case CNodeMint:
        return 6;
    default:
        return 5;
    }
}

struct message transfer_message(seL4_Word label, seL4_CPtr target, seL4_CPtr source)
{
    return (struct message){
        .label = label,
        .length = transfer_length(label),
        .word = { target, DEPTH, source, DEPTH, label == CNodeMutate ? 0 : ALL },
        .caps = 1,
        .cap = { ROOT },
    };
}

struct message rotate_message(seL4_CPtr target, seL4_CPtr pivot, seL4_CPtr source)
{
    return (struct message){
        .label = CNodeRotate,
        .length = 8,
        .word = { target, DEPTH, 0, pivot, DEPTH, 0, source, DEPTH },
        .caps = 2,
        .cap = { ROOT, ROOT },
    };
}

seL4_Error copy_to(seL4_CPtr target, seL4_CPtr source)
{
    return seL4_CNode_Copy(ROOT, target, DEPTH, ROOT, source, DEPTH, seL4_AllRights);
}

seL4_Error move_to(seL4_CPtr target, seL4_CPtr source)
{
    return seL4_CNode_Move(ROOT, target, DEPTH, ROOT, source, DEPTH);
}

seL4_Error delete_cap(seL4_CPtr slot)
{
    return seL4_CNode_Delete(ROOT, slot, DEPTH);
}

seL4_Error revoke_cap(seL4_CPtr slot)
{
    return seL4_CNode_Revoke(ROOT, slot, DEPTH);
}

seL4_CPtr copy_of(seL4_CPtr source)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(copy_to(slot, source));
    return slot;
}

seL4_CPtr badged(seL4_CPtr source, seL4_Word badge)
{
    return test_mint(source, seL4_AllRights, badge);
}

seL4_CPtr guarded(seL4_CPtr source, seL4_Word guard, seL4_Word guard_size)
{
    return test_mint(source, seL4_AllRights, seL4_CNode_CapData_new(guard, guard_size).words[0]);
}

/* A move onto itself changes nothing: the target is in use, or the source empty. */
bool is_empty_in(seL4_CPtr node, seL4_Word index, seL4_Word depth)
{
    seL4_Error error = seL4_CNode_Move(node, index, (seL4_Uint8)depth, node, index, (seL4_Uint8)depth);

    if (error != seL4_DeleteFirst) {
        CHECK_EQUAL(error, seL4_FailedLookup);
        CHECK_EQUAL(seL4_GetMR(1), seL4_MissingCapability);
    }
    return error == seL4_FailedLookup;
}

bool is_empty(seL4_CPtr slot)
{
    return is_empty_in(ROOT, slot, DEPTH);
}

seL4_CPtr new_cnode(seL4_Word radix)
{
    return test_object(seL4_CapTableObject, radix);
}

seL4_CPtr make(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_Untyped_Retype(untyped, type, size_bits, ROOT, 0, 0, slot, 1));
    return slot;
}

seL4_CPtr new_cnode_from(seL4_CPtr untyped, seL4_Word radix)
{
    return make(untyped, seL4_CapTableObject, radix);
}

void put(seL4_CPtr node, seL4_Word index, seL4_Word depth, seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Move(node, index, (seL4_Uint8)depth, ROOT, cap, DEPTH));
}

void put_copy(seL4_CPtr node, seL4_Word index, seL4_Word depth, seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Copy(node, index, (seL4_Uint8)depth, ROOT, cap, DEPTH, seL4_AllRights));
}

seL4_Word free_bytes(seL4_CPtr untyped)
{
    seL4_Error error =
        seL4_Untyped_Retype(untyped, seL4_UntypedObject, seL4_MaxUntypedBits, ROOT, 0, 0, test_slot(), 1);

    CHECK_EQUAL(error, seL4_NotEnoughMemory);
    return seL4_GetMR(0);
}

/* Only an untyped without children can be copied. */
bool is_childless(seL4_CPtr untyped)
{
    seL4_CPtr slot = test_slot();
    seL4_Error error = copy_to(slot, untyped);

    if (error != seL4_RevokeFirst) {
        CHECK_OK(error);
    }
    CHECK_OK(delete_cap(slot));
    return error == seL4_NoError;
}

seL4_Word page_address(seL4_CPtr page)
{
    seL4_RISCV_Page_GetAddress_t result = seL4_RISCV_Page_GetAddress(page);

    CHECK_OK(result.error);
    return result.paddr;
}

void *map(seL4_CPtr page, seL4_Word vaddr)
{
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, vaddr, seL4_ReadWrite,
                             seL4_RISCV_Default_VMAttributes));
    return (void *)vaddr;
}

seL4_CPtr device_untyped(seL4_Word bits)
{
    for (seL4_Word i = 0; i < test_bootinfo->untyped.end - test_bootinfo->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i];
        if (desc->isDevice && desc->sizeBits >= bits) {
            return test_bootinfo->untyped.start + i;
        }
    }
    test_fail(__FILE__, __LINE__, "no device untyped of 2^%lu bytes", bits);
    return seL4_CapNull;
}

seL4_CPtr new_device_untyped(seL4_Word bits)
{
    return make(device_untyped(bits > 30 ? bits : 30), seL4_UntypedObject, bits);
}

static void make_call(void *arg)
{
    struct probe *probe = arg;

    probe->out = sel4_trap_call((seL4_Syscall_ID)probe->number, probe->in);
    probe->returned = true;
    __asm__ volatile("ebreak"); /* its CSpace may have nothing to stop itself with */
}

struct test_thread *probe_create(struct probe *probe, seL4_CPtr fault_ep)
{
    return test_thread_create(make_call, probe, TEST_PRIORITY + 1, fault_ep);
}

void probe_run(struct probe *probe, seL4_CPtr fault_ep)
{
    test_thread_start(probe_create(probe, fault_ep));
}

seL4_Word poll(seL4_CPtr notification)
{
    seL4_Word badge = 0;

    seL4_Poll(notification, &badge);
    return badge;
}

struct answer call(seL4_CPtr cap)
{
    return invoke(cap, (struct message){ 0 });
}
