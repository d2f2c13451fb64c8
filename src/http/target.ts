/**
 * The HTTP room: kernels, initrds, rendered boot files, package and postscript trees, plans and stage reports over
 * HTTP/1.1. It knows files, addresses and callbacks; it must not know tables, snapshots or what a boot file says.
 *
 * This file: the request target → a path that can be joined to a root without a second thought.
 */
import { HTTP_LIMITS } from './limits.ts'

export type RequestTarget =
  | { readonly path: string; readonly query: URLSearchParams }
  | { readonly fault: 'form' | 'escape' | 'encoding' | 'nul' | 'length'; readonly status: 400 | 414 }

const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Accepts origin-form and absolute-form (RFC 9112 §3.2.1, §3.2.2). The path comes out percent-decoded once, with `//`
 * collapsed (shim and GRUB join names that way), `.` and `..` resolved and never above the root (RFC 3986 §5.2.4), its
 * trailing slash kept.
 */
export function parseTarget(target: string): RequestTarget {
  const absolute = ABSOLUTE_FORM.exec(target)?.[0]
  const afterAuthority = target.slice(absolute?.length ?? 0)
  const origin = absolute !== undefined && !afterAuthority.startsWith('/') ? `/${afterAuthority}` : afterAuthority
  if (!origin.startsWith('/')) return { fault: 'form', status: 400 }
  const withoutFragment = origin.split('#', 1)[0] ?? ''
  const mark = withoutFragment.indexOf('?')
  const raw = mark < 0 ? withoutFragment : withoutFragment.slice(0, mark)
  const decoded = decodePercent(raw)
  if (typeof decoded !== 'string') return decoded
  if (decoded.includes('\0')) return { fault: 'nul', status: 400 }
  if (Buffer.byteLength(decoded) > HTTP_LIMITS.pathBytes) return { fault: 'length', status: 414 }
  const query = new URLSearchParams(mark < 0 ? '' : withoutFragment.slice(mark + 1))
  return { path: resolveDots(decoded), query }
}

function decodePercent(raw: string): string | Extract<RequestTarget, { fault: string }> {
  // Some firmware sends bytes above 0x7f unescaped; the header parser hands them over as latin1.
  if (!raw.includes('%') && /^\p{ASCII}*$/u.test(raw)) return raw
  if (/%(?![0-9a-f]{2})/i.test(raw)) return { fault: 'escape', status: 400 }
  const bytes = Buffer.from(
    raw.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  try {
    return UTF8.decode(bytes)
  } catch {
    return { fault: 'encoding', status: 400 }
  }
}

function resolveDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') kept.pop()
    else kept.push(segment)
  }
  const last = segments.at(-1)
  const isDirectory = last === '' || last === '.' || last === '..'
  return kept.length === 0 ? '/' : `/${kept.join('/')}${isDirectory ? '/' : ''}`
}
