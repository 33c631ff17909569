/*
 * Calls to the firmware (RISC-V SBI 0.2 and later, plus the legacy console output, which every firmware has).
 */
#pragma once

#include "lib/types.h"

/* Returns whether the firmware has an extension, by its number in sbi_numbers.h. */
bool sbi_has(word_t extension);

void sbi_put_char(char c);

/* The other hart sees everything that this hart has stored before one of the following calls. */

/* Starts a stopped hart at a physical address with a1 = argument. Returns 0 or a negative SBI error. */
long sbi_hart_start(word_t hart_id, word_t phys_address, word_t argument);

/* Executes sfence.vma on other harts, base + i for each bit i of the mask, for size bytes at start in
 * one ASID; size -1 means all addresses. Returns when the harts have done so. */
void sbi_remote_sfence_asid(word_t mask, word_t base, word_t start, word_t size, word_t asid);

/* Turns the machine off if the firmware has the extension SRST. */
void sbi_system_reset(bool failure);

/* The call of older firmware: turns the machine off, or stops this hart for ever. */
_Noreturn void sbi_legacy_shutdown(void);
