/** Asks for the boot file of every node, a few at a time: `boot-files.ts ADDRESS NAME_PREFIX COUNT`. Prints the failures. */
import { Agent, get } from 'node:http'

const [host = '', prefix = '', countText = '0'] = process.argv.slice(2)
const count = Number(countText)
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
let failures = 0

function ask(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, path: `/boot/ipxe/${name}`, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(response.statusCode === 200 && /^kernel /m.test(text)))
    })
    request.on('error', () => resolve(false))
  })
}

let next = 1
await Promise.all(
  Array.from({ length: 8 }, async () => {
    while (next <= count) if (!(await ask(`${prefix}${next++}`))) failures++
  }),
)
agent.destroy()
process.stdout.write(`${failures}\n`)
