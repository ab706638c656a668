/*
 * sys_memory.c - system calls: new_pages, remove_pages.
 */
#include "sched.h"
#include "syscalls.h"

int32_t sys_new_pages(struct event *event, const uint32_t *arguments)
{
    (void)event;
    return region_add(sched_current()->task->directory, arguments[0], arguments[1]);
}

int32_t sys_remove_pages(struct event *event, const uint32_t *arguments)
{
    (void)event;
    return region_remove(sched_current()->task->directory, arguments[0]);
}
