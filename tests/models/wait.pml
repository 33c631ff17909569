/*
 * A thread that waits for user interrupts: no signal is lost between its look at what its handler has recorded and
 * the system call that blocks, nor between the kernel's look at the pending word and the block; and none is taken
 * twice. In lib/rel4 these are rel4_wait(), rel4_check_and_receive() and rel4_uintr_entry; in the kernel, Wait.
 *
 * Options, the backend: HARDWARE, whose controller interrupts the kernel for a blocked receiver; PLAIN, where the
 * timer tick looks; EMULATED, where the kernel makes every send. SPINS: the thread looks at what is recorded and does
 * not call the kernel. LIVE: asks whether all signals are taken under weak fairness, not only whether something gets
 * stuck.
 * Defects: WITHOUT_RESTART (the handler leaves uepc as it is), WITHOUT_KERNEL_LOOK (blocks although bits are
 * pending), EARLY_KERNEL_LOOK (looks before the slot is in its wake mode), LATE_CLEAR (the handler clears USIP after
 * it has read the pending word).
 */
#define SENDERS 2
#define SIGNALS 2 /* of each sender, which waits until one is taken before it sends the next */

/* The receiver's slot in the controller, or what the kernel has in its place. */
byte pending;     /* a bit for each sender */
bool on_hart = true; /* its thread runs */
bool wake_kernel; /* a send shall interrupt the kernel */
bool kernel_interrupt;

bool usip; /* the interrupt of the thread's hart; any handler's entry clears it */

/* The thread: in user mode, in user mode having looked at recorded, in the kernel, blocked there. */
mtype = { runs, has_looked, calls, waits };
mtype place = runs;
bool in_handler;
byte recorded; /* by the handler, for the thread */
byte taken[SENDERS];

#define ALL_TAKEN      (taken[0] == SIGNALS && taken[1] == SIGNALS)
#define IN_USER_MODE   (!in_handler && (place == runs || place == has_looked))
#define KERNEL_IS_FREE (place != calls) /* the kernel lock */

active [SENDERS] proctype sender()
{
    byte sent;

    do
    :: sent == SIGNALS -> break
    :: sent < SIGNALS ->
#ifdef EMULATED
        d_step { taken[_pid] == sent && KERNEL_IS_FREE;
#else
        d_step { taken[_pid] == sent;
#endif
            sent++;
            pending = pending | (1 << _pid);
            usip = usip || on_hart;
            kernel_interrupt = kernel_interrupt || (!on_hart && wake_kernel);
#ifdef EMULATED
            if
            :: place == waits -> place = calls
            :: else
            fi
#endif
        }
    od
}

#ifdef HARDWARE
active proctype controller_interrupt()
{
end:
    do
    :: d_step { kernel_interrupt && KERNEL_IS_FREE -> kernel_interrupt = false;
            if
            :: place == waits && pending -> place = calls
            :: else
            fi }
    od
}
#endif

#ifdef PLAIN
active proctype tick()
{
end:
    do
    :: d_step { place == waits && pending -> place = calls }
    od
}
#endif

active proctype handler()
{
    byte bits;

end:
    do
    :: atomic { IN_USER_MODE && usip -> in_handler = true };
#ifndef LATE_CLEAR
        usip = false;
#endif
        d_step { bits = pending; pending = 0 };
#ifdef LATE_CLEAR
        usip = false;
#endif
        recorded = recorded | bits;
#ifndef WITHOUT_RESTART
        if
        :: place == has_looked -> place = runs
        :: else
        fi;
#endif
        d_step { bits = 0; in_handler = false }
    od
}

inline take(bits)
{
    d_step {
        taken[0] = taken[0] + (bits & 1);
        taken[1] = taken[1] + (bits >> 1);
        bits = 0
    }
}

/* Wait. The wake mode is set in one store, and the pending word read afterwards. */
inline system_call()
{
#ifdef EARLY_KERNEL_LOOK
    none = pending == 0;
#endif
    d_step { on_hart = false; usip = false; wake_kernel = true };
#ifdef WITHOUT_KERNEL_LOOK
    none = true;
#elif !defined(EARLY_KERNEL_LOOK)
    none = pending == 0;
#endif
    if
    :: none -> place = waits; place == calls
    :: else
    fi;
    wake_kernel = false;
    d_step { bits = pending; pending = 0 };
    take(bits);
    /* Back to user mode: one store, which raises the interrupt if a bit is pending by now. */
    d_step { on_hart = true; usip = pending != 0; place = runs }
}

active proctype thread()
{
    byte bits;
    bool none;

    do
    :: d_step { IN_USER_MODE && place == runs && recorded -> bits = recorded; recorded = 0 };
        take(bits)
#ifndef SPINS
    :: d_step { IN_USER_MODE && place == runs && !recorded && !ALL_TAKEN -> place = has_looked }
    :: d_step { IN_USER_MODE && place == has_looked -> place = calls };
        system_call()
#endif
    :: ALL_TAKEN -> break
    od;
done:
    skip
}

#ifdef LIVE
ltl all_taken { <> (thread@done) }
#endif
