/**
 * Can this machine run programs of the image's architecture? Asked of the kernel itself: a static program of ninety bytes,
 * written here, is run in an empty directory as its root. It answers only if the machine is of that kind, or if an
 * emulator is registered with binfmt_misc that needs no file inside the image (flag F).
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARCHITECTURES } from '../initrd/architecture.ts'

const ANSWER = 42

/** exit(42), in instructions of each architecture. */
const EXIT_42: Readonly<Record<string, string>> = {
  // mov $60,%eax; mov $42,%edi; syscall
  x86_64: 'b83c000000bf2a0000000f05',
  // li r0,1; li r3,42; sc
  ppc64le: '01000038' + '2a006038' + '02000044',
  ppc64: '38000001' + '3860002a' + '44000002',
  // mov x8,#93; mov x0,#42; svc #0
  aarch64: 'a80b80d2' + '400580d2' + '010000d4',
  // lghi %r2,42; lghi %r1,1; svc 0
  s390x: 'a729002a' + 'a7190001' + '0a00',
}

/** undefined: an architecture that nobody wrote the program for. */
export function encodeProbe(arch: string): Buffer | undefined {
  const facts = ARCHITECTURES[arch]
  const code = EXIT_42[arch]
  if (facts === undefined || code === undefined) return undefined
  const { isLittleEndian, machine } = facts
  const text = Buffer.from(code, 'hex')
  const bytes = Buffer.alloc(64 + 56)
  const u16 = (value: number, at: number) =>
    isLittleEndian ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
  const u32 = (value: number, at: number) =>
    isLittleEndian ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
  const u64 = (value: number, at: number) =>
    isLittleEndian ? bytes.writeBigUInt64LE(BigInt(value), at) : bytes.writeBigUInt64BE(BigInt(value), at)
  const base = 0x10000
  const size = bytes.length + text.length
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, isLittleEndian ? 1 : 2, 1]).copy(bytes)
  u16(2, 16) // ET_EXEC
  u16(machine, 18)
  u32(1, 20)
  // The first ABI of 64-bit POWER enters at a function descriptor; the second one (e_flags 2) at the code.
  u64(base + bytes.length, 24)
  u64(64, 32)
  u32(machine === 21 ? 2 : 0, 48)
  u16(64, 52)
  u16(56, 54)
  u16(1, 56)
  u16(64, 58)
  u32(1, 64) // PT_LOAD
  u32(5, 68)
  u64(0, 72)
  u64(base, 80)
  u64(base, 88)
  u64(size, 96)
  u64(size, 104)
  u64(0x1000, 112)
  return Buffer.concat([bytes, text])
}

/** Needs root, for chroot(2). */
export function canRun(arch: string): boolean {
  const probe = encodeProbe(arch)
  if (probe === undefined) return false
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-probe-'))
  try {
    const path = join(directory, 'probe')
    writeFileSync(path, probe)
    chmodSync(path, 0o755)
    return spawnSync('chroot', [directory, '/probe'], { stdio: 'ignore' }).status === ANSWER
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const BINFMT = '/proc/sys/fs/binfmt_misc'

/** What is in the way, and what to do about it. */
export function explainCannotRun(arch: string, directory = BINFMT): string {
  const qemu = `qemu-${arch}`
  const register = `install qemu-user-static and register it: systemctl restart systemd-binfmt, or, without systemd: mount -t binfmt_misc none ${BINFMT}; sed 's/:[A-Z]*$/:FPO/' /usr/lib/binfmt.d/${qemu}.conf > ${BINFMT}/register`
  return `cannot run ${arch} programs: ${whyNot(qemu, directory)}: ${register}`
}

function whyNot(qemu: string, directory: string): string {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return 'this kernel has no binfmt_misc'
  }
  if (!names.includes('register')) return `binfmt_misc is not mounted on ${directory}, and no emulator answers`
  if (readEntry(directory, 'status').trim() === 'disabled') return 'binfmt_misc is switched off'
  const entry = names.includes(qemu) ? readEntry(directory, qemu) : undefined
  if (entry === undefined) return `no emulator ${qemu} is registered with binfmt_misc`
  if (!entry.startsWith('enabled')) return `${qemu} is registered with binfmt_misc, but switched off`
  if (!/^flags: .*F/m.test(entry))
    return `${qemu} is registered without the flag F, so it does not work inside an image`
  return `${qemu} is registered, but does not run`
}

function readEntry(directory: string, name: string): string {
  try {
    return readFileSync(join(directory, name), 'utf8')
  } catch {
    return ''
  }
}
