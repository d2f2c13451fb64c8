/** Ends as a killed server does: its socket stays behind. */
import { createServer } from 'node:net'

createServer().listen(process.argv[2], () => process.kill(process.pid, 'SIGKILL'))
