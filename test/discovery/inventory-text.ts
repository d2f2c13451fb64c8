/** A report as the initrd sends it, for tests. */
export interface Said {
  readonly mac?: string
  readonly uuid?: string
  readonly serial?: string
  readonly model?: string
  readonly arch?: string
  /** Lines more, without `end`. */
  readonly more?: readonly string[]
}

export function inventoryText(said: Said = {}): string {
  const { mac = '52:54:00:77:00:0b', uuid = '6f5c1f0a-5bb6-4a5c-9f5e-0d3c1a2b3c4d', serial = 'S1' } = said
  const lines = [
    'liteboot-inventory\t1',
    `arch\t${said.arch ?? 'x86_64'}`,
    `uuid\t${uuid}`,
    `serial\t${serial}`,
    'vendor\tAcme',
    `model\t${said.model ?? 'Box 7'}`,
    'cpus\t4',
    'cputype\tAcme CPU',
    'memory\t2048',
    'boot\teth0',
    `port\teth0\t${mac}\tup\tvirtio_net\t0000:00:02.0`,
    'disk\tvda\t1073741824\t-\tD1',
    ...(said.more ?? []),
  ]
  return `${lines.join('\n')}\nend\t${lines.length}\n`
}

/** An LLDP line: the switch and the name of its port. */
export function lldpLine(port: string, switchName: string, switchPort: string): string {
  const item = (type: number, text: string) => {
    const head = Buffer.alloc(2)
    head.writeUInt16BE((type << 9) | Buffer.byteLength(text, 'latin1'))
    return Buffer.concat([head, Buffer.from(text, 'latin1')])
  }
  const items = [
    item(1, '\x04\x02\x00\x00\x00\x00\x01'),
    item(2, `\x05${switchPort}`),
    item(5, switchName),
    item(0, ''),
  ]
  return `lldp\t${port}\t0180c200000e02000000000188cc${Buffer.concat(items).toString('hex')}`
}
