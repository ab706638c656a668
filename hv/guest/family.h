/*
 * family.h - who started whom, how much may be below whom, and who has whose view (PURE): docs/control.md.
 *
 * A guest with the right to control starts children, by requests like everybody (request.h). Of each child its parent
 * has a record, from the moment it is asked for until the parent forgets it; the child itself is an ordinary guest.
 * What is counted at a guest is what is below it, at any depth, and all above it count it, too: so none has more rights
 * than its parent, whatever it passes on. When a guest ends, all that is below it ends.
 *
 * No list is longer than HV_CHILDREN_MAX, and no way up longer than HV_DEPTH_MAX.
 */
#ifndef GUEST_FAMILY_H
#define GUEST_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/clone.h"
#include "guest/kind.h"
#include "guest/request.h"
#include "pebpeb.h"

#define FAMILY_CHILDREN_DEFAULT 16u
#define FAMILY_MEMORY_DEFAULT (384ull << 20)

/* Guests, and bytes of their RAM. */
struct family_sum {
    uint32_t children;
    uint64_t memory_bytes;
};

/* What whoever starts a guest lets it do. */
struct family_rights {
    bool control;
    struct family_sum most;             /* below it */
};

/* What a guest that the operator starts may have below it when nothing else is said: control is off. */
static inline struct family_rights family_no_rights(void)
{
    return (struct family_rights){ .most = { FAMILY_CHILDREN_DEFAULT, FAMILY_MEMORY_DEFAULT } };
}

/* What a parent knows of a child. */
struct child {
    uint32_t id;
    struct guest *parent;               /* NULL: it asked, and does not want it any more */
    struct guest *guest;                /* NULL: still to come, or refused */
    bool is_refused;
    bool wants_view, wants_end;         /* as soon as it is there */
    void *image;                        /* a copy of the parent's, until it is loaded; NULL: the machine's own */
    char *command_line;                 /* a virtual PC's, until it has it; NULL: none */
    struct guest_equipment equipment;
    struct family_rights rights;
    struct family_sum sum;              /* what it counts for itself */
    struct request request;
    struct request_start start;         /* of an image, */
    struct clone clone;                 /* or of a guest: request.kind says which */
    char name[HV_NAME_BYTES], reason[HV_REASON_BYTES];
    struct child *next;                 /* ascending ID */
};

/* In struct guest. All zero: nobody's child, with no rights. */
struct family {
    struct guest *parent;               /* NULL: the operator's */
    struct child *record;               /* which its parent has of it */
    struct child *children;
    struct child *lent_to;              /* who has its view: one of children, whose guest is there and has not ended */
    struct family_rights rights;
    struct family_sum below;
    uint32_t depth;                     /* guests above it when it was started */
    void (*ended)(struct guest *guest); /* it has just ended; NULL: it is nobody's child, and asked for none */
};

/* For family_start. */
struct family_wish {
    const char *name;                   /* fit for a guest: image_name.h */
    const void *image;
    uint64_t image_bytes;
    void *copy;                         /* the image, if it is the child's own: freed when it is not needed any more */
    const struct guest_kind *kind;      /* NULL: PebPeb */
    struct guest_equipment equipment;   /* of another kind; its command line is */
    char *command_line;                 /* the child's own, as copy */
    uint32_t memory_bytes;
    bool wants_view;
    struct family_rights rights;        /* most: 0: as much as its parent */
};

/* One more of this size below parent: 0, or HV_ERROR_CHILDREN, HV_ERROR_MEMORY, HV_ERROR_DEPTH. */
int32_t family_check(const struct guest *parent, uint32_t memory_bytes);

/*
 * Ask for a child that family_check allowed. Its ID; HV_ERROR_NO_ROOM, and then what wish owns is still the caller's.
 */
int32_t family_start(struct guest *parent, const struct family_wish *wish);

/*
 * Ask for a copy of a guest that lives, the parent itself or a child of it, as one more child. family_check allowed it
 * for so much RAM as the guest has. paused: GUEST_PAUSED_ bits that the copy begins with. A parent that is copied
 * itself has no turn until the copy is there. Returns as family_start, and HV_ERROR_STATE where the guest is to go.
 */
int32_t family_clone(struct guest *parent, struct guest *source, uint8_t paused);

/* Does an image of the guest's own wait to be loaded? */
bool family_has_copy(const struct guest *parent);

/* The child of this ID or, with none, NULL. */
struct child *family_find(const struct guest *parent, uint32_t id);

/* It ends, now or as soon as it is there; the parent goes on knowing it. */
void family_end(struct child *child);

/* The parent knows it no more: it ends, if it has not, and is let go. */
void family_forget(struct child *child);

/* The parent has it no more, and the operator has. All that is below it stays below it. */
void family_adopt(struct guest *guest);

/*
 * Lend the view to a child that lives; NULL: take it back. It comes back by itself when the operator looks at this
 * guest's own console.
 */
void family_lend(struct guest *parent, struct child *child);

/* The guest behind this one among those below top, parents first and by ID; NULL: there is no other. */
struct guest *family_next(const struct guest *top, struct guest *guest);

#endif
