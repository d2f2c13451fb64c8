/** Progress on a terminal: lines below each other, but a percentage is written over the one before, with a bar. */

const BAR_WIDTH = 40
const ERASE_LINE = '\r\u001b[K'

/** @returns `show` for each line, and `end`, after which other text may follow */
export function openProgressLine(write: (text: string) => void): { show(line: string): void; end(): void } {
  let isOpen = false
  const end = () => {
    if (isOpen) write('\n')
    isOpen = false
  }
  return {
    show(line) {
      const percent = /^(.*?)(\d{1,3}\.\d\d)%$/.exec(line)
      if (!percent) {
        end()
        write(`${line}\n`)
        return
      }
      const filled = Math.min(BAR_WIDTH, Math.floor((Number(percent[2]) / 100) * BAR_WIDTH))
      write(`${ERASE_LINE}[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${line}`)
      isOpen = true
    },
    end,
  }
}
