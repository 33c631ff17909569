/*
 * Device interrupts (docs/interface.md, interrupts).
 *
 * A level-triggered source is claimed at delivery and completed by Ack, so that it does not interrupt again
 * before its driver is done. An edge-triggered source is completed at once. A source without a notification
 * is completed and masked until a notification is set, so that a device that keeps asserting it cannot stop
 * the hart.
 */
#include "object/irq.h"

#include "arch/interrupts.h"
#include "cap/delete.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/objects.h"
#include "object/request.h"
#include "thread/hart.h"

struct irq {
    struct slot notification;   /* copy of the capability that is signalled */
    const struct hart *enabled; /* hart that it interrupts; NULL if there is no handler */
    const struct hart *claimed; /* hart that claimed it, until Ack */
    bool edge;
};

_Static_assert(offsetof(struct irq, notification) == 0, "irq_notification_removed() finds it by its slot");

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
        /* An interrupt that came in between may have been lost. */
        receiver_wake_interrupt();
        return;
    }
    /* 0: another hart has claimed it. */
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

static enum progress perform_get(const struct request *request, const struct operation *operation)
{
    unsigned number = (unsigned)operation->index;
    struct irq *irq = &irqs[number];

    irq->enabled = request->thread->hart;
    irq->edge = operation->value;
    interrupt_configure(irq->enabled, number, irq->edge);
    interrupt_enable(irq->enabled, number);
    slot_insert(operation->target, cap_make(CAP_IRQ_HANDLER, number), request->slot);
    return DONE;
}

/* Get; and GetTrigger, which has one more word. */
static word_t decode_get(const struct request *request, struct operation *operation, struct result *result)
{
    bool with_trigger = request->label == LABEL_IRQ_CONTROL_GET_TRIGGER;
    unsigned next = with_trigger ? 2 : 1;
    word_t irq = request_word(request, 0);

    if (irq < 1 || irq > highest_irq) {
        return error_range(result, 1, highest_irq);
    }
    if (irq > last_irq || irqs[irq].enabled || irq == uintc.wake_source || slot_is_revoked(request->slot)) {
        return ERR_REVOKE_FIRST;
    }
    operation->index = irq;
    operation->value = with_trigger && request_word(request, 1) != 0;
    return request_lookup_empty_slot(request->extra[0]->cap, request_word(request, next),
                                     request_word(request, next + 1), &operation->target, result);
}

static enum progress perform_ack(const struct request *request, const struct operation *operation)
{
    complete(irq_handler_irq(request->cap));
    return DONE;
}

static enum progress perform_clear(const struct request *request, const struct operation *operation)
{
    return slot_delete(&irqs[irq_handler_irq(request->cap)].notification);
}

static enum progress perform_set_notification(const struct request *request,
                                              const struct operation *operation)
{
    unsigned number = irq_handler_irq(request->cap);
    struct irq *irq = &irqs[number];
    struct slot *source = request->extra[0];

    if (slot_delete(&irq->notification) == AGAIN) {
        return AGAIN;
    }
    slot_insert(&irq->notification, source->cap, source);
    interrupt_enable(irq->enabled, number);
    return DONE;
}

static word_t decode_set_notification(const struct request *request, struct operation *operation,
                                      struct result *result)
{
    return slot_can_signal(request->extra[0]) ? ERR_NONE : error_invalid_capability(result, 0);
}

/* An interrupt holds a notification. Below finalise_handler(), finalise leads to finalise_notification() or
 * finalise_closed() only. */
static struct remains finalise_handler(struct cap cap, struct slot *slot)
{
    unsigned number = irq_handler_irq(cap);

    if (slot_is_last(slot)) {
        if (slot_delete(&irqs[number].notification) == AGAIN) {
            return (struct remains){ .again = true };
        }
        complete(number);
        interrupt_disable(irqs[number].enabled, number);
        irqs[number].enabled = NULL;
    }
    return (struct remains){ 0 };
}

static const struct invocation control_invocations[] = {
    { LABEL_IRQ_CONTROL_GET, 3, 1, decode_get, perform_get },
};

static const struct invocation control_others[] = {
    { LABEL_IRQ_CONTROL_GET_TRIGGER, 4, 1, decode_get, perform_get },
};

const struct cap_ops irq_control_ops = {
    .name = "irq control",
    INVOCATIONS(control_invocations),
    OTHERS(control_others),
    .derive = derive_nothing,
};

static const struct invocation handler_invocations[] = {
    { LABEL_IRQ_HANDLER_ACK, 0, 0, NULL, perform_ack },
    { LABEL_IRQ_HANDLER_SET_NOTIFICATION, 0, 1, decode_set_notification, perform_set_notification },
    { LABEL_IRQ_HANDLER_CLEAR, 0, 0, NULL, perform_clear },
};

const struct cap_ops irq_handler_ops = {
    .name = "irq handler",
    INVOCATIONS(handler_invocations),
    .finalise = finalise_handler,
};
