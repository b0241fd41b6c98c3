-- Reads counters and records where they are written: a copy that is behind does not answer a script that may write, and a counter
-- must not fall. KEYS: a hash, records.

local counters = {}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then counters = redis.call('HGETALL', KEYS[1]) end
return { counters, redis.call('MGET', unpack(KEYS, 2)) }
