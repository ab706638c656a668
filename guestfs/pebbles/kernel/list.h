/*
 * list.h - doubly linked rings. A node that is in no list points to itself, so that it can always be taken out.
 */
#ifndef PEBBLES_LIST_H
#define PEBBLES_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

#define LIST_EMPTY(name) { &(name), &(name) }
#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))
/* The node may be taken out, or freed, in the body. */
#define LIST_EACH(node, head) \
    for (struct list *node = (head)->next, *node##_next; node##_next = node->next, node != (head); node = node##_next)

static inline void list_init(struct list *node)
{
    node->next = node->previous = node;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *node)
{
    node->previous = head->previous;
    node->next = head;
    head->previous->next = node;
    head->previous = node;
}

static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

static inline unsigned list_count(const struct list *head)
{
    unsigned count = 0;

    for (const struct list *node = head->next; node != head; node = node->next)
        count++;
    return count;
}

#endif
