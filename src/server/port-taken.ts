/** A port that cannot be opened: which, whose, and how to find who holds it. */
import { OperatorError } from '../api/errors.ts'

/** Waits for a service to open its sockets. @throws OperatorError LB_PORT_IN_USE, LB_NOT_ROOT */
export async function openingPorts<T>(service: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    throw portError(service, error) ?? error
  }
}

export function portError(service: string, error: unknown): OperatorError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, port, address, syscall } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  const protocol = syscall === 'bind' ? 'UDP' : 'TCP'
  const where = `${protocol} port ${port ?? '?'} of ${address ?? 'this machine'}`
  if (code === 'EACCES') return new OperatorError('LB_NOT_ROOT', `${service} may not use ${where}`)
  if (code !== 'EADDRINUSE') return undefined
  const list = `ss -lp${protocol === 'UDP' ? 'u' : 't'}n 'sport = :${port}'`
  const advice = `Stop the program that holds it (${list} names it), or give this server another port or --interface.`
  return new OperatorError('LB_PORT_IN_USE', `${service} cannot use ${where}: another program holds it`, advice)
}
