/** Waits until the enter key is pressed. false: end of input, or an interrupt, which then does not end the process. */
export async function waitForEnter(input: NodeJS.ReadStream = process.stdin): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input })
  const onInterrupt = () => lines.close()
  process.on('SIGINT', onInterrupt)
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
