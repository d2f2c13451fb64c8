/** A line that is typed and not shown. */
import { OperatorError } from '../../api/errors.ts'

export function askSecret(question: string, say: (text: string) => void): Promise<string> {
  const { stdin } = process
  // Before the question: whoever reads it may answer at once, and that must not be shown.
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  say(question)
  return new Promise((resolve, reject) => {
    let typed = ''
    const finish = (settle: () => void) => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      say('\n')
      settle()
    }
    const onData = (text: string) => {
      for (const key of text) {
        if (key === '\r' || key === '\n') return finish(() => resolve(typed))
        // Ctrl-C, Ctrl-D
        if (key === '\x03' || key === '\x04') return finish(() => reject(new OperatorError('LB_USAGE', 'stopped')))
        if (key === '\x7f' || key === '\b') typed = typed.slice(0, -1)
        else typed += key
      }
    }
    stdin.on('data', onData)
  })
}
