-- Says whether a derived listing need be sent, from one copy of the data. KEYS: listing, derived bytes. ARGV: the snapshot's hash.
-- Gives when the listing expires, and how many bytes were derived of the snapshot.

local text = redis.pcall('GET', KEYS[2])
local of, bytes = string.match(type(text) == 'string' and text or '', '^(%x+) (%d+)$')
return { redis.call('PEXPIRETIME', KEYS[1]), of == ARGV[1] and bytes or '0' }
