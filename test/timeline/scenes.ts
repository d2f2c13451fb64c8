/** Boots as the services tell them: events as DHCP, TFTP, HTTP and the initrd emit them for one node. */
import type { BootEvent } from '../../src/timeline/event.ts'

/** 2026-11-22 15:04:05 UTC */
export const T0 = Date.UTC(2026, 10, 22, 15, 4, 5)
const BASE = 'http://10.77.0.1'
const MAC = '52:54:00:77:00:01'
const IP = '10.77.0.11'

export function dhcp(atSeconds: number, event: string, more: Partial<BootEvent> = {}): BootEvent {
  return { atMs: T0 + atSeconds * 1000, service: 'dhcp', event, node: 'cn01', mac: MAC, ip: IP, ok: true, ...more }
}

export function get(atSeconds: number, object: string, more: Partial<BootEvent> = {}): BootEvent {
  const base = { service: 'http', event: 'get', node: 'cn01', ip: IP, ok: true, bytes: 1000, durationMs: 10 } as const
  return { atMs: T0 + atSeconds * 1000, ...base, object, ...more }
}

export function read(atSeconds: number, object: string, more: Partial<BootEvent> = {}): BootEvent {
  return get(atSeconds, object, { service: 'tftp', event: 'read', ...more })
}

export function report(
  atSeconds: number,
  stage: string,
  result: BootEvent['result'],
  more: Partial<BootEvent> = {},
): BootEvent {
  return {
    atMs: T0 + atSeconds * 1000,
    service: stage === 'booted' ? 'os' : 'initrd',
    event: 'report',
    node: 'cn01',
    ip: IP,
    ok: result !== 'failed',
    stage,
    ...(result ? { result } : {}),
    bootId: 'b1',
    seq: 1,
    uptimeSeconds: atSeconds,
    ...more,
  }
}

/** DISCOVER, OFFER, REQUEST, ACK half a second apart in all; the answers name the client as the DHCP service does. */
export function exchange(atSeconds: number, client: 'firmware' | 'ipxe' | 'plain'): BootEvent[] {
  const answers = {
    firmware: { object: 'undionly.kpxe', detail: 'x86 BIOS: iPXE for BIOS' },
    ipxe: { object: `${BASE}/boot/ipxe/cn01`, detail: 'iPXE (user class): the node’s iPXE script' },
    plain: { detail: 'no boot firmware named: address only' },
  }
  return [
    dhcp(atSeconds, 'DISCOVER'),
    dhcp(atSeconds + 0.001, 'OFFER', answers[client]),
    dhcp(atSeconds + 0.5, 'REQUEST'),
    dhcp(atSeconds + 0.501, 'ACK', answers[client]),
  ]
}

/** Firmware, iPXE, kernel, initrd: 5.2 s. */
export function untilInitrd(startSeconds = 0): BootEvent[] {
  const s = startSeconds
  return [
    ...exchange(s, 'firmware'),
    read(s + 0.8, 'undionly.kpxe', { bytes: 70_000, durationMs: 200 }),
    ...exchange(s + 3, 'ipxe'),
    get(s + 3.6, '/boot/ipxe/cn01', { bytes: 612, durationMs: 4 }),
    get(s + 4.4, '/install/netboot/debian12/x86_64/compute/kernel', { bytes: 8_100_000, durationMs: 700 }),
    get(s + 5.2, '/install/netboot/debian12/x86_64/compute/initrd-statelite.gz', {
      bytes: 12_000_000,
      durationMs: 800,
    }),
  ]
}

const REPORTED = ['network', 'plan', 'root', 'persistent', 'trees', 'entries', 'system', 'switch']

/** From the first report of the initrd to the hand-over: 9 s to 12.8 s. */
export function initrdSteps(startSeconds = 0, bootId = 'b1'): BootEvent[] {
  const s = startSeconds + 9
  return [
    ...exchange(s - 1, 'plain'),
    ...REPORTED.flatMap((stage, index) => [
      report(s + index * 0.5, stage, 'start', { bootId, seq: index * 2 + 1 }),
      ...(stage === 'plan' ? [get(s + 0.6, '/node/v1/cn01/plan', { event: 'plan', bytes: 900 })] : []),
      report(s + index * 0.5 + 0.3, stage, 'ok', { bootId, seq: index * 2 + 2 }),
    ]),
  ]
}

export function wholeBoot(startSeconds = 0, bootId = 'b1'): BootEvent[] {
  return [
    ...untilInitrd(startSeconds),
    ...initrdSteps(startSeconds, bootId),
    ...exchange(startSeconds + 20, 'plain'),
    report(startSeconds + 33.2, 'booted', 'ok', { bootId, seq: 40 }),
  ]
}
