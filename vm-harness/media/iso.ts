/** A directory as an ISO 9660 file. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export async function makeIso(top: string, iso: string, label: string): Promise<void> {
  const words = ['-as', 'mkisofs', '-quiet', '-R', '-J', '-joliet-long', '-V', label, '-o', iso, top]
  await promisify(execFile)('xorriso', words, { maxBuffer: 1 << 26 })
}
