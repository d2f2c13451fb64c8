/** The row that each captured boot had. */
export const GOLDEN_WAYS: Readonly<
  Record<string, { readonly arch: 'x86_64' | 'aarch64' | 'ppc64le'; readonly netboot: string }>
> = {
  'bios-ipxe': { arch: 'x86_64', netboot: 'ipxe' },
  'bios-ipxe-proxy': { arch: 'x86_64', netboot: 'ipxe' },
  'uefi-ipxe-proxy': { arch: 'x86_64', netboot: 'ipxe' },
  'uefi-http-proxy': { arch: 'x86_64', netboot: 'ipxe' },
  pxelinux: { arch: 'x86_64', netboot: 'pxe' },
  lpxelinux: { arch: 'x86_64', netboot: 'pxe-http' },
  'uefi-ipxe': { arch: 'x86_64', netboot: 'ipxe' },
  'uefi-ipxe-drivers': { arch: 'x86_64', netboot: 'ipxe-drivers' },
  'uefi-grub': { arch: 'x86_64', netboot: 'grub2-http' },
  'uefi-grub-tftp': { arch: 'x86_64', netboot: 'grub2-tftp' },
  'secure-boot': { arch: 'x86_64', netboot: 'grub2-http' },
  'uefi-http': { arch: 'x86_64', netboot: 'ipxe' },
  'uefi-http-grub': { arch: 'x86_64', netboot: 'grub2-http' },
  'aarch64-uefi-grub': { arch: 'aarch64', netboot: 'grub2-http' },
  'aarch64-http-grub': { arch: 'aarch64', netboot: 'grub2-http' },
  'slof-grub-http': { arch: 'ppc64le', netboot: 'grub2-http' },
  'slof-grub-tftp': { arch: 'ppc64le', netboot: 'grub2-tftp' },
  petitboot: { arch: 'ppc64le', netboot: 'petitboot' },
  'petitboot-powernv9': { arch: 'ppc64le', netboot: 'petitboot' },
}
