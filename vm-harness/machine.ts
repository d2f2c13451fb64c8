/**
 * One QEMU virtual machine that boots from the network: start, console, end. A power cycle is an end and a start: QEMU's
 * own reset leaves a machine under TCG half as fast as a new one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { SerialConsole } from './console.ts'
import { FIRMWARE, type FirmwareName } from './firmware.ts'
import type { Handed } from './handed.ts'
import type { Lab } from './lab.ts'

export interface MachineOptions {
  readonly name: string
  readonly mac: string
  /** Left out: `bios`. */
  readonly firmware?: FirmwareName
  /** For firmware that cannot load from the network, and only for it. */
  readonly handed?: Handed
  /** Left out: what the firmware's row says. */
  readonly memoryMiB?: number
  /** Where the console log and the control sockets are put. */
  readonly directory: string
  /** What findAccelerator found; counts only where guest and host are of one architecture. */
  readonly accelerator: string
  /** Disk images, raw, each with the serial number the guest reads: /dev/vda and so on. */
  readonly disks?: readonly { readonly file: string; readonly serial: string }[]
  /** What is printed on it: SMBIOS type 1; on POWER only the UUID. */
  readonly identity?: {
    readonly manufacturer: string
    readonly product: string
    readonly serial: string
    readonly uuid: string
  }
  readonly onConsole?: (chunk: string) => void
  /** Everything that crosses the network card goes to this file too, as pcap, the first bytes of each frame. */
  readonly recording?: string
}

export interface Machine {
  readonly name: string
  readonly console: SerialConsole
  readonly pid: number
  /** Pulls the plug. */
  close(): Promise<void>
}

const PROBE_MS = 5000
/** No request is longer, and files need not be kept. */
const RECORDED_BYTES = 1600

/**
 * `kvm` where a guest really runs with it, else `tcg,thread=multi`. The device node proves nothing: on some virtual
 * machines opening it hangs, on others the first processor register that QEMU sets ends it. So the firmware must say a
 * word, within five seconds.
 */
export function findAccelerator(): Promise<string> {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'kvm', '-cpu', 'host', '-M', 'q35', '-m', '64', '-nodefaults', '-display', 'none'],
      ...['-chardev', 'stdio,id=debug', '-device', 'isa-debugcon,iobase=0x402,chardev=debug'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  return new Promise((resolve) => {
    let said = ''
    const end = (accelerator: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      resolve(accelerator)
    }
    const timer = setTimeout(() => end('tcg,thread=multi'), PROBE_MS)
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.includes('SeaBIOS')) end('kvm')
    })
    child.once('error', () => end('tcg,thread=multi'))
    child.once('exit', () => end('tcg,thread=multi'))
  })
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

/** All but the console and the network, which need files and devices of their own. */
export function machineArguments(options: MachineOptions): string[] {
  const firmware = FIRMWARE[options.firmware ?? 'bios']
  const { handed } = options
  if (firmware.handed !== (handed !== undefined)) {
    const fault = handed ? 'loads its kernel itself' : 'must be handed kernel and initrd'
    throw new Error(`${options.name}: ${options.firmware ?? 'bios'} ${fault}`)
  }
  const native = process.arch === 'x64' && firmware.arch === 'x86_64'
  const accelerator = native ? options.accelerator : 'tcg,thread=multi'
  return [
    ...['-name', options.name, '-M', firmware.machine, '-accel', accelerator],
    ...['-cpu', accelerator === 'kvm' ? 'host' : firmware.cpu],
    ...['-m', String(options.memoryMiB ?? firmware.memoryMiB), '-smp', '1', '-display', 'none'],
    ...firmware.arguments,
    ...(firmware.prepare?.(options.directory, options.name) ?? []),
    ...identityArguments(firmware.arch, options.identity),
    ...(handed ? ['-kernel', handed.kernel, '-initrd', handed.initrd, '-append', handed.commandLine] : []),
    ...(options.disks ?? []).flatMap(({ file, serial }, index) => [
      ...['-drive', `if=none,id=disk${index},format=raw,file=${file}`],
      ...['-device', `virtio-blk-pci,drive=disk${index},serial=${serial}`],
    ]),
  ]
}

export function identityArguments(arch: string, identity: MachineOptions['identity']): string[] {
  if (identity === undefined) return []
  // In the device tree of pseries.
  if (arch === 'ppc64le') return ['-uuid', identity.uuid]
  const { manufacturer, product, serial, uuid } = identity
  const words = [`manufacturer=${manufacturer}`, `product=${product}`, `serial=${serial}`, `uuid=${uuid}`]
  return ['-smbios', ['type=1', ...words].join(',')]
}

function recordingArguments(file: string | undefined): string[] {
  if (file === undefined) return []
  return ['-object', `filter-dump,id=recording,netdev=n0,file=${file},maxlen=${RECORDED_BYTES}`]
}

/** Starts the machine and connects to its console before the first instruction runs. */
export async function startMachine(lab: Lab, options: MachineOptions): Promise<Machine> {
  const firmware = FIRMWARE[options.firmware ?? 'bios']
  const args = machineArguments(options)
  const tap = await lab.addTap()
  const consolePath = join(options.directory, `${options.name}.console.sock`)
  const child = lab.spawn(
    firmware.qemu,
    [
      ...args,
      ...['-chardev', `socket,id=con,path=${consolePath},server=on,wait=on`, '-serial', 'chardev:con'],
      // Recorded frames would begin with the header of virtio.
      ...['-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no${options.recording ? ',vnet_hdr=off' : ''}`],
      ...['-device', `${firmware.card},netdev=n0,mac=${options.mac}`],
      ...recordingArguments(options.recording),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000)
  })
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject)
    // Not `exit`: what it complained of may still be on its way.
    child.once('close', (code, signal) =>
      reject(new Error(`QEMU of ${options.name} ended (${signal ?? code}): ${complaint.trim()}`)),
    )
  })
  const whyEnded = () => failure.catch((error: Error) => error.message.replaceAll('\n', '; '))
  const log = join(options.directory, `${options.name}.console.log`)
  const serial = await Promise.race([SerialConsole.open(consolePath, log, options.onConsole, whyEnded), failure])

  return {
    name: options.name,
    console: serial,
    pid: child.pid ?? 0,
    async close() {
      serial.close()
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended(child)
      clearTimeout(timer)
    },
  }
}
