// Writes Redis replies as Upstash's JSON: {"result": …} or {"error": …}, strings as they are or in base64.
import { RedisError, Status } from "../redis/resp.mjs";

/** The JSON text of one command's outcome. */
export function itemText(value, base64) {
  if (value instanceof RedisError) return `{"error":${JSON.stringify(value.message)}}`;
  // The one string that is not encoded; within an array, the official client decodes an OK like any other string.
  if (value instanceof Status && value.text === "OK") return '{"result":"OK"}';
  return `{"result":${resultText(value, base64)}}`;
}

function resultText(value, base64) {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map((item) => resultText(item, base64)).join(",")}]`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(bytesOf(value).toString(base64 ? "base64" : "utf8"));
}

// A script may return an error inside an array, where JSON has no place for it but a string.
function bytesOf(value) {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(value instanceof Status ? value.text : value.message);
}
