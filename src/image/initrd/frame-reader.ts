/**
 * A program for the initrd that no busybox has: it waits for one Ethernet frame. No tool on the server can be counted on to
 * compile for another architecture, and the whole program is six system calls, so it is written down here instruction by
 * instruction.
 *
 *   read(0, buffer, 20)           the sockaddr_ll to bind to, made by the script: protocol and interface number
 *   socket(AF_PACKET, SOCK_RAW)   packet(7): without a protocol nothing is received before the bind
 *   bind, read one frame, write it to standard output, exit 0; anything wrong: exit 1
 *
 * It never ends by itself: the script puts `timeout` in front.
 */
import { ARCHITECTURES } from './architecture.ts'

const SOCKADDR_LL = 20
const FRAME = 1536
const STACK = 2048
const AF_PACKET = 17
const SOCK_RAW = 3

/** Undefined: not written for this architecture; LLDP is then not read there. */
export function frameReader(arch: string): Buffer | undefined {
  if (arch === 'x86_64') return executable(arch, x86Code(), 0x40_0000n, 0)
  if (arch === 'aarch64') return executable(arch, armCode(), 0x40_0000n, 0)
  if (arch === 'ppc64le') return executable(arch, powerCode(), 0x1000_0000n, 2)
  return undefined
}

/** One loadable segment that begins with the headers themselves (ELF-64 object file format, 1998). */
function executable(arch: string, code: Buffer, base: bigint, flags: number): Buffer {
  const headers = Buffer.alloc(64 + 56)
  headers.write('\x7fELF\x02\x01\x01', 0, 'latin1')
  headers.writeUInt16LE(2, 16)
  headers.writeUInt16LE(ARCHITECTURES[arch]?.machine ?? 0, 18)
  headers.writeUInt32LE(1, 20)
  headers.writeBigUInt64LE(base + 120n, 24)
  headers.writeBigUInt64LE(64n, 32)
  // Power: 2 is ELFv2, where the entry point is code and no descriptor.
  headers.writeUInt32LE(flags, 48)
  headers.writeUInt16LE(64, 52)
  headers.writeUInt16LE(56, 54)
  headers.writeUInt16LE(1, 56)
  const size = BigInt(headers.length + code.length)
  headers.writeUInt32LE(1, 64)
  // Read and execute.
  headers.writeUInt32LE(5, 68)
  headers.writeBigUInt64LE(base, 80)
  headers.writeBigUInt64LE(base, 88)
  headers.writeBigUInt64LE(size, 96)
  headers.writeBigUInt64LE(size, 104)
  headers.writeBigUInt64LE(0x1_0000n, 112)
  return Buffer.concat([headers, code])
}

/** System calls of x86_64: read 0, write 1, socket 41, bind 49, exit 60. */
function x86Code(): Buffer {
  const before = [
    ...[0x48, 0x81, 0xec, ...little(STACK)], //  sub  rsp, STACK
    ...[0x31, 0xc0], //                          xor  eax, eax       read
    ...[0x31, 0xff], //                          xor  edi, edi       standard input
    ...[0x48, 0x89, 0xe6], //                    mov  rsi, rsp
    ...[0xba, ...little(SOCKADDR_LL)], //        mov  edx, 20
    ...[0x0f, 0x05], //                          syscall
    ...[0x83, 0xf8, SOCKADDR_LL], //             cmp  eax, 20
  ]
  const socket = [
    ...[0xb8, ...little(41)], //                 mov  eax, 41        socket
    ...[0xbf, ...little(AF_PACKET)], //          mov  edi, AF_PACKET
    ...[0xbe, ...little(SOCK_RAW)], //           mov  esi, SOCK_RAW
    ...[0x31, 0xd2], //                          xor  edx, edx
    ...[0x0f, 0x05], //                          syscall
    ...[0x85, 0xc0], //                          test eax, eax
  ]
  const bind = [
    ...[0x89, 0xc3], //                          mov  ebx, eax
    ...[0x89, 0xc7], //                          mov  edi, eax
    ...[0xb8, ...little(49)], //                 mov  eax, 49        bind
    ...[0x48, 0x89, 0xe6], //                    mov  rsi, rsp
    ...[0xba, ...little(SOCKADDR_LL)], //        mov  edx, 20
    ...[0x0f, 0x05], //                          syscall
    ...[0x85, 0xc0], //                          test eax, eax
  ]
  const receive = [
    ...[0x31, 0xc0], //                          xor  eax, eax       read
    ...[0x89, 0xdf], //                          mov  edi, ebx
    ...[0x48, 0x89, 0xe6], //                    mov  rsi, rsp
    ...[0xba, ...little(FRAME)], //              mov  edx, FRAME
    ...[0x0f, 0x05], //                          syscall
    ...[0x85, 0xc0], //                          test eax, eax
  ]
  const write = [
    ...[0x89, 0xc2], //                          mov  edx, eax
    ...[0xb8, ...little(1)], //                  mov  eax, 1         write
    ...[0xbf, ...little(1)], //                  mov  edi, 1         standard output
    ...[0x48, 0x89, 0xe6], //                    mov  rsi, rsp
    ...[0x0f, 0x05], //                          syscall
    ...[0x31, 0xff], //                          xor  edi, edi
    ...[0xeb, 0x05], //                          jmp  exit
  ]
  const end = [
    ...[0xbf, ...little(1)], //            fail: mov  edi, 1
    ...[0xb8, ...little(60)], //           exit: mov  eax, 60        exit
    ...[0x0f, 0x05], //                          syscall
  ]
  // Each part ends in a jump of two bytes to `fail`: jne, js, jne, jle.
  const parts = [
    { code: before, jump: 0x75 },
    { code: socket, jump: 0x78 },
    { code: bind, jump: 0x75 },
    { code: receive, jump: 0x7e },
  ]
  const bytes: number[] = []
  parts.forEach(({ code, jump }, at) => {
    const between = parts.slice(at + 1).reduce((sum, part) => sum + part.code.length + 2, 0) + write.length
    bytes.push(...code, jump, between)
  })
  return Buffer.from([...bytes, ...write, ...end])
}

function little(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff]
}

/** System calls of aarch64: read 63, write 64, exit 93, socket 198, bind 200. A fault is a negative number in x0. */
function armCode(): Buffer {
  const [SP, ZERO] = [31, 31]
  const mov = (to: number, value: number) => (0xd280_0000 | (value << 5) | to) >>> 0
  const copy = (to: number, from: number) => (0xaa00_0000 | (from << 16) | (ZERO << 5) | to) >>> 0
  const cmp = (register: number, value: number) => (0xf100_0000 | (value << 10) | (register << 5) | ZERO) >>> 0
  const buffer = (0x9100_0000 | (SP << 5) | 1) >>> 0 // add x1, sp, 0
  const room = (0xd100_0000 | (STACK << 10) | (SP << 5) | SP) >>> 0 // sub sp, sp, STACK
  const call = (number: number) => [mov(8, number), 0xd400_0001]
  const [NE, LT, LE] = [{ condition: 1 }, { condition: 11 }, { condition: 13 }]
  type Step = number | { readonly condition: number }
  const steps: Step[] = [
    room,
    ...[mov(0, 0), buffer, mov(2, SOCKADDR_LL), ...call(63), cmp(0, SOCKADDR_LL), NE],
    ...[mov(0, AF_PACKET), mov(1, SOCK_RAW), mov(2, 0), ...call(198), cmp(0, 0), LT],
    ...[copy(19, 0), buffer, mov(2, SOCKADDR_LL), ...call(200), cmp(0, 0), LT],
    ...[copy(0, 19), buffer, mov(2, FRAME), ...call(63), cmp(0, 0), LE],
    ...[copy(2, 0), mov(0, 1), buffer, ...call(64), mov(0, 0), ...call(93)],
  ]
  const end = [mov(0, 1), ...call(93)]
  const code = Buffer.alloc(4 * (steps.length + end.length))
  // b.cond, to `end`, counted in instructions.
  steps.forEach((step, at) => {
    const word = typeof step === 'number' ? step : 0x5400_0000 | ((steps.length - at) << 5) | step.condition
    code.writeUInt32LE(word, 4 * at)
  })
  end.forEach((word, at) => {
    code.writeUInt32LE(word, 4 * (steps.length + at))
  })
  return code
}

/** System calls of Power: exit 1, read 3, write 4, socket 326, bind 327. `sc` sets the summary overflow bit when it failed. */
function powerCode(): Buffer {
  const addi = (to: number, from: number, value: number) => (14 << 26) | (to << 21) | (from << 16) | (value & 0xffff)
  const li = (to: number, value: number) => addi(to, 0, value)
  const mr = (to: number, from: number) => (31 << 26) | (from << 21) | (to << 16) | (from << 11) | (444 << 1)
  const cmpdi = (register: number, value: number) => (11 << 26) | (1 << 21) | (register << 16) | (value & 0xffff)
  const sc = 0x4400_0002
  const [SP, BUFFER] = [1, 1]
  const [NE, SO, LE] = [
    { branch: 4, bit: 2 },
    { branch: 12, bit: 3 },
    { branch: 4, bit: 1 },
  ]
  type Step = number | { readonly branch: number; readonly bit: number }
  const steps: Step[] = [
    ...[addi(SP, SP, -STACK)],
    ...[li(0, 3), li(3, 0), mr(4, BUFFER), li(5, SOCKADDR_LL), sc, SO, cmpdi(3, SOCKADDR_LL), NE],
    ...[li(0, 326), li(3, AF_PACKET), li(4, SOCK_RAW), li(5, 0), sc, SO],
    ...[mr(31, 3), li(0, 327), mr(4, BUFFER), li(5, SOCKADDR_LL), sc, SO],
    ...[li(0, 3), mr(3, 31), mr(4, BUFFER), li(5, FRAME), sc, SO, cmpdi(3, 0), LE],
    ...[mr(5, 3), li(0, 4), li(3, 1), mr(4, BUFFER), sc, li(0, 1), li(3, 0), sc],
  ]
  const fail = steps.length
  const words = [...steps, li(0, 1), li(3, 1), sc].map((step, at) =>
    typeof step === 'number' ? step : (16 << 26) | (step.branch << 21) | (step.bit << 16) | ((fail - at) * 4),
  )
  const code = Buffer.alloc(words.length * 4)
  words.forEach((word, at) => {
    code.writeUInt32LE(word >>> 0, at * 4)
  })
  return code
}
