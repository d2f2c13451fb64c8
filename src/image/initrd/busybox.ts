/** The static busybox of the target architecture: the only program in the lean initrd. It is never run here. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { ARCHITECTURES, architectureOfElf, checkElfArchitecture } from './architecture.ts'
import { parseElf } from './elf.ts'

export interface Busybox {
  readonly path: string
  readonly bytes: Buffer
}

/** Applets the steps cannot do without. */
const REQUIRED_APPLETS = [
  ...['awk', 'cat', 'chmod', 'chown', 'cp', 'cpio', 'cut', 'df', 'find', 'grep', 'gzip', 'ip', 'ln', 'ls', 'mkdir'],
  ...['mkfifo', 'modprobe', 'mount', 'mv', 'od', 'readlink', 'rm', 'sed', 'sh', 'sha256sum', 'sleep', 'sort', 'stat'],
  ...['switch_root', 'tail', 'tee', 'timeout', 'tr', 'udhcpc', 'umount', 'uname', 'wget', 'xargs'],
]

const IN_IMAGE = ['bin/busybox', 'usr/bin/busybox', 'sbin/busybox', 'bin/busybox.static', 'usr/sbin/busybox']
const ON_HOST = ['/bin/busybox', '/usr/bin/busybox']

/** `given` when there is one (and then it must fit); else the image's own, else the host's when it fits. */
export async function findBusybox(rootimg: string, arch: string, given: string | undefined): Promise<Busybox> {
  if (given !== undefined) {
    const bytes = await readFile(given).catch((error: unknown) => {
      throw new ImageError('image-busybox', `${given} cannot be read (${errnoOf(error)}): ${adviceFor(arch)}`)
    })
    checkElfArchitecture(bytes, arch, given)
    const problem = busyboxProblem(bytes)
    if (problem !== undefined) throw new ImageError('image-busybox', `${given} ${problem}: ${adviceFor(arch)}`)
    return { path: given, bytes }
  }
  const rejected: string[] = []
  for (const path of [...(await candidatesInImage(rootimg)), ...ON_HOST]) {
    if ((await lstatOrMissing(path)) === undefined) continue
    const bytes = await readFile(path)
    const found = architectureOfElf(bytes)
    const problem = found === arch ? busyboxProblem(bytes) : `is for ${found ?? 'another machine'}`
    if (problem === undefined) return { path, bytes }
    rejected.push(`${path} ${problem}`)
  }
  const seen = rejected.length === 0 ? 'none was found in the image or on this machine' : rejected.join('; ')
  throw new ImageError('image-busybox', `no static busybox for ${arch} (${seen}): ${adviceFor(arch)}`)
}

function adviceFor(arch: string): string {
  const debian = ARCHITECTURES[arch]?.debian ?? arch
  return `install busybox-static in the image, or unpack Debian's busybox-static_*_${debian}.deb with dpkg-deb -x and give its bin/busybox`
}

async function candidatesInImage(rootimg: string): Promise<string[]> {
  const paths: string[] = []
  for (const rel of IN_IMAGE) {
    const real = await resolveInside(rootimg, rel)
    if (real !== undefined) paths.push(join(rootimg, real))
  }
  return [...new Set(paths)]
}

/** busybox keeps its applet names as one list of zero-ended strings, whatever the architecture. */
function busyboxProblem(bytes: Buffer): string | undefined {
  if (parseElf(bytes)?.needsInterpreter !== false) return 'is not static'
  const missing = REQUIRED_APPLETS.filter((applet) => !bytes.includes(`\0${applet}\0`))
  return missing.length === 0 ? undefined : `lacks the applets ${missing.join(' ')}`
}
