/*
 * test_family.c - who owns whom: a random walk of starts, clones, ends and adoptions in a tree of guests, against a
 * model that counts everything anew at every step.
 *
 * The guests are of paper, and memory of their own: whoever is used after its end, or is not given back, is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_calls.h"
#include "fake_family.h"
#include "guest/launch.h"
#include "random.h"

#define STEPS 40000u
#define NODES 64u
#define TOPS 2u
#define PAGE 4096u

enum node_state { NODE_FREE, NODE_STARTING, NODE_LIVES, NODE_ENDED, NODE_REFUSED };

/* A guest of the walk. Those that nobody knows any more are free: what becomes of them is not their parent's matter. */
static struct node {
    enum node_state state;
    uint32_t id, memory_bytes, most_children;
    uint64_t most_memory;
    bool control;
    int parent;                         /* -1: the operator's */
    uint32_t depth;
    int source;                         /* of a clone that is asked for; -1: none, or it has ended before */
    bool has_no_source;
    struct guest *guest;
} nodes[NODES];

static unsigned errors[10], adopted, deepest, clones, selves, clones_refused;

static struct guest *guest_of(struct node *node)
{
    if (node->parent < 0)
        return node->guest;
    struct child *child = family_find(nodes[node->parent].guest, node->id);
    assert_non_null(child);
    return child->guest;
}

static bool is_below(const struct node *node, const struct node *top)
{
    while (node->parent >= 0 && node != top)
        node = &nodes[node->parent];
    return node == top;
}

static struct family_sum sum_below(const struct node *top)
{
    struct family_sum sum = { 0, 0 };

    for (const struct node *node = nodes; node < nodes + NODES; node++)
        if (node->state != NODE_FREE && node != top && is_below(node, top)) {
            sum.children++;
            sum.memory_bytes += node->memory_bytes;
        }
    return sum;
}

/* What a start must return: an error, or 0. */
static int32_t judge_start(const struct node *parent, uint32_t memory_bytes)
{
    if (parent->depth == HV_DEPTH_MAX)
        return HV_ERROR_DEPTH;
    for (const struct node *above = parent;; above = &nodes[above->parent]) {
        struct family_sum sum = sum_below(above);
        if (sum.children + 1 > above->most_children)
            return HV_ERROR_CHILDREN;
        if (sum.memory_bytes + memory_bytes > above->most_memory)
            return HV_ERROR_MEMORY;
        if (above->parent < 0)
            return 0;
    }
}

static struct node *free_node(void)
{
    for (struct node *node = nodes; node < nodes + NODES; node++)
        if (node->state == NODE_FREE)
            return node;
    return NULL;
}

static struct node *any_node(enum node_state state)
{
    unsigned at = random_below(NODES);

    for (unsigned i = 0; i < NODES; i++)
        if (nodes[(at + i) % NODES].state == state)
            return &nodes[(at + i) % NODES];
    return NULL;
}

/* What may be below a new node: what was asked for, and no more than below its parent. */
static void limit(struct node *node, uint32_t children, uint64_t memory_bytes)
{
    node->most_children = nodes[node->parent].most_children;
    node->most_memory = nodes[node->parent].most_memory;
    if (children != 0 && children < node->most_children)
        node->most_children = children;
    if (memory_bytes != 0 && memory_bytes < node->most_memory)
        node->most_memory = memory_bytes;
    deepest = node->depth > deepest ? node->depth : deepest;
}

static void start_below(struct node *parent)
{
    struct node *node = free_node();
    /* A page is refused later: fake_family.c. */
    uint32_t memory_bytes = PAGE * (1 + random_below(10));
    struct family_wish wish = { .name = "paper", .image = "image", .image_bytes = 5, .memory_bytes = memory_bytes,
                                .wants_view = random_below(4) == 0,
                                .rights = { .control = random_below(4) != 0,
                                            .most = { random_below(4) == 0 ? random_below(6) : 0,
                                                      random_below(4) == 0 ? PAGE * random_below(30) : 0 } } };
    int32_t error = judge_start(parent, memory_bytes);

    if (node == NULL)
        return;
    assert_int_equal(family_check(parent->guest, memory_bytes), error);
    errors[-error]++;
    if (error != 0)
        return;
    fake_no_room = random_below(50) == 0;
    int32_t id = family_start(parent->guest, &wish);
    if (id < 0) {
        assert_int_equal(id, HV_ERROR_NO_ROOM);
        return;
    }
    fake_no_room = 0;
    *node = (struct node){ .state = NODE_STARTING, .id = (uint32_t)id, .memory_bytes = memory_bytes,
                           .control = wish.rights.control, .parent = (int)(parent - nodes), .depth = parent->depth + 1,
                           .source = -1 };
    limit(node, wish.rights.most.children, wish.rights.most.memory_bytes);
}

/* It has no turn until its own copy is there, or while it is copied. */
static bool is_held(const struct node *node)
{
    return node->guest->life.paused != 0;
}

/* One that lives; if there is none, the parent. */
static struct node *any_child(struct node *parent)
{
    unsigned at = random_below(NODES);

    for (unsigned i = 0; i < NODES; i++) {
        struct node *node = &nodes[(at + i) % NODES];
        if (node->state == NODE_LIVES && node->parent == parent - nodes)
            return node;
    }
    return parent;
}

/* Of the parent itself, or of a child of it that lives. */
static void clone_below(struct node *parent)
{
    struct node *node = free_node(), *source = random_below(2) ? parent : any_child(parent);

    int32_t error = judge_start(parent, source->memory_bytes);
    assert_int_equal(family_check(parent->guest, source->memory_bytes), error);
    if (node == NULL || error != 0)
        return;
    fake_no_room = random_below(50) == 0;
    int32_t id = family_clone(parent->guest, source->guest, 0);
    if (id < 0) {
        assert_true(id == HV_ERROR_NO_ROOM || (id == HV_ERROR_STATE && source->guest->requests.release.is_queued));
        return;
    }
    fake_no_room = 0;
    assert_int_equal(is_held(parent), source == parent);
    *node = (struct node){ .state = NODE_STARTING, .id = (uint32_t)id, .memory_bytes = source->memory_bytes,
                           .control = source->control, .parent = (int)(parent - nodes), .depth = parent->depth + 1,
                           .source = (int)(source - nodes) };
    limit(node, source->most_children, source->most_memory);
    clones++;
    selves += source == parent;
}

/* All below it are known to nobody. */
static void forget_below(const struct node *top)
{
    for (bool again = true; again;) {
        again = false;
        for (struct node *node = nodes; node < nodes + NODES; node++)
            if (node->state != NODE_FREE && node != top && is_below(node, top)) {
                node->state = NODE_FREE;
                again = true;
            }
    }
}

/* In the order in which a parent would be freed behind its children, so that is_below goes on to find them. */
static void forget(struct node *node)
{
    bool below[NODES];

    for (unsigned i = 0; i < NODES; i++)
        below[i] = nodes[i].state != NODE_FREE && is_below(&nodes[i], node);
    family_forget(family_find(nodes[node->parent].guest, node->id));
    for (unsigned i = 0; i < NODES; i++)
        if (below[i])
            nodes[i].state = NODE_FREE;
}

static void drain(void)
{
    while (request_waits())
        (void)request_serve(1 + random_below(5), 1 + random_below(5), 5);
}

/* The machine goes on until nothing waits; then the model takes over what became of starts. */
static void serve(void)
{
    drain();
    for (struct node *node = nodes; node < nodes + NODES; node++) {
        if (node->state != NODE_STARTING)
            continue;
        bool is_refused = node->has_no_source || node->memory_bytes == FAKE_REFUSED_SIZE;
        clones_refused += node->has_no_source;
        node->guest = guest_of(node);
        assert_int_equal(node->guest == NULL, is_refused);
        node->state = is_refused ? NODE_REFUSED : NODE_LIVES;
    }
}

/* One that is to be copied and goes on until then; else any that goes on. */
static struct node *choose_to_end(struct node *node)
{
    for (struct node *copy = nodes; copy < nodes + NODES; copy++)
        if (copy->state == NODE_STARTING && copy->source >= 0 && !is_held(&nodes[copy->source]))
            return &nodes[copy->source];
    return node;
}

static void end_one(struct node *node)
{
    fake_exit(node->guest, 3);
    node->state = NODE_ENDED;
    forget_below(node);
    for (struct node *copy = nodes; copy < nodes + NODES; copy++)
        if (copy->state == NODE_STARTING && copy->source == node - nodes) {
            copy->source = -1;
            copy->has_no_source = true;
        }
}

static void adopt_one(struct node *node)
{
    if (node->parent < 0)
        return;
    uint8_t paused = (uint8_t)random_below(4);  /* BY_PARENT, who can let it go on no more, and BY_OPERATOR */
    node->guest->life.paused = paused;
    family_adopt(node->guest);
    assert_int_equal(node->guest->life.paused, paused != 0 ? GUEST_PAUSED_BY_OPERATOR : 0);
    node->guest->life.paused = 0;
    node->parent = -1;
    adopted++;
}

/* The operator lets one go that he has: it is not known afterwards. */
static void release_one(struct node *node)
{
    if (node->parent >= 0)
        return;
    request_release(node->guest);
    node->state = NODE_FREE;
}

static void compare(void)
{
    for (struct node *node = nodes; node < nodes + NODES; node++) {
        if (node->state != NODE_LIVES)
            continue;
        struct family_sum sum = sum_below(node);
        assert_int_equal(node->guest->life.activity == GUEST_ENDED, false);
        assert_int_equal(node->guest->family.below.children, sum.children);
        assert_int_equal(node->guest->family.below.memory_bytes, sum.memory_bytes);
        assert_int_equal(node->guest->family.depth, node->depth);
        assert_int_equal(node->guest->family.rights.most.children, node->most_children);
        assert_int_equal(node->guest->family.rights.most.memory_bytes, node->most_memory);
        assert_ptr_equal(node->guest->family.parent, node->parent < 0 ? NULL : nodes[node->parent].guest);
        assert_int_equal(guest_holder(node->guest)->life.activity == GUEST_ENDED, false);
        unsigned seen = 0, there = 0;
        for (struct guest *next = node->guest; next != NULL; next = family_next(node->guest, next))
            seen++;
        for (const struct node *other = nodes; other < nodes + NODES; other++)
            there += (other->state == NODE_LIVES || other->state == NODE_ENDED) && is_below(other, node);
        assert_int_equal(seen, there);
    }
}

static void make_top(void)
{
    struct node *node = free_node();
    char reason[GUEST_REASON_BYTES];
    struct request_start start = { .id = guest_new_id(), .name = "top", .image = "image", .image_bytes = 5,
                                   .memory_bytes = 2 * PAGE, .reason = reason };

    if (node == NULL)
        return;
    *node = (struct node){ .state = NODE_LIVES, .id = start.id, .parent = -1, .control = true, .memory_bytes = 2 * PAGE,
                           .most_children = 14 + random_below(20), .most_memory = 600 * PAGE };
    uint32_t steps = 2;
    assert_true(fake_launch == NULL && launch_step(&start, &node->guest, &steps));
    node->guest->family.rights = (struct family_rights){ true, { node->most_children, node->most_memory } };
}

static unsigned count_tops(void)
{
    unsigned count = 0;

    for (const struct node *node = nodes; node < nodes + NODES; node++)
        count += node->state == NODE_LIVES && node->parent < 0;
    return count;
}

static void step(void)
{
    static const enum node_state meant[] = { NODE_LIVES, NODE_LIVES, NODE_LIVES, NODE_LIVES, NODE_LIVES, NODE_ENDED,
                                             NODE_STARTING, NODE_REFUSED, NODE_ENDED, NODE_LIVES };
    unsigned choice = random_below(40);
    struct node *node = any_node(choice < 30 ? NODE_LIVES : meant[choice - 30]);

    if (count_tops() < TOPS && fake_launch == NULL)
        make_top();
    if (node == NULL)
        return;
    if (choice < 30) {
        for (struct node *deep = nodes; choice < 10 && deep < nodes + NODES; deep++)
            if (deep->state == NODE_LIVES && deep->control && deep->depth > node->depth)
                node = deep;
        if (node->control && !is_held(node) && random_below(3) == 0)
            clone_below(node);
        else if (node->control && !is_held(node))
            start_below(node);
    } else if (choice == 30 && !is_held(choose_to_end(node)) &&
               (choose_to_end(node)->parent >= 0 || random_below(20) == 0)) {
        end_one(choose_to_end(node));
    } else if (choice == 31 && random_below(4) == 0) {
        request_end(node->guest, false);
        drain();
        node->state = NODE_ENDED;
        forget_below(node);
        serve();
    } else if (choice == 32 && random_below(10) == 0) {
        adopt_one(node);
    } else if ((choice == 33 || choice >= 35) && choice < 38 && node->parent >= 0) {
        forget(node);
    } else if (choice == 38) {
        release_one(node);
    } else if (choice == 39 && node->parent >= 0) {
        family_lend(nodes[node->parent].guest, family_find(nodes[node->parent].guest, node->id));
    }
}

static void a_random_walk(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        if (random_below(3) == 0)
            serve();
        compare();
    }
    serve();
    for (struct node *node = nodes; node < nodes + NODES; node++)
        if (node->parent < 0 && (node->state == NODE_LIVES || node->state == NODE_ENDED)) {
            fake_exit(node->guest, 0);
            request_release(node->guest);
        }
    drain();
    assert_int_equal(fake_guest_count, 0);
    assert_int_equal(fake_block_count, 0);
    assert_int_equal(deepest, HV_DEPTH_MAX);
    assert_true(adopted > 10);
    assert_true(clones > 1000 && selves > 100 && clones_refused > 5);
    assert_true(errors[0] > 1000 && errors[-HV_ERROR_CHILDREN] > 100 && errors[-HV_ERROR_MEMORY] > 100 &&
                errors[-HV_ERROR_DEPTH] > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
