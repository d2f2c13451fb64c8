/**
 * A program of the image (or of this machine, when it is of the same architecture) for the initrd, with all it needs in a
 * directory of its own: `/liteboot/zstd/zstd`. Its own loader starts it there, so that nothing has to lie where the system
 * it comes from has it. Never run here.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { architectureOfElf } from './architecture.ts'
import { parseDynamic } from './elf-dynamic.ts'

export interface BroughtFile {
  readonly name: string
  readonly data: Buffer
  readonly mode: number
}

const PROGRAM_PLACES = ['usr/bin', 'bin', 'usr/local/bin', 'usr/sbin', 'sbin']
const LIBRARY_PLACES = ['lib64', 'usr/lib64', 'lib', 'usr/lib']

export async function bringProgram(rootimg: string, arch: string, name: string): Promise<BroughtFile[]> {
  for (const root of [rootimg, '/']) {
    const found = await filesOf(root, arch, name)
    if (found !== undefined) return found
  }
  throw new ImageError(
    'image-initrd',
    `the initrd needs ${name} for ${arch}, and neither the image nor this machine has it with its libraries: install ${name} in the image, or pack with -c gzip`,
  )
}

/** undefined: not here, or not for this architecture, or without one of its libraries. */
async function filesOf(root: string, arch: string, name: string): Promise<BroughtFile[] | undefined> {
  const program = await readFirst(root, PROGRAM_PLACES, name, arch)
  if (program === undefined) return undefined
  const { interpreter } = parseDynamic(program) ?? {}
  const directory = `liteboot/${name}`
  if (interpreter === undefined) return [{ name: `${directory}/${name}`, data: program, mode: 0o755 }]
  const loader = await readFirst(
    root,
    [interpreter.slice(1, interpreter.lastIndexOf('/'))],
    basename(interpreter),
    arch,
  )
  if (loader === undefined) return undefined
  const places = await libraryPlaces(root)
  const libraries = new Map<string, Buffer>()
  for (const wanted = [...(parseDynamic(program)?.needed ?? [])]; wanted.length > 0; ) {
    const library = wanted.shift() ?? ''
    if (libraries.has(library) || library === basename(interpreter)) continue
    const bytes = await readFirst(root, places, library, arch)
    if (bytes === undefined) return undefined
    libraries.set(library, bytes)
    wanted.push(...(parseDynamic(bytes)?.needed ?? []))
  }
  const start = `#!/bin/sh\nexec /${directory}/loader --library-path /${directory} /${directory}/program "$@"\n`
  return [
    { name: `${directory}/${name}`, data: Buffer.from(start), mode: 0o755 },
    { name: `${directory}/program`, data: program, mode: 0o755 },
    { name: `${directory}/loader`, data: loader, mode: 0o755 },
    ...[...libraries].map(([library, data]) => ({ name: `${directory}/${library}`, data, mode: 0o644 })),
  ]
}

async function readFirst(
  root: string,
  places: readonly string[],
  name: string,
  arch: string,
): Promise<Buffer | undefined> {
  for (const place of places) {
    const real = await resolveInside(root, `${place}/${name}`)
    if (real === undefined || !(await lstatOrMissing(join(root, real)))?.isFile()) continue
    const bytes = await readFile(join(root, real))
    if (architectureOfElf(bytes) === arch) return bytes
  }
  return undefined
}

/** Debian has a directory for each architecture below lib. */
async function libraryPlaces(root: string): Promise<string[]> {
  const places = [...LIBRARY_PLACES]
  for (const place of LIBRARY_PLACES) {
    const real = await resolveInside(root, place)
    const names = real === undefined ? [] : await readdir(join(root, real)).catch(() => [])
    places.push(...names.filter((name) => /-linux-/.test(name)).map((name) => `${place}/${name}`))
  }
  return places
}
