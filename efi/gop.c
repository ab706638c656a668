/*
 * gop.c - the framebuffer: the graphics output that is on the firmware's console, in the mode it is in.
 */
#include "efi_app.h"
#include "pixel_format.h"

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

/* Describe one protocol's mode. Returns 0 when it has no framebuffer that can be drawn on. */
static int describe(EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, struct boot_framebuffer *framebuffer)
{
    if (!gop->Mode || !gop->Mode->Info)
        return 0;
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = gop->Mode->Info;
    const uint32_t masks[4] = { mode->PixelInformation.RedMask, mode->PixelInformation.GreenMask,
                                mode->PixelInformation.BlueMask, mode->PixelInformation.ReservedMask };
    *framebuffer = (struct boot_framebuffer){
        .address = gop->Mode->FrameBufferBase,
        .size = gop->Mode->FrameBufferSize,
        .width = mode->HorizontalResolution,
        .height = mode->VerticalResolution,
    };
    return pixel_format_describe(framebuffer, (uint32_t)mode->PixelFormat, masks, mode->PixelsPerScanLine);
}

void gop_describe(struct boot_framebuffer *framebuffer)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
    EFI_HANDLE *handles;
    UINTN count = 0;

    /* The one on ConOut is the one somebody looks at; others may be virtual. */
    if (!efi_boot->HandleProtocol(efi_system->ConsoleOutHandle, &gop_guid, (void **)&gop) && describe(gop, framebuffer))
        return;
    if (efi_boot->LocateHandleBuffer(ByProtocol, &gop_guid, NULL, &count, &handles))
        count = 0;
    for (UINTN i = 0; i < count; i++)
        if (!efi_boot->HandleProtocol(handles[i], &gop_guid, (void **)&gop) && describe(gop, framebuffer))
            return;
    *framebuffer = (struct boot_framebuffer){ 0 };
    note(count ? "graphics output without a framebuffer: serial only" : "no graphics output: serial only", NULL);
}
