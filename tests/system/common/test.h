/*
 * System tests: root tasks that print TAP. A file lists its tests with TEST(); the runner (test.c) runs them
 * one after the other, each with a fresh arena of memory and slots that is taken back afterwards, so tests do
 * not depend on one another.
 *
 *     TEST("2.5 Untyped Retype row 3: type 9 is an invalid argument 0")
 *     {
 *         CHECK_ERROR(seL4_Untyped_Retype(...), seL4_InvalidArgument);
 *         CHECK_MR(0, 0);
 *     }
 *
 * A test's name is the sentence that it proves and says which row of docs/interface*.md that is. A failed
 * check prints where and what, and the test goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sel4/sel4.h>
#include <sel4/simple.h>

#ifdef TEST_SOAK
#define SOAK_OR(soak, quick) (soak)
#else
#define SOAK_OR(soak, quick) (quick)
#endif

struct test {
    const char *name;
    void (*run)(void);
    const char *file;
    int line;
};

#define TEST_CONCAT_(a, b) a##b
#define TEST_CONCAT(a, b)  TEST_CONCAT_(a, b)
#define TEST_NAMED_(id, sentence)                                                       \
    static void id(void);                                                               \
    static const struct test TEST_CONCAT(id, _entry)                                    \
        __attribute__((used, section("tests"))) = { sentence, id, __FILE__, __LINE__ }; \
    static void id(void)
#define TEST(sentence) TEST_NAMED_(TEST_CONCAT(test_, __COUNTER__), sentence)

/* The BootInfo that the root task was given. */
extern const seL4_BootInfo *test_bootinfo;

/* The untyped all objects of the running test come from. */
extern seL4_CPtr test_arena;

/* Number of harts that threads may be put on. */
seL4_Word test_nodes(void);

/* An empty slot of the root CNode, emptied again when the test ends. */
seL4_CPtr test_slot(void);

/* A new object from the arena, in a new slot. Fails the test and returns seL4_CapNull if there is no room. */
seL4_CPtr test_object(seL4_Word type, seL4_Word size_bits);

/* A copy with a badge and rights, in a new slot. */
seL4_CPtr test_mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge);

/* A thread in the root task's address space and CSpace; it does not run before test_thread_start(). All its
 * memory comes from the arena or is static, so it disappears with the test. At most TEST_THREADS at a time.
 */
#define TEST_THREADS 16
struct test_thread {
    seL4_CPtr tcb;
    seL4_CPtr buffer_frame;
    seL4_IPCBuffer *buffer;
};
struct test_thread *test_thread_create(void (*entry)(void *), void *arg, seL4_Word priority,
                                       seL4_CPtr fault_ep);
void test_thread_start(struct test_thread *thread);
void test_thread_set_node(struct test_thread *thread, seL4_Word node);

/* Takes back all threads, objects and slots that the running test has made so far, as happens when it ends.
 * For tests that go through many cases. */
void test_reset(void);

/* The same, and the test fails if some of its memory is still in use. The cost is that of clearing what was
 * used, and not the whole arena. */
void test_check_memory_is_whole(void);

/* The priority of the thread that runs the tests: set before each test, below the maximum so that tests can
 * go above. */
#define TEST_PRIORITY 100

/* Fails the running test with a message; the test goes on. */
void test_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether the running test has failed, for one that goes through many cases and would wait long in each. */
bool test_has_failed(void);

/* A line of diagnostics. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define CHECK(condition)                                     \
    do {                                                     \
        if (!(condition)) {                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
        }                                                    \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                      \
    do {                                                                                                   \
        unsigned long actual_ = (unsigned long)(actual), expected_ = (unsigned long)(expected);            \
        if (actual_ != expected_) {                                                                        \
            test_fail(__FILE__, __LINE__, "%s is 0x%lx, expected %s = 0x%lx", #actual, actual_, #expected, \
                      expected_);                                                                          \
        }                                                                                                  \
    } while (0)

#define CHECK_OK(call)            CHECK_EQUAL(call, seL4_NoError)
#define CHECK_ERROR(call, error)  CHECK_EQUAL(call, error)
#define CHECK_MR(index, expected) CHECK_EQUAL(seL4_GetMR(index), expected)
