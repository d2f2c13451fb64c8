/**
 * Kernel, initrd and command line for machines that are handed them: exactly what the server of the lab serves to petitboot,
 * which wants the same three things. Run as a program inside the lab it fetches them:
 *
 *   node handed.ts http://SERVER/boot/petitboot/NODE DIRECTORY
 */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Lab } from './lab.ts'
import { readPetitbootConfig } from './petitboot/read-config.ts'

export interface Handed {
  readonly kernel: string
  readonly initrd: string
  readonly commandLine: string
}

/** @param mac of the card the node boots from, for BOOTIF= */
export async function fetchHanded(lab: Lab, node: string, mac: string, directory: string, port = 80): Promise<Handed> {
  const url = `http://${lab.serverAddress}:${port}/boot/petitboot/${node}`
  const said = await lab.exec(process.execPath, [import.meta.filename, url, directory])
  const handed = JSON.parse(said) as Handed
  if (/(^| )BOOTIF=/.test(handed.commandLine)) return handed
  return { ...handed, commandLine: `${handed.commandLine} BOOTIF=01-${mac.toLowerCase().replaceAll(':', '-')}` }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response
}

async function fetchAll(url: string, directory: string): Promise<Handed> {
  const text = await (await get(url)).text()
  const { chosen } = readPetitbootConfig(text, url)
  if (chosen?.initrd === undefined) throw new Error(`no kernel and initrd in the node's boot file:\n${text}`)
  const { commandLine, kernel, initrd } = chosen
  const urls = { kernel, initrd }
  const handed = { kernel: join(directory, 'handed-kernel'), initrd: join(directory, 'handed-initrd'), commandLine }
  for (const kind of ['kernel', 'initrd'] as const) {
    const { body } = await get(urls[kind])
    if (body) await pipeline(Readable.fromWeb(body), createWriteStream(handed[kind]))
  }
  return handed
}

if (import.meta.main) {
  const [url = '', directory = ''] = process.argv.slice(2)
  process.stdout.write(JSON.stringify(await fetchAll(url, directory)))
}
