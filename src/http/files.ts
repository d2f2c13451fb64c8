/** Files over HTTP: conditional requests, ranges, from memory when hot, else streamed from disk. */
import { extname } from 'node:path'
import { decideCondition, renderLastModified } from './conditions.ts'
import { sendHot, sendStream } from './file-body.ts'
import { type HotEntry, type HotFiles, openHotFiles } from './hot-files.ts'
import { closeFile, type FileFault, type FileStat, type OpenedFile, openFile, statFile } from './opened-file.ts'
import { renderContentRange } from './range.ts'
import type { RouteRequest, RouteResponse } from './route.ts'
import { allowMethods, answerEmpty, answerRefusal, answerText } from './text.ts'

export interface FileServer {
  readonly now: () => number
  readonly hot: HotFiles
}

export interface OpenFileServerOptions {
  readonly now: () => number
  /** Bound of the memory for hot files; 0 switches it off. */
  readonly hotBytes?: number
  /** Files up to this size are kept from the first request on. */
  readonly hotAtOnceBytes?: number
}

export function openFileServer(options: OpenFileServerOptions): FileServer {
  const { now, hotBytes, hotAtOnceBytes } = options
  return {
    now,
    hot: openHotFiles({
      now,
      ...(hotBytes === undefined ? {} : { maxBytes: hotBytes }),
      ...(hotAtOnceBytes === undefined ? {} : { atOnceBytes: hotAtOnceBytes }),
    }),
  }
}

/** May this opened file be served here? Asked once per version of a file; the answer is remembered with hot files. */
export interface FileGate {
  /** The same gate always has the same name, another one never. */
  readonly name: string
  /** Undefined is yes, else why not. `file.realPath` has its symlinks resolved. */
  refuse(file: OpenedFile): Promise<string | undefined>
}

export interface ServeFileOptions {
  readonly gate?: FileGate
  /** What to do when the path is a directory; without it: 404. */
  readonly directory?: () => Promise<void> | void
}

/** Answers GET and HEAD for one absolute path. Never rejects for what the file system says. */
export async function serveFile(
  server: FileServer,
  request: RouteRequest,
  response: RouteResponse,
  path: string,
  options: ServeFileOptions = {},
): Promise<void> {
  if (!allowMethods(request, response, 'GET', 'HEAD')) return
  const found = await statFile(path)
  if ('fault' in found) return answerFault(request, response, found)
  if (found.kind === 'directory' && options.directory) return options.directory()
  if (found.kind !== 'file') return answerFault(request, response, { fault: 'missing', message: 'not a file' })
  const known = server.hot.find(path, found.version)
  if (known && (!options.gate || known.passed.has(options.gate.name))) {
    return answerHot(server, request, response, known)
  }
  const file = await openFile(path)
  if ('fault' in file) return answerFault(request, response, file)
  await answerOpened(server, request, response, path, file, options)
}

/** Owns the descriptor: it is closed here, by the stream, or by the load into memory. */
async function answerOpened(
  server: FileServer,
  request: RouteRequest,
  response: RouteResponse,
  path: string,
  file: OpenedFile,
  options: ServeFileOptions,
): Promise<void> {
  // What was opened counts, not what was looked at before: the name may have got a new file in between.
  const refusal = file.stat.kind === 'file' ? await options.gate?.refuse(file) : 'not a file'
  if (refusal !== undefined) {
    closeFile(file.fd)
    return answerFault(request, response, { fault: 'forbidden', message: refusal })
  }
  const same = server.hot.find(path, file.stat.version)
  if (same) {
    if (options.gate) same.passed.add(options.gate.name)
    closeFile(file.fd)
    return answerHot(server, request, response, same)
  }
  const admitted = request.method === 'GET' ? server.hot.admit(path, file) : undefined
  if (admitted && options.gate) admitted.passed.add(options.gate.name)
  if (admitted) return answerHot(server, request, response, admitted)
  const body = startAnswer(server, request, response, file.stat, path)
  if (body) await sendStream(response, file, body)
  else closeFile(file.fd)
}

async function answerHot(
  server: FileServer,
  request: RouteRequest,
  response: RouteResponse,
  entry: HotEntry,
): Promise<void> {
  const body = startAnswer(server, request, response, entry.stat, entry.realPath)
  if (body) await sendHot(response, server.hot, entry, body)
}

/** Sends the header; returns the range that is still to be sent, or undefined when the answer is complete. */
function startAnswer(
  server: FileServer,
  request: RouteRequest,
  response: RouteResponse,
  stat: FileStat,
  path: string,
): { start: number; end: number } | undefined {
  if (response.raw.destroyed) return undefined
  const nowMs = server.now()
  const { sizeBytes, mtimeMs, etag } = stat
  const verdict = decideCondition(request.method, request.headers, { sizeBytes, mtimeMs, etag }, nowMs)
  const validators = { ETag: etag, 'Last-Modified': renderLastModified(mtimeMs, nowMs), 'Accept-Ranges': 'bytes' }
  switch (verdict.status) {
    case 304:
      answerEmpty(response, 304, validators)
      return undefined
    case 412:
      answerText(request, response, 412, 'the file is not the version that was asked for\n')
      return undefined
    case 416: {
      // RFC 9110 §15.5.17: Content-Range tells the size, so that the client can ask again.
      const headers = { 'Content-Range': `bytes */${sizeBytes}`, 'Accept-Ranges': 'bytes' }
      answerRefusal(request, response, 416, `the file has ${sizeBytes} bytes`, headers)
      return undefined
    }
    case 200:
    case 206: {
      const range = verdict.status === 206 ? { start: verdict.start, end: verdict.end } : { start: 0, end: sizeBytes }
      response.raw.writeHead(verdict.status, {
        ...validators,
        'Content-Type': contentType(request.path, path),
        'Content-Length': range.end - range.start,
        ...(verdict.status === 206 ? { 'Content-Range': renderContentRange(range, sizeBytes) } : {}),
      })
      if (request.method === 'GET' && range.end > range.start) return range
      response.raw.end()
      return undefined
    }
  }
}

export function answerFault(request: RouteRequest, response: RouteResponse, fault: FileFault): void {
  if (fault.fault === 'missing') answerRefusal(request, response, 404, `no file ${request.path}`)
  else if (fault.fault === 'forbidden') {
    answerRefusal(request, response, 403, `${request.path} is not served: ${fault.message}`)
  } else answerRefusal(request, response, 500, `${request.path} cannot be read: ${fault.message}`)
}

/**
 * UEFI HTTP boot (UEFI 2.10 §24.7) decides by media type, then by suffix, what it has got. Nothing is ever
 * declared as Content-Encoding: a kernel.gz must reach the loader as it is.
 */
const TYPES: Readonly<Record<string, string>> = {
  '.efi': 'application/efi',
  '.iso': 'application/vnd.efi-iso',
  '.html': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.cfg': 'text/plain; charset=utf-8',
  '.conf': 'text/plain; charset=utf-8',
  '.sh': 'text/plain; charset=utf-8',
  '.ipxe': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.gz': 'application/gzip',
  '.rpm': 'application/x-rpm',
  '.deb': 'application/vnd.debian.binary-package',
}

/** By the name that was asked for: shim is `shimx64.efi.signed` on the disk, a GRUB of the site `grub2.x86_64`. */
function contentType(asked: string, path: string): string {
  const typeOf = (name: string) => TYPES[extname(name).toLowerCase()]
  return typeOf(asked) ?? typeOf(path) ?? 'application/octet-stream'
}
