/*
 * Interrupts as capabilities: control, handlers, and delivery to notifications.
 */
#pragma once

#include "cap/slot.h"

struct hart;

/* last_source: of the interrupt controller; highest: the largest number that a program may name in an error
 * range. */
void irq_init(unsigned last_source, unsigned highest);

/* Where the capability of the notification that an interrupt signals is kept; irq is at most
 * ABI_IRQ_LAST_DEVICE. For those who check that everything is in order. */
struct slot *irq_notification_slot(unsigned irq);

/* Takes and delivers one external interrupt that waits for this hart. If more wait, they interrupt again, so
 * that a source which is always ready cannot keep the kernel to itself. */
void irq_deliver(struct hart *hart);

/* A notification capability disappears from a slot; if an interrupt would have been delivered there, it is
 * over. */
void irq_notification_removed(const struct slot *slot);
