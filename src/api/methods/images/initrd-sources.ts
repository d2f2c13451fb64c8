/** What an image's rows say about its kernel and initrd. */
import type { Image } from '../../../cluster/model.ts'

export interface InitrdSources {
  readonly arch: string
  readonly kernelVersion?: string
  readonly drivers?: readonly string[]
  /** Defaults that the initrd brings along: the kernel's own command line counts more. */
  readonly commandLine?: string
}

/**
 * Of linuximage.addkcmdline what the initrd itself reads, and what is true of the image wherever it boots: so it also
 * holds when a boot loader's own configuration starts kernel and initrd. Nothing else: a word that is taken out of the
 * table would live on in the initrd until the next liteimg.
 */
const DEFAULTS = ['rootlimit', 'liteboot.learnsize']

export function initrdSources(image: Image): InitrdSources {
  const kernelVersion = image.attribute('kernelver')?.trim() || undefined
  const drivers = (image.attribute('netdrivers') ?? '').split(',').map((name) => name.trim().replace(/\.ko$/, ''))
  const named = drivers.filter((name) => name !== '' && name !== 'allupdate')
  const commandLine = initrdDefaults(image.attribute('addkcmdline'))
  return {
    arch: image.osarch ?? 'x86_64',
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    ...(named.length > 0 ? { drivers: named } : {}),
    ...(commandLine === undefined ? {} : { commandLine }),
  }
}

/** @param words linuximage.addkcmdline */
export function initrdDefaults(words: string | undefined): string | undefined {
  const given = (words ?? '').split(/\s+/).filter((word) => DEFAULTS.some((name) => word.startsWith(`${name}=`)))
  return given.length > 0 ? given.join(' ') : undefined
}
