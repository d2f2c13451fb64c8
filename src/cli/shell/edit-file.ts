/** A text in somebody's editor. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { OperatorError } from '../../api/errors.ts'

export interface EditFile {
  readonly path: string
  /** undefined: not UTF-8. @throws OperatorError LB_FILE when the editor took it away */
  read(): string | undefined
  remove(): void
}

/** In a directory that only its owner may enter: tables hold passwords. @throws OperatorError LB_FILE */
export function openEditFile(name: string, text: string): EditFile {
  let path: string
  try {
    path = join(mkdtempSync(join(tmpdir(), 'liteboot-edit-')), name)
    writeFileSync(path, text, { mode: 0o600 })
  } catch (error) {
    throw new OperatorError(
      'LB_FILE',
      `cannot write the text to edit: ${error instanceof Error ? error.message : error}`,
    )
  }
  return {
    path,
    read: () => decode(readBytes(path)),
    remove: () => rmSync(dirname(path), { recursive: true, force: true }),
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new OperatorError('LB_FILE', `the edited text is gone: ${error instanceof Error ? error.message : error}`)
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** undefined: none was chosen. */
export function chooseEditor({ TABEDITOR, EDITOR }: NodeJS.ProcessEnv): string | undefined {
  return TABEDITOR || EDITOR || undefined
}

/** @param editor a shell word or several, as git takes it. Returns what went wrong with it. */
export async function runEditor(editor: string, path: string): Promise<string | undefined> {
  // Ctrl-C is for the editor, which has the same terminal.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  try {
    return await new Promise((resolve) => {
      const child = spawn('sh', ['-c', `${editor} "$@"`, editor, path], { stdio: 'inherit' })
      child.once('error', (error) => resolve(`the editor ${editor} cannot be started: ${error.message}`))
      child.once('exit', (status, signal) =>
        resolve(status === 0 ? undefined : `the editor ${editor} ended with ${signal ?? `status ${status}`}`),
      )
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}
