/*
 * Device interrupts (docs/interface.md, interrupts).
 *
 * A level-triggered source is claimed at delivery and completed by Ack, so it does not interrupt again before
 * its driver is done; an edge-triggered one is completed at once. A source whose interrupt nobody wants is
 * completed too, and masked until a notification is set, so that a device that keeps asserting it cannot stop
 * the hart.
 */
#include "object/irq.h"

#include "arch/interrupts.h"
#include "cap/delete.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/request.h"
#include "thread/hart.h"

struct irq {
    struct slot notification;   /* a copy of the capability that is signalled */
    const struct hart *enabled; /* the hart that it interrupts; NULL if no handler was issued */
    const struct hart *claimed; /* the hart that claimed it and waits for Ack */
    bool edge;
};

static struct irq irqs[ABI_IRQ_LAST_DEVICE + 1];
static unsigned last_irq;
static unsigned highest_irq;

void irq_init(unsigned last_source, unsigned highest)
{
    last_irq = last_source < ABI_IRQ_LAST_DEVICE ? last_source : ABI_IRQ_LAST_DEVICE;
    highest_irq = highest;
}

struct slot *irq_notification_slot(unsigned irq)
{
    return &irqs[irq].notification;
}

static void complete(unsigned irq)
{
    if (irqs[irq].claimed) {
        interrupt_complete(irqs[irq].claimed, irq);
        irqs[irq].claimed = NULL;
    }
}

static void deliver(const struct hart *hart, unsigned irq)
{
    struct cap cap = irqs[irq].notification.cap;

    irqs[irq].claimed = hart;
    if (!cap_is(cap, CAP_NOTIFICATION)) {
        complete(irq);
        interrupt_disable(hart, irq);
        return;
    }
    if (irqs[irq].edge) {
        complete(irq);
    }
    notification_signal(cap_object(cap), cap_badge(cap));
}

void irq_deliver(struct hart *hart)
{
    unsigned irq = interrupt_claim(hart);

    if (unlikely(irq == uintc.wake_source) && irq) {
        receiver_wake_interrupt();
        interrupt_complete(hart, irq);
        /* What came in between may not have interrupted again. */
        receiver_wake_interrupt();
        return;
    }
    /* Another hart may have claimed it: 0. */
    if (irq - 1 < last_irq) {
        deliver(hart, irq);
    }
}

void irq_notification_removed(const struct slot *slot)
{
    const struct irq *irq = (const struct irq *)slot;

    if (unlikely(irq >= irqs && irq < irqs + ARRAY_SIZE(irqs))) {
        complete((unsigned)(irq - irqs));
    }
}

static enum progress perform_get(struct operation *operation, struct result *result)
{
    struct irq *irq = &irqs[operation->irq.irq];

    irq->enabled = operation->irq.hart;
    irq->edge = operation->irq.edge;
    interrupt_configure(irq->enabled, operation->irq.irq, irq->edge);
    interrupt_enable(irq->enabled, operation->irq.irq);
    slot_insert(operation->irq.target, cap_make(CAP_IRQ_HANDLER, operation->irq.irq), operation->irq.control);
    return DONE;
}

/* Get and GetTrigger, which has one more word. */
static word_t decode_control(const struct request *request, struct operation *operation,
                             struct result *result)
{
    bool with_trigger = request->label == LABEL_IRQ_CONTROL_GET_TRIGGER;
    unsigned next = with_trigger ? 2 : 1;

    if (!with_trigger && request->label != LABEL_IRQ_CONTROL_GET) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (request->length < next + 2 || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t irq = request_word(request, 0);
    if (irq < 1 || irq > highest_irq) {
        return error_range(result, 1, highest_irq);
    }
    if (irq > last_irq || irqs[irq].enabled || irq == uintc.wake_source || slot_is_revoked(request->slot)) {
        return ERR_REVOKE_FIRST;
    }
    word_t error = request_lookup_empty_slot(request->extra[0]->cap, request_word(request, next),
                                             request_word(request, next + 1), &operation->irq.target, result);
    if (error) {
        return error;
    }
    operation->irq.irq = (unsigned)irq;
    operation->irq.edge = with_trigger && request_word(request, 1) != 0;
    operation->irq.control = request->slot;
    operation->irq.hart = request->thread->hart;
    operation->perform = perform_get;
    return ERR_NONE;
}

static enum progress perform_ack(struct operation *operation, struct result *result)
{
    complete(operation->irq.irq);
    return DONE;
}

static enum progress perform_clear(struct operation *operation, struct result *result)
{
    return slot_delete(&irqs[operation->irq.irq].notification);
}

static enum progress perform_set_notification(struct operation *operation, struct result *result)
{
    struct irq *irq = &irqs[operation->irq.irq];
    struct slot *source = operation->irq.notification;

    if (slot_delete(&irq->notification) == AGAIN) {
        return AGAIN;
    }
    slot_insert(&irq->notification, source->cap, source);
    interrupt_enable(irq->enabled, operation->irq.irq);
    return DONE;
}

static APART word_t decode_set_notification(const struct request *request, struct operation *operation,
                                            struct result *result)
{
    if (request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct cap cap = request->extra[0]->cap;
    if (!cap_is(cap, CAP_NOTIFICATION) || !cap_allows(cap, ABI_RIGHT_WRITE) ||
        slot_is_revoked(request->extra[0])) {
        return error_invalid_capability(result, 0);
    }
    operation->irq.notification = request->extra[0];
    operation->perform = perform_set_notification;
    return ERR_NONE;
}

static word_t decode_handler(const struct request *request, struct operation *operation,
                             struct result *result)
{
    operation->irq.irq = irq_handler_irq(request->cap);
    switch (request->label) {
    case LABEL_IRQ_HANDLER_ACK:
        operation->perform = perform_ack;
        return ERR_NONE;
    case LABEL_IRQ_HANDLER_CLEAR:
        operation->perform = perform_clear;
        return ERR_NONE;
    case LABEL_IRQ_HANDLER_SET_NOTIFICATION:
        return decode_set_notification(request, operation, result);
    default:
        return ERR_ILLEGAL_OPERATION;
    }
}

/* An interrupt holds a notification. Below finalise_handler(), finalise leads to finalise_notification() or
 * finalise_closed() only. */
static struct remains finalise_handler(struct cap cap, struct slot *slot, bool last)
{
    unsigned number = irq_handler_irq(cap);

    if (last) {
        if (slot_delete(&irqs[number].notification) == AGAIN) {
            return (struct remains){ .again = true };
        }
        complete(number);
        interrupt_disable(irqs[number].enabled, number);
        irqs[number].enabled = NULL;
    }
    return (struct remains){ 0 };
}

static word_t derive_control(const struct slot *slot, struct cap cap, struct cap *derived)
{
    *derived = cap_null();
    return ERR_NONE;
}

const struct cap_ops irq_control_ops = {
    .name = "irq control",
    .decode = decode_control,
    .derive = derive_control,
};

const struct cap_ops irq_handler_ops = {
    .name = "irq handler",
    .decode = decode_handler,
    .finalise = finalise_handler,
};
