/** Every bound of the TFTP service, with its reason. */

/** RFC 2348: 8 to 65464 octets. */
export const BLOCK_SIZE_MIN_BYTES = 8
export const BLOCK_SIZE_MAX_BYTES = 65464
/** RFC 1350: the size when nothing is negotiated. */
export const BLOCK_SIZE_DEFAULT_BYTES = 512
/** IP 20 + UDP 8 + TFTP 4: what an MTU leaves is the largest block that is not fragmented; loaders reassemble badly. */
export const HEADERS_BYTES = 32
export const MTU_DEFAULT_BYTES = 1500

/** RFC 7440 allows 65535; more than 64 frames in one burst overruns firmware receive rings. */
export const WINDOW_SIZE_MAX = 64
/** One window must fit the default Linux receive buffer (212992) with its overhead, and bounds memory per transfer. */
export const WINDOW_MAX_BYTES = 128 * 1024

/** First wait for an answer, before the round trip is known. */
export const RETRY_FIRST_MS = 1000
/** A loader that writes to flash or redraws a screen answers late: never resend sooner than this. */
export const RETRY_MIN_MS = 200
export const RETRY_MAX_MS = 8000
/** 0.2 s doubling to 8 s, eight waits: about 28 s, longer than any loader's own patience. */
export const RETRY_LIMIT = 7
/** With a negotiated time-out of up to 255 s (RFC 2349) a dead client would hold its place for half an hour. */
export const SILENCE_MAX_MS = 120_000
/** How often deadlines are looked at: one timer for all transfers instead of one per packet. */
export const TICK_MS = 50

/** A loader storm of a few thousand nodes runs at once; each costs a socket and a window. */
export const TRANSFERS_MAX = 4096
/** Requests that wait for a place. Beyond it they are dropped: the client asks again. */
export const QUEUE_MAX = 8192
/** A waiting request older than this has been repeated or given up by its client. */
export const QUEUE_AGE_MAX_MS = 10_000
/** The same request again this soon after a sign of life is a late duplicate, later it is a client that started over. */
export const DUPLICATE_MS = 1000

/** Listening socket: a thousand requests of 100 bytes with kernel overhead; the kernel may grant less. */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024

/** Loaders, configuration files and most kernels: up to this size files are kept in memory whole. */
export const HOT_FILE_MAX_BYTES = 16 * 1024 * 1024
/** All hot files together. */
export const HOT_TOTAL_MAX_BYTES = 64 * 1024 * 1024
/** Larger files are read in pieces of this size … */
export const CHUNK_BYTES = 1024 * 1024
/** … of which this many are kept per file: clients that started together read near each other. */
export const CHUNKS_PER_FILE = 16
/** Files kept open after their last transfer, for the next node that asks. */
export const IDLE_FILES_MAX = 32

/** Uploads are rare (a node's crash log): few at once, each answered at the end of a window. */
export const UPLOADS_MAX = 16
/** RFC 1350 §6: the last ACK may be lost; stay long enough to repeat it. */
export const DALLY_MS = 3000
/** Longest name that is looked up; PATH_MAX without its NUL is never reached by a request of one frame. */
export const NAME_MAX_BYTES = 1024
