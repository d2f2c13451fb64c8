/**
 * Passwords of remote users: rows of the table passwd with key=xcat, as for xCAT's web users. Hashes are checked by the
 * openssl program; the password goes through a pipe, never through an argument that other users could see.
 */
import { spawn } from 'node:child_process'
import { createHash, timingSafeEqual } from 'node:crypto'
import { cell, enabledRows, type TablesView } from '../../tables/row.ts'
import { API_LIMITS } from '../limits.ts'

/** What an unknown user's password is compared with, so that the answer takes as long as for a known one. */
const NOBODY = '$5$liteboot$nobody'

export async function isPasswordOf(view: TablesView, user: string, password: string): Promise<boolean> {
  const row = enabledRows(view, 'passwd').find(
    (candidate) => cell(candidate, 'key') === 'xcat' && cell(candidate, 'username') === user,
  )
  const stored = row ? cell(row, 'password') : NOBODY
  // A password with a line break in it would be cut by openssl.
  if (stored === '' || password === '' || /[\0\n\r]/.test(password)) return false
  const [, kind, salt] = /^\$([156])\$((?:rounds=\d+\$)?[^$]+)\$/.exec(stored) ?? []
  const given = kind === undefined || salt === undefined ? password : await hashPassword(kind, salt, password)
  return isSame(given, stored)
}

function isSame(given: string, stored: string): boolean {
  const [a, b] = [given, stored].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}

function hashPassword(kind: string, salt: string, password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', ['passwd', `-${kind}`, '-salt', salt, '-stdin'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: API_LIMITS.passwordMs,
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0 ? resolve(output.trim()) : reject(new Error(`openssl passwd ended with ${status}`)),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(`${password}\n`)
  })
}
