/*
 * The longest operations that programs can ask the kernel for. The tests only see that each does what it
 * should; how long a hart kept interrupts waiting meanwhile is what the plugin measures (tests/latency/).
 */
#pragma once

#include "test.h"

#define CNODE seL4_CapInitThreadCNode
#define DEPTH seL4_WordBits

/* Memory out of BootInfo's untypeds, for more than the arena holds. It is given back to the next test by
 * big_reset(). */
seL4_CPtr big_memory(seL4_Word size_bits);
void big_reset(void);

/* Deletes a capability of the root CNode. */
void delete_cap(seL4_CPtr cap);

/* A thread on every other hart that runs in the root task's address space, in user mode. */
void occupy_other_harts(void);
