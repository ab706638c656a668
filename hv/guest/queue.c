/*
 * queue.c - many guests put into a queue at once (PURE).
 *
 * One after the other they would each look for their place from the ends, and where the places of all lie in the middle
 * that is a walk over half of the others for each. Put in order first, they all find theirs in one walk.
 */
#include "guest/queue.h"

#define RUNS 32                 /* each twice as long as the one before: more guests than there are addresses */

/* Two lists in order become one; of equal times, those of the first list come first. Bound: both. */
static struct queue_place *merge(struct queue_place *first, struct queue_place *second)
{
    struct queue_place *merged, **end = &merged;

    while (first && second) {
        struct queue_place **from = second->key_ns < first->key_ns ? &second : &first;
        *end = *from;
        end = &(*from)->next;
        *from = *end;
    }
    *end = first ? first : second;
    return merged;
}

/* By their times, and as they were where these are equal. Bound: n log n of n places, some eight instructions each. */
static struct queue_place *sort(struct queue_place *list)
{
    struct queue_place *runs[RUNS] = { NULL }, *sorted = NULL;

    while (list) {
        struct queue_place *run = list;
        unsigned i = 0;
        list = list->next;
        run->next = NULL;
        for (; runs[i]; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (unsigned i = 0; i < RUNS; i++)
        sorted = merge(runs[i], sorted);
    return sorted;
}

/* Bound: the list in order, and once all that are in the queue. */
void queue_put_list(struct queue *queue, struct queue_place *list)
{
    struct queue_place *place = list && list->next ? sort(list) : list;
    struct queue_place *before = queue->last;

    if (place && before && before->key_ns > place->key_ns)
        before = queue_find(queue, place->key_ns);
    for (struct queue_place *next; place; place = next) {
        struct queue_place *after = before ? before->next : queue->first;
        for (; after && after->key_ns <= place->key_ns; after = after->next)
            before = after;
        next = place->next;
        queue_put_behind(queue, before, place, place->guest, place->key_ns);
        before = place;
    }
}
