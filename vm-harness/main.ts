/**
 * `liteboot vm boot <node>`: rehearses the boot of a node as the tables define it. A copy of the tables, a server of its
 * own, a private network and a virtual machine with the node's hardware address; persistent directories are served from a
 * scratch directory, so that nothing of the real node is touched.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { Command, CommanderError, Option } from 'commander'
import { connectApi } from '../src/api/client.ts'
import { OperatorError } from '../src/api/errors.ts'
import { readPlaces } from '../src/api/places.ts'
import { FIRMWARE, type FirmwareName, firmwareFor } from './firmware.ts'
import { fetchHanded } from './handed.ts'
import { openLab } from './lab.ts'
import { CleanUps, liteboot, startServer } from './liteboot.ts'
import { findAccelerator, startMachine } from './machine.ts'
import { advertiseRouter } from './router.ts'

interface BootOptions {
  readonly memory?: number
  readonly firmware?: FirmwareName
  readonly untilLogin: boolean
  readonly timeout: number
  readonly keep: boolean
}

/** What the API's `vm.describe` tells of a node. */
interface NodeDescription {
  readonly mac: string
  readonly arch: string
  readonly netboot: string
  readonly httpPort: number
  readonly serverAddress: string
  readonly prefixLength: number
}

const ESCAPE = '\u001d'

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new CommanderError(2, 'liteboot.number', `${text} is not a number`)
  return Number(text)
}

/** @returns the exit status */
export async function runVm(args: readonly string[]): Promise<number> {
  let status = 0
  const program = new Command('liteboot vm').exitOverride()
  program
    .command('boot')
    .description('Boot a node as the tables define it, in a virtual machine on a private network.')
    .argument('<node>')
    .option('-m, --memory <MiB>', 'memory of the machine (default: 1024, for powernv9 2048)', wholeNumber)
    .addOption(
      new Option(
        '-f, --firmware <name>',
        'firmware of the machine (default: as nodetype.arch and noderes.netboot say)',
      ).choices(Object.keys(FIRMWARE)),
    )
    .option('-u, --until-login', 'end with success when the login prompt is reached', false)
    .option('-t, --timeout <seconds>', 'how long to wait for the login prompt', wholeNumber, 300)
    .option('-k, --keep', 'keep the scratch directory: logs, persistent directories, timeline', false)
    .action(async (node: string, options: BootOptions) => {
      status = await bootNode(node, options)
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (!(error instanceof OperatorError)) throw error
    process.stderr.write(`Error: ${error.message}\n       ${error.advice} [${error.code}]\n`)
    return 1
  }
  return status
}

async function describe(node: string): Promise<NodeDescription> {
  const api = await connectApi()
  try {
    return (await api.call('vm.describe', { node })).data as NodeDescription
  } finally {
    await api.close()
  }
}

function chooseFirmware(node: string, { arch, netboot }: NodeDescription, asked?: FirmwareName): FirmwareName {
  const firmware = asked ?? firmwareFor(arch, netboot)
  if (firmware !== undefined && FIRMWARE[firmware].arch === arch.replace(/^ppc64$/, 'ppc64le')) return firmware
  const fault =
    firmware === undefined ? `is a ${arch} node` : `is a ${arch} node, ${firmware} is ${FIRMWARE[firmware].arch}`
  throw new OperatorError(
    'LB_VM',
    `${node} ${fault}`,
    'x86_64, aarch64 and ppc64le nodes can be rehearsed: chdef <node> arch=…',
  )
}

async function bootNode(node: string, options: BootOptions): Promise<number> {
  if (process.getuid?.() !== 0) throw new OperatorError('LB_NOT_ROOT', 'a private network can be made only by root')
  const description = await describe(node)
  const firmware = chooseFirmware(node, description, options.firmware)
  process.stderr.write(`liteboot: ${firmware}: ${FIRMWARE[firmware].description}\n`)
  const scratch = mkdtempSync(join(tmpdir(), 'liteboot-vm-'))
  const state = join(scratch, 'state')
  mkdirSync(state, { mode: 0o700 })
  const cleanUps = new CleanUps()
  if (!options.keep) cleanUps.add(() => rmSync(scratch, { recursive: true, force: true }))
  try {
    await backup(new DatabaseSync(readPlaces().tables, { readOnly: true }), join(state, 'tables.sqlite'))
    const lab = await openLab(`${description.serverAddress}/${description.prefixLength}`)
    cleanUps.add(() => lab.close())
    cleanUps.add(await advertiseRouter(lab))
    const server = await startServer(lab, state, join(scratch, 'server.log'), [
      '--scratch',
      join(scratch, 'persistent'),
    ])
    cleanUps.add(() => server.close())
    const { mac, httpPort } = description
    const handed = FIRMWARE[firmware].handed ? await fetchHanded(lab, node, mac, scratch, httpPort) : undefined
    const machine = await startMachine(lab, {
      name: node,
      mac,
      firmware,
      ...(handed ? { handed } : {}),
      ...(options.memory === undefined ? {} : { memoryMiB: options.memory }),
      directory: scratch,
      accelerator: await findAccelerator(),
      onConsole: (chunk) => process.stdout.write(chunk, 'latin1'),
    })
    cleanUps.add(() => machine.close())
    let status = 0
    if (options.untilLogin) {
      try {
        await machine.console.waitFor(/login: /, options.timeout * 1000, 'a login prompt')
      } catch (error) {
        process.stderr.write(`\n${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`)
        status = 1
      }
    } else {
      await attach(machine.console.write.bind(machine.console))
    }
    const timeline = await liteboot(state, ['timeline', node])
    process.stdout.write(`\n\n${timeline.stdout}`)
    if (options.keep) process.stdout.write(`kept: ${scratch}\n`)
    return status
  } finally {
    await cleanUps.run()
  }
}

/** Connects the terminal to the console until Ctrl-] is typed. */
function attach(write: (text: string) => void): Promise<void> {
  process.stderr.write('liteboot: this terminal is the console of the machine; Ctrl-] ends it\n')
  const { stdin } = process
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.setEncoding('latin1')
  return new Promise((resolve) => {
    const finish = () => {
      if (stdin.isTTY) stdin.setRawMode(false)
      stdin.pause()
      resolve()
    }
    stdin.on('data', (text: string) => {
      if (text.includes(ESCAPE)) finish()
      else write(text)
    })
    stdin.once('end', finish)
  })
}
