/*
 * Memory that several harts share, as weak as these protocols can notice: what a hart stores becomes visible to
 * others later, and items in another order than the words that speak of them. Loads see what is visible. Loads
 * that overtake each other are not modelled; in the code acquire orders them.
 *
 * The model that includes this defines HARTS, the number of harts that store, and WORDS, the size of the memory.
 */
byte mem[WORDS];

chan stored_words[HARTS] = [2] of { byte, byte };
chan stored_items[HARTS] = [2] of { byte, byte };

hidden byte visible_at, visible_value;

/* Makes one store visible, whenever it likes. Hart n's is process n. */
active [HARTS] proctype memory()
{
end:
    do
    :: d_step { stored_words[_pid]?visible_at, visible_value; mem[visible_at] = visible_value }
    :: d_step { stored_items[_pid]?visible_at, visible_value; mem[visible_at] = visible_value }
    od
}

/* Everything that the hart has stored is visible. */
#define ALL_VISIBLE(hart) (empty(stored_words[hart]) && empty(stored_items[hart]))

/* __ATOMIC_RELAXED */
inline store(hart, address, value)
{
    stored_words[hart]!address, value
}

inline store_item(hart, address, value)
{
    stored_items[hart]!address, value
}

/* rel4_ring_publish(): __ATOMIC_RELEASE */
inline publish(hart, address, value)
{
#ifndef WITHOUT_RELEASE
    empty(stored_items[hart]);
#endif
    stored_words[hart]!address, value
}

/* __atomic_thread_fence(__ATOMIC_SEQ_CST) */
inline fence(hart)
{
    ALL_VISIBLE(hart)
}

/* __atomic_exchange_n(..., __ATOMIC_SEQ_CST) */
inline exchange(hart, address, value, before)
{
    d_step { ALL_VISIBLE(hart); before = mem[address]; mem[address] = value }
}
