/** petitboot texts (OPAL firmware on bare-metal POWER). Absolute URLs only; petitboot adds no BOOTIF of its own. */
import type { LoaderEntry } from './pxelinux.ts'

/** Indented by one tab. The command line is quoted: quotes inside it were refused when it was compiled. */
export function renderPetitbootBoot(entry: LoaderEntry): string {
  return [
    `#${entry.stateLine}`,
    'default xCAT',
    'label xCAT',
    `\tkernel ${entry.kernel}`,
    `\tappend "${entry.commandLine}"`,
    // Behind it, since an `initrd=` anywhere among the arguments would replace it.
    `\tinitrd ${entry.initrd}`,
    '',
  ].join('\n')
}

/** No entry: petitboot goes on with the disks it finds. */
export function renderPetitbootLocal(): string {
  return '#boot\n'
}
