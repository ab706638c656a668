/*
 * event_entry.S - from the hypervisor's event frame to event_dispatch(struct event *) and back by hv_iret.
 */
#include "event_frame.h"

        .text
        entry_points event_entries, event_common

        .type event_common, @function
event_common:
        pusha
        cld
        pushl %esp
        call event_dispatch
        addl $4, %esp
        return_from_event
        .size event_common, . - event_common
