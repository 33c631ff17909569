/*
 * Loads and stores that are not aligned, on purpose, for tests/boot/alignment.t, which knows from their names
 * what must be found. Aligned and atomic ones must not be.
 */
#include "actor.h"

#define ACCESS(name, instruction)                      \
    void name(void *);                                 \
    __asm__(".section .text." #name ", \"ax\"\n"       \
            ".globl " #name "\n"                       \
            ".type " #name ", @function\n" #name ":\n" \
            "    " instruction "\n"                    \
            "    ret\n"                                \
            ".previous\n")

ACCESS(store_8_bytes, "sd zero, 4(a0)");
ACCESS(store_4_bytes, "sw zero, 2(a0)");
ACCESS(store_2_bytes, "sh zero, 7(a0)");
ACCESS(load_8_bytes, "ld a0, 1(a0)");
ACCESS(load_4_bytes, "lw a0, 6(a0)");
ACCESS(load_2_bytes, "lhu a0, 1(a0)");
ACCESS(load_8_float, "fld ft0, 4(a0)");
ACCESS(load_8_compressed, "c.ld a0, 0(a0)");

ACCESS(aligned_8_bytes, "sd zero, 8(a0)");
ACCESS(aligned_4_bytes, "lw a0, 4(a0)");
ACCESS(aligned_2_bytes, "lh a0, 6(a0)");
ACCESS(aligned_1_byte, "sb zero, 3(a0)");

ACCESS(atomic_8_bytes, "amoadd.d a1, a1, (a0)");
ACCESS(atomic_4_bytes, "amoswap.w a1, a1, (a0)");
ACCESS(reserved_8_bytes, "lr.d a1, (a0)");

static _Alignas(8) char bytes[32];

TEST("QEMU performs loads and stores that are not aligned")
{
    store_8_bytes(bytes);
    store_4_bytes(bytes);
    store_2_bytes(bytes);
    load_8_bytes(bytes);
    load_4_bytes(bytes);
    load_2_bytes(bytes);
    load_8_float(bytes);
    load_8_compressed(bytes + 2);
    load_8_compressed(bytes + 2);
}

TEST("and of course those that are")
{
    aligned_8_bytes(bytes);
    aligned_4_bytes(bytes);
    aligned_2_bytes(bytes);
    aligned_1_byte(bytes);
}

/* Runs the code with an address that is a multiple of 2 only. Which of the two causes it is differs. */
static void check_faults(void (*code)(void *))
{
    struct actor actor = actor_new();

    actor.set.a0 = (seL4_Word)bytes + 2;
    actor_run(&actor, (const char *)code);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, seL4_Fault_UserException);
    CHECK_EQUAL(actor.words[0], (seL4_Word)code);
    CHECK(actor.words[2] == 4 || actor.words[2] == 6);
    test_reset();
}

TEST("3.4 UserException, load or store misaligned: 4 or 6; atomic ones, which QEMU does not perform either")
{
    check_faults(atomic_8_bytes);
    check_faults(atomic_4_bytes);
    check_faults(reserved_8_bytes);
}
