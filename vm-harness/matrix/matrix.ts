/**
 * The matrix of one architecture: each way (ways.ts) with each root, from power-on to the login prompt, with the
 * demonstration's check list read inside the guest and the way to the system in its timeline. What fails does not stop the
 * others: together they say more about what is wrong.
 *
 * Words of the command line: names of ways, `nfs`, `ramdisk`; none: what always runs.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Check, firstBootChecks, memoryRootChecks } from '../demo/checklist.ts'
import { IMAGE, NODES, SERVER, type SitePaths } from '../demo/site.ts'
import { FIRMWARE } from '../firmware.ts'
import { fetchHanded, type Handed } from '../handed.ts'
import type { Lab } from '../lab.ts'
import type { Machine } from '../machine.ts'
import { makePetitboot } from '../petitboot/initrd.ts'
import type { Rehearsal } from '../rehearsal.ts'
import { versionsOf } from './results.ts'
import { type Arch, prepareSite } from './site.ts'
import { type Root, WAYS, type Way } from './ways.ts'

/** For a root in memory, and for a Linux that loads another one. */
const LARGE_MIB = 2048
const ROOTS: readonly Root[] = ['nfs', 'ramdisk']
const [NODE] = NODES

function chosen(arch: Arch, words: readonly string[]): { way: Way; root: Root }[] {
  const known = [...ROOTS, ...WAYS.map(({ name }) => name)] as readonly string[]
  const strange = words.find((word) => !known.includes(word))
  if (strange !== undefined) throw new Error(`${strange}: the words are ${known.join(', ')}`)
  const isNamed = WAYS.some(({ name }) => words.includes(name))
  const wantedRoots = ROOTS.filter((root) => words.includes(root))
  // One root after the other: each is one preparation of the image.
  return ROOTS.flatMap((root) =>
    WAYS.filter(({ firmware }) => FIRMWARE[firmware].arch === arch)
      .filter(({ name }) => !isNamed || words.includes(name))
      .filter((way) => (isNamed ? way.roots : way.always).includes(root))
      .filter(() => wantedRoots.length === 0 || wantedRoots.includes(root))
      .map((way) => ({ way, root })),
  )
}

function checksFor(way: Way, root: Root): Check[] {
  const list = root === 'nfs' ? firstBootChecks(NODE.name, NODE.ip) : memoryRootChecks(NODE.name, NODE.ip, 'overlay rw')
  return [...list, ...way.checks]
}

async function handedTo(rehearsal: Rehearsal, lab: Lab, paths: SitePaths, way: Way): Promise<Handed | undefined> {
  if (!FIRMWARE[way.firmware].handed) return undefined
  return way.loader === 'petitboot'
    ? makePetitboot(paths.image, join(rehearsal.runDirectory, 'petitboot'))
    : fetchHanded(lab, NODE.name, NODE.mac, rehearsal.runDirectory)
}

/** Of a file: with its size, and without the mark of a transfer that did not end well. */
function sourceOf({ source }: RegExp): string {
  return /^(tftp|http)/.test(source) ? `${source} [1-9][^!\\n]*$` : source
}

async function bootOne(rehearsal: Rehearsal, lab: Lab, paths: SitePaths, way: Way, root: Root): Promise<void> {
  rehearsal.say(`${way.name}, ${root} root: ${FIRMWARE[way.firmware].description}; netboot=${way.netboot}`)
  rmSync(paths.persistent, { recursive: true, force: true })
  mkdirSync(paths.persistent)
  const before = { passed: rehearsal.passed, failed: rehearsal.failed }
  let machine: Machine | undefined
  let seconds = 0
  try {
    await rehearsal.command('chdef', NODE.name, `netboot=${way.netboot}`)
    await rehearsal.command('nodeset', NODE.name, `osimage=${IMAGE}`)
    const handed = await handedTo(rehearsal, lab, paths, way)
    machine = await rehearsal.power({
      ...NODE,
      firmware: way.firmware,
      ...(handed ? { handed } : {}),
      ...(root === 'ramdisk' || way.loader ? { memoryMiB: LARGE_MIB } : {}),
    })
    await rehearsal.login(machine)
    seconds = rehearsal.secondsSincePower(machine)
    await rehearsal.look(machine, checksFor(way, root))
  } catch (error) {
    rehearsal.judge('it gets to the login prompt', 'yes', error instanceof Error ? error.message : String(error))
  }
  await machine?.close()
  const packed = root === 'ramdisk' ? [/http +get +\/image\/\S+\/rootimg/] : []
  const expected = [...way.timeline, ...packed, /^booted after/]
  rehearsal.judge(
    'the timeline shows the way to the system',
    new RegExp(expected.map(sourceOf).join('[\\s\\S]*'), 'm'),
    await rehearsal.timeline(NODE.name),
  )
  rehearsal.record({
    way: way.name,
    root,
    passed: rehearsal.passed - before.passed,
    failed: rehearsal.failed - before.failed,
    seconds,
    parts: versionsOf([...FIRMWARE[way.firmware].packages, ...(way.packages ?? [])]),
  })
}

export function matrixOf(arch: Arch): (rehearsal: Rehearsal) => Promise<void> {
  return async (rehearsal) => {
    const list = chosen(arch, rehearsal.words)
    const paths = await prepareSite(rehearsal, arch)
    const lab = await rehearsal.open(`${SERVER}/16`)
    let prepared: Root | undefined
    for (const { way, root } of list) {
      if (prepared !== root) {
        await rehearsal.command('chdef', '-t', 'osimage', IMAGE, `rootfstype=${root}`)
        await rehearsal.shown('liteimg', IMAGE, ...(root === 'ramdisk' ? ['-m', 'squashfs', '-c', 'zstd'] : []))
        prepared = root
      }
      await bootOne(rehearsal, lab, paths, way, root)
    }
  }
}
