// HS256 tokens as Supabase's legacy keys are: a role claim, signed with the project's JWT secret.
import { createHmac } from "node:crypto";

const encode = (value) => Buffer.from(value).toString("base64url");

export function signJwt(claims, secret) {
  const content = `${encode(JSON.stringify({ alg: "HS256", typ: "JWT" }))}.${encode(JSON.stringify(claims))}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

/** The key of a role, valid for ten years like the ones Supabase issues. */
export function roleKey(role, secret, now = Date.now()) {
  const issuedAt = Math.floor(now / 1000);
  return signJwt({ iss: "supabase", ref: "local", role, iat: issuedAt, exp: issuedAt + 315_360_000 }, secret);
}
