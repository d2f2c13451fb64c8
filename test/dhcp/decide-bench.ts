/** Microseconds for parse, decide and encode of one request: `node test/dhcp/decide-bench.ts`. Not a test. */
import { decideDhcp } from '../../src/dhcp/decide.ts'
import type { DhcpContext } from '../../src/dhcp/decision.ts'
import { encodePacket, parsePacket } from '../../src/dhcp/packet.ts'
import { renderReasons } from '../../src/dhcp/service.ts'
import { fakeSnapshot, ip } from './fake-cluster.ts'
import { goldenRequest } from './golden.ts'

const nodes = Array.from({ length: 10_000 }, (_, index) => ({
  name: `n${index}`,
  mac: `52:54:00:77:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
  ip: `10.77.${(index >> 8) + 1}.${index & 255}`,
  image: 'img',
  arch: 'x86_64',
}))
const context: DhcpContext = {
  snapshot: fakeSnapshot({ networks: [{ net: '10.77.0.0', mask: '255.255.0.0', gateway: '10.77.0.1' }], nodes }),
  interfaces: [{ name: 'eth0', address: ip('10.77.0.1'), netmask: ip('255.255.0.0') }],
  receivedOn: 'eth0',
  leases: { choose: () => undefined, standing: () => 'outside' },
  nowMs: 0,
  httpPort: 80,
}

const BATCH = 1000

for (const client of ['busybox', 'iPXE', 'SLOF']) {
  const { bytes } = goldenRequest(client, 'DISCOVER')
  let best = Number.POSITIVE_INFINITY
  // The fastest of many short batches: the machine may be busy with other things.
  for (let batch = 0; batch < 200; batch += 1) {
    const started = performance.now()
    for (let round = 0; round < BATCH; round += 1) {
      bytes[32] = ((batch * BATCH + round) & 0x1f00) >> 8
      bytes[33] = round & 255
      const packet = parsePacket(bytes)
      if ('fault' in packet) throw new Error(packet.fault)
      const answer = decideDhcp(packet, context)
      if (answer.kind !== 'answer') throw new Error(renderReasons(answer.reasons))
      encodePacket(answer.packet, answer.maximumBytes)
      renderReasons(answer.reasons)
    }
    best = Math.min(best, (performance.now() - started) / BATCH)
  }
  console.log(`${client}: ${(best * 1000).toFixed(2)} µs`)
}
