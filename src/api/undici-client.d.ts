/** The one class of undici that is loaded: see socket-client.ts. */
declare module 'undici/lib/dispatcher/client.js' {
  // biome-ignore lint/style/noDefaultExport: the shape of the package's file
  export { Client as default } from 'undici'
}
