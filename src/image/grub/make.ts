/**
 * The GRUB program that SLOF and PowerVM load from the network: made from a distribution's modules by this machine's
 * grub-mkimage, with all that a network boot needs inside, so that one file comes over the slow line instead of twenty.
 *
 * This folder knows directories and files; which images and media there are it is told.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf, ImageError } from '../image-error.ts'
import type { ModuleSource } from './module-places.ts'
import { PLATFORM } from './module-places.ts'
import { judgeNetworkDriver, type NetworkDriver } from './network-driver.ts'
import { unpackModules } from './unpack.ts'

/** Below the TFTP directory; GRUB looks for its configuration there too. */
export const GRUB_DIRECTORY = 'boot/grub2'
/** xCAT's name for the program; every `grub2-<node>` is this file. */
export const GRUB_PROGRAM = `${GRUB_DIRECTORY}/grub2.ppc`
/** The name that grub-mknetdir gives it. */
export const CORE_PROGRAM = `${GRUB_DIRECTORY}/${PLATFORM}/core.elf`

const BUILT_IN = [
  ...['normal', 'configfile', 'ofnet', 'net', 'tftp', 'http', 'linux', 'gzio', 'echo', 'test', 'true', 'sleep'],
  ...['ls', 'cat', 'regexp', 'minicmd', 'reboot', 'halt', 'progress'],
]
/** Modules that not every version has. */
const OPTIONAL = ['progress', 'regexp']
const TOOLS = ['grub-mkimage', 'grub2-mkimage']

export interface OpenedModules {
  readonly directory: string
  readonly networkDriver: NetworkDriver | undefined
  close(): Promise<void>
}

/** Unpacks a package if need be, and looks at the network driver. */
export async function openModules(source: ModuleSource): Promise<OpenedModules> {
  const work = source.kind === 'package' ? await mkdtemp(join(tmpdir(), 'liteboot-grub-')) : undefined
  const close = async () => {
    if (work !== undefined) await rm(work, { recursive: true, force: true })
  }
  try {
    const directory = work === undefined ? source.path : await unpackModules(source.path, work)
    return { directory, networkDriver: judgeNetworkDriver(await readFile(join(directory, 'ofnet.mod'))), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Writes the program and the modules below the TFTP directory; each file changes at once or not at all. */
export async function makeGrubProgram(modules: string, tftpdir: string): Promise<{ readonly program: string }> {
  const directory = join(tftpdir, GRUB_DIRECTORY)
  const place = join(directory, PLATFORM)
  await mkdir(directory, { recursive: true })
  const draft = await mkdtemp(join(directory, `.${PLATFORM}.`))
  try {
    const names = await readdir(modules)
    for (const name of names.filter((each) => /\.(mod|lst)$/.test(each)))
      await cp(join(modules, name), join(draft, name))
    const builtIn = BUILT_IN.filter((name) => !OPTIONAL.includes(name) || names.includes(`${name}.mod`))
    const core = join(draft, 'core.elf')
    await mkimage(['-O', PLATFORM, '-d', modules, '-p', `/${GRUB_DIRECTORY}`, '-o', core, ...builtIn])
    await mkdir(place, { recursive: true })
    await cp(core, join(directory, '.grub2.ppc.new'))
    for (const name of await readdir(draft)) await rename(join(draft, name), join(place, name))
    // Last: what nodes are told to load.
    await rename(join(directory, '.grub2.ppc.new'), join(tftpdir, GRUB_PROGRAM))
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(join(directory, '.grub2.ppc.new'), { force: true })
  }
  return { program: join(tftpdir, GRUB_PROGRAM) }
}

export async function mkimage(args: readonly string[]): Promise<void> {
  for (const tool of TOOLS) {
    try {
      await promisify(execFile)(tool, [...args])
      return
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') continue
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
      throw new ImageError('image-tool', `${tool}: ${said}`)
    }
  }
  throw new ImageError('image-tool', 'grub-mkimage is not installed: apt-get install grub-common')
}
