/** QEMU for programs of another architecture, registered with the kernel as long as it is held. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

const BINFMT = '/proc/sys/fs/binfmt_misc'

export type ForeignArch = 'ppc64le' | 'aarch64'

/**
 * The mount of binfmt_misc is one that only the holding process has: the kernel forgets what is registered when the last
 * mount goes, so a killed rehearsal leaves nothing behind. Where it is mounted already, it is the machine's own affair.
 */
export async function holdEmulator(arch: ForeignArch): Promise<{ close(): void }> {
  if (existsSync(`${BINFMT}/register`)) return { close: () => undefined }
  const script = `
mount -t binfmt_misc none ${BINFMT}
[ -e ${BINFMT}/qemu-${arch} ] || sed 's/:[A-Z]*$/:FPO/' /usr/lib/binfmt.d/qemu-${arch}.conf > ${BINFMT}/register
echo ready
exec cat`
  const child: ChildProcess = spawn('unshare', ['-m', 'sh', '-euc', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`QEMU for ${arch} cannot be registered with binfmt_misc`)))
  })
  return { close: () => void child.stdin?.end() }
}
