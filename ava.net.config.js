// Tests that need root, network namespaces, mounts or QEMU: real clients against real sockets.
export default {
  files: ['test-net/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  timeout: '300s',
}
