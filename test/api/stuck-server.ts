/** A server whose every call makes progress once and never ends. */
import { openApiServer } from '../../src/api/server.ts'

await openApiServer(process.argv[2] ?? '', {
  call: (_caller, _method, _params, onProgress) => {
    onProgress?.('working')
    return new Promise(() => {})
  },
})
process.send?.('ready')
