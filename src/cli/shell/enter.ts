/** Asks, and waits until the enter key is pressed. false: end of input, or an interrupt, which then does not end the process. */
export async function waitForEnter(question: string): Promise<boolean> {
  const input = process.stdin
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input })
  const onInterrupt = () => lines.close()
  // Before the question: whoever reads it may answer at once.
  process.on('SIGINT', onInterrupt)
  process.stderr.write(question)
  try {
    return await new Promise((resolve) => {
      lines.once('line', () => resolve(true))
      lines.once('close', () => resolve(false))
    })
  } finally {
    process.off('SIGINT', onInterrupt)
    lines.close()
    input.pause()
  }
}
