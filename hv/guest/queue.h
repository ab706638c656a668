/*
 * queue.h - guests in ascending order of a time, the earliest first (PURE).
 *
 * A list: who comes back from a turn or goes to sleep is nearly always due later than all others, and is put in at the
 * end; who wakes is due earlier, and who was interrupted earliest. The place of any other is looked for from both ends.
 */
#ifndef GUEST_QUEUE_H
#define GUEST_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* A guest's place. It is in one queue at most: queue is NULL when it is in none. */
struct queue_place {
    struct queue_place *next, *previous;
    struct queue *queue;
    struct guest *guest;
    uint64_t key_ns;
};

/* All zero: empty. */
struct queue {
    struct queue_place *first, *last;
    unsigned count;
};

/* The last with this key or an earlier one, where there is a later one; NULL: none. Bound: half of its guests. */
static inline struct queue_place *queue_find(const struct queue *queue, uint64_t key_ns)
{
    struct queue_place *after = queue->first, *before = queue->last;

    while (after->key_ns <= key_ns && before->key_ns > key_ns) {
        after = after->next;
        before = before->previous;
    }
    return after->key_ns > key_ns ? after->previous : before;
}

/* before: NULL: at the head. */
static inline void queue_put_behind(struct queue *queue, struct queue_place *before, struct queue_place *place,
                                    struct guest *guest, uint64_t key_ns)
{
    struct queue_place *after = before ? before->next : queue->first;

    *place = (struct queue_place){ after, before, queue, guest, key_ns };
    *(before ? &before->next : &queue->first) = place;
    *(after ? &after->previous : &queue->last) = place;
    queue->count++;
}

/* Put a guest, which is in no queue, behind all with this key or an earlier one. */
static inline void queue_put(struct queue *queue, struct queue_place *place, struct guest *guest, uint64_t key_ns)
{
    struct queue_place *before = queue->last;
    if (before && before->key_ns > key_ns)
        before = queue_find(queue, key_ns);
    queue_put_behind(queue, before, place, guest, key_ns);
}

/* The same before all with this key. Bound: those with an earlier one. */
static inline void queue_put_first(struct queue *queue, struct queue_place *place, struct guest *guest, uint64_t key_ns)
{
    struct queue_place *after = queue->first;
    while (after && after->key_ns < key_ns)
        after = after->next;
    queue_put_behind(queue, after ? after->previous : queue->last, place, guest, key_ns);
}

/*
 * Put many guests, which are in no queue, each behind all with its key or an earlier one, in the order of the list
 * where keys are equal. list: their places by next, with guest and key_ns filled in; NULL: nobody.
 */
void queue_put_list(struct queue *queue, struct queue_place *list);

/* Take a guest out of the queue that it is in, if it is in any. */
static inline void queue_take(struct queue_place *place)
{
    struct queue *queue = place->queue;
    if (!queue)
        return;
    *(place->previous ? &place->previous->next : &queue->first) = place->next;
    *(place->next ? &place->next->previous : &queue->last) = place->previous;
    queue->count--;
    place->queue = NULL;
}

/* Take the first guest out of a queue that has one. */
static inline struct guest *queue_take_first(struct queue *queue)
{
    struct queue_place *place = queue->first;
    queue->first = place->next;
    *(place->next ? &place->next->previous : &queue->last) = NULL;
    queue->count--;
    place->queue = NULL;
    return place->guest;
}

#endif
