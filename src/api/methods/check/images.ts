/** Images on disk: root tree, liteimg, kernel and initrd. What is wrong with one never keeps another from being looked at. */
import { join } from 'node:path'
import { isStateless } from '../../../cluster/images.ts'
import type { Image, Snapshot } from '../../../cluster/model.ts'
import { ImageError } from '../../../image/image-error.ts'
import { checkInitrdFile } from './initrd-file.ts'
import { checkKernelFile } from './kernel-file.ts'
import { CHECK_LIMITS, type Machine, within } from './machine.ts'
import { checkPackedRoot } from './packed-root.ts'
import type { CheckReport, Severity } from './report.ts'
import { checkRootTree } from './root-tree.ts'
import { checkStateliteTree } from './statelite-tree.ts'

/** One image under check. */
export interface ImageCase {
  readonly image: Image
  readonly snapshot: Snapshot
  readonly arch: string
  readonly rootimg: string
  /** The command that makes what nodes boot: `liteimg lite`. */
  readonly run: string
  say(severity: Severity, code: string, message: string, remedy: string): void
}

export async function checkImage(
  image: Image,
  snapshot: Snapshot,
  isNamed: boolean,
  machine: Machine,
  report: CheckReport,
): Promise<void> {
  const say: ImageCase['say'] = (severity, code, message, remedy) =>
    report.add(severity, code, `image ${image.name}`, message, remedy)
  if (!isStateless(image) && !image.provmethod?.includes('statelite')) {
    if (isNamed)
      say(
        'info',
        'not-statelite',
        `is for ${image.provmethod ?? 'nothing'}, neither for statelite nor netboot: its files are not checked`,
        '',
      )
    return
  }
  if (image.osarch === undefined)
    say(
      'warning',
      'no-arch',
      'osarch is not set: liteimg takes x86_64',
      `chdef -t osimage ${image.name} osarch=<architecture>`,
    )
  const { rootimgdir } = image
  if (!(await machine.answers(rootimgdir)))
    return say(
      'error',
      'directory-silent',
      `the file server of ${rootimgdir} does not answer`,
      'start it, or mount it again',
    )
  const subject: ImageCase = {
    image,
    snapshot,
    arch: image.osarch ?? 'x86_64',
    rootimg: join(rootimgdir, 'rootimg'),
    run: `${isStateless(image) ? 'packimage' : 'liteimg'} ${image.name}`,
    say,
  }
  const done = await within(CHECK_LIMITS.subjectMs, checkFiles(subject))
  if (done === undefined)
    say(
      'error',
      'too-slow',
      `its files could not be read within ${CHECK_LIMITS.subjectMs / 1000} seconds`,
      'check the disk',
    )
}

async function checkFiles(subject: ImageCase): Promise<void> {
  const hasTree = await guarded(subject, () => checkRootTree(subject))
  if (hasTree === true && !isStateless(subject.image)) await guarded(subject, () => checkStateliteTree(subject))
  const version = await guarded(subject, () => checkKernelFile(subject, hasTree === true))
  const packed =
    subject.image.rootfstype === 'ramdisk'
      ? await guarded(subject, () => checkPackedRoot(subject, hasTree === true))
      : undefined
  await guarded(subject, () => checkInitrdFile(subject, version, hasTree === true, packed))
}

/** undefined: it could not be done, and that is a finding. */
async function guarded<T>({ say }: ImageCase, check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    const lines = error instanceof ImageError ? error.problems : [(error as Error).message]
    for (const line of lines) say('error', error instanceof ImageError ? error.code : 'unreadable', line, '')
    return undefined
  }
}
