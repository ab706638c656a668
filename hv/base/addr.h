/*
 * addr.h - the kinds of address, as one-member structs, so that mixing them does not compile.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdint.h>

#include "boot_info.h"

#define PAGE_SIZE 4096u
#define PAGE_SHIFT 12u
#define PAGE_MASK (PAGE_SIZE - 1u)
#define LARGE_PAGE_SIZE 0x200000u
#define LARGE_PAGE_FRAMES 512u

typedef struct { uint32_t v; } gva_t;   /* guest-virtual: what guest code writes, linear address minus 16 MiB */
typedef struct { uint32_t v; } gpa_t;   /* guest-physical: offset into the guest's RAM */
typedef struct { uint64_t v; } hpa_t;   /* host-physical */

#define GVA(x) ((gva_t){ (uint32_t)(x) })
#define GPA(x) ((gpa_t){ (uint32_t)(x) })
#define HPA(x) ((hpa_t){ (uint64_t)(x) })

/* Host-physical 0 is never handed out, so it can say "none". */
#define HPA_NONE HPA(0)

/* The hypervisor's window on a physical address: all RAM is visible in the direct map. */
static inline void *hpa_to_ptr(hpa_t address)
{
    return (void *)(uintptr_t)(BOOT_DIRECT_MAP_BASE + address.v);
}

/* The inverse, for pointers into the direct map only. */
static inline hpa_t ptr_to_hpa(const void *pointer)
{
    return HPA((uint64_t)(uintptr_t)pointer - BOOT_DIRECT_MAP_BASE);
}

#endif
