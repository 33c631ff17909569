/*
 * Whose turn it is on the console: users are threads in a system call, or workers of rings at a request. A call that
 * is preempted in the middle of its string holds the console, and is repeated. Who is more important comes in
 * between: the holder is the first of a chain.
 *
 * User 2 is more important than 0 and 1, in the beginning. CHANGES: how often one is suspended, resumed, or given
 * another priority. LIVE: asks whether all strings get out under weak fairness; without it, whether what must hold of
 * holder and waiters holds after each step. Defects: tests/models/README.md lists them.
 */
#ifndef CHANGES
#define CHANGES 2
#endif

#define NOBODY 3

/* Of a user. */
#define READY   0 /* is going to make its call, or to repeat it */
#define WAITING 1
#define STOPPED 2
#define DONE    3

byte state[3];
byte level[4] = { 1, 1, 2, 0 };
bool hogged[3]; /* what runs on its hart is more important, and does not end */

byte chain[3] = NOBODY; /* the holder, and who had it before that came in between */

byte changes = CHANGES;
bool hogs;

hidden byte i;

#define HOLDER      chain[0]
#define IN_CHAIN(u) (chain[0] == (u) || chain[1] == (u) || chain[2] == (u))
#define ANY_WAITS   (state[0] == WAITING || state[1] == WAITING || state[2] == WAITING)

#define IN_PLACE(u) ((state[u] != WAITING || (HOLDER != NOBODY && HOLDER != (u) && level[HOLDER] >= level[u])) && \
                     (HOLDER != (u) || state[u] == READY) && (!IN_CHAIN(u) || state[u] <= WAITING))

inline check()
{
#ifdef LIVE
    skip
#else
    assert(IN_PLACE(0) && IN_PLACE(1) && IN_PLACE(2))
#endif
}

inline take_out(u)
{
    chain[0] = (chain[0] == u -> NOBODY : chain[0]);
    chain[1] = (chain[1] == u -> NOBODY : chain[1]);
    chain[2] = (chain[2] == u -> NOBODY : chain[2]);
    if
    :: chain[0] == NOBODY -> chain[0] = chain[1]; chain[1] = chain[2]; chain[2] = NOBODY
    :: chain[0] != NOBODY && chain[1] == NOBODY -> chain[1] = chain[2]; chain[2] = NOBODY
    :: else
    fi
}

inline push(u)
{
#ifdef PUSHED_TWICE
    assert(!IN_CHAIN(u));
#else
    take_out(u);
#endif
    chain[2] = chain[1];
    chain[1] = chain[0];
    chain[0] = u
}

/* Who had it before goes on with it. */
#ifdef NOT_THE_FIRST
#define HANDS_DOWN (HOLDER != NOBODY && state[HOLDER] == WAITING)
#else
#define HANDS_DOWN (HOLDER != NOBODY && state[HOLDER] == WAITING && level[HOLDER] >= level[i])
#endif

/* Gives it to the first who waits, if nobody as important has it. */
inline grant()
{
    i = (state[1] == WAITING && (state[0] != WAITING || level[1] > level[0]) -> 1 : 0);
    i = (state[2] == WAITING && (state[i] != WAITING || level[2] > level[i]) -> 2 : i);
#ifdef WAKES_ANY
    i = (state[0] == WAITING -> 0 : (state[1] == WAITING -> 1 : 2));
#endif
    if
    :: HANDS_DOWN -> state[HOLDER] = READY
    :: !HANDS_DOWN && state[i] == WAITING && level[i] > level[HOLDER] -> push(i); state[i] = READY
    :: else
    fi
}

inline leave(u)
{
    if
    :: HOLDER == u -> take_out(u); grant()
    :: else -> take_out(u)
    fi
}

inline take(u)
{
    if
    :: HOLDER == u
#ifdef PUSHED_TWICE
    :: HOLDER != u && level[u] > level[HOLDER] && !IN_CHAIN(u) -> push(u)
#else
    :: HOLDER != u && level[u] > level[HOLDER] -> push(u)
#endif
    :: else -> state[u] = WAITING
    fi
}

active [3] proctype user()
{
    bool goes_on;

end:
    do
    :: atomic {
        state[_pid] == READY && !hogged[_pid] ->
        d_step { goes_on = HOLDER == _pid; take(_pid) };
        if
        :: state[_pid] == WAITING
        :: state[_pid] == READY && !goes_on /* is preempted */
        :: state[_pid] == READY -> d_step { state[_pid] = DONE; leave(_pid) }
#ifdef KEPT_BY_ANOTHER_CALL
        :: state[_pid] == READY && goes_on -> state[_pid] = DONE
#endif
        fi;
        goes_on = false;
        check()
    }
    od
}

active proctype others()
{
    byte u;

end:
    do
    :: atomic {
        changes > 0 ->
        changes--;
        if
        :: u = 0
        :: u = 1
        :: u = 2
        fi;
        if
        :: state[u] <= WAITING -> d_step { /* Suspend */
                state[u] = STOPPED;
#ifndef KEPT
                leave(u)
#endif
            }
        :: state[u] == STOPPED -> state[u] = READY
        :: d_step { level[u] = 3 - level[u]; grant() }
        fi;
        u = 0;
        check()
    }
    :: atomic {
        !hogs ->
        hogs = true;
        if
        :: hogged[0] = true
        :: hogged[1] = true
        :: hogged[2] = true
        fi
    }
    /* The holder is ready for a whole time slice, and does not run. */
#ifndef NEVER_LOST
#ifdef LOST_AMONG_EQUALS
    :: d_step { HOLDER != NOBODY && ANY_WAITS -> i = HOLDER; leave(i) }; check()
#else
    :: d_step { HOLDER != NOBODY && ANY_WAITS && hogged[HOLDER] -> u = HOLDER; leave(u); u = 0 }; check()
#endif
#endif
    od
}

#ifdef LIVE
#define OUT(u) (state[u] == DONE || state[u] == STOPPED || hogged[u])
ltl all_out { []<> (OUT(0) && OUT(1) && OUT(2)) }
#endif
