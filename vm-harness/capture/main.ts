/**
 * Captures what firmware and loaders send, each case (cases.ts) a machine that is switched on and recorded until it has
 * asked for kernel and initrd. Every distinct request becomes a line of `test/golden/<case>.jsonl`, with who sent it and
 * which packages that was; what changes from run to run (xid, secs) stays as it was seen. Tests hold the server to these
 * lines, so run this on purpose, for the cases whose firmware or loader is new, and read the difference.
 *
 *   node vm-harness/capture/main.ts [--keep] [--directory DIR] [case …]
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE, NODES, SERVER, type SitePaths } from '../demo/site.ts'
import { FIRMWARE } from '../firmware.ts'
import type { Lab } from '../lab.ts'
import { type Arch, prepareSite } from '../matrix/site.ts'
import { makePetitboot } from '../petitboot/initrd.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { openSiteServer } from '../scenarios/site-dhcp.ts'
import { type Case, chosenCases, hasAskedForFiles } from './cases.ts'
import { emulatorOf, packageOf } from './provenance.ts'
import { type CapturedRequest, RequestReader, tftpOptions } from './requests.ts'
import { senderOf } from './sender.ts'

const GOLDEN = join(import.meta.dirname, '../../test/golden')
/** For a Linux that loads another one. */
const LARGE_MIB = 2048
const LIMIT_MS = 240_000
const [NODE] = NODES

async function record(rehearsal: Rehearsal, { name, way, until }: Case, paths: SitePaths): Promise<CapturedRequest[]> {
  await rehearsal.command('chdef', NODE.name, `netboot=${way.netboot}`)
  await rehearsal.command('nodeset', NODE.name, `osimage=${IMAGE}`)
  const recording = join(rehearsal.runDirectory, `${name}.pcap`)
  const handed =
    way.loader === undefined
      ? {}
      : { handed: await makePetitboot(paths.image, join(rehearsal.runDirectory, 'petitboot')) }
  const large = way.loader === undefined ? {} : { memoryMiB: LARGE_MIB }
  const machine = await rehearsal.power({ ...NODE, firmware: way.firmware, recording, ...handed, ...large })
  const reader = new RequestReader(NODE.mac)
  const look = () => {
    // QEMU makes it a moment after the console.
    if (existsSync(recording)) reader.read(readFileSync(recording))
    return hasAskedForFiles(reader.requests) ? true : undefined
  }
  try {
    await rehearsal.until(`${name} asks for kernel and initrd`, look, LIMIT_MS)
    if (until === 'system') {
      await machine.console.waitFor(/login: /, LIMIT_MS, 'a login prompt')
      await rehearsal.untilTimeline(NODE.name, /^booted after/m)
    }
  } finally {
    await machine.close()
  }
  look()
  return reader.requests
}

/** @returns one line of the fixture for each request, in the order they came */
function linesOf(rehearsal: Rehearsal, { name, way }: Case, requests: readonly CapturedRequest[]): string[] {
  const date = new Date().toISOString().slice(0, 10)
  const emulator = emulatorOf(way)
  return requests.map((request, index) => {
    const { protocol, asks, port, payload } = request
    const client = senderOf(request)
    rehearsal.judge(`${protocol} ${asks}`, /./, client ?? '')
    const options = protocol === 'tftp' ? { options: tftpOptions(payload) } : {}
    const content =
      protocol === 'http' ? { request: payload.toString('latin1') } : { ...options, payload: payload.toString('hex') }
    return JSON.stringify({
      ...{ case: name, order: index + 1, client, protocol, asks, port, ...content },
      ...{ package: client && packageOf(client, way), emulator, date },
    })
  })
}

async function keep(rehearsal: Rehearsal, each: Case, paths: SitePaths): Promise<void> {
  const { name, way } = each
  rehearsal.say(`${name}: ${FIRMWARE[way.firmware].description}`)
  const lines = linesOf(rehearsal, each, await record(rehearsal, each, paths))
  const file = join(GOLDEN, `${name}.jsonl`)
  writeFileSync(`${file}.new`, `${lines.join('\n')}\n`)
  renameSync(`${file}.new`, file)
  rehearsal.say(`${name}: ${lines.length} requests`)
}

async function capture(rehearsal: Rehearsal): Promise<void> {
  let lab: Lab | undefined
  let isBeside = false
  // Machines that boot beside another server are of x86_64.
  for (const arch of ['aarch64', 'ppc64le', 'x86_64'] satisfies Arch[]) {
    const cases = chosenCases(arch, rehearsal.words)
    if (cases.length === 0) continue
    // Empty tables are not made under a server.
    if (lab) await rehearsal.killServer()
    const paths = await prepareSite(rehearsal, arch)
    await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=nfs')
    await rehearsal.shown('liteimg', IMAGE)
    if (lab) await rehearsal.startServer()
    else lab = await rehearsal.open(`${SERVER}/16`)
    for (const each of cases) {
      if (each.isBeside && !isBeside) {
        await rehearsal.command('chdef', '-t', 'site', 'proxydhcp=ALL')
        await openSiteServer(rehearsal, lab, [NODE])
        isBeside = true
      }
      try {
        await keep(rehearsal, each, paths)
      } catch (error) {
        rehearsal.judge(`${each.name} was captured`, 'yes', error instanceof Error ? error.message : String(error))
      }
    }
  }
}

await rehearse('capture', capture)
