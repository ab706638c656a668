/*
 * equip.h - what a plan or the operator says of a virtual PC: engine=, moves=, input=, cmdline=, initrd=, disk= (PURE
 * but for equip_find, which is equip_find.c's).
 */
#ifndef MONITOR_EQUIP_H
#define MONITOR_EQUIP_H

#include <stdbool.h>

#include "guest/request.h"

#define EQUIP_WORDS "engine= moves= input= cmdline= initrd= disk="
#define EQUIP_TEXTS 4
#define EQUIP_MOVES_MAX 1000000u

/* Texts are the caller's; NULL: not said. */
enum equip_text { EQUIP_CMDLINE, EQUIP_INITRD, EQUIP_DISK0, EQUIP_DISK1 };
struct equip {
    bool is_machine;                    /* engine= */
    bool wants_svm;                     /* engine=svm, engine=moving, engine=lockstep */
    bool is_moving;                     /* engine=moving, or engine=lockstep */
    bool compares;                      /* engine=lockstep */
    uint32_t moves;                     /* moves=; 0: not said */
    bool takes_serial_input;            /* input=serial */
    bool counts_time;                   /* clock=instructions */
    const char *texts[EQUIP_TEXTS];
};

/* One word of a line. True: it is one of these, and wrong says what is wrong with it; NULL: nothing. */
bool equip_read(struct equip *equip, const char *word, const char **wrong);

/* After the last word. NULL, or what is wrong. */
const char *equip_judge(const struct equip *equip);

/*
 * Look for the files, on the boot volume and in the ramdisk, and complete what is asked for; equipment stays until
 * there is an answer. False: reason (GUEST_REASON_BYTES) says which is not there.
 */
bool equip_find(const struct equip *equip, struct request_start *start, struct guest_equipment *equipment,
                char *reason);

#endif
