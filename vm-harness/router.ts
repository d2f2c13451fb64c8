/**
 * Router advertisements in a lab. The iPXE of QEMU's network cards waits for every kind of address configuration, so a
 * network without an IPv6 router costs each boot 13 seconds; real cards and newer iPXE builds do not wait.
 */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from './lab.ts'

const RADVD = '/usr/sbin/radvd'

/** Without radvd on the machine: nothing, and boots take longer. @returns what ends it */
export async function advertiseRouter(lab: Lab): Promise<() => Promise<void>> {
  if (!existsSync(RADVD)) return async () => {}
  await lab.exec('ip', ['address', 'add', 'fd77::1/64', 'dev', 'br0', 'nodad'])
  // radvd refuses to advertise where it thinks nothing is forwarded.
  await lab.exec('sh', ['-c', 'echo 1 >/proc/sys/net/ipv6/conf/br0/forwarding'])
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-radvd-'))
  const configuration = join(directory, 'radvd.conf')
  writeFileSync(
    configuration,
    'interface br0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 0; prefix fd77::/64 { AdvAutonomous off; }; };\n',
  )
  const args = [
    '--nodaemon',
    '--config',
    configuration,
    '--pidfile',
    join(directory, 'radvd.pid'),
    '--logmethod',
    'none',
  ]
  const child = lab.spawn(RADVD, args, { stdio: 'ignore' })
  const ended = once(child, 'exit').catch(() => {})
  return async () => {
    // It removes its pid file when it ends.
    if (child.kill('SIGTERM')) await ended
    rmSync(directory, { recursive: true, force: true })
  }
}
