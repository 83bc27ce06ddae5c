/** The frames of HTTP/2 (RFC 9113, section 4): their names, and how those that we send are written. */

export const FRAME_HEADER_BYTES = 9;

/** RFC 9113, section 6. */
export const FRAME = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const FLAG = {
  /** Of SETTINGS and PING. */
  ack: 0x1,
  /** Of DATA and HEADERS. */
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** RFC 9113, section 6.5.2. */
export const SETTING = {
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
} as const;

/** A setting's number and value. */
export const SETTING_BYTES = 6;

/** RFC 9113, section 7. The names are for the report. */
export const ERROR_CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;
export const FLOW_CONTROL_ERROR = 0x3;
export const FRAME_SIZE_ERROR = 0x6;
export const CANCEL = 0x8;
export const COMPRESSION_ERROR = 0x9;
export const ENHANCE_YOUR_CALM = 0xb;

export function errorName(code: number): string {
  return ERROR_CODES[code] ?? `error ${code}`;
}

/** What every endpoint has until it is told otherwise (RFC 9113, section 6.5.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** The largest frame that we take: the least that a peer may be told (section 4.2). */
export const MAX_FRAME_BYTES = 16_384;
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** RFC 9113, section 3.4. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** A whole frame. */
export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(streamId, 5);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  for (const [place, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, place * SETTING_BYTES);
    payload.writeUInt32BE(value, place * SETTING_BYTES + 2);
  }
  return encodeFrame(FRAME.settings, 0, 0, payload);
}

export function encodeWindowUpdate(streamId: number, bytes: number): Buffer {
  return encodeFrame(FRAME.windowUpdate, 0, streamId, uint32(bytes));
}

export function encodeResetStream(streamId: number, errorCode: number): Buffer {
  return encodeFrame(FRAME.resetStream, 0, streamId, uint32(errorCode));
}

/** No stream of the server's was ever accepted, so the last one processed is 0. */
export function encodeGoAway(errorCode: number): Buffer {
  return encodeFrame(FRAME.goAway, 0, 0, Buffer.concat([uint32(0), uint32(errorCode)]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
