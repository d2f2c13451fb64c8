/** What the figures were measured on, read from the machine itself. */
import { execFile } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

const PACKAGES = [
  ...['kea-dhcp4-server', 'dnsmasq-base', 'atftpd', 'nginx', 'nfs-ganesha'],
  ...['kea-admin', 'wrk', 'libnfs-dev'],
] as const

export interface Machine {
  readonly processors: string
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly revision: string
  readonly packages: readonly { readonly name: string; readonly version: string }[]
  /** Processes that were running or waiting for a processor before the benchmark began. */
  readonly loadBefore: number
}

async function output(command: string, args: readonly string[]): Promise<string> {
  return (await run(command, args).catch(() => ({ stdout: '' }))).stdout.trim()
}

/** The version of an installed package, or the one that would be installed (nginx is only unpacked). */
async function versionOf(name: string): Promise<string> {
  const policy = await output('apt-cache', ['policy', name])
  const installed = /Installed: (?!\(none\))(\S+)/.exec(policy)?.[1]
  return installed ?? /Candidate: (\S+)/.exec(policy)?.[1] ?? 'unknown'
}

export async function describeMachine(): Promise<Machine> {
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGb: totalmem() / 1e9,
    kernel: release(),
    node: process.version,
    revision: await output('git', ['-C', import.meta.dirname, 'describe', '--always', '--dirty']),
    packages: await Promise.all(PACKAGES.map(async (name) => ({ name, version: await versionOf(name) }))),
    loadBefore: loadavg()[0] ?? 0,
  }
}
