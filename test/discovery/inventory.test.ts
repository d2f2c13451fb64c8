import test from 'ava'
import fc from 'fast-check'
import { parseInventory } from '../../src/discovery/inventory.ts'
import { limits } from '../../src/discovery/limits.ts'
import { inventoryText, lldpLine } from './inventory-text.ts'

const parse = (text: string) => parseInventory(Buffer.from(text))

test('a report becomes values', (t) => {
  t.like(parse(inventoryText({ more: [lldpLine('eth0', 'sw1', 'Ethernet7'), 'later\tversions may say more'] })), {
    arch: 'x86_64',
    uuid: '6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d',
    serial: 'S1',
    vendor: 'Acme',
    cpus: 4,
    memoryMiB: 2048,
    boot: 'eth0',
  })
})

test('a report that did not come whole, or is none, is refused with the line', (t) => {
  const whole = inventoryText()
  const faults: readonly [string, RegExp][] = [
    ['', /liteboot-inventory/],
    [whole.replace(/end.*\n/, ''), /end line/],
    [whole.replace('vendor\tAcme\n', ''), /end line/],
    [whole.replace('up\tvirtio', 'perhaps\tvirtio'), /line 11: not a port/],
    [whole.replace('52:54:00:77:00:0b', '52:54:00:77:00'), /line 11: not a port/],
    [whole.replace('boot\teth0', 'boot\teth9'), /boot: not one of the ports/],
    [whole.replace('x86_64', 'x86 64;reboot'), /arch/],
    [inventoryText({ more: ['port\teth1\t52:54:00:77:00:0b\tup\t-\t-'] }), /line 13: a second eth1/],
    [inventoryText({ more: ['lldp\teth9\t00'] }), /line 13: not a frame/],
    [inventoryText({ more: [`lldp\teth0\t${'0'.repeat(4000)}`] }), /line 13: not a frame/],
    [inventoryText({ more: ['disk\t../x\t1\t-\t-'] }), /line 13: not a disk/],
    [
      inventoryText({ more: Array.from({ length: limits.disks }, (_, at) => `disk\tsd${at}\t1\t-\t-`) }),
      /more than 48 disks/,
    ],
  ]
  for (const [text, fault] of faults) {
    const found = parse(text)
    t.regex('fault' in found ? found.fault : 'taken', fault)
  }
})

test('what makers leave in empty fields is nothing', (t) => {
  for (const serial of [
    'To Be Filled By O.E.M.',
    'Not Specified',
    '0000000',
    'Default string',
    'System Serial Number',
    'Chassis Serial Number',
    '0123456789',
    '1234567890',
    'Undefined',
    'FFFFFFFF',
    '********',
    '-',
  ])
    t.like(parse(inventoryText({ serial })), { serial: '' }, serial)
  for (const uuid of [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '03000200-0400-0500-0006-000700080009',
    '00020003-0004-0005-0006-000700080009',
    'FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE',
    'Not Settable',
  ])
    t.like(parse(inventoryText({ uuid })), { uuid: '' }, uuid)
})

test('terminals are not written to, and lines stay short', (t) => {
  const found = parse(inventoryText({ serial: `\u001b[2J${'x'.repeat(500)}`, model: 'a\u202eb' }))
  t.false('fault' in found)
  if ('fault' in found) return
  t.notRegex(found.serial + found.model, /\p{C}/u)
  t.is(found.serial.length, limits.fieldCharacters)
})

test('bytes of any kind never throw', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('arch\tx86_64', 'boot\teth0', 'port\teth0\t52:54:00:77:00:0b\tup\t-\t-'),
    fc.string().map((text) => `lldp\teth0\t${Buffer.from(text).toString('hex')}`),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const text = ['liteboot-inventory\t1', ...lines].join('\n')
      parse(`${text}\nend\t${text.split('\n').length}\n`)
      t.pass()
    }),
  )
})
