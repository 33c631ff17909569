/*
 * Interrupts as capabilities: control, handlers, and delivery to notifications.
 */
#pragma once

#include "cap/slot.h"

struct hart;

/* Sets the last source of the interrupt controller, and the largest number that a range error names. */
void irq_init(unsigned last_source, unsigned highest);

/* Returns the slot for the notification of an interrupt, at most ABI_IRQ_LAST_DEVICE. For kernel/check/. */
struct slot *irq_notification_slot(unsigned irq);

/* Claims and delivers one external interrupt of this hart. Others interrupt again, so that a source which is
 * always pending cannot keep the hart in the kernel. */
void irq_deliver(struct hart *hart);

/* Called before a notification capability is deleted. If the slot is that of an interrupt, the interrupt is
 * completed. */
void irq_notification_removed(const struct slot *slot);
