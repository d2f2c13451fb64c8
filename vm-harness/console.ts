/**
 * The serial console of a virtual machine: everything it prints is kept in a log file, patterns can be waited for, and
 * once somebody is logged in, commands run and give back their output and exit status.
 */
import { appendFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'

export interface CommandResult {
  readonly output: string
  readonly status: number
}

/** What to say when the other end is gone: asked then, since that end may have complained last. */
export type WhyClosed = () => Promise<string>

export class ConsoleTimeout extends Error {}

/** The prompts at which firmware and GRUB stand when nothing could be loaded: nobody is there to type anything. */
const STRANDED = /(\n *\d+ > ?|grub rescue> ?|grub> ?)$/

export class SerialConsole {
  readonly #socket: Socket
  #text = ''
  #read = 0
  #waiters: (() => void)[] = []
  /** Set once it is closed: why. */
  #closed: string | undefined
  #commands = 0

  private constructor(socket: Socket, logFile: string, onData?: (chunk: string) => void, whyClosed?: WhyClosed) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      this.#text += chunk
      appendFileSync(logFile, chunk, 'latin1')
      onData?.(chunk)
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', async () => {
      this.#closed = (await whyClosed?.()) ?? 'the console was closed'
      this.#wake()
    })
  }

  /** Connects to QEMU's console socket, which QEMU may still be about to create. */
  static async open(
    path: string,
    logFile: string,
    onData?: (chunk: string) => void,
    whyClosed?: WhyClosed,
  ): Promise<SerialConsole> {
    for (let tries = 0; ; tries++) {
      const socket = createConnection(path)
      try {
        await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
        return new SerialConsole(socket, logFile, onData, whyClosed)
      } catch (error) {
        socket.destroy()
        if (tries >= 50) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter()
  }

  /** The last part of what was printed, for error messages. */
  tail(characters = 1500): string {
    return this.#text.slice(-characters)
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  /** Waits for the pattern in what is printed from here on (or since the last match) and moves behind it. */
  async waitFor(pattern: RegExp, timeoutMs: number, what = String(pattern)): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const match = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(this.#text.slice(this.#read))
      if (match) {
        this.#read += match.index + match[0].length
        return match
      }
      const stranded = this.#read === 0 ? STRANDED.exec(this.tail(200))?.[1]?.trim() : undefined
      if (stranded !== undefined)
        throw new ConsoleTimeout(
          `waiting for ${what}: the machine stands at \`${stranded}\`. Last output:\n${this.tail()}`,
        )
      const leftMs = deadline - Date.now()
      if (leftMs <= 0 || this.#closed !== undefined) {
        const why = this.#closed ?? `nothing within ${Math.round(timeoutMs / 1000)} s`
        throw new ConsoleTimeout(`waiting for ${what}: ${why}. Last output:\n${this.tail()}`)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 1000))
        this.#waiters.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Logs in at the getty's prompt and prepares the shell for `command`. */
  async login(user: string, password: string, timeoutMs: number): Promise<void> {
    await this.waitFor(/login: /, timeoutMs, 'a login prompt')
    this.write(`${user}\n`)
    await this.waitFor(/Password: /, 60_000, 'the password prompt')
    this.write(`${password}\n`)
    await this.waitFor(/[#$] /, 60_000, 'a shell prompt')
    // No echo, no prompt, no line editing: what comes back is output only.
    this.write("stty -echo; bind 'set enable-bracketed-paste off' 2>/dev/null; PS1= PS2=; echo shell-''ready\n")
    await this.waitFor(/shell-ready\r?\n/, 30_000, 'the shell')
  }

  async command(script: string, timeoutMs = 60_000): Promise<CommandResult> {
    const mark = `mark${++this.#commands}`
    // The marks are written split, so that an echoed command line is never taken for output.
    this.write(
      `echo ${mark.slice(0, 4)}''${mark.slice(4)}begin; { ${script}\n} 2>&1; echo ${mark.slice(0, 4)}''${mark.slice(4)}end=$?\n`,
    )
    await this.waitFor(new RegExp(`${mark}begin\r?\n`), timeoutMs, `the start of: ${script}`)
    const match = await this.waitFor(new RegExp(`([^]*?)${mark}end=(\\d+)\r?\n`), timeoutMs, `the end of: ${script}`)
    return { output: (match[1] ?? '').replaceAll('\r', ''), status: Number(match[2]) }
  }

  close(): void {
    this.#socket.destroy()
  }
}
