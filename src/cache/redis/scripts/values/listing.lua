-- Reads a listing with its expiry and its source's version, from one copy of the data. KEYS: listing, version.

local text, version = redis.pcall('GET', KEYS[1]), redis.pcall('GET', KEYS[2])
if type(text) == 'table' then text = '' end
if type(version) ~= 'string' then version = false end
return { text, redis.call('PEXPIRETIME', KEYS[1]), version }
