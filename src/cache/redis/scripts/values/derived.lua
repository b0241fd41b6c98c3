-- Says which derived listings need not be sent, from one copy of the data. KEYS: derived bytes, listings. ARGV: the snapshot's
-- hash. Gives how many bytes were derived of the snapshot, then when each listing expires.

local text = redis.pcall('GET', KEYS[1])
local of, bytes = string.match(type(text) == 'string' and text or '', '^(%x+) (%d+)$')
local there = { of == ARGV[1] and bytes or '0' }
for i = 2, #KEYS do there[i] = redis.call('PEXPIRETIME', KEYS[i]) end
return there
