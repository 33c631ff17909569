/*
 * Who serves a queue: two threads with a queue each, on two harts. A worker waits at its home, the hart of its
 * thread; a wake call of the thread, the home in its turn, or a hart without work takes it.
 *
 * A step is what a hart does with the lock, up to the next request, or what it sees without the lock. A ring is two
 * counters. Time is not counted: who keeps a queue may always be late, and ticks come for as long as something runs.
 *
 * Options: ACTIONS, how often a request, or another hart, suspends, moves or deletes a thread, or the like. HOG:
 * something more important runs on hart 0, from some time on for ever. LAZY: hart 1 need not do anything for others:
 * it is called and never comes, it keeps and never comes back, it watches and never looks. AT_TICK: the policy of
 * both queues. LIVE: asks whether all is served under weak fairness; without it, whether everything is in its place
 * whenever the lock is free. All others are defects; tests/models/README.md lists them.
 */
#ifndef ACTIONS
#define ACTIONS 0
#endif
#ifdef LAZY
#define IS_LAZY(h) ((h) == 1)
#else
#define IS_LAZY(h) false
#endif
#ifdef AT_TICK
#define BY_TICK true
#else
#define BY_TICK false
#endif

/* Batches of queue 0 are worth calling a hart. */
#define REQUESTS(q) (2 - (q))
#define WORTH(q)    (BY_TICK || (q) == 0)

/* Who: threads and their queues, 0 and 1, or */
#define NOBODY   2
#define SOMEBODY 3 /* more important than both */

/* Harts 0 and 1 are processes 0 and 1; who acts elsewhere is process 2. */
#define NOWHERE     2
#define OTHER(hart) (1 - (hart))

/* Of a thread. */
#define RUNNABLE 0
#define BLOCKED  1 /* until it is told of answers */
#define INACTIVE 2
#define DELETED  3

/* Of a queue, as in worker/placement.h. */
#define IDLE    0
#define WAITING 1
#define RUNNING 2
#define KEPT    3
#define WATCHED 4
#define STOPPED 5

/* Of a hart. */
#define IN_USER_MODE 0 /* runs a thread, which may have been taken away */
#define ENTERING     1 /* waits for the lock */
#define KEEPING      2 /* the same, in a batch in which it has let others in */
#define SERVING      3 /* has the lock */
#define SETTLING     4 /* has the lock, and found no request */
#define GONE         5 /* as KEEPING, but only an interrupt brings it back */
#define LOOKING      6 /* idle; looks without the lock */
#define SAW_NOTHING  7 /* idle; has watched for long enough, and waits for the lock */
#define DROWSY       8 /* idle; has looked, and is about to sleep */
#define ASLEEP       9 /* idle, until an interrupt */

byte published[2], served[2];
bool unlooked[2]; /* the thread has published, and not looked at the kernel's state since */
bool polled[2];   /* the thread has called Wake since it published, and since the last tick */
bool awake[2];    /* REL4_HEADER_SERVER_STATE */
byte thread[2], queue[2], home[2];
byte level[4] = { 1, 1, 0, 3 };    /* priorities; nobody's is the least */
byte at[2] = { NOWHERE, NOWHERE }; /* in whose ready queue the worker is */
bool delayed[2];                   /* there, and not before the next tick */

bool locked;
byte hart[2] = { ENTERING, ENTERING };
byte current[2] = { NOBODY, NOBODY };
byte kept[2] = { NOBODY, NOBODY };
byte watched[2] = { NOBODY, NOBODY };
bool interrupt[2]; /* between harts, on its way */
bool called[2];

byte actions = ACTIONS;
bool hog;

#define ACTIVE(t)  (thread[t] < INACTIVE)
#define ASKED(q)   (published[q] != served[q])
#define WAITS(q)   (at[q] != NOWHERE)
#define IS_IDLE(h) (hart[h] >= LOOKING)

hidden byte i, best, highest;

/* ---- What must hold whenever the lock is free ---- */

/* The hart is going to see what there is for it; or what it runs is as important. */
#define COMES(h) (interrupt[h] || (hart[h] == IN_USER_MODE && current[h] == NOBODY) || \
                  (hart[h] >= ENTERING && hart[h] <= SAW_NOTHING && hart[h] != GONE))
#define MINDS(h, who) (COMES(h) || level[current[h]] >= level[who])

#define THREAD_IN_PLACE(t) (thread[t] != RUNNABLE || current[home[t]] == t || MINDS(home[t], t))
#define HART_IN_PLACE(h)   (hart[h] != IN_USER_MODE || current[h] >= NOBODY || \
                            (thread[current[h]] == RUNNABLE && home[current[h]] == h))
#define WORKER_IN_PLACE(q) (WAITS(q) == (queue[q] == WAITING && ACTIVE(q)) && (!WAITS(q) || at[q] == home[q]))
#define WORKER_MINDED(q)   (!WAITS(q) || MINDS(home[q], q) || (delayed[q] && current[home[q]] != NOBODY))
#define QUEUE_IN_PLACE(q)  (queue[q] != RUNNING && (queue[q] == KEPT) == (kept[0] == q || kept[1] == q) && \
                            (queue[q] == WATCHED) == (watched[0] == q || watched[1] == q))

inline check()
{
#ifdef LIVE
    skip
#else
    assert(locked || (THREAD_IN_PLACE(0) && THREAD_IN_PLACE(1)));
    assert(locked || (HART_IN_PLACE(0) && HART_IN_PLACE(1)));
    assert(locked || (WORKER_IN_PLACE(0) && WORKER_IN_PLACE(1)));
    assert(locked || (WORKER_MINDED(0) && WORKER_MINDED(1)));
    assert(locked || (QUEUE_IN_PLACE(0) && QUEUE_IN_PLACE(1)))
#endif
}

/* ---- Waiting ---- */

/* sched_interrupt_hart_of() */
inline interrupt_hart_of(who)
{
    if
#ifndef NOT_INTERRUPTED
    :: home[who] != _pid && level[current[home[who]]] < level[who] -> interrupt[home[who]] = true
#endif
    :: else
    fi
}

inline call_idle_hart(q)
{
    if
    :: IS_IDLE(OTHER(home[q])) && !called[OTHER(home[q])] ->
        called[OTHER(home[q])] = true;
        interrupt[OTHER(home[q])] = true;
#ifdef KEEP_ON_CALLED_HART
        at[q] = OTHER(home[q])
#endif
    :: else
    fi
}

/* At once, or when the policy says so. */
inline wait(q, by_policy)
{
    queue[q] = WAITING;
    if
#ifndef SERVE_INACTIVE
    :: !ACTIVE(q)
#endif
    :: else ->
        at[q] = home[q];
        delayed[q] = by_policy && BY_TICK;
        if
#ifdef DELAYED_UNHEARD
        :: delayed[q]
#else
        :: delayed[q] && current[home[q]] != NOBODY
#endif
        :: else -> interrupt_hart_of(q)
        fi;
        if
        :: BY_TICK || (WORTH(q) && level[current[home[q]]] >= level[q]) -> call_idle_hart(q)
        :: else
        fi
    fi
}

inline end_foreign(q)
{
    kept[0] = (kept[0] == q -> NOBODY : kept[0]);
    kept[1] = (kept[1] == q -> NOBODY : kept[1]);
    watched[0] = (watched[0] == q -> NOBODY : watched[0]);
    watched[1] = (watched[1] == q -> NOBODY : watched[1])
}

inline tell(q)
{
    if
    :: thread[q] == BLOCKED -> thread[q] = RUNNABLE; interrupt_hart_of(q)
    :: else
    fi
}

/* All is served: ring_fall_asleep(). */
inline settle(q)
{
    if
#ifndef NO_SECOND_LOOK
    :: ASKED(q) -> wait(q, false)
#endif
    :: else -> queue[q] = IDLE; awake[q] = false
    fi
}

inline end_watch()
{
    i = watched[_pid];
    watched[_pid] = NOBODY;
    settle(i)
}

/* Wake, but for the running thread's own queue. */
inline wake(q)
{
    if
    :: queue[q] == IDLE -> wait(q, true)
#ifndef WATCH_NEVER_TAKEN_BACK
    :: queue[q] == WATCHED -> end_foreign(q); wait(q, true)
#endif
    :: queue[q] == KEPT -> end_foreign(q); wait(q, false)
    :: else
    fi
}

/* ---- What requests and others do ---- */

inline begin_change(t)
{
#ifndef NOT_MOVED
    at[t] = NOWHERE;
#endif
    if
    :: queue[t] == KEPT -> end_foreign(t); queue[t] = WAITING
    :: else
    fi
}

inline end_change(t)
{
    if
    :: queue[t] == WAITING && ACTIVE(t) && !WAITS(t) -> wait(t, true)
    :: else
    fi;
    if
    :: thread[t] == RUNNABLE -> interrupt_hart_of(t)
    :: else
    fi
}

/* The thread is current no longer, except here, where it stays until the hart chooses. */
inline expel(t)
{
    current[home[t]] = ((current[home[t]] == t && home[t] != _pid) -> NOBODY : current[home[t]])
}

inline act(t)
{
    actions--;
    if
    :: ACTIVE(t) -> d_step { /* Suspend */
            expel(t);
            thread[t] = INACTIVE;
            begin_change(t)
        }
    :: thread[t] == INACTIVE || thread[t] == BLOCKED -> d_step { /* Resume */
            thread[t] = RUNNABLE;
            end_change(t)
        }
    :: thread[t] != DELETED -> d_step { /* SetAffinity */
            expel(t);
            begin_change(t);
            current[home[t]] = (current[home[t]] == t -> NOBODY : current[home[t]]);
            home[t] = OTHER(home[t]);
            end_change(t)
        }
    :: thread[t] != DELETED -> d_step { /* SetPriority */
            begin_change(t);
            level[t] = 3 - level[t];
            end_change(t);
            interrupt[home[t]] = interrupt[home[t]] || (current[home[t]] == t && home[t] != _pid)
        }
    :: thread[t] != DELETED -> d_step { /* Delete */
            expel(t);
            thread[t] = DELETED;
            begin_change(t);
            end_foreign(t);
            queue[t] = STOPPED
        }
    :: !unlooked[t] -> d_step { /* somebody else fills the ring, and wakes */
            published[t] = REQUESTS(t);
            wake(t)
        }
    :: else
    fi
}

/* ---- Harts: what is ready here ---- */

#define T         current[_pid]
#define RUNS      (hart[_pid] == IN_USER_MODE && T < NOBODY)
#define FREE      (!locked)
#define READY(t)  (thread[t] == RUNNABLE && home[t] == _pid)
#define HERE(q)   (at[q] == _pid && !delayed[q])
#define HOGGED    (hog && _pid == 0)
#define OWN       (READY(0) || READY(1) || (at[0] == _pid && home[0] == _pid) || \
                   (at[1] == _pid && home[1] == _pid) || HOGGED)
#define HAS_KEPT  (kept[OTHER(_pid)] != NOBODY && home[kept[OTHER(_pid)]] == _pid)

/* Nothing comes before the next request of the worker w, which is somebody else's, or this hart's. */
#define FOREIGN   (home[w] != _pid)
#define MAY_GO_ON (!OWN && ACTIVE(w) && !(WAITS(0) && level[0] > level[w]) && !(WAITS(1) && level[1] > level[w]))
#define IS_BEST   (!HOGGED && ACTIVE(w) && !((READY(0) || HERE(0)) && level[0] > level[w]) && \
                   !((READY(1) || HERE(1)) && level[1] > level[w]))

#ifdef NOT_DISPLACED
#define GOES_ON (ACTIVE(w) && (FOREIGN || IS_BEST))
#else
#define GOES_ON (FOREIGN -> MAY_GO_ON : IS_BEST)
#endif

/* A program that waits for answers looks for a while, and then calls Wake. */
#define MUST_WAKE (IS_LAZY(1) && RUNS && queue[T] == WATCHED && ASKED(T) && !polled[T])

/* Of two workers that wait, on a hart where nothing is ready: one of its own comes first. */
#ifdef OWN_NOT_FIRST
#define COMES_BEFORE(q, other) (level[q] > level[other])
#else
#define COMES_BEFORE(q, other) (at[q] == at[other] -> level[q] > level[other] : \
                                (at[q] == _pid || (at[other] != _pid && level[q] > level[other])))
#endif

/* sched_choose(), and placement_idle() if nothing is ready here: a thread, which is current then, or a worker, w.
 * Of equals it is the first in a round of thread 0, its worker, thread 1, its worker, that begins at start. */
inline choose()
{
    if
#ifdef WATCH_BESIDE_OWN
    :: watched[_pid] != NOBODY && !OWN && (WAITS(0) || WAITS(1)) -> end_watch()
#else
    :: watched[_pid] != NOBODY && (OWN || WAITS(0) || WAITS(1)) -> end_watch()
#endif
    :: else
    fi;
    interrupt[_pid] = false;
    T = NOBODY;
    best = NOBODY;
    highest = 0;
    i = 0;
    do
    :: i == 4 -> break
    :: i < 4 && level[(start + i) / 2 % 2] > highest &&
       ((start + i) % 2 == 0 -> READY((start + i) / 2 % 2) : HERE((start + i) / 2 % 2)) ->
        best = (start + i) / 2 % 2;
        highest = level[best];
        T = ((start + i) % 2 == 0 -> best : NOBODY);
        i++
    :: else -> i++
    od;
    if
    :: HOGGED -> T = SOMEBODY
    :: !HOGGED && T == NOBODY && best != NOBODY -> w = best
    :: !HOGGED && T == NOBODY && best == NOBODY && WAITS(0) && !(WAITS(1) && COMES_BEFORE(1, 0)) -> w = 0
    :: !HOGGED && T == NOBODY && best == NOBODY && WAITS(1) && !(WAITS(0) && !COMES_BEFORE(1, 0)) -> w = 1
    :: else
    fi;
    if
    :: w != NOBODY -> at[w] = NOWHERE
    :: else
    fi;
#ifdef CHOOSE_BEFORE_SERVING
    if
    :: w != NOBODY && READY(0) -> T = 0
    :: w != NOBODY && !READY(0) && READY(1) -> T = 1
    :: else
    fi;
    chosen = w != NOBODY && T != NOBODY
#endif
}

inline tick()
{
    delayed[0] = delayed[0] && at[0] != _pid;
    delayed[1] = delayed[1] && at[1] != _pid;
    i = kept[OTHER(_pid)];
    if
#ifndef KEPT_FOREVER
    :: HAS_KEPT -> end_foreign(i); wait(i, false)
#endif
    :: else
    fi;
    if
#ifndef CALLED_ONCE
    :: at[0] == _pid && !(at[1] == _pid && level[1] > level[0]) -> call_idle_hart(0)
    :: at[1] == _pid && !(at[0] == _pid && level[0] >= level[1]) -> call_idle_hart(1)
#endif
    :: else
    fi;
    if
    :: T < NOBODY ->
        polled[T] = false;
#ifdef NO_TURNS
        start = 2 * T
#else
        start = 2 * T + 1
#endif
    :: else
    fi
}

/* The worker stops, and is ready at its home. */
inline stop()
{
    d_step {
        tell(w);
        wait(w, false);
#ifdef NOT_QUEUED_ON_PREEMPTED_WAKE
        at[w] = (in_call -> NOWHERE : at[w]);
#endif
        start = 2 * w + (in_call -> 0 : 1);
        w = NOBODY
    }
}

/* The running thread blocks. A hart that keeps its queue may be late. */
inline block(late)
{
    thread[T] = BLOCKED;
    unlooked[T] = false;
    polled[T] = false;
    start = 2 * T + 1;
    x = T;
    if
    :: (queue[x] == KEPT -> late : !BY_TICK && ASKED(x)) -> wake(x)
    :: else
    fi
}

active [2] proctype harts()
{
    byte w = NOBODY; /* the owner of the worker that the hart runs */
    bool in_call;    /* that is current */
    bool leaves;     /* lets others have the lock, and chooses later */
    byte start, x;
    bool chosen;

end:
    do
    /* A thread runs. */
    :: d_step { RUNS && !unlooked[T] && published[T] < REQUESTS(T) ->
            published[T]++;
            unlooked[T] = true;
            polled[T] = false
        }
    :: d_step { RUNS && unlooked[T] && awake[T] -> unlooked[T] = false }

    /* An idle hart without the lock. */
    :: hart[_pid] == LOOKING && watched[_pid] != NOBODY && !ASKED(watched[_pid]) -> hart[_pid] = SAW_NOTHING
    :: hart[_pid] == LOOKING && watched[_pid] == NOBODY && !OWN && !WAITS(0) && !WAITS(1) && !HAS_KEPT ->
        hart[_pid] = DROWSY
    :: IS_LAZY(_pid) && hart[_pid] == LOOKING && !OWN && !HAS_KEPT -> hart[_pid] = ASLEEP
    :: d_step { hart[_pid] == DROWSY ->
            called[_pid] = false;
#ifdef LATE_CLEAR
            interrupt[_pid] = false;
#endif
            hart[_pid] = ASLEEP
        }
    :: d_step { hart[_pid] == ASLEEP && interrupt[_pid] -> interrupt[_pid] = false; hart[_pid] = LOOKING }
#ifndef SLEEPS_WHILE_KEPT
    :: hart[_pid] == ASLEEP && HAS_KEPT -> hart[_pid] = LOOKING
#endif

    :: hart[_pid] == SERVING && !ASKED(w) -> hart[_pid] = SETTLING

    /* The kernel: how a hart gets in, and what it does until it lets go of the lock or has served a request. */
    :: atomic {
        if
        :: FREE && hart[_pid] == IN_USER_MODE && (T == NOBODY || interrupt[_pid]) ->
            start = (T < NOBODY -> 2 * T : 0)
        :: d_step { FREE && hart[_pid] == IN_USER_MODE && T != NOBODY && !MUST_WAKE -> tick() }
        :: d_step { FREE && RUNS && ((unlooked[T] && !awake[T]) || (ASKED(T) && !polled[T])) -> /* Wake */
                unlooked[T] = false;
                polled[T] = true;
                awake[T] = true;
                start = 2 * T;
                x = T;
                if
                :: BY_TICK -> wake(x)
                :: !BY_TICK && queue[x] == IDLE && WORTH(x) && IS_IDLE(OTHER(_pid)) && !called[OTHER(_pid)] ->
                    wait(x, false)
#ifdef WATCH_NEVER_TAKEN_BACK
                :: queue[x] == WATCHED
#endif
                :: queue[x] == STOPPED
                :: else ->
                    end_foreign(x);
                    at[x] = NOWHERE;
                    w = x;
                    in_call = true
                fi
            }
        :: d_step { FREE && RUNS && !(BY_TICK && ASKED(T) && (unlooked[T] || MUST_WAKE)) -> block(true) }
        :: d_step { FREE && RUNS && queue[T] == KEPT -> block(false) }
        :: FREE && hart[_pid] == ENTERING
        :: d_step { FREE && (hart[_pid] == KEEPING || (hart[_pid] == GONE && interrupt[_pid])) ->
                w = kept[_pid];
                kept[_pid] = NOBODY;
                if
                :: w != NOBODY && !MAY_GO_ON -> tell(w); wait(w, false); w = NOBODY
                :: else
                fi
            }
        :: d_step { FREE && hart[_pid] == LOOKING && (OWN || WAITS(0) || WAITS(1) || HAS_KEPT) ->
                i = kept[OTHER(_pid)];
                if
                :: HAS_KEPT -> end_foreign(i); wait(i, false)
                :: else
                fi
            }
        :: d_step { FREE && hart[_pid] == LOOKING && called[_pid] && watched[_pid] == NOBODY -> /* come() */
                if
                :: queue[0] == IDLE && WORTH(0) && home[0] != _pid && ACTIVE(0) ->
                    watched[_pid] = 0;
                    queue[0] = WATCHED;
                    awake[0] = true
                :: else
                fi
            }
        :: d_step { FREE && ((hart[_pid] == LOOKING && watched[_pid] != NOBODY && ASKED(watched[_pid])) ||
                             hart[_pid] == SAW_NOTHING) -> /* look() */
                w = watched[_pid];
                if
                :: w == NOBODY
                :: w != NOBODY && ASKED(w) && MAY_GO_ON -> watched[_pid] = NOBODY
                :: w != NOBODY && !(ASKED(w) && MAY_GO_ON) -> w = NOBODY; end_watch()
                fi
            }
        :: hart[_pid] == SERVING && ASKED(w) ->
#ifndef LIVE
            assert(watched[_pid] == NOBODY && (FOREIGN -> MAY_GO_ON : IS_BEST || interrupt[_pid]));
#endif
            served[w]++;
            x = NOBODY;
            if
            :: actions > 0 -> x = w; act(x)
            :: actions > 0 -> x = OTHER(w); act(x)
            :: true
            fi;
            if
            :: queue[w] == STOPPED -> w = NOBODY
            :: queue[w] != STOPPED && (x == w || !GOES_ON) -> stop()
            :: else ->
                if
                :: true
                :: !FOREIGN -> leaves = !in_call; stop(); hart[_pid] = ENTERING /* an interrupt, or others wait */
                :: FOREIGN -> /* others wait */
                    d_step { leaves = true; kept[_pid] = w; queue[w] = KEPT; w = NOBODY };
                    if
                    :: hart[_pid] = KEEPING
                    :: IS_LAZY(_pid) -> hart[_pid] = GONE
                    fi
                fi
            fi
        :: d_step { hart[_pid] == SETTLING ->
                tell(w);
                if
                :: FOREIGN && WORTH(w) -> watched[_pid] = w; queue[w] = WATCHED
                :: else -> settle(w)
                fi;
                start = 2 * w + (in_call -> 0 : 1);
                w = NOBODY
            }
        fi;
        d_step {
            called[_pid] = false;
            if
            :: w == NOBODY && !leaves && !chosen -> choose()
            :: else
            fi;
            if
            :: w != NOBODY -> hart[_pid] = SERVING; queue[w] = RUNNING; awake[w] = true
            :: w == NOBODY && !leaves -> hart[_pid] = (T != NOBODY -> IN_USER_MODE : LOOKING); start = 0
            :: else
            fi;
            locked = w != NOBODY;
            in_call = in_call && locked;
            chosen = chosen && locked;
            leaves = false;
            x = 0
        };
        check()
    }
    od
}

active proctype elsewhere()
{
    byte x;

    do
    :: atomic {
        FREE && actions > 0 ->
        if
        :: x = 0
        :: x = 1
        fi;
        act(x);
        x = 0;
        check()
    }
#ifdef HOG
    :: d_step { FREE && !hog -> hog = true; interrupt[0] = true }
#endif
    :: break
    od
}

#ifdef LIVE
/* Served; or not yet asked for, or stopped, or the home does something more important, and the other hart something
 * of its own, or it is one that does not come. */
#define DONE(q) (!ASKED(q) || unlooked[q] || !ACTIVE(q) || queue[q] == STOPPED || \
                 (level[current[home[q]]] > level[q] && (IS_LAZY(1) || !IS_IDLE(OTHER(home[q])))))
ltl all_served { []<> (DONE(0) && DONE(1)) }
#endif
