/** From a name to a source of bytes: asks the routes, opens what they name. */
import type { TftpClient, TftpContent, TftpRoute } from './routes.ts'
import type { FileShelf } from './shelf.ts'
import { type ByteSource, FileSource, MemorySource, NetasciiSource } from './sources.ts'

export interface OpenContent {
  readonly source: ByteSource
  /** To be called once, at the end of the transfer. */
  readonly release: () => void
}

/** The first route that knows the name answers. */
export async function findContent(
  routes: readonly TftpRoute[],
  name: string,
  client: TftpClient,
): Promise<TftpContent | undefined> {
  for (const route of routes) {
    const content = await route(name, client)
    if (content) return content
  }
  return undefined
}

/** Undefined when there is no such file after all. */
export async function openContent(
  content: Exclude<TftpContent, { kind: 'refused' }>,
  mode: string,
  shelf: FileShelf,
): Promise<OpenContent | undefined> {
  const asMode = (source: ByteSource, whole: Buffer | undefined) =>
    mode === 'netascii' ? new NetasciiSource(source, whole) : source
  if (content.kind === 'bytes') {
    return { source: asMode(new MemorySource(content.data), content.data), release: () => {} }
  }
  const file = await shelf.take(content.path)
  if (!file) return undefined
  const source = file.data ? new MemorySource(file.data) : new FileSource(file)
  return { source: asMode(source, file.data), release: () => shelf.release(content.path, file) }
}
