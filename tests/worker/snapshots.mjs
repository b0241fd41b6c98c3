// Snapshots as Redis and KV hold them: a line that says what follows, then the text, or all of it packed.

/**
 * Takes a value apart: {header, body, text}. The body is the text itself where the header names no checksum of what is
 * packed.
 */
export function parseSnapshot(value) {
  const end = value.indexOf("\n");
  const header = JSON.parse(value.slice(0, end));
  const body = value.slice(end + 1);
  if (header.packed === null) return { header, body, text: body };
  const plain = unframe(Buffer.from(body, "base64"));
  // Places and facets of the entries stand before the text.
  return { header, body, text: plain.subarray(plain.length - header.bytes).toString() };
}

/** A value put together; what KV has beside it is the header as well. */
export function snapshotValue({ header, body }) {
  return `${JSON.stringify(header)}\n${body}`;
}

/** The same snapshot as an edition would write it that does not pack: `text` may be another one. */
export function plainValue({ header, text }) {
  return snapshotValue({ header: { ...header, packed: null }, body: text });
}

// Snappy's framed format: chunks, each with its type, its length, and, if it holds data, a checksum before it.
function unframe(framed) {
  const pieces = [];
  for (let at = 0; at < framed.length; ) {
    const [type, length] = [framed[at], framed.readUIntLE(at + 1, 3)];
    const data = framed.subarray(at + 8, at + 4 + length);
    if (type === 0) pieces.push(decompress(data));
    else if (type === 1) pieces.push(data);
    at += 4 + length;
  }
  return Buffer.concat(pieces);
}

// Snappy's raw format: a length, then literals and copies of what was there before.
function decompress(packed) {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = packed[at++];
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  const plain = Buffer.alloc(length);
  const number = (bytes) => {
    const value = packed.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  for (let end = 0; end < length; ) {
    const tag = packed[at++];
    if ((tag & 3) === 0) {
      const small = tag >> 2;
      const count = (small < 60 ? small : number(small - 59)) + 1;
      packed.copy(plain, end, at, at + count);
      at += count;
      end += count;
      continue;
    }
    const near = (tag & 3) === 1;
    const count = near ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const back = near ? ((tag >> 5) << 8) | number(1) : number((tag & 3) === 2 ? 2 : 4);
    // A copy may reach into what it writes itself.
    for (const stop = end + count; end < stop; end += 1) plain[end] = plain[end - back];
  }
  return plain;
}
