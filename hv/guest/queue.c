/*
 * queue.c - a doubly linked list, searched from its end.
 */
#include "guest/queue.h"

#include <stddef.h>

void queue_put(struct queue *queue, struct queue_place *place, struct guest *guest, uint64_t key_ns)
{
    struct queue_place *before = queue->last;
    while (before && before->key_ns > key_ns)
        before = before->previous;
    struct queue_place *after = before ? before->next : queue->first;

    *place = (struct queue_place){ after, before, queue, guest, key_ns };
    *(before ? &before->next : &queue->first) = place;
    *(after ? &after->previous : &queue->last) = place;
    queue->count++;
}

void queue_take(struct queue_place *place)
{
    struct queue *queue = place->queue;
    if (!queue)
        return;
    *(place->previous ? &place->previous->next : &queue->first) = place->next;
    *(place->next ? &place->next->previous : &queue->last) = place->previous;
    queue->count--;
    place->queue = NULL;
}
