/** Milliseconds that this thread has computed: tells linear from quadratic also where others keep the machine busy. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
