/*
 * The operations of each capability type, for the table in objects.c. Each is defined in the file of its
 * object.
 */
#pragma once

#include "cap/ops.h"

extern const struct cap_ops asid_control_ops, asid_pool_ops, async_queue_ops, cnode_ops, domain_ops,
    frame_ops, irq_control_ops, irq_handler_ops, page_table_ops, sender_entry_ops, sender_table_ops, tcb_ops,
    untyped_ops;
