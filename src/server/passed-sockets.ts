/**
 * DHCP sockets that systemd opened and bound to a device (sd_listen_fds(3)): `FileDescriptorName=dhcp-<interface>` with
 * `BindToDevice=<interface>`. UDP in Node.js does not say on which interface a datagram came in; these sockets do.
 */
const FIRST_DESCRIPTOR = 3
const NAME = /^dhcp-(.+)$/

export interface PassedSocket {
  readonly fd: number
  readonly interfaceName: string
}

export function passedSockets(environment: NodeJS.ProcessEnv, pid: number): PassedSocket[] {
  if (Number(environment.LISTEN_PID) !== pid) return []
  const names = (environment.LISTEN_FDNAMES ?? '').split(':')
  const count = Number(environment.LISTEN_FDS) || 0
  return Array.from({ length: count }, (_, index) => {
    const interfaceName = NAME.exec(names[index] ?? '')?.[1]
    return interfaceName === undefined ? undefined : { fd: FIRST_DESCRIPTOR + index, interfaceName }
  }).filter((socket) => socket !== undefined)
}
