/**
 * The certificate the API shows to remote clients. A site can bring its own; else an authority of our own and a certificate
 * signed by it are made at first start, in the state directory, by the openssl program: Node.js can read X.509 and not
 * write it.
 */
import { execFile } from 'node:child_process'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OperatorError } from '../errors.ts'

const run = promisify(execFile)

export interface Credentials {
  /** The certificate, and after it the authority's: clients that see us for the first time pin that. PEM. */
  readonly cert: string
  readonly key: string
  /** Of the authority, for comparison by eye. */
  readonly fingerprint: string
  /** Something was made just now. */
  readonly made: 'authority' | 'certificate' | undefined
  readonly warnings: readonly string[]
}

const AUTHORITY_DAYS = 20 * 365
/** Some clients refuse more than 398. */
const CERTIFICATE_DAYS = 397
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/**
 * @param directory made with mode 0700
 * @param names host names and addresses that clients may call this server by; the first is the subject
 * @throws OperatorError LB_CERTIFICATE
 */
export async function ownCredentials(directory: string, names: readonly string[], nowMs: number): Promise<Credentials> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = (name: string) => join(directory, name)
  const hasAuthority = isPair(path('ca.pem'), path('ca.key'))
  if (!hasAuthority) await makeAuthority(directory, names[0] ?? 'server')
  const authority = readCertificate(path('ca.pem'))
  const isGood =
    isPair(path('server.pem'), path('server.key')) && isServing(path('server.pem'), authority, names, nowMs)
  if (!isGood) await makeCertificate(directory, names)
  const warnings =
    Date.parse(authority.validTo) - nowMs > 365 * 24 * 3600 * 1000
      ? []
      : [
          `the API's certificate authority ends on ${authority.validTo}: remove ${path('ca.pem')}, restart, and have users log in again`,
        ]
  return {
    cert: readFileSync(path('server.pem'), 'utf8') + readFileSync(path('ca.pem'), 'utf8'),
    key: readFileSync(path('server.key'), 'utf8'),
    fingerprint: fingerprintOf(authority),
    made: hasAuthority ? (isGood ? undefined : 'certificate') : 'authority',
    warnings,
  }
}

/** @throws OperatorError LB_CERTIFICATE */
export function siteCredentials(certFile: string, keyFile: string): Credentials {
  try {
    const cert = readFileSync(certFile, 'utf8')
    const key = readFileSync(keyFile, 'utf8')
    const chain = certificatesIn(cert)
    return {
      cert,
      key,
      fingerprint: fingerprintOf(new X509Certificate(chain.at(-1) ?? '')),
      made: undefined,
      warnings: [],
    }
  } catch (error) {
    throw new OperatorError('LB_CERTIFICATE', `${certFile}, ${keyFile}: ${(error as Error).message}`)
  }
}

/** So that commands can tell it without the server. */
export function writeFingerprint(directory: string, fingerprint: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'fingerprint'), `${fingerprint}\n`, { mode: 0o600 })
}

export function readFingerprint(directory: string): string | undefined {
  const file = join(directory, 'fingerprint')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

/** `SHA256:ab12…`: lower-case hex, without colons. */
export function fingerprintOf(certificate: X509Certificate): string {
  return `SHA256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
}

function readCertificate(file: string): X509Certificate {
  try {
    return new X509Certificate(readFileSync(file))
  } catch (error) {
    throw new OperatorError('LB_CERTIFICATE', `${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Both are there and belong together: a crash may have come between the two. */
function isPair(certificateFile: string, keyFile: string): boolean {
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return false
  try {
    return new X509Certificate(readFileSync(certificateFile)).checkPrivateKey(createPrivateKey(readFileSync(keyFile)))
  } catch {
    return false
  }
}

/** Signed by our authority, good for a while yet, and for every name. */
function isServing(file: string, authority: X509Certificate, names: readonly string[], nowMs: number): boolean {
  const certificate = new X509Certificate(readFileSync(file))
  const present = new Set((certificate.subjectAltName ?? '').split(', '))
  return (
    certificate.verify(authority.publicKey) &&
    Date.parse(certificate.validTo) - nowMs > RENEW_BEFORE_MS &&
    names.every((name) => present.has(isIP(name) === 0 ? `DNS:${name}` : `IP Address:${certificateAddress(name)}`))
  )
}

/** As OpenSSL prints addresses: IPv6 in eight groups without leading zeros, in capitals. */
function certificateAddress(address: string): string {
  if (isIP(address) === 4) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'))
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)]
  return all.map((group) => Number.parseInt(group, 16).toString(16).toUpperCase()).join(':')
}

async function makeAuthority(directory: string, name: string): Promise<void> {
  await inDraft(directory, ['ca.key', 'ca.pem'], async (draft) => {
    await openssl(
      ['req', '-x509', ...EC_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', String(AUTHORITY_DAYS)].concat(
        ['-set_serial', serial(), '-subj', `/CN=liteboot ${subjectText(name)}`],
        ['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
      ),
      draft,
    )
  })
}

async function makeCertificate(directory: string, names: readonly string[]): Promise<void> {
  await inDraft(directory, ['server.key', 'server.pem'], async (draft) => {
    const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`)
    const extensions = [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=serverAuth',
      'authorityKeyIdentifier=keyid',
      `subjectAltName=${alternatives.join(',')}`,
    ]
    writeFileSync(join(draft, 'extensions'), `${extensions.join('\n')}\n`)
    const subject = subjectText(names[0] ?? 'server')
    await openssl(['req', '-new', ...EC_KEY, '-keyout', 'server.key', '-out', 'csr', '-subj', `/CN=${subject}`], draft)
    await openssl(
      ['x509', '-req', '-in', 'csr', '-out', 'server.pem', '-days', String(CERTIFICATE_DAYS), '-sha256'].concat(
        ['-CA', join(directory, 'ca.pem'), '-CAkey', join(directory, 'ca.key'), '-set_serial', serial()],
        ['-extfile', 'extensions'],
      ),
      draft,
    )
  })
}

/** A common name has 64 characters at most. */
function subjectText(name: string): string {
  return name.replace(/[^\w.:-]/g, '_').slice(0, 50)
}

function serial(): string {
  return `0x00${randomBytes(15).toString('hex')}`
}

/** Files appear whole: made in a directory beside, closed to others from the first moment. */
async function inDraft(directory: string, files: readonly string[], make: (draft: string) => Promise<void>) {
  const draft = mkdtempSync(join(directory, 'draft-'))
  try {
    await make(draft)
    for (const file of files) {
      chmodSync(join(draft, file), 0o600)
      renameSync(join(draft, file), join(directory, file))
    }
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function openssl(args: readonly string[], cwd: string): Promise<void> {
  try {
    await run('openssl', args, {
      cwd,
      timeout: 20_000,
      env: { PATH: process.env.PATH ?? '', OPENSSL_CONF: '/dev/null' },
    })
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new OperatorError('LB_CERTIFICATE', `openssl ${args[0]}: ${(stderr || message).trim().split('\n')[0]}`)
  }
}
