/** `build.log` of a generation: all that was run and said, and in memory only the end of it, for the error message. */
import { closeSync, openSync, writeSync } from 'node:fs'

/** Lines of a failed command that its error shows. */
const SHOWN_LINES = 20
const LONGEST_LINE = 4000
/** A program that loops while it prints must not fill the disk. */
const MOST_BYTES = 256 * 1024 * 1024

export interface BuildLog {
  readonly path: string
  write(line: string): void
  /** Starts what `tail` answers anew. */
  mark(): void
  /** The last lines since `mark`. */
  tail(): string[]
  close(): void
}

export function openBuildLog(path: string): BuildLog {
  const fd = openSync(path, 'a', 0o644)
  let bytes = 0
  let isOpen = true
  let lines: string[] = []
  return {
    path,
    write(line) {
      const text = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line
      lines.push(text)
      if (lines.length > 4 * SHOWN_LINES) lines = lines.slice(-SHOWN_LINES)
      if (!isOpen || bytes > MOST_BYTES) return
      bytes += writeSync(fd, `${text}\n`)
      if (bytes > MOST_BYTES) writeSync(fd, 'The log is full: what follows is left out.\n')
    },
    mark() {
      lines = []
    },
    tail: () => lines.filter((line) => line.trim() !== '').slice(-SHOWN_LINES),
    close() {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}
